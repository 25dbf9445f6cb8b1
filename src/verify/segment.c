/* SPDX-License-Identifier: MIT-0 */
/* Checks one segment packet by packet. Clauses refer to ISO/IEC 13818-1 = Rec. ITU-T H.222.0. */
#include "container/ts/crc32.h"
#include "verify/adts.h"
#include "verify/report.h"
#include "verify/times.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    PACKET = 188,
    NULL_PID = 0x1fff,
    STREAM_ADTS = 0x0f, /* Table 2-34 */
    STREAM_H264 = 0x1b,
    STREAM_H265 = 0x24,
    DELAY_MAX_90K = 10 * 90000 /* maximum of a picture's DTS after its PCR, and of PTS after DTS */
};

typedef struct reader {
    s3hls_verify_report *report;
    size_t packet;                   /* number of the current packet */
    int pmt_pid, video_pid, pcr_pid; /* -1: unknown */
    int audio_pid;                   /* -1: none */
    uint16_t listed[S3HLS_VERIFY_TRACKS];
    uint32_t listed_count;          /* PIDs in the tables, including PAT's own */
    bool sent[S3HLS_VERIFY_TRACKS]; /* report->tracks: payload was received */

    bool pcr_known;
    int64_t pcr;

    bool enters_late; /* its name states that it begins inside a GOP */
    bool unit_open, random_access;
    size_t pes_length, pes_bytes;
    s3hls__units units;

    int64_t pts; /* of the open access unit */
    s3hls__times times;
    s3hls__adts_track audio;
} reader;

__attribute__((format(printf, 3, 4))) static void wrong(reader *r, int fault, const char *format,
                                                        ...) {
    char what[96];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    s3hls__fault_note(r->report, fault, "packet %zu: %s", r->packet, what);
}

/* ---- tables, 2.4.4 */

/* The section after the pointer field; NULL if it is unreadable. */
static const uint8_t *find_section(reader *r, const uint8_t *payload, size_t left, int table,
                                   size_t *size) {
    const uint8_t *s = left && payload[0] + 4u <= left ? payload + 1 + payload[0] : NULL;
    if (s) {
        left -= 1u + payload[0];
        *size = 3 + ((size_t)(s[1] & 15) << 8 | s[2]);
    }
    if (!s || s[0] != table || *size < 16 || *size > left || s3hls__mux_crc32(s, *size)) {
        wrong(r, S3HLS_FAULT_TABLES, "%s is damaged", table ? "PMT" : "PAT");
        return NULL;
    }
    return s;
}

static void list_pid(reader *r, int pid) {
    if (r->listed_count < S3HLS_VERIFY_TRACKS)
        r->listed[r->listed_count++] = (uint16_t)pid;
}

static bool is_listed(const reader *r, int pid) {
    for (uint32_t i = 0; i < r->listed_count; i++)
        if (r->listed[i] == pid)
            return true;
    return false;
}

static int pid_at(const uint8_t *p) {
    return (p[0] & 31) << 8 | p[1];
}

static void read_pat(reader *r, const uint8_t *payload, size_t left) {
    size_t size;
    const uint8_t *s = find_section(r, payload, left, 0, &size);
    if (!s || r->pmt_pid >= 0)
        return;
    if (size != 16)
        wrong(r, S3HLS_FAULT_TABLES, "PAT does not list one program");
    r->pmt_pid = pid_at(s + 10);
    list_pid(r, r->pmt_pid);
}

static void choose_track(reader *r, uint8_t stream_type, int pid) {
    bool h265 = stream_type == STREAM_H265;
    if ((stream_type == STREAM_H264 || h265) && r->video_pid < 0) {
        r->video_pid = pid;
        s3hls__units_init(&r->units,
                          s3hls__codec_find(h265 ? S3HLS__CODEC_H265 : S3HLS__CODEC_H264), false);
    }
    if (stream_type == STREAM_ADTS && r->audio_pid < 0)
        r->audio_pid = pid;
}

static void read_pmt(reader *r, const uint8_t *payload, size_t left) {
    size_t size;
    const uint8_t *s = find_section(r, payload, left, 2, &size);
    if (!s || r->pcr_pid >= 0)
        return;
    r->pcr_pid = pid_at(s + 8);
    size_t at = 12 + ((size_t)(s[10] & 15) << 8 | s[11]);
    for (; at + 5 <= size - 4; at += 5 + ((size_t)(s[at + 3] & 15) << 8 | s[at + 4])) {
        list_pid(r, pid_at(s + at + 1));
        choose_track(r, s[at], pid_at(s + at + 1));
    }
    if (r->video_pid < 0)
        wrong(r, S3HLS_FAULT_TABLES, "PMT lists no H.264 or H.265");
    if (!is_listed(r, r->pcr_pid))
        wrong(r, S3HLS_FAULT_TABLES, "PCR_PID %d is no track", r->pcr_pid);
}

