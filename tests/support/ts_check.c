/* SPDX-License-Identifier: MIT-0 */
#include "ts_check.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { PACKET = 188, PCR_GAP_MAX = 9000, AUDIO_APART_MAX = 90000, WRAP_BITS = 33 };

__attribute__((format(printf, 2, 3))) static void complain(ts_check *c, const char *format, ...) {
    c->complaints++;
    if (!c->out)
        return;
    va_list args;
    va_start(args, format);
    fprintf(c->out, "%s: packet %zu: ", c->name ? c->name : "segment", c->packet);
    vfprintf(c->out, format, args);
    fputc('\n', c->out);
    va_end(args);
}

/* a - b on a clock of 33 bits */
static int64_t since(int64_t a, int64_t b) {
    int64_t wrap = INT64_C(1) << WRAP_BITS, d = (a - b) & (wrap - 1);
    return d >= wrap / 2 ? d - wrap : d;
}

/* ---- sections */

static uint32_t crc32_mpeg(const uint8_t *p, size_t n) {
    uint32_t crc = ~0u;
    while (n--) {
        crc ^= (uint32_t)*p++ << 24;
        for (int i = 0; i < 8; i++)
            crc = (crc << 1) ^ ((crc >> 31) * 0x04c11db7u);
    }
    return crc;
}

/* @return the section behind the pointer field, its length with CRC in *size; NULL after a
 * complaint. */
static const uint8_t *section(ts_check *c, const uint8_t *payload, size_t left, int table,
                              size_t *size) {
    if (left < 1 || payload[0] + 4u > left) {
        complain(c, "section does not fit");
        return NULL;
    }
    const uint8_t *s = payload + 1 + payload[0];
    left -= 1u + payload[0];
    *size = 3 + (((size_t)(s[1] & 15) << 8) | s[2]);
    if (s[0] != table)
        complain(c, "table_id %d, not %d", s[0], table);
    if (*size > left || *size < 12) {
        complain(c, "section_length is wrong");
        return NULL;
    }
    if (crc32_mpeg(s, *size))
        complain(c, "section CRC is wrong");
    return s;
}

static void check_pat(ts_check *c, const uint8_t *payload, size_t left) {
    size_t size;
    const uint8_t *s = section(c, payload, left, 0, &size);
    if (!s)
        return;
    if (size != 16)
        complain(c, "PAT does not list exactly one program");
    c->pmt_pid = (s[10] & 31) << 8 | s[11];
}

static void check_pmt(ts_check *c, const uint8_t *payload, size_t left) {
    size_t size;
    const uint8_t *s = section(c, payload, left, 2, &size);
    if (!s)
        return;
    c->pcr_pid = (s[8] & 31) << 8 | s[9];
    c->audio_pid = -1;
    size_t at = 12 + (((size_t)(s[10] & 15) << 8) | s[11]), tracks = 0;
    for (; at + 5 <= size - 4; tracks++) {
        if (s[at] == 0x1b)
            c->video_pid = (s[at + 1] & 31) << 8 | s[at + 2];
        else if (s[at] == 0x0f && c->audio_pid < 0)
            c->audio_pid = (s[at + 1] & 31) << 8 | s[at + 2];
        else
            complain(c, "PMT lists a track of type 0x%02x that never comes", s[at]);
        at += 5 + (((size_t)(s[at + 3] & 15) << 8) | s[at + 4]);
    }
    if (tracks != 1 + (size_t)(c->audio_pid >= 0))
        complain(c, "PMT lists %zu tracks", tracks);
    if (c->pcr_pid != c->video_pid)
        complain(c, "PCR_PID is not the video's");
}

/* ---- access units */

static int64_t timestamp(ts_check *c, const uint8_t *p, int prefix) {
    if (p[0] >> 4 != prefix || !(p[0] & 1) || !(p[2] & 1) || !(p[4] & 1))
        complain(c, "timestamp has wrong marker bits");
    return (int64_t)(p[0] >> 1 & 7) << 30 | (int64_t)p[1] << 22 | (int64_t)(p[2] >> 1) << 15 |
           (int64_t)p[3] << 7 | p[4] >> 1;
}

static const uint8_t *next_nal(const uint8_t *p, const uint8_t *end) {
    for (; end - p > 3; p++)
        if (p[0] == 0 && p[1] == 0 && p[2] == 1)
            return p + 3;
    return NULL;
}

