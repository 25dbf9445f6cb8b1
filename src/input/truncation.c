/* SPDX-License-Identifier: MIT-0 */
#include "input/truncation.h"
#include <string.h>

static uint64_t big_endian(const uint8_t *p, size_t size) {
    uint64_t value = 0;
    while (size--)
        value = value << 8 | *p++;
    return value;
}

static uint32_t little_endian(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Three consecutive packets begin with the sync byte, preceded by four bytes in M2TS. */
static unsigned ts_packet_bytes(const uint8_t *p, size_t size) {
    static const struct { unsigned bytes, sync; } kinds[] = {{188, 0}, {192, 4}, {204, 0}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t at = kinds[i].sync, step = kinds[i].bytes;
        if (size > at + 2 * step && p[at] == 0x47 && p[at + step] == 0x47 &&
            p[at + 2 * step] == 0x47)
            return kinds[i].bytes;
    }
    return 0;
}

void s3hls__input_truncation_init(s3hls__input_truncation *l, const uint8_t *begin, size_t size) {
    memset(l, 0, sizeof *l);
    if (size < 12)
        return;
    if (memcmp(begin + 4, "ftyp", 4) == 0 || memcmp(begin + 4, "moov", 4) == 0 ||
        memcmp(begin + 4, "mdat", 4) == 0)
        l->kind = S3HLS__INPUT_FILE_MP4;
    else if (memcmp(begin, "\x1a\x45\xdf\xa3", 4) == 0)
        l->kind = S3HLS__INPUT_FILE_MATROSKA;
    else if (memcmp(begin, "RIFF", 4) == 0 && memcmp(begin + 8, "AVI ", 4) == 0)
        l->kind = S3HLS__INPUT_FILE_RIFF;
    else if (memcmp(begin, "FLV\x01", 4) == 0)
        l->kind = S3HLS__INPUT_FILE_FLV;
    else if ((l->packet_bytes = ts_packet_bytes(begin, size)))
        l->kind = S3HLS__INPUT_FILE_TS;
    if (l->kind == S3HLS__INPUT_FILE_FLV) /* the header, and the size of the preceding tag */
        l->next = big_endian(begin + 5, 4) + 4;
    if (l->kind == S3HLS__INPUT_FILE_TS)
        l->next = UINT64_MAX;
}

/* ---- the size of an element, header included; 0: the rest of the file; 1: no element */

enum { REST = 0, NO_ELEMENT = 1 };

static uint64_t mp4_size(s3hls__input_truncation *l, const uint8_t *p, size_t size) {
    for (int i = 4; i < 8; i++)
        if (p[i] < ' ' || p[i] > '~')
            return NO_ELEMENT;
    l->index |= memcmp(p + 4, "moov", 4) == 0 || memcmp(p + 4, "moof", 4) == 0;
    l->media |= memcmp(p + 4, "mdat", 4) == 0;
    l->index_last |= l->media && !l->index;
    uint64_t bytes = big_endian(p, 4);
    if (bytes == 1)
        bytes = size >= 16 ? big_endian(p + 8, 8) : 16;
    return bytes == 0 || bytes >= 8 ? bytes : NO_ELEMENT;
}

/* Read a variable-size integer (RFC 8794 4). @return its length in bytes; 0: invalid. */
static size_t vint(const uint8_t *p, size_t size, uint64_t *value, bool *unknown) {
    size_t length = 1;
    while (length <= 8 && size && !(p[0] & 0x80 >> (length - 1)))
        length++;
    if (length > 8 || length > size)
        return 0;
    *value = big_endian(p, length) & ((UINT64_C(1) << 7 * length) - 1);
    *unknown = *value == (UINT64_C(1) << 7 * length) - 1;
    return length;
}

static uint64_t matroska_size(const uint8_t *p, size_t size) {
    uint64_t id, bytes;
    bool unknown;
    size_t id_bytes = vint(p, size, &id, &unknown);
    size_t size_bytes =
        id_bytes && id_bytes <= 4 ? vint(p + id_bytes, size - id_bytes, &bytes, &unknown) : 0;
    if (!size_bytes)
        return NO_ELEMENT;
    return unknown ? id_bytes + size_bytes
                   : id_bytes + size_bytes + bytes; /* its children follow */
}

static uint64_t riff_size(const uint8_t *p) {
    uint32_t bytes = little_endian(p + 4);
    if (memcmp(p, "RIFF", 4) != 0 || bytes == 0 || bytes == UINT32_MAX)
        return NO_ELEMENT; /* unfinished, or followed by other data */
    return UINT64_C(8) + bytes + (bytes & 1);
}

static uint64_t flv_size(const uint8_t *p) {
    unsigned type = p[0] & 31;
    return type == 8 || type == 9 || type == 18 ? 11 + big_endian(p + 1, 3) + 4 : NO_ELEMENT;
}

/* ---- */

bool s3hls__input_truncation_header(s3hls__input_truncation *l, const uint8_t *head, size_t size) {
    static const size_t least[] = {[S3HLS__INPUT_FILE_UNKNOWN] = SIZE_MAX,
                                   [S3HLS__INPUT_FILE_MP4] = 8,
                                   [S3HLS__INPUT_FILE_MATROSKA] = 2,
                                   [S3HLS__INPUT_FILE_RIFF] = 8,
                                   [S3HLS__INPUT_FILE_FLV] = 4,
                                   [S3HLS__INPUT_FILE_TS] = SIZE_MAX};
    if (size < least[l->kind]) {
        l->next += size ? least[l->kind] : 0; /* the header is truncated */
        return false;
    }
    uint64_t bytes = l->kind == S3HLS__INPUT_FILE_MP4        ? mp4_size(l, head, size)
                     : l->kind == S3HLS__INPUT_FILE_MATROSKA ? matroska_size(head, size)
                     : l->kind == S3HLS__INPUT_FILE_RIFF     ? riff_size(head)
                                                             : flv_size(head);
    if (bytes == NO_ELEMENT || bytes > UINT64_MAX - l->next)
        l->kind = S3HLS__INPUT_FILE_UNKNOWN; /* other data follows: no statement about the end */
    l->next = bytes == REST ? UINT64_MAX : l->next + bytes;
    return l->kind != S3HLS__INPUT_FILE_UNKNOWN && bytes != REST;
}

/* Read the headers in the bytes that are held, which begin at l->next. */
static void read_kept(s3hls__input_truncation *l) {
    uint64_t before = l->next;
    bool more = s3hls__input_truncation_header(l, l->head, l->head_size);
    uint64_t step = l->next - before;
    l->head_size = more && step < l->head_size ? l->head_size - (size_t)step : 0;
    memmove(l->head, l->head + (l->head_size ? step : 0), l->head_size);
}

void s3hls__input_truncation_take(s3hls__input_truncation *l, const uint8_t *bytes, size_t size) {
    while (size && l->kind != S3HLS__INPUT_FILE_UNKNOWN && l->next != UINT64_MAX) {
        uint64_t at = l->next + l->head_size, skip = at > l->taken ? at - l->taken : 0;
        size_t n = S3HLS__INPUT_FILE_HEADER_BYTES - l->head_size;
        if (skip) {
            n = skip < size ? (size_t)skip : size;
        } else {
            n = n < size ? n : size;
            memcpy(l->head + l->head_size, bytes, n);
            l->head_size += n;
        }
        bytes += n;
        size -= n;
        l->taken += n;
        if (l->head_size == S3HLS__INPUT_FILE_HEADER_BYTES)
            read_kept(l);
    }
    l->taken += size;
}

void s3hls__input_truncation_end(s3hls__input_truncation *l) {
    while (l->head_size)
        read_kept(l);
}

bool s3hls__input_truncation_truncated(const s3hls__input_truncation *l, uint64_t size) {
    if (l->kind == S3HLS__INPUT_FILE_MP4 && !l->index && l->media)
        return true;
    if (l->kind == S3HLS__INPUT_FILE_TS)
        return size % l->packet_bytes != 0;
    return l->kind != S3HLS__INPUT_FILE_UNKNOWN && l->next != UINT64_MAX && l->next > size;
}
