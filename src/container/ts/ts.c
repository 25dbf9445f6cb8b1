/* SPDX-License-Identifier: MIT-0 */
#include "container/ts/ts.h"
#include "container/ts/psi.h"
#include <string.h>

enum {
    HEADER = 4,
    UNIT_START = 0x4000, /* payload_unit_start_indicator, beside the PID */
    PAYLOAD = S3HLS__TS_PACKET - HEADER,
    PCR_GAP_MAX_90K = 9000, /* 2.7.2: 100 ms */
    PCR_FILL_MAX = 1000     /* packets to bridge one gap; a longer gap restarts the clock */
};

static void begin_timeline(void *state, const s3hls__tracks *tracks) {
    s3hls__ts *m = state;
    memset(m, 0, sizeof *m);
    m->stream_type =
        tracks->video.codec == S3HLS__CODEC_H265 ? S3HLS__TS_STREAM_H265 : S3HLS__TS_STREAM_H264;
    m->tracks = tracks;
}

/* Reserve memory for one packet. */
static int take(s3hls__output *out, uint8_t **packet) {
    if (out->end - out->p < S3HLS__TS_PACKET) {
        int rc = out->more(out->ctx, out);
        if (rc)
            return rc;
    }
    *packet = out->p;
    out->p += S3HLS__TS_PACKET;
    return S3HLS_OK;
}

static void write_header(uint8_t *p, unsigned pid, unsigned adaptation_control, uint8_t cc) {
    p[0] = 0x47;
    p[1] = (uint8_t)(pid >> 8);
    p[2] = (uint8_t)pid;
    p[3] = (uint8_t)(adaptation_control << 4 | (cc & 15));
}

/* program_clock_reference, 2.4.3.5: 33 bits of 90 kHz, 6 reserved, 9 of 27 MHz. */
static void write_pcr(uint8_t *p, int64_t pcr_90k) {
    uint64_t base = (uint64_t)pcr_90k & 0x1ffffffff;
    p[0] = (uint8_t)(base >> 25);
    p[1] = (uint8_t)(base >> 17);
    p[2] = (uint8_t)(base >> 9);
    p[3] = (uint8_t)(base >> 1);
    p[4] = (uint8_t)((base & 1) << 7 | 0x7e);
    p[5] = 0;
}

/* PTS or DTS, 2.4.3.6: 3, 15 and 15 bits, each followed by a marker bit. */
static void write_timestamp(uint8_t *p, unsigned prefix, int64_t time_90k) {
    uint64_t t = (uint64_t)time_90k & 0x1ffffffff;
    p[0] = (uint8_t)(prefix << 4 | (t >> 30) << 1 | 1);
    p[1] = (uint8_t)(t >> 22);
    p[2] = (uint8_t)((t >> 15) << 1 | 1);
    p[3] = (uint8_t)(t >> 7);
    p[4] = (uint8_t)(t << 1 | 1);
}

static int begin_segment(void *state, s3hls__output *out) {
    s3hls__ts *m = state;
    uint8_t *packet;
    int rc = take(&out[S3HLS__PART_MEDIA], &packet);
    if (rc)
        return rc;
    s3hls__psi_pat(packet, m->cc_pat++);
    if ((rc = take(&out[S3HLS__PART_MEDIA], &m->pmt)))
        return rc;
    m->pcr_due = true;
    return S3HLS_OK;
}

/* Only now is it known whether there is audio: a PMT lists no track that never comes. */
static void end_segment(void *state, s3hls__output *out, int64_t end_90k, bool audio) {
    s3hls__ts *m = state;
    (void)out;
    (void)end_90k;
    s3hls__psi_pmt(m->pmt, m->cc_pmt++, m->stream_type, audio);
}

/* A packet with a PCR and no payload; the continuity counter is unchanged (2.4.3.3). */
static int write_pcr_packet(s3hls__ts *m, s3hls__output *out, int64_t pcr_90k) {
    uint8_t *p;
    int rc = take(out, &p);
    if (rc)
        return rc;
    memset(p, 0xff, S3HLS__TS_PACKET);
    write_header(p, S3HLS__TS_VIDEO_PID, 2, (uint8_t)(m->cc_video - 1));
    p[4] = PAYLOAD - 1; /* adaptation_field_length */
    p[5] = 0x10;        /* PCR_flag */
    write_pcr(p + 6, pcr_90k);
    m->last_pcr_90k = pcr_90k;
    return S3HLS_OK;
}