static void check_nals(ts_check *c, const uint8_t *p, const uint8_t *end) {
    bool sps = false, pps = false, recovery = false, slice = false, idr = false;
    const uint8_t *nal = next_nal(p, end);
    if (!nal || nal - p > 4 || (nal[0] & 31) != 9)
        complain(c, "access unit does not begin with an access unit delimiter");
    for (; nal; nal = next_nal(nal, end)) {
        int type = nal[0] & 31;
        if (type == 9 && nal - p > 4)
            complain(c, "a second access unit delimiter");
        if (slice)
            continue;
        sps |= type == 7;
        pps |= type == 8;
        recovery |= type == 6 && end - nal > 2 && memchr(nal + 1, 6, 8) != NULL;
        idr |= type == 5;
        slice |= type == 1 || type == 2 || type == 5;
    }
    if (!slice)
        complain(c, "access unit without a slice");
    if (c->random_access && !(idr || recovery))
        complain(c, "random_access_indicator without a keyframe");
    if (idr && !c->random_access)
        complain(c, "IDR picture without random_access_indicator");
    if ((idr || c->random_access) && !(sps && pps))
        complain(c, "keyframe without parameter sets before it");
    if (c->access_units == 1 && !c->random_access)
        complain(c, "segment does not begin with a keyframe");
}

static void check_times(ts_check *c, int64_t pts, int64_t dts) {
    if (since(pts, dts) < 0)
        complain(c, "PTS before DTS");
    if (since(pts, dts) > 10 * 90000)
        complain(c, "PTS more than 10 s behind DTS");
    if (c->dts_known && since(dts, c->dts) <= 0)
        complain(c, "DTS does not rise: %lld after %lld", (long long)dts, (long long)c->dts);
    if (!c->pcr_known)
        complain(c, "no PCR before the first access unit");
    else if (since(dts, c->unit_pcr) < 0)
        complain(c, "PCR is past the DTS");
    if (c->access_units == 1)
        c->pts_first = pts;
    c->pts_last = pts;
    c->dts = dts;
    c->dts_known = true;
}

static void end_unit(ts_check *c) {
    const uint8_t *p = c->unit.bytes;
    size_t n = c->unit.size;
    c->unit.size = 0;
    if (n == 0)
        return;
    c->access_units++;
    if (n < 14 || p[0] || p[1] || p[2] != 1 || p[3] != 0xe0 || (p[6] & 0xc0) != 0x80) {
        complain(c, "PES header is wrong");
        return;
    }
    size_t length = (size_t)p[4] << 8 | p[5], header = 9u + p[8];
    if (length && length != n - 6)
        complain(c, "PES_packet_length %zu, but %zu bytes", length, n - 6);
    int flags = p[7] >> 6;
    if (!(flags & 2) || p[8] < (flags == 3 ? 10 : 5) || header > n) {
        complain(c, "PES header without PTS");
        return;
    }
    int64_t pts = timestamp(c, p + 9, flags);
    check_times(c, pts, flags == 3 ? timestamp(c, p + 14, 1) : pts);
    c->payload_bytes += n - header;
    check_nals(c, p + header, p + n);
}

/* ---- audio: ADTS (ISO/IEC 14496-3 1.A.2.2) */

/* @return the frames of a PES packet's payload. */
static uint64_t check_frames(ts_check *c, const uint8_t *p, size_t left) {
    uint64_t frames = 0;
    while (left > 0) {
        size_t size = left < 7 ? 0 : (size_t)(p[3] & 3) << 11 | (size_t)p[4] << 3 | p[5] >> 5;
        if (size < 7 || size > left || p[0] != 0xff || (p[1] & 0xf6) != 0xf0) {
            complain(c, "audio is not whole ADTS frames");
            break;
        }
        p += size;
        left -= size;
        frames++;
    }
    return frames;
}

static void end_audio(ts_check *c) {
    const uint8_t *p = c->sound.bytes;
    size_t n = c->sound.size;
    c->sound.size = 0;
    if (n == 0)
        return;
    if (n < 14 || p[0] || p[1] || p[2] != 1 || (p[3] & 0xe0) != 0xc0 || p[7] >> 6 != 2 ||
        p[8] < 5) {
        complain(c, "PES header of audio is wrong");
        return;
    }
    size_t length = (size_t)p[4] << 8 | p[5], header = 9u + p[8];
    if (length != n - 6 || header > n) {
        complain(c, "PES_packet_length of audio is %zu, but %zu bytes", length, n - 6);
        return;
    }
    int64_t pts = timestamp(c, p + 9, 2);
    if (c->audio_pts_known && since(pts, c->audio_pts) <= 0)
        complain(c, "PTS of audio does not rise");
    if (c->dts_known &&
        (since(pts, c->dts) > AUDIO_APART_MAX || since(c->dts, pts) > AUDIO_APART_MAX))
        complain(c, "audio is %lld ms apart from video", (long long)since(pts, c->dts) / 90);
    c->audio_pts = pts;
    c->audio_pts_known = true;
    c->payload_bytes += n - header;
    c->audio_frames += check_frames(c, p + header, n - header);
}

static void gather(ts_check_pes *pes, const uint8_t *p, size_t n) {
    if (pes->size + n > pes->capacity) {
        pes->capacity = 2 * (pes->size + n);
        pes->bytes = realloc(pes->bytes, pes->capacity);
    }
    memcpy(pes->bytes + pes->size, p, n);
    pes->size += n;
}

