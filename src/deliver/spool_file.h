/* SPDX-License-Identifier: MIT-0 */
/* One file of the spool: an object, its tags, and a trailer that proves it complete. */
#ifndef S3HLS_DELIVER_SPOOL_FILE_H
#define S3HLS_DELIVER_SPOOL_FILE_H

#include "s3/crc32c.h"
#include "s3hls/span.h"
#include <stdbool.h>

enum {
    S3HLS__SPOOL_TRAILER_BYTES = 24,
    S3HLS__SPOOL_TAGS_MAX = 12288 /* 10 tags of 384 characters, each percent-encoded, fit */
};

typedef struct s3hls__spool_trailer {
    uint64_t size; /* of the object */
    uint32_t tags_size, crc;
    uint8_t raw[S3HLS__SPOOL_TRAILER_BYTES];
} s3hls__spool_trailer;

bool s3hls__file_write(int fd, const void *data, size_t size);
/* @return false: errno is set; 0: the file ends before. */
bool s3hls__file_read(int fd, void *data, size_t size, uint64_t at);

/* Write the whole file; body as in s3hls__op. @return false: errno is set. */
bool s3hls__spool_file_write(int fd, const s3hls__crc32c_table *table, uint64_t size,
                             const char *tags, s3hls_span (*body)(void *ctx, uint64_t offset),
                             void *body_ctx);
/* Read the trailer. @return false: not a file of the spool, or truncated. */
bool s3hls__spool_file_look(int fd, s3hls__spool_trailer *t);
/* Verify the whole file, using buffer. @return false: damaged or unreadable. */
bool s3hls__spool_file_check(int fd, const s3hls__crc32c_table *table,
                             const s3hls__spool_trailer *t, uint8_t *buffer, size_t buffer_size);

#endif