/* Write PCR packets until the next unit can carry a PCR itself. */
static int bridge_pcr(s3hls__ts *m, s3hls__output *out, int64_t pcr_90k) {
    int64_t gap = pcr_90k - m->last_pcr_90k;
    if (!m->pcr_valid || gap > (int64_t)PCR_FILL_MAX * S3HLS__TS_PCR_INTERVAL_90K)
        return S3HLS_OK;
    while (pcr_90k - m->last_pcr_90k > PCR_GAP_MAX_90K) {
        int rc = write_pcr_packet(m, out, m->last_pcr_90k + S3HLS__TS_PCR_INTERVAL_90K);
        if (rc)
            return rc;
    }
    return S3HLS_OK;
}

static int begin_unit(void *state, s3hls__output *parts, const s3hls__unit *unit) {
    s3hls__ts *m = state;
    s3hls__output *out = &parts[S3HLS__PART_MEDIA];
    int64_t pcr_90k = unit->dts_90k - S3HLS__TS_PCR_LEAD_90K;
    int rc = bridge_pcr(m, out, pcr_90k);
    uint8_t *p;
    if (rc || (rc = take(out, &p)))
        return rc;
    /* from 25 frames per second on, not every unit needs one; a late unit is bridged */
    bool pcr = unit->keyframe || m->pcr_due || !m->pcr_valid ||
               pcr_90k - m->last_pcr_90k > S3HLS__TS_PCR_INTERVAL_90K / 2;
    m->packet = p;
    write_header(p, UNIT_START | S3HLS__TS_VIDEO_PID, pcr ? 3 : 1, m->cc_video++);
    p += HEADER;
    if (pcr) {
        *p++ = 7; /* adaptation_field_length */
        *p++ = unit->keyframe ? 0x50 : 0x10;
        write_pcr(p, pcr_90k);
        p += 6;
        m->pcr_valid = true;
        m->pcr_due = false;
        m->last_pcr_90k = pcr_90k;
    }
    bool dts = unit->dts_90k != unit->pts_90k;
    static const uint8_t pes[] = {0, 0, 1,   0xe0,
                                  0, 0, 0x84}; /* video, unbounded length, data_alignment */
    memcpy(p, pes, sizeof pes);
    p[7] = dts ? 0xc0 : 0x80;
    p[8] = dts ? 10 : 5;
    write_timestamp(p + 9, dts ? 3 : 2, unit->pts_90k);
    if (dts)
        write_timestamp(p + 14, 1, unit->dts_90k);
    p += 9 + p[8];
    m->fill = (uint8_t)(p - m->packet);
    return S3HLS_OK;
}

/* Write as many complete packets as fit into the current block. */
static const uint8_t *write_whole(s3hls__ts *m, s3hls__output *out, const uint8_t *data,
                                  const uint8_t *end) {
    uint8_t *p = out->p, cc = m->cc_video;
    for (; out->end - p >= S3HLS__TS_PACKET && end - data >= PAYLOAD;
         p += S3HLS__TS_PACKET, data += PAYLOAD) {
        write_header(p, S3HLS__TS_VIDEO_PID, 1, cc++);
        memcpy(p + HEADER, data, PAYLOAD);
    }
    m->cc_video = cc;
    out->p = p;
    return data;
}

static int write_data(void *state, s3hls__output *parts, const uint8_t *data, size_t size) {
    s3hls__ts *m = state;
    s3hls__output *out = &parts[S3HLS__PART_MEDIA];
    const uint8_t *end = data + size;
    while (data != end) {
        size_t n = 0;
        if (m->packet) {
            n = (size_t)S3HLS__TS_PACKET - m->fill;
            if (n > (size_t)(end - data))
                n = (size_t)(end - data);
            memcpy(m->packet + m->fill, data, n);
            m->fill = (uint8_t)(m->fill + n);
            if (m->fill == S3HLS__TS_PACKET)
                m->packet = NULL;
            data += n;
            continue;
        }
        data = write_whole(m, out, data, end);
        if (data == end)
            break;
        int rc = take(out, &m->packet);
        if (rc) {
            m->packet = NULL;
            return rc;
        }
        write_header(m->packet, S3HLS__TS_VIDEO_PID, 1, m->cc_video++);
        m->fill = HEADER;
    }
    return S3HLS_OK;
}

