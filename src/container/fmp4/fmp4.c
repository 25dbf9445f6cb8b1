/* SPDX-License-Identifier: MIT-0 */
#include "container/fmp4/fmp4.h"
#include "container/fmp4/boxes.h"
#include "container/fmp4/init.h"
#include <string.h>

enum {
    MOOF_BYTES = 8 + 16,           /* moof, and mfhd in it */
    TRAF_BYTES = 8 + 16 + 20 + 20, /* traf, and tfhd, tfdt and trun without rows in it */
    VIDEO_ROW = 16,
    AUDIO_ROW = 8,
    MDAT_BYTES = 8,
    LENGTH_BYTES = 4
};

/* Sample flags, 8.8.3.1. */
static const uint32_t SYNC = 0x02000000;     /* sample_depends_on: no other */
static const uint32_t NOT_SYNC = 0x01010000; /* others; sample_is_non_sync_sample */

static void begin_timeline(void *state, const s3hls__tracks *tracks) {
    s3hls__fmp4 *m = state;
    *m = (s3hls__fmp4){.tracks = tracks, .sequence = 1};
}

/* Make sure that so many bytes can be written in one piece. */
static int reserve(s3hls__output *out, size_t bytes) {
    return (size_t)(out->end - out->p) < bytes ? out->more(out->ctx, out) : S3HLS_OK;
}

static int take(s3hls__output *out, size_t bytes, uint8_t **p) {
    int rc = reserve(out, bytes);
    *p = out->p;
    out->p += rc ? 0 : bytes;
    return rc;
}

static int copy(s3hls__output *out, const uint8_t *data, size_t size) {
    while (size) {
        int rc = reserve(out, 1);
        if (rc)
            return rc;
        size_t n = (size_t)(out->end - out->p) < size ? (size_t)(out->end - out->p) : size;
        memcpy(out->p, data, n);
        out->p += n;
        data += n;
        size -= n;
    }
    return S3HLS_OK;
}

/* ---- rows of a track's sample table (8.8.8), written late */

static void write_video_row(s3hls__fmp4_run *run, s3hls__output *head, int64_t next_dts) {
    const s3hls__fmp4_sample *s = &run->newest;
    if (!s->pending)
        return;
    uint8_t *p = head->p;
    p = s3hls__be(p, (uint64_t)(next_dts > s->dts ? next_dts - s->dts : 1), 4);
    p = s3hls__be(p, s->size, 4);
    p = s3hls__be(p, s->key ? SYNC : NOT_SYNC, 4);
    head->p = s3hls__be(p, (uint64_t)s->composition, 4);
    run->rows++;
    run->newest.pending = false;
}

static void write_audio_row(s3hls__fmp4_run *run, s3hls__output *head, int64_t next_dts) {
    const s3hls__fmp4_sample *s = &run->newest;
    if (!s->pending)
        return;
    uint8_t *p = s3hls__be(head->p, (uint64_t)(next_dts > s->dts ? next_dts - s->dts : 1), 4);
    head->p = s3hls__be(p, s->size, 4);
    run->rows++;
    run->newest.pending = false;
}

static void begin_sample(s3hls__fmp4_run *run, const s3hls__fmp4_sample *sample) {
    if (!run->rows)
        run->first_dts = sample->dts;
    run->newest = *sample;
    run->newest.pending = true;
}

/* ---- segments */

static int begin_segment(void *state, s3hls__output *out) {
    s3hls__fmp4 *m = state;
    m->video = m->audio = (s3hls__fmp4_run){.head = NULL};
    m->nal_length = NULL;
    int rc = take(&out[S3HLS__PART_HEAD], MOOF_BYTES + TRAF_BYTES, &m->moof);
    if (!rc)
        rc = take(&out[S3HLS__PART_MEDIA], MDAT_BYTES, &m->mdat);
    if (!rc)
        m->video.head = m->moof + MOOF_BYTES;
    return rc;
}

static uint8_t *box(uint8_t *p, uint32_t size, const char type[4]) {
    memcpy(p + 4, type, 4);
    return s3hls__be(p, size, 4) + 4;
}

