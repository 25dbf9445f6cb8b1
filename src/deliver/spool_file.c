/* SPDX-License-Identifier: MIT-0 */
#include "deliver/spool_file.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MAGIC[8] = "s3hlsSP1";

bool s3hls__file_write(int fd, const void *data, size_t size) {
    for (const uint8_t *p = data; size > 0;) {
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        size -= (size_t)n;
    }
    return true;
}

bool s3hls__file_read(int fd, void *data, size_t size, uint64_t at) {
    for (uint8_t *p = data; size > 0;) {
        ssize_t n = pread(fd, p, size, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = 0;
        if (n <= 0)
            return false;
        p += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return true;
}

static void put_number(uint8_t *p, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get_number(const uint8_t *p, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)p[i] << 8 * i;
    return value;
}

bool s3hls__spool_file_write(int fd, const s3hls__crc32c_table *table, uint64_t size,
                             const char *tags, s3hls_span (*body)(void *ctx, uint64_t offset),
                             void *body_ctx) {
    uint8_t raw[S3HLS__SPOOL_TRAILER_BYTES];
    uint32_t crc = 0;
    size_t tags_size = strlen(tags);
    for (uint64_t at = 0; at < size;) {
        s3hls_span span = body(body_ctx, at);
        errno = EIO; /* the body ended early */
        if (!span.size || !s3hls__file_write(fd, span.data, span.size))
            return false;
        crc = s3hls__crc32c(table, crc, span.data, span.size);
        at += span.size;
    }
    memcpy(raw, MAGIC, sizeof MAGIC);
    put_number(raw + 8, size, 8);
    put_number(raw + 16, tags_size, 4);
    crc = s3hls__crc32c(table, crc, (const uint8_t *)tags, tags_size);
    put_number(raw + 20, s3hls__crc32c(table, crc, raw, sizeof raw - 4), 4);
    return s3hls__file_write(fd, tags, tags_size) && s3hls__file_write(fd, raw, sizeof raw);
}

bool s3hls__spool_file_look(int fd, s3hls__spool_trailer *t) {
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof t->raw ||
        !s3hls__file_read(fd, t->raw, sizeof t->raw, (uint64_t)st.st_size - sizeof t->raw))
        return false;
    t->size = get_number(t->raw + 8, 8);
    t->tags_size = (uint32_t)get_number(t->raw + 16, 4);
    t->crc = (uint32_t)get_number(t->raw + 20, 4);
    return memcmp(t->raw, MAGIC, sizeof MAGIC) == 0 && t->tags_size <= S3HLS__SPOOL_TAGS_MAX &&
           t->size <= (uint64_t)st.st_size &&
           t->size + t->tags_size + sizeof t->raw == (uint64_t)st.st_size;
}

bool s3hls__spool_file_check(int fd, const s3hls__crc32c_table *table,
                             const s3hls__spool_trailer *t, uint8_t *buffer, size_t buffer_size) {
    uint32_t crc = 0;
    for (uint64_t at = 0, end = t->size + t->tags_size; at < end;) {
        size_t n = end - at < buffer_size ? (size_t)(end - at) : buffer_size;
        if (!s3hls__file_read(fd, buffer, n, at))
            return false;
        crc = s3hls__crc32c(table, crc, buffer, n);
        at += n;
    }
    return s3hls__crc32c(table, crc, t->raw, sizeof t->raw - 4) == t->crc;
}
