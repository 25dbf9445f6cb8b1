/* SPDX-License-Identifier: MIT-0 */
#include "verify/adts.h"
#include "codec/aac.h"
#include "verify/report.h"
#include <string.h>

static void wrong(s3hls__adts_track *t, const char *what) {
    if (!t->wrong)
        t->wrong = what;
}

int64_t s3hls__adts_track_90k(const s3hls__adts_track *t, int64_t samples) {
    return t->rate ? samples * 90000 / t->rate : 0;
}

static void read_frame(s3hls__adts_track *t, const s3hls__adts *adts) {
    s3hls__audio_track track;
    if (s3hls__adts_describe(adts, &track)) {
        wrong(t, "audio is not AAC LC");
        return;
    }
    if (adts->blocks != 1)
        wrong(t, "an audio frame has several raw data blocks");
    if (t->frames && (t->rate != track.rate || t->channels != track.channels))
        wrong(t, "audio changes its sampling rate or channels");
    memcpy(t->codecs, track.codecs, sizeof t->codecs);
    t->rate = track.rate;
    t->channels = track.channels;
    t->frame_samples = track.frame_samples;
    t->samples += track.frame_samples;
    t->frames++;
}

static void end_pes(s3hls__adts_track *t) {
    s3hls__adts adts;
    size_t at = 0;
    if (!t->open)
        return;
    t->open = false;
    if (t->size != t->expected)
        wrong(t, "an audio PES packet is not as long as it states");
    t->samples = 0;
    while (at < t->size && s3hls__adts_parse(t->bytes + at, t->size - at, &adts) == S3HLS_OK &&
           adts.size <= t->size - at) {
        read_frame(t, &adts);
        at += adts.size;
    }
    if (at < t->size)
        wrong(t, "an audio frame is damaged");
}

/* ISO/IEC 13818-1 2.4.3.6. @return size of the header; 0: damaged */
static size_t read_header(s3hls__adts_track *t, const uint8_t *p, size_t size) {
    bool whole = size >= 14 && 9u + p[8] <= size;
    if (!whole || p[0] || p[1] || p[2] != 1 || (p[3] & 0xe0) != 0xc0 || p[7] >> 6 != 2 ||
        p[9] >> 4 != 2 || p[8] < 5)
        return 0;
    int64_t pts = (int64_t)(p[9] >> 1 & 7) << 30 | (int64_t)p[10] << 22 |
                  (int64_t)(p[11] >> 1) << 15 | (int64_t)p[12] << 7 | p[13] >> 1;
    int64_t passed = s3hls__clock_since(pts, t->pts);
    int64_t overlap = s3hls__adts_track_90k(t, t->samples) - passed;
    if (!t->frames)
        t->first_pts = pts;
    else if (passed <= 0)
        wrong(t, "audio timestamps step back");
    else if (overlap > s3hls__audio_overlap_90k(s3hls__adts_track_90k(t, t->frame_samples)))
        wrong(t, "audio frames overlap");
    t->pts = pts;
    size_t length = (size_t)p[4] << 8 | p[5], header = 9u + p[8];
    t->expected = length + 6 >= header ? length + 6 - header : 0;
    return header;
}

void s3hls__adts_track_add(s3hls__adts_track *t, const uint8_t *p, size_t size, bool start) {
    size_t header = 0;
    if (start) {
        end_pes(t);
        header = read_header(t, p, size);
        t->open = header > 0;
        t->size = 0;
        if (!header)
            wrong(t, "an audio PES header is damaged");
    }
    if (!t->open)
        return;
    size_t n = size - header, left = sizeof t->bytes - t->size;
    memcpy(t->bytes + t->size, p + header, n < left ? n : left);
    t->size += n < left ? n : left;
}

const char *s3hls__adts_track_end(s3hls__adts_track *t) {
    end_pes(t);
    return t->wrong;
}