/* The boxes before a track's rows. @param flags  of trun. @param offset  of its data, from moof */
static void write_traf(const s3hls__fmp4_run *run, uint32_t id, uint32_t row, uint32_t flags,
                       uint32_t offset) {
    enum { DEFAULT_BASE_IS_MOOF = 0x020000, VERSION_1 = 0x01000000, DATA_OFFSET = 1 };
    uint32_t rows = run->rows * row;
    uint8_t *p = box(run->head, TRAF_BYTES + rows, "traf");
    p = box(p, 16, "tfhd");
    p = s3hls__be(p, DEFAULT_BASE_IS_MOOF, 4);
    p = s3hls__be(p, id, 4);
    p = box(p, 20, "tfdt");
    p = s3hls__be(p, VERSION_1, 4);
    p = s3hls__be(p, (uint64_t)run->first_dts, 8);
    p = box(p, 20 + rows, "trun");
    p = s3hls__be(p, VERSION_1 | DATA_OFFSET | flags, 4);
    p = s3hls__be(p, run->rows, 4);
    s3hls__be(p, offset, 4);
}

static void end_segment(void *state, s3hls__output *out, int64_t end_90k, bool audio) {
    enum { DURATION = 0x100, SIZE = 0x200, FLAGS = 0x400, COMPOSITION = 0x800 };
    s3hls__fmp4 *m = state;
    (void)audio;
    write_video_row(&m->video, &out[S3HLS__PART_HEAD], end_90k);
    write_audio_row(&m->audio, &out[S3HLS__PART_AUDIO_HEAD],
                    m->audio.newest.dts + m->audio.newest.samples);
    uint32_t moof = MOOF_BYTES + TRAF_BYTES + m->video.rows * VIDEO_ROW;
    if (m->audio.head)
        moof += TRAF_BYTES + m->audio.rows * AUDIO_ROW;
    uint8_t *p = box(m->moof, moof, "moof");
    p = box(p, 16, "mfhd");
    p = s3hls__be(p, 0, 4);
    s3hls__be(p, m->sequence++, 4);
    write_traf(&m->video, S3HLS__FMP4_VIDEO, VIDEO_ROW, DURATION | SIZE | FLAGS | COMPOSITION,
               moof + MDAT_BYTES);
    if (m->audio.head)
        write_traf(&m->audio, S3HLS__FMP4_AUDIO, AUDIO_ROW, DURATION | SIZE,
                   moof + MDAT_BYTES + m->video.bytes);
    box(m->mdat, MDAT_BYTES + m->video.bytes + m->audio.bytes, "mdat");
}

/* ---- pictures */

static int begin_unit(void *state, s3hls__output *out, const s3hls__unit *unit) {
    s3hls__fmp4 *m = state;
    s3hls__output *head = &out[S3HLS__PART_HEAD];
    m->unit_is_key = unit->keyframe;
    if (unit->second_field && m->video.newest.pending)
        return S3HLS_OK;
    write_video_row(&m->video, head, unit->dts_90k);
    begin_sample(&m->video, &(s3hls__fmp4_sample){.dts = unit->dts_90k,
                                                  .composition = unit->pts_90k - unit->dts_90k,
                                                  .key = unit->keyframe});
    return reserve(head, VIDEO_ROW);
}

static void end_nal(s3hls__fmp4 *m) {
    if (m->nal_length)
        s3hls__be(m->nal_length, m->nal_size, LENGTH_BYTES);
    m->nal_length = NULL;
}

static void count(s3hls__fmp4 *m, uint32_t bytes) {
    m->video.newest.size += bytes;
    m->video.bytes += bytes;
}

/* Delimiters and ends of a stream are of no use where a table has the samples. */
static bool is_left_out(const s3hls__fmp4 *m, s3hls__nal_kind kind) {
    return kind == S3HLS__NAL_DELIMITER || kind == S3HLS__NAL_END_STREAM ||
           (m->unit_is_key && s3hls__nal_is_set(kind));
}