/* Annex B. The first NAL unit and parameter sets have a zero byte before their start code (H.264
 * B.1.2). */
static int begin_nal(void *state, s3hls__output *out, s3hls__nal_kind kind) {
    static const uint8_t start_code[4] = {0, 0, 0, 1};
    bool zero_byte = kind == S3HLS__NAL_DELIMITER || s3hls__nal_is_set(kind);
    return write_data(state, out, start_code + !zero_byte, sizeof start_code - !zero_byte);
}

/* Move the payload of the last packet to its end, and stuff the adaptation field before it
 * (2.4.3.5). */
static int end_unit(void *state, s3hls__output *out) {
    s3hls__ts *m = state;
    (void)out;
    uint8_t *p = m->packet;
    m->packet = NULL;
    if (!p)
        return S3HLS_OK;
    size_t missing = (size_t)S3HLS__TS_PACKET - m->fill;
    bool adaptation = p[3] & 0x20;
    size_t begin = HEADER + (adaptation ? 1u + p[4] : 0u); /* of the payload */
    memmove(p + begin + missing, p + begin, m->fill - begin);
    memset(p + begin, 0xff, missing);
    if (adaptation) {
        p[4] = (uint8_t)(p[4] + missing);
    } else {
        p[3] |= 0x20;
        p[4] = (uint8_t)(missing - 1);
        if (missing > 1)
            p[5] = 0;
    }
    return S3HLS_OK;
}

/* ---- audio: the frames of a call share one PES packet */

enum { AUDIO_PES = 14, /* header with a PTS */ ADTS_HEADER = 7 };

static void write_audio_pes(uint8_t p[AUDIO_PES], size_t size, int64_t pts_90k) {
    size_t length = AUDIO_PES - 6 + size;
    const uint8_t header[] = {0,    0,    1, 0xc0, (uint8_t)(length >> 8), (uint8_t)length,
                              0x84, 0x80, 5};
    memcpy(p, header, sizeof header);
    write_timestamp(p + sizeof header, 2, pts_90k);
}

/* A PES packet of known size on its way into packets. */
typedef struct audio_pes {
    s3hls__ts *mux;
    s3hls__output *out;
    uint8_t *p, *end; /* the rest of the packet */
    size_t left;      /* bytes that have no packet yet */
} audio_pes;

/* The last packet is filled by stuffing before its payload (2.4.3.5). */
static int next_audio_packet(audio_pes *pes, unsigned start) {
    uint8_t *p;
    int rc = take(pes->out, &p);
    if (rc)
        return rc;
    size_t stuffing = pes->left < PAYLOAD ? PAYLOAD - pes->left : 0;
    write_header(p, start | S3HLS__TS_AUDIO_PID, stuffing ? 3 : 1, pes->mux->cc_audio++);
    if (stuffing) {
        memset(p + HEADER, 0xff, stuffing);
        p[HEADER] = (uint8_t)(stuffing - 1);
        if (stuffing > 1)
            p[HEADER + 1] = 0;
    }
    pes->p = p + HEADER + stuffing;
    pes->end = p + S3HLS__TS_PACKET;
    pes->left -= PAYLOAD - stuffing;
    return S3HLS_OK;
}

static int write_audio(audio_pes *pes, const uint8_t *data, size_t size) {
    while (size) {
        int rc = pes->p == pes->end ? next_audio_packet(pes, 0) : S3HLS_OK;
        if (rc)
            return rc;
        size_t n = (size_t)(pes->end - pes->p) < size ? (size_t)(pes->end - pes->p) : size;
        memcpy(pes->p, data, n);
        pes->p += n;
        data += n;
        size -= n;
    }
    return S3HLS_OK;
}

