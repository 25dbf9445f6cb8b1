/* SPDX-License-Identifier: MIT-0 */
/* Pictures of a container in decoding order, each with both of its times.
 *
 * Some containers give both (MP4, FLV, MPEG-TS), some the time of presentation alone (Matroska,
 * RTP), some that of decoding alone (AVI). The missing one is made from the other: the n-th picture
 * that is decoded has the time of the n-th that is shown, less the depth of reordering (H.264
 * C.4.5.3). A time that is given is never changed. Pure. */
#ifndef TOOL_PICTURES_H
#define TOOL_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICTURES_NO_TIME INT64_MIN

enum { PICTURES_REORDER_MAX = 16, PICTURES_WINDOW = 2 * PICTURES_REORDER_MAX + 1 };

typedef struct picture {
    void *packet;       /* the caller's */
    int64_t pts, dts;   /* in units of the container; PICTURES_NO_TIME: not given */
    int64_t duration;   /* 0: not given */
    int64_t arrived_us; /* the caller's */
    int32_t order;      /* picture order count, counted from the last IDR picture on */
    bool idr;
    bool key;        /* decoding can begin here */
    bool hidden;     /* it is not shown */
    bool disposable; /* no other refers to it */
    bool placed;     /* pts is known */
} picture;

typedef struct pictures {
    /* set at init */
    int64_t second;       /* units of time in one */
    unsigned least_depth; /* of reordering, as the container says */
    bool live;            /* the first pictures are not held back to see how deep reordering is */

    picture *queue; /* capacity of them; count, from first on */
    size_t first, count, capacity;
    bool ended;
    enum { PICTURES_UNKNOWN, PICTURES_BOTH, PICTURES_PTS, PICTURES_DTS } given;
    bool depth_known;
    unsigned depth;
    bool begun;
    int64_t last_pts, last_dts, step;
    int32_t last_order; /* highest since the last IDR picture */
    int64_t ahead; /* PICTURES_DTS: how long before it is shown a picture is decoded, at most */
    int64_t latest[PICTURES_REORDER_MAX + 1]; /* the depth + 1 latest times of presentation */
} pictures;

void pictures_init(pictures *p, int64_t second, unsigned least_depth, bool live);
/* Frees the queue, not the packets. */
void pictures_deinit(pictures *p);

/* The next picture in decoding order. @return false: out of memory. */
bool pictures_push(pictures *p, const picture *next);
/* No more will come. */
void pictures_end(pictures *p);
/* The oldest picture, once both of its times are known. @return false: not yet. */
bool pictures_pop(pictures *p, picture *out);

#endif
