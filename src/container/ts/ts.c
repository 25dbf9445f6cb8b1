/* SPDX-License-Identifier: MIT-0 */
#include "container/ts/ts.h"
#include "container/ts/psi.h"
#include <string.h>

enum {
    HEADER = 4,
    PAYLOAD = S3HLS__TS_PACKET - HEADER,
    PCR_GAP_MAX_90K = 9000, /* 2.7.2: 100 ms */
    PCR_FILL_MAX = 1000     /* packets to bridge one gap; a longer gap restarts the clock */
};

void s3hls__ts_init(s3hls__ts_mux *m, uint8_t stream_type) {
    memset(m, 0, sizeof *m);
    m->stream_type = stream_type;
}

/* Reserve memory for one packet. */
static int take(s3hls__ts_output *out, uint8_t **packet) {
    if (out->p == out->end) {
        int rc = out->more(out->ctx, out);
        if (rc)
            return rc;
    }
    *packet = out->p;
    out->p += S3HLS__TS_PACKET;
    return S3HLS_OK;
}

static void write_header(uint8_t *p, bool unit_start, unsigned adaptation_control, uint8_t cc) {
    p[0] = 0x47;
    p[1] = (uint8_t)((unit_start ? 0x40 : 0) | S3HLS__TS_VIDEO_PID >> 8);
    p[2] = S3HLS__TS_VIDEO_PID & 0xff;
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

int s3hls__ts_begin_segment(s3hls__ts_mux *m, s3hls__ts_output *out) {
    uint8_t *packet;
    int rc = take(out, &packet);
    if (rc)
        return rc;
    s3hls__psi_pat(packet, m->cc_pat++);
    if ((rc = take(out, &packet)))
        return rc;
    s3hls__psi_pmt(packet, m->cc_pmt++, m->stream_type);
    m->pcr_due = true;
    return S3HLS_OK;
}

/* A packet with a PCR and no payload; the continuity counter is unchanged (2.4.3.3). */
static int write_pcr_packet(s3hls__ts_mux *m, s3hls__ts_output *out, int64_t pcr_90k) {
    uint8_t *p;
    int rc = take(out, &p);
    if (rc)
        return rc;
    memset(p, 0xff, S3HLS__TS_PACKET);
    write_header(p, false, 2, (uint8_t)(m->cc_video - 1));
    p[4] = PAYLOAD - 1; /* adaptation_field_length */
    p[5] = 0x10;        /* PCR_flag */
    write_pcr(p + 6, pcr_90k);
    m->last_pcr_90k = pcr_90k;
    return S3HLS_OK;
}

/* Write PCR packets until the next unit can carry a PCR itself. */
static int bridge_pcr(s3hls__ts_mux *m, s3hls__ts_output *out, int64_t pcr_90k) {
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

int s3hls__ts_begin_unit(s3hls__ts_mux *m, s3hls__ts_output *out, const s3hls__ts_unit *unit) {
    int64_t pcr_90k = unit->dts_90k - S3HLS__TS_PCR_LEAD_90K;
    int rc = bridge_pcr(m, out, pcr_90k);
    uint8_t *p;
    if (rc || (rc = take(out, &p)))
        return rc;
    /* from 25 frames per second on, not every unit needs one; a late unit is bridged */
    bool pcr = unit->random_access || m->pcr_due || !m->pcr_valid ||
               pcr_90k - m->last_pcr_90k > S3HLS__TS_PCR_INTERVAL_90K / 2;
    m->packet = p;
    write_header(p, true, pcr ? 3 : 1, m->cc_video++);
    p += HEADER;
    if (pcr) {
        *p++ = 7; /* adaptation_field_length */
        *p++ = unit->random_access ? 0x50 : 0x10;
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

bool s3hls__ts_begins_unit(const uint8_t *packet) {
    return (packet[1] & 0x1f) == S3HLS__TS_VIDEO_PID >> 8 &&
           packet[2] == (S3HLS__TS_VIDEO_PID & 0xff) && (packet[1] & 0x40);
}

static void move_timestamp(uint8_t *p, int64_t by_90k) {
    int64_t time_90k = (int64_t)(p[0] >> 1 & 7) << 30 | (int64_t)p[1] << 22 |
                       (int64_t)(p[2] >> 1) << 15 | (int64_t)p[3] << 7 | p[4] >> 1;
    write_timestamp(p, p[0] >> 4, time_90k + by_90k);
}

void s3hls__ts_move_unit(uint8_t *packet, int64_t pts_by_90k, int64_t dts_by_90k) {
    uint8_t *pes = packet + HEADER + (packet[3] & 0x20 ? 1 + packet[4] : 0);
    move_timestamp(pes + 9, pts_by_90k);
    if (pes[7] & 0x40)
        move_timestamp(pes + 14, dts_by_90k);
}

bool s3hls__ts_set_pcr(uint8_t *packet, int64_t pcr_90k) {
    bool has_one = packet[3] & 0x20 && packet[4] >= 7 && packet[5] & 0x10;
    if (has_one)
        write_pcr(packet + 6, pcr_90k);
    return has_one;
}

/* Write as many complete packets as fit into the current block. */
static const uint8_t *write_whole(s3hls__ts_mux *m, s3hls__ts_output *out, const uint8_t *data,
                                  const uint8_t *end) {
    uint8_t *p = out->p, cc = m->cc_video;
    for (; p != out->end && end - data >= PAYLOAD; p += S3HLS__TS_PACKET, data += PAYLOAD) {
        write_header(p, false, 1, cc++);
        memcpy(p + HEADER, data, PAYLOAD);
    }
    m->cc_video = cc;
    out->p = p;
    return data;
}

int s3hls__ts_write(s3hls__ts_mux *m, s3hls__ts_output *out, const uint8_t *data, size_t size) {
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
        write_header(m->packet, false, 1, m->cc_video++);
        m->fill = HEADER;
    }
    return S3HLS_OK;
}

/* Move the payload of the last packet to its end, and stuff the adaptation field before it
 * (2.4.3.5). */
int s3hls__ts_end_unit(s3hls__ts_mux *m, s3hls__ts_output *out) {
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
