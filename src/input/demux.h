/* SPDX-License-Identifier: MIT-0 */
/* Reads H.264 or H.265, and audio, from an input that libavformat opens: access units in Annex B
 * format, with the container's times. */
#ifndef S3HLS_INPUT_DEMUX_H
#define S3HLS_INPUT_DEMUX_H

#include "input/network.h"
#include <stdbool.h>

typedef struct s3hls__input_demux s3hls__input_demux;

typedef struct s3hls__input_demux_config {
    const char *name; /* of a file, or a URL */
    bool is_url;
    int (*read)(void *ctx, uint8_t *to, int size); /* as AVIO's; NULL: open by name */
    void *ctx;                                     /* passed to read */
    const s3hls_source_config *options; /* of the source; valid until the demuxer is closed */
} s3hls__input_demux_config;

/* Open the input and find its video. Waits for the first picture at most.
 * @param why  receives the error, 256 bytes
 * @return S3HLS_OK; otherwise as s3hls_source_open(). */
int s3hls__input_demux_open(s3hls__input_demux **out, const s3hls__input_demux_config *source,
                            char why[256]);
void s3hls__input_demux_close(s3hls__input_demux **c);

/* Microseconds; 0: unknown. For a file, libavformat may have to read parts of it. */
int64_t s3hls__input_demux_duration_us(const s3hls__input_demux *c);
/* libavformat's name of the format. */
const char *s3hls__input_demux_format(const s3hls__input_demux *c);

/* Degrees clockwise by which the container requests its pictures to be turned. */
int s3hls__input_demux_rotation(const s3hls__input_demux *container);
bool s3hls__input_demux_is_h265(const s3hls__input_demux *container);
/* Of its pictures; 0: not known. */
void s3hls__input_demux_size(const s3hls__input_demux *container, uint32_t *width,
                             uint32_t *height);

/* Read the next access unit; its bytes are valid until the next call. @return 1: success; 0: the
 * end of the input; negative: a status. */
int s3hls__input_demux_read(s3hls__input_demux *c, s3hls_frame *frame, char why[256]);
/* As s3hls_source_take_audio(). */
bool s3hls__input_demux_take_audio(s3hls__input_demux *c, s3hls_audio *audio);
/* How its audio is recorded. @param refused  receives why it is left out; NULL: it is not */
const s3hls_audio_config *s3hls__input_demux_audio(const s3hls__input_demux *c,
                                                   const char **refused);
/* Decoding can begin at the access unit that was read last. */
bool s3hls__input_demux_at_keyframe(const s3hls__input_demux *c);
/* Number of access units so far with missing data, or that could not be read. */
uint64_t s3hls__input_demux_damaged(const s3hls__input_demux *c);

#endif
