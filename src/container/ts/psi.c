/* SPDX-License-Identifier: MIT-0 */
#include "container/ts/psi.h"
#include "container/ts/crc32.h"
#include "container/ts/ts.h"
#include <string.h>

/* Write a section as one packet: header, pointer_field 0, section, CRC, stuffing (2.4.4). */
static void write_section(uint8_t packet[188], uint16_t pid, uint8_t cc, const uint8_t *section,
                          size_t size) {
    memset(packet, 0xff, S3HLS__TS_PACKET);
    packet[0] = 0x47;
    packet[1] = (uint8_t)(0x40 | pid >> 8); /* payload_unit_start_indicator */
    packet[2] = (uint8_t)pid;
    packet[3] = (uint8_t)(0x10 | (cc & 15)); /* payload only */
    packet[4] = 0;
    memcpy(packet + 5, section, size);
    uint32_t crc = s3hls__mux_crc32(section, size);
    for (int i = 0; i < 4; i++)
        packet[5 + size + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
}

void s3hls__psi_pat(uint8_t packet[188], uint8_t continuity_counter) {
    static const uint8_t pat[] = {
        0x00,
        0xb0,
        13, /* table_id, section_length (2.4.4.3) */
        0,
        1, /* transport_stream_id */
        0xc1,
        0,
        0, /* version 0, current; section 0 of 0 */
        0,
        1, /* program_number 1 */
        0xe0 | S3HLS__TS_PMT_PID >> 8,
        S3HLS__TS_PMT_PID & 0xff,
    };
    write_section(packet, 0, continuity_counter, pat, sizeof pat);
}

/* Another set of tracks has another version_number, so that a decoder which meets both tables in
 * one stream reads the second. */
void s3hls__psi_pmt(uint8_t packet[188], uint8_t continuity_counter, uint8_t stream_type,
                    bool audio) {
    enum { STREAM = 5 };
    const uint8_t pmt[] = {
        0x02,
        0xb0,
        (uint8_t)(audio ? 18 + STREAM : 18), /* table_id, section_length (2.4.4.8) */
        0,
        1, /* program_number */
        (uint8_t)(0xc1 | audio << 1),
        0,
        0, /* version, current */
        0xe0 | S3HLS__TS_VIDEO_PID >> 8,
        S3HLS__TS_VIDEO_PID & 0xff, /* PCR_PID */
        0xf0,
        0, /* program_info_length */
        stream_type,
        0xe0 | S3HLS__TS_VIDEO_PID >> 8,
        S3HLS__TS_VIDEO_PID & 0xff,
        0xf0,
        0,
        S3HLS__TS_STREAM_ADTS,
        0xe0 | S3HLS__TS_AUDIO_PID >> 8,
        S3HLS__TS_AUDIO_PID & 0xff,
        0xf0,
        0,
    };
    write_section(packet, S3HLS__TS_PMT_PID, continuity_counter, pmt,
                  audio ? sizeof pmt : sizeof pmt - STREAM);
}