/* ---- packets */

static void check_pcr(ts_check *c, const uint8_t *p) {
    int64_t pcr = (int64_t)p[0] << 25 | (int64_t)p[1] << 17 | (int64_t)p[2] << 9 |
                  (int64_t)p[3] << 1 | p[4] >> 7;
    int64_t gap = c->pcr_known ? since(pcr, c->pcr) : 1;
    if (gap <= 0)
        complain(c, "PCR does not rise");
    if (gap > PCR_GAP_MAX)
        complain(c, "PCR after %lld ms", (long long)gap / 90);
    c->pcr = pcr;
    c->pcr_known = true;
}

/* @return where the payload begins, PACKET where there is none. */
static size_t check_adaptation(ts_check *c, const uint8_t *p, int pid) {
    int control = p[3] >> 4 & 3;
    if (control == 0)
        complain(c, "adaptation_field_control is reserved");
    if (control == 1)
        return 4;
    size_t length = p[4];
    if (length > 183 || (control == 3 && length > 182) || (control == 2 && length != 183)) {
        complain(c, "adaptation_field_length %zu is wrong", length);
        return PACKET;
    }
    size_t used = 1;
    if (length && p[5] & 0x10) {
        used += 6;
        if (pid != c->pcr_pid)
            complain(c, "PCR on another PID than the PMT says");
        check_pcr(c, p + 6);
    }
    if (length && p[5] & 0x40)
        c->random_access = true;
    for (size_t i = used; length && i < length; i++)
        if (p[5 + i] != 0xff) {
            complain(c, "stuffing is not 0xff");
            break;
        }
    return control == 3 ? 5 + length : PACKET;
}

static void check_counter(ts_check *c, const uint8_t *p, int pid) {
    int counter = p[3] & 15;
    bool payload = p[3] & 0x10;
    if (c->cc_known[pid] && counter != ((c->cc[pid] + payload) & 15))
        complain(c, "continuity counter %d after %d", counter, c->cc[pid]);
    c->cc_known[pid] = true;
    c->cc[pid] = (uint8_t)counter;
}

/* A packet of a track: the PES packet before it ends where one starts. */
static void check_track(ts_check *c, ts_check_pes *pes, const uint8_t *p, size_t at) {
    bool start = p[1] & 0x40;
    if (at < PACKET && !start && !pes->size)
        complain(c, "payload before a PES header");
    else if (at < PACKET)
        gather(pes, p + at, PACKET - at);
}

static void check_packet(ts_check *c, const uint8_t *p) {
    int pid = (p[1] & 31) << 8 | p[2];
    bool start = p[1] & 0x40;
    if (p[0] != 0x47)
        complain(c, "no sync byte");
    if (p[1] & 0x80 || p[3] & 0xc0)
        complain(c, "error or scrambling flags are set");
    if (c->packet == 0 && pid != 0)
        complain(c, "the first packet is not a PAT");
    if (c->packet == 1 && (pid != c->pmt_pid || pid == 0))
        complain(c, "the second packet is not the PMT");
    if (start && pid == c->video_pid) {
        end_unit(c);
        c->random_access = false;
    }
    if (start && pid == c->audio_pid)
        end_audio(c);
    bool random_access = c->random_access;
    size_t at = check_adaptation(c, p, pid);
    if (pid == c->audio_pid)
        c->random_access = random_access; /* only that of video is compared */
    if (start && pid == c->video_pid)
        c->unit_pcr = c->pcr;
    check_counter(c, p, pid);
    if (pid == 0 && start)
        check_pat(c, p + at, PACKET - at);
    else if (pid == c->pmt_pid && start)
        check_pmt(c, p + at, PACKET - at);
    else if (pid == c->video_pid)
        check_track(c, &c->unit, p, at);
    else if (pid == c->audio_pid)
        check_track(c, &c->sound, p, at);
    else
        complain(c, "PID %d is in no table", pid);
}

int ts_check_segment(ts_check *c, const uint8_t *data, size_t size) {
    int before = c->complaints;
    c->packets = c->access_units = c->audio_frames = c->payload_bytes = 0;
    c->pmt_pid = c->video_pid = c->audio_pid = c->pcr_pid = -1;
    c->packet = 0;
    if (size == 0 || size % PACKET)
        complain(c, "%zu bytes are no whole number of packets", size);
    for (; c->packet < size / PACKET; c->packet++, c->packets++)
        check_packet(c, data + c->packet * PACKET);
    end_unit(c);
    end_audio(c);
    if (c->access_units == 0)
        complain(c, "no access unit in it");
    if (c->audio_pid >= 0 && c->audio_frames == 0)
        complain(c, "PMT lists audio that never comes");
    return c->complaints - before;
}

void ts_check_deinit(ts_check *c) {
    free(c->unit.bytes);
    free(c->sound.bytes);
    c->unit = c->sound = (ts_check_pes){0};
}
