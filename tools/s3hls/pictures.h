/* SPDX-License-Identifier: MIT-0 */
/* Pictures of a container in decoding order, each with both times.
 *
 * Some containers state both (MP4, FLV, MPEG-TS), some only the presentation time (Matroska, RTP),
 * some only the decoding time (AVI). The missing time is derived: the n-th decoded picture has the
 * time of the n-th shown picture, minus the depth of reordering (H.264 C.4.5.3). A stated time is
 * never changed. Pure. */
#ifndef TOOL_PICTURES_H
#define TOOL_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICTURES_NO_TIME INT64_MIN

enum { PICTURES_REORDER_MAX = 16, PICTURES_WINDOW = 2 * PICTURES_REORDER_MAX + 1 };

typedef struct picture {
    void *packet;       /* belongs to the caller */
    int64_t pts, dts;   /* in units of the container; PICTURES_NO_TIME: not stated */
    int64_t duration;   /* 0: not stated */
    int64_t arrived_us; /* used by the caller */
    int32_t order;      /* picture order count since the last IDR picture */
    bool idr;
    bool key;        /* decoding can begin here */
    bool hidden;     /* not shown */
    bool disposable; /* no other picture refers to it */
    bool placed;     /* pts is known */
} picture;

typedef struct pictures {
    /* set at init */
    int64_t second;       /* units per second */
    unsigned least_depth; /* of reordering, as the container states */
    bool live;            /* output the first pictures before the depth of reordering is known */

    picture *queue; /* capacity entries; count are used, from first on */
    size_t first, count, capacity;
    bool ended;
    enum { PICTURES_UNKNOWN, PICTURES_BOTH, PICTURES_PTS, PICTURES_DTS } given;
    bool depth_known;
    unsigned depth;
    bool begun;
    int64_t last_pts, last_dts, step;
    int32_t last_order; /* highest since the last IDR picture */
    int64_t ahead;      /* PICTURES_DTS: maximum by which decoding precedes presentation */
    int64_t latest[PICTURES_REORDER_MAX + 1]; /* the latest depth + 1 presentation times */
} pictures;

void pictures_init(pictures *p, int64_t second, unsigned least_depth, bool live);
/* Frees the queue, but not the packets. */
void pictures_deinit(pictures *p);

/* Add the next picture in decoding order. @return false: out of memory. */
bool pictures_push(pictures *p, const picture *next);
/* No more pictures follow. */
void pictures_end(pictures *p);
/* Remove the oldest picture, once both of its times are known. @return false: not yet. */
bool pictures_pop(pictures *p, picture *out);

#endif