/* ---- access units */

/* PTS or DTS, 2.4.3.6 */
static int64_t read_timestamp(reader *r, const uint8_t *p, int prefix) {
    if (p[0] >> 4 != prefix || !(p[0] & p[2] & p[4] & 1))
        wrong(r, S3HLS_FAULT_PES, "a timestamp's marker bits");
    return (int64_t)(p[0] >> 1 & 7) << 30 | (int64_t)p[1] << 22 | (int64_t)(p[2] >> 1) << 15 |
           (int64_t)p[3] << 7 | p[4] >> 1;
}

static void note_times(reader *r, int64_t pts, int64_t dts) {
    int64_t delay = s3hls__clock_since(pts, dts);
    if (delay < 0 || delay > DELAY_MAX_90K)
        wrong(r, S3HLS_FAULT_TIMES, "PTS is %lld ms behind DTS", (long long)delay / 90);
    int64_t step = s3hls__times_add(&r->times, pts, dts);
    if (r->times.count == 1)
        r->report->first_pts_90k = pts;
    else if (step <= 0)
        wrong(r, S3HLS_FAULT_TIMES, "DTS steps by %lld ms", (long long)step / 90);
    r->pts = pts;
    if (!r->pcr_known && r->random_access) /* otherwise the previous segment set the clock */
        wrong(r, S3HLS_FAULT_PCR, "a keyframe before the first PCR");
    int64_t ahead = s3hls__clock_since(dts, r->pcr_known ? r->pcr : dts);
    if (ahead < 0 || ahead > DELAY_MAX_90K)
        wrong(r, S3HLS_FAULT_PCR, "PCR is %lld ms before DTS", (long long)ahead / 90);
}

static void end_unit(reader *r) {
    s3hls_verify_report *report = r->report;
    if (!r->unit_open)
        return;
    r->unit_open = false;
    const char *what = s3hls__units_end(&r->units);
    const s3hls__units *u = &r->units;
    bool keyframe = r->random_access && u->keyframe;
    if (what)
        wrong(r, S3HLS_FAULT_VIDEO, "before it %s", what);
    else if (r->random_access && !(keyframe && s3hls__units_has_sets(u)))
        wrong(r, S3HLS_FAULT_VIDEO,
              "before it a random access point without keyframe or parameter sets");
    what = s3hls__times_judge(&r->times, r->pts, u);
    if (what)
        wrong(r, S3HLS_FAULT_TIMES, "before it %s", what);
    if (r->pes_length && r->pes_length != r->pes_bytes)
        wrong(r, S3HLS_FAULT_PES, "PES_packet_length %zu, but %zu bytes", r->pes_length,
              r->pes_bytes);
    if (report->access_units == 1 && !keyframe && !r->enters_late)
        s3hls__fault_note(report, S3HLS_FAULT_KEYFRAME, "begins inside a group of pictures");
}

/* Read a PES packet's header (2.4.3.6), which must fit into one packet. @return its size; 0:
 * damaged. */
static size_t begin_unit(reader *r, const uint8_t *p, size_t left) {
    end_unit(r);
    r->report->access_units++;
    bool whole = left >= 14 && 9u + p[8] <= left;
    int flags = whole ? p[7] >> 6 : 0;
    if (!whole || p[0] || p[1] || p[2] != 1 || p[3] != 0xe0 || p[6] >> 6 != 2 || !(flags & 2) ||
        p[8] < (flags == 3 ? 10 : 5)) {
        wrong(r, S3HLS_FAULT_PES, "the PES header is damaged");
        return 0;
    }
    int64_t pts = read_timestamp(r, p + 9, flags);
    note_times(r, pts, flags == 3 ? read_timestamp(r, p + 14, 1) : pts);
    r->pes_length = (size_t)p[4] << 8 | p[5];
    r->pes_bytes = 3u + p[8];
    r->unit_open = true;
    s3hls__units_begin(&r->units);
    return 9u + p[8];
}

