/* SPDX-License-Identifier: MIT-0 */
/* Checks the audio track of a transport stream: PES packets of ADTS frames. */
#ifndef S3HLS_VERIFY_ADTS_H
#define S3HLS_VERIFY_ADTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Initialise to zero. */
typedef struct s3hls__adts_track {
    uint32_t frames;
    char codecs[16];        /* "mp4a.40.2"; "": not known */
    int64_t first_pts, pts; /* 33 bits: of the first and the newest PES packet */
    int64_t samples;        /* of the newest PES packet */
    uint32_t rate, channels, frame_samples;
    bool open;
    const char *wrong; /* the first fault; NULL: none */
    size_t expected;   /* bytes of the PES packet behind PES_packet_length; 0: not stated */
    size_t size;
    uint8_t bytes[65536]; /* payload of the open PES packet */
} s3hls__adts_track;

/* Payload of a packet; start: a PES packet begins. */
void s3hls__adts_track_add(s3hls__adts_track *t, const uint8_t *payload, size_t size, bool start);
/* Samples as a duration, 90 kHz. */
int64_t s3hls__adts_track_90k(const s3hls__adts_track *t, int64_t samples);
/* No packet follows. @return the first fault; NULL: none */
const char *s3hls__adts_track_end(s3hls__adts_track *t);

#endif
