/* SPDX-License-Identifier: MIT-0 */
/* Layout of a file, to detect that it is truncated, or that its index is at the end: reads the
 * headers of the outermost elements, each of which states where the next one begins. Pure.
 *
 *   MP4 boxes (ISO/IEC 14496-12 4.2), Matroska elements (RFC 8794 5, 6), RIFF chunks (AVI),
 *   FLV tags, MPEG-TS packets */
#ifndef S3HLS_INPUT_TRUNCATION_H
#define S3HLS_INPUT_TRUNCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { S3HLS__INPUT_FILE_HEADER_BYTES = 16 };

typedef struct s3hls__input_truncation {
    enum {
        S3HLS__INPUT_FILE_UNKNOWN, /* nothing is reported */
        S3HLS__INPUT_FILE_MP4,
        S3HLS__INPUT_FILE_MATROSKA,
        S3HLS__INPUT_FILE_RIFF,
        S3HLS__INPUT_FILE_FLV,
        S3HLS__INPUT_FILE_TS
    } kind;
    uint64_t next;         /* offset of the next header; UINT64_MAX: the rest is one element */
    unsigned packet_bytes; /* of MPEG-TS */
    bool index, media;     /* MP4: its moov or a moof was found; its mdat has begun */
    bool index_last;       /* mdat precedes moov */

    /* sequential input */
    uint64_t taken;
    uint8_t head[S3HLS__INPUT_FILE_HEADER_BYTES];
    size_t head_size;
} s3hls__input_truncation;

/* Detect the format from the first bytes of a file; 512 suffice. */
void s3hls__input_truncation_init(s3hls__input_truncation *l, const uint8_t *begin, size_t size);
/* Process the header at l->next: up to S3HLS__INPUT_FILE_HEADER_BYTES, fewer at the end of the
 * file. Advances l->next. @return false: no header follows. */
bool s3hls__input_truncation_header(s3hls__input_truncation *l, const uint8_t *head, size_t size);
/* Process the next bytes of a file that is read sequentially. */
void s3hls__input_truncation_take(s3hls__input_truncation *l, const uint8_t *bytes, size_t size);
/* The last bytes were processed. */
void s3hls__input_truncation_end(s3hls__input_truncation *l);
/* A file of size bytes, whose headers were all processed, is truncated. */
bool s3hls__input_truncation_truncated(const s3hls__input_truncation *l, uint64_t size);

#endif
