/* SPDX-License-Identifier: MIT-0 */
/* Layout of a file, to detect that it is truncated, or that its index is at the end: reads the
 * headers of the outermost elements, each of which states where the next one begins. Pure.
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
        LAYOUT_UNKNOWN, /* nothing is reported */
        LAYOUT_MP4,
        LAYOUT_MATROSKA,
        LAYOUT_RIFF,
        LAYOUT_FLV,
        LAYOUT_TS
    } kind;
    uint64_t next;         /* offset of the next header; UINT64_MAX: the rest is one element */
    unsigned packet_bytes; /* of MPEG-TS */
    bool index, media;     /* MP4: its moov or a moof was found; its mdat has begun */
    bool index_last;       /* mdat precedes moov */

    /* sequential input */
    uint64_t taken;
    uint8_t head[LAYOUT_HEADER_BYTES];
    size_t head_size;
} layout;

/* Detect the format from the first bytes of a file; 512 suffice. */
void layout_init(layout *l, const uint8_t *begin, size_t size);
/* Process the header at l->next: up to LAYOUT_HEADER_BYTES, fewer at the end of the file. Advances
 * l->next. @return false: no header follows. */
bool layout_header(layout *l, const uint8_t *head, size_t size);
/* Process the next bytes of a file that is read sequentially. */
void layout_take(layout *l, const uint8_t *bytes, size_t size);
/* The last bytes were processed. */
void layout_end(layout *l);
/* A file of size bytes, whose headers were all processed, is truncated. */
bool layout_truncated(const layout *l, uint64_t size);

#endif
