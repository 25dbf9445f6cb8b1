/* SPDX-License-Identifier: MIT-0 */
/* How a file is laid out, as far as it takes to see that it was cut off, or that its index comes
 * last: the headers of its outermost elements, each of which says where the next one begins. Pure.
 *
 *   MP4 boxes (ISO/IEC 14496-12 4.2), Matroska elements (RFC 8794 5, 6), RIFF chunks (AVI),
 *   FLV tags, MPEG-TS packets */
#ifndef TOOL_LAYOUT_H
#define TOOL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LAYOUT_HEADER_BYTES = 16 };

typedef struct layout {
    enum {
        LAYOUT_UNKNOWN, /* nothing is said about it */
        LAYOUT_MP4,
        LAYOUT_MATROSKA,
        LAYOUT_RIFF,
        LAYOUT_FLV,
        LAYOUT_TS
    } kind;
    uint64_t next;         /* where the next header begins; UINT64_MAX: the rest is one element */
    unsigned packet_bytes; /* of a TS */
    bool index, media;     /* of an MP4: its moov or a moof, its mdat has begun */
    bool index_last;       /* mdat came first */

    /* bytes in a row */
    uint64_t taken;
    uint8_t head[LAYOUT_HEADER_BYTES];
    size_t head_size;
} layout;

/* By the first bytes of a file; 512 are enough. */
void layout_init(layout *l, const uint8_t *begin, size_t size);
/* The header at l->next: up to LAYOUT_HEADER_BYTES of it, fewer at the end of the file. l->next
 * moves on. @return false: no header follows. */
bool layout_header(layout *l, const uint8_t *head, size_t size);
/* The next bytes of a file that is read from its beginning on. */
void layout_take(layout *l, const uint8_t *bytes, size_t size);
/* All bytes were taken. */
void layout_end(layout *l);
/* Of a file of size bytes that was followed to its end. */
bool layout_truncated(const layout *l, uint64_t size);

#endif