static void read_video(reader *r, const uint8_t *p, size_t left, bool start) {
    size_t header = start ? begin_unit(r, p, left) : 0;
    if (!r->unit_open) {
        if (r->report->access_units == 0)
            wrong(r, S3HLS_FAULT_PES, "payload before the first PES header");
        return;
    }
    s3hls__units_add(&r->units, p + header, left - header);
    r->pes_bytes += left - header;
}

/* ---- packets, 2.4.3.2 */

/* program_clock_reference, 2.4.3.5 */
static void read_pcr(reader *r, const uint8_t *p) {
    int64_t pcr = (int64_t)p[0] << 25 | (int64_t)p[1] << 17 | (int64_t)p[2] << 9 |
                  (int64_t)p[3] << 1 | p[4] >> 7;
    int64_t gap = s3hls__clock_since(pcr, r->pcr);
    if (r->pcr_known && (gap <= 0 || gap > S3HLS__PCR_GAP_MAX_90K))
        wrong(r, S3HLS_FAULT_PCR, "PCR steps by %lld ms", (long long)gap / 90);
    if (!r->pcr_known)
        r->report->first_pcr_90k = pcr;
    r->report->last_pcr_90k = r->pcr = pcr;
    r->pcr_known = true;
}

/* @return offset of the payload; PACKET: none. */
static size_t read_adaptation(reader *r, const uint8_t *p, int pid) {
    int control = p[3] >> 4 & 3;
    size_t length = p[4], used = 1;
    if (control == 1)
        return 4;
    if (control == 0 || (control == 2 && length != 183) || (control == 3 && length > 182)) {
        wrong(r, S3HLS_FAULT_SYNC, "the adaptation field is damaged");
        return PACKET;
    }
    if (length && p[5] & 0x10) {
        used += 6;
        if (length >= 7 && pid == r->pcr_pid)
            read_pcr(r, p + 6);
        else
            wrong(r, S3HLS_FAULT_PCR, "PCR where none belongs");
    }
    for (size_t i = used; i < length; i++)
        if (p[5 + i] != 0xff) {
            wrong(r, S3HLS_FAULT_SYNC, "stuffing is damaged");
            break;
        }
    return 5 + length;
}

/* continuity_counter, 2.4.3.3: unchanged in packets without payload. */
static void count(reader *r, int pid, uint8_t counter, bool payload) {
    s3hls_verify_report *report = r->report;
    uint32_t i = 0;
    while (i < report->track_count && report->tracks[i].pid != pid)
        i++;
    if (i == report->track_count) {
        if (i == S3HLS_VERIFY_TRACKS)
            return;
        report->track_count++;
        report->tracks[i].pid = (uint16_t)pid;
        report->tracks[i].first = (uint8_t)((counter + !payload) & 15);
    } else if (counter != ((report->tracks[i].last + payload) & 15)) {
        wrong(r, S3HLS_FAULT_COUNTER, "PID %d: counter %d after %d", pid, counter,
              report->tracks[i].last);
    }
    report->tracks[i].last = counter;
    r->sent[i] |= payload;
}

static void read_payload(reader *r, const uint8_t *p, size_t at, int pid, bool start) {
    if (pid == 0 && start)
        read_pat(r, p + at, PACKET - at);
    else if (pid == r->pmt_pid && start)
        read_pmt(r, p + at, PACKET - at);
    else if (pid == r->video_pid && at < PACKET)
        read_video(r, p + at, PACKET - at, start);
    else if (pid == r->audio_pid && at < PACKET)
        s3hls__adts_track_add(&r->audio, p + at, PACKET - at, start);
    else if (!is_listed(r, pid))
        wrong(r, S3HLS_FAULT_TABLES, "PID %d is in no table", pid);
}

static void read_packet(reader *r, const uint8_t *p) {
    int pid = pid_at(p + 1);
    bool start = p[1] & 0x40, payload = p[3] & 0x10;
    if (p[0] != 0x47 || p[1] & 0x80 || p[3] & 0xc0) {
        wrong(r, S3HLS_FAULT_SYNC, "the header is damaged");
        return;
    }
    if (pid == NULL_PID)
        return;
    if ((r->packet == 0 && pid != 0) || (r->packet == 1 && pid != r->pmt_pid))
        wrong(r, S3HLS_FAULT_TABLES, "no %s where a segment begins", r->packet ? "PMT" : "PAT");
    if (start && pid == r->video_pid)
        end_unit(r);
    size_t at = read_adaptation(r, p, pid);
    if (pid == r->video_pid)
        r->random_access = (!start && r->random_access) || (p[3] & 0x20 && p[4] && p[5] & 0x40);
    count(r, pid, p[3] & 15, payload);
    if (payload)
        read_payload(r, p, at, pid, start);
}