/* An ADTS frame (ISO/IEC 14496-3 1.A.2.2). */
static int write_audio_frame(audio_pes *pes, const s3hls__audio_frame *f) {
    uint8_t header[ADTS_HEADER];
    size_t size = s3hls__audio_frame_size(f) + sizeof header;
    memcpy(header, pes->mux->tracks->audio.adts, sizeof header);
    header[3] |= (uint8_t)(size >> 11 & 3); /* aac_frame_length */
    header[4] = (uint8_t)(size >> 3);
    header[5] = (uint8_t)((size & 7) << 5 | 0x1f);
    int rc = write_audio(pes, header, sizeof header);
    for (int i = 0; i < 2 && !rc; i++)
        rc = write_audio(pes, f->data[i], f->size[i]);
    return rc;
}

static int audio(void *state, s3hls__output *parts, const s3hls__audio_frame *frames,
                 size_t count) {
    audio_pes pes = {.mux = state, .out = &parts[S3HLS__PART_MEDIA]};
    uint8_t header[AUDIO_PES];
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += s3hls__audio_frame_size(&frames[i]) + ADTS_HEADER;
    write_audio_pes(header, size, frames[0].pts * 90000 / pes.mux->tracks->audio.rate);
    pes.left = size + sizeof header;
    int rc = next_audio_packet(&pes, UNIT_START);
    if (!rc)
        rc = write_audio(&pes, header, sizeof header);
    for (size_t i = 0; i < count && !rc; i++)
        rc = write_audio_frame(&pes, &frames[i]);
    return rc;
}

/* ---- other times for an access unit: its PES header, and the packets with a PCR before it */

static uint8_t *next_packet(s3hls__output *at) {
    if (at->end - at->p < S3HLS__TS_PACKET)
        at->more(at->ctx, at);
    at->p += S3HLS__TS_PACKET;
    return at->p - S3HLS__TS_PACKET;
}

static bool begins_unit(const uint8_t *packet) {
    return (packet[1] & 0x1f) == S3HLS__TS_VIDEO_PID >> 8 &&
           packet[2] == (S3HLS__TS_VIDEO_PID & 0xff) && (packet[1] & 0x40);
}

static void move_timestamp(uint8_t *p, int64_t by_90k) {
    int64_t time_90k = (int64_t)(p[0] >> 1 & 7) << 30 | (int64_t)p[1] << 22 |
                       (int64_t)(p[2] >> 1) << 15 | (int64_t)p[3] << 7 | p[4] >> 1;
    write_timestamp(p, p[0] >> 4, time_90k + by_90k);
}

static void move_pes(uint8_t *packet, const s3hls__move *by) {
    uint8_t *pes = packet + HEADER + (packet[3] & 0x20 ? 1 + packet[4] : 0);
    move_timestamp(pes + 9, by->pts_by_90k);
    if (pes[7] & 0x40)
        move_timestamp(pes + 14, by->dts_by_90k);
}

/* @return false: the packet carries no PCR */
static bool set_pcr(uint8_t *packet, int64_t pcr_90k) {
    bool has_one = packet[3] & 0x20 && packet[4] >= 7 && packet[5] & 0x10;
    if (has_one)
        write_pcr(packet + 6, pcr_90k);
    return has_one;
}

static void move_unit(void *state, const void *before, s3hls__output *parts,
                      const s3hls__move *by) {
    s3hls__ts *m = state;
    s3hls__output at = parts[S3HLS__PART_MEDIA], begin = at;
    uint8_t *packet;
    int64_t count = 1; /* packets up to and with that of the PES header */
    while (!begins_unit(packet = next_packet(&at)))
        count++;
    move_pes(packet, by);
    if (by->dts_by_90k == 0)
        return;
    int64_t from_90k = ((const s3hls__ts *)before)->last_pcr_90k;
    int64_t to_90k = by->dts_90k - S3HLS__TS_PCR_LEAD_90K;
    for (int64_t i = 1; i <= count; i++) {
        int64_t pcr_90k = from_90k + (to_90k - from_90k) * i / count;
        if (set_pcr(next_packet(&begin), pcr_90k))
            m->last_pcr_90k = pcr_90k;
    }
}

const s3hls__container s3hls__container_ts = {
    .id = S3HLS_CONTAINER_TS,
    .name = "ts",
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