static int begin_nal(void *state, s3hls__output *out, s3hls__nal_kind kind) {
    s3hls__fmp4 *m = state;
    end_nal(m);
    m->nal_left_out = is_left_out(m, kind);
    m->nal_size = 0;
    if (m->nal_left_out)
        return S3HLS_OK;
    int rc = take(&out[S3HLS__PART_MEDIA], LENGTH_BYTES, &m->nal_length);
    if (rc)
        m->nal_length = NULL;
    else
        count(m, LENGTH_BYTES);
    return rc;
}

static int write_data(void *state, s3hls__output *out, const uint8_t *data, size_t size) {
    s3hls__fmp4 *m = state;
    if (m->nal_left_out)
        return S3HLS_OK;
    m->nal_size += (uint32_t)size;
    count(m, (uint32_t)size);
    return copy(&out[S3HLS__PART_MEDIA], data, size);
}

static int end_unit(void *state, s3hls__output *out) {
    (void)out;
    end_nal(state);
    return S3HLS_OK;
}

/* ---- audio */

static int write_frame(s3hls__fmp4 *m, s3hls__output *out, const s3hls__audio_frame *f) {
    s3hls__output *head = &out[S3HLS__PART_AUDIO_HEAD];
    int rc = m->audio.head ? S3HLS_OK : take(head, TRAF_BYTES, &m->audio.head);
    if (rc)
        return rc;
    write_audio_row(&m->audio, head, f->pts);
    uint32_t size = (uint32_t)s3hls__audio_frame_size(f);
    begin_sample(&m->audio,
                 &(s3hls__fmp4_sample){.dts = f->pts, .size = size, .samples = f->samples});
    m->audio.bytes += size;
    rc = reserve(head, AUDIO_ROW);
    for (int i = 0; i < 2 && !rc; i++)
        rc = copy(&out[S3HLS__PART_AUDIO], f->data[i], f->size[i]);
    return rc;
}

static int audio(void *state, s3hls__output *out, const s3hls__audio_frame *frames, size_t count) {
    int rc = S3HLS_OK;
    for (size_t i = 0; i < count && !rc; i++)
        rc = write_frame(state, out, &frames[i]);
    return rc;
}

/* ---- other times for a picture */

static uint8_t *next_row(s3hls__output *head) {
    if (head->end - head->p < VIDEO_ROW)
        head->more(head->ctx, head);
    head->p += VIDEO_ROW;
    return head->p - VIDEO_ROW;
}

static void add_to(uint8_t *p, int64_t by) {
    s3hls__be(p, s3hls__be32_of(p) + (uint64_t)by, 4);
}

/* The row of the picture before is the first that was written since; the picture's own is the
 * second, or still pending. */
static void move_unit(void *state, const void *before, s3hls__output *at, const s3hls__move *by) {
    enum { COMPOSITION = 12 }; /* offset in a row */
    s3hls__fmp4 *m = state;
    const s3hls__fmp4_run *was = &((const s3hls__fmp4 *)before)->video;
    s3hls__output *head = &at[S3HLS__PART_HEAD];
    if (by->second_field || !was->newest.pending)
        return;
    uint8_t *row_before = next_row(head);
    bool pending = m->video.newest.pending && m->video.rows == was->rows + 1;
    if (by->dts_by_90k)
        add_to(row_before, by->dts_by_90k);
    if (!pending) {
        add_to(next_row(head) + COMPOSITION, by->pts_by_90k - by->dts_by_90k);
        return;
    }
    m->video.newest.dts += by->dts_by_90k;
    m->video.newest.composition += by->pts_by_90k - by->dts_by_90k;
}

const s3hls__container s3hls__container_fmp4 = {
    .id = S3HLS_CONTAINER_FMP4,
    .name = "fmp4",
    .init_segment = s3hls__fmp4_init,
    .begin_timeline = begin_timeline,
    .begin_segment = begin_segment,
    .end_segment = end_segment,
    .begin_unit = begin_unit,
    .begin_nal = begin_nal,
    .data = write_data,
    .end_unit = end_unit,
    .audio = audio,
    .move_unit = move_unit,
};