/* ---- the segment */

static void read_packets(reader *r, const uint8_t *data, size_t size) {
    s3hls_verify_report *report = r->report;
    if (size == 0)
        s3hls__fault_note(report, S3HLS_FAULT_SIZE, "empty");
    else if (size % PACKET)
        s3hls__fault_note(report, S3HLS_FAULT_SIZE, "%zu bytes are no whole number of packets",
                          size);
    for (; r->packet < size / PACKET; r->packet++)
        read_packet(r, data + r->packet * PACKET);
    end_unit(r);
    const char *what = s3hls__adts_track_end(&r->audio);
    if (what)
        s3hls__fault_note(report, S3HLS_FAULT_AUDIO, "%s", what);
    if (r->packet == 0)
        return;
    if (report->access_units == 0)
        s3hls__fault_note(report, S3HLS_FAULT_VIDEO, "no picture in it");
    for (uint32_t i = 0; i < r->listed_count; i++) {
        bool came = false;
        for (uint32_t t = 0; t < report->track_count; t++)
            came |= report->tracks[t].pid == r->listed[i] && r->sent[t];
        if (!came && r->listed[i] != r->audio_pid) /* audio may pause */
            s3hls__fault_note(report, S3HLS_FAULT_TABLES, "PID %d is listed and never comes",
                              r->listed[i]);
    }
}

static void note_extent(reader *r) {
    s3hls_verify_report *report = r->report;
    const s3hls__times *t = &r->times;
    if (t->count == 0)
        return;
    report->first_dts_90k = t->origin;
    report->last_dts_90k = s3hls__clock_after(t->origin, t->dts);
    report->latest_pts_90k = s3hls__clock_after(t->origin, t->latest_pts);
    report->longest_step_90k = t->longest_step;
    report->reorder_90k = t->longest_delay - t->shortest_delay;
    report->length_90k = s3hls__times_length(t);
    if (!r->pcr_known && report->length_90k > S3HLS__PCR_GAP_MAX_90K)
        s3hls__fault_note(report, S3HLS_FAULT_PCR, "no PCR in it");
}

static void note_audio(reader *r) {
    const s3hls__adts_track *t = &r->audio;
    r->report->audio_frames = t->frames;
    memcpy(r->report->audio_codecs, t->codecs, sizeof t->codecs);
    if (t->frames)
        s3hls__audio_note(r->report, t->first_pts, t->pts + s3hls__adts_track_90k(t, t->samples),
                          s3hls__adts_track_90k(t, t->frame_samples));
}

static void check_duration(const s3hls_segment *segment, reader *r) {
    s3hls_verify_report *report = r->report;
    int64_t named = (int64_t)segment->duration_ms * 90;
    if (!s3hls__times_fill(&r->times, named))
        s3hls__fault_note(report, S3HLS_FAULT_DURATION, "%lld ms by the name, %lld ms of pictures",
                          (long long)named / 90, (long long)report->length_90k / 90);
    report->missing_90k = s3hls__times_missing(&r->times, named, r->units.ended);
}

int s3hls_verify_segment(const s3hls_segment *segment, const uint8_t *data, size_t size,
                         s3hls_verify_report *report) {
    reader r;
    memset(report, 0, sizeof *report);
    memset(&r, 0, sizeof r);
    report->first_pcr_90k = report->last_pcr_90k = report->first_audio_90k = -1;
    r.report = report;
    r.enters_late = segment && segment->entry == S3HLS_ENTRY_NONE;
    report->end_dts_90k = -1;
    s3hls__units_init(&r.units, s3hls__codec_find(S3HLS__CODEC_H264), false);
    r.pmt_pid = r.video_pid = r.pcr_pid = r.audio_pid = -1;
    list_pid(&r, 0);
    read_packets(&r, data, size);
    note_extent(&r);
    report->width = r.units.track.width;
    report->height = r.units.track.height;
    memcpy(report->codecs, r.units.track.codecs, sizeof report->codecs);
    note_audio(&r);
    if (segment && !segment->sdk_name)
        check_duration(segment, &r);
    return report->faults ? S3HLS_E_MALFORMED : S3HLS_OK;
}
