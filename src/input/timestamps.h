/* SPDX-License-Identifier: MIT-0 */
/* Pictures of a container in decoding order, each with both times.
 *
 * Some containers state both (MP4, FLV, MPEG-TS), some only the presentation time (Matroska, RTP),
 * some only the decoding time (AVI). The missing time is derived: the n-th decoded picture has the
 * time of the n-th shown picture, minus the depth of reordering (H.264 C.4.5.3). A stated time is
 * never changed. Pure. */
#ifndef S3HLS_INPUT_TIMESTAMPS_H
#define S3HLS_INPUT_TIMESTAMPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S3HLS__INPUT_TIMES_NO_TIME INT64_MIN

enum {
    S3HLS__INPUT_TIMES_REORDER_MAX = 16,
    S3HLS__INPUT_TIMES_WINDOW = 2 * S3HLS__INPUT_TIMES_REORDER_MAX + 1
};

typedef struct s3hls__input_picture {
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
} s3hls__input_picture;

typedef struct s3hls__input_timestamps {
    /* set at init */
    int64_t second;       /* units per second */
    unsigned least_depth; /* of reordering, as the container states */
    bool live;            /* output the first pictures before the depth of reordering is known */

    s3hls__input_picture *queue; /* capacity entries; count are used, from first on */
    size_t first, count, capacity;
    bool ended;
    enum {
        S3HLS__INPUT_TIMES_UNKNOWN,
        S3HLS__INPUT_TIMES_BOTH,
        S3HLS__INPUT_TIMES_PTS,
        S3HLS__INPUT_TIMES_DTS
    } given;
    bool depth_known;
    unsigned depth;
    bool begun;
    int64_t last_pts, last_dts, step;
    int32_t last_order; /* highest since the last IDR picture */
    int64_t ahead;      /* PICTURES_DTS: maximum by which decoding precedes presentation */
    int64_t
        latest[S3HLS__INPUT_TIMES_REORDER_MAX + 1]; /* the latest depth + 1 presentation times */
} s3hls__input_timestamps;

void s3hls__input_timestamps_init(s3hls__input_timestamps *p, int64_t second, unsigned least_depth,
                                  bool live);
/* Frees the queue, but not the packets. */
void s3hls__input_timestamps_deinit(s3hls__input_timestamps *p);

/* Add the next picture in decoding order. @return false: out of memory. */
bool s3hls__input_timestamps_push(s3hls__input_timestamps *p, const s3hls__input_picture *next);
/* No more pictures follow. */
void s3hls__input_timestamps_end(s3hls__input_timestamps *p);
/* Remove the oldest picture, once both of its times are known. @return false: not yet. */
bool s3hls__input_timestamps_pop(s3hls__input_timestamps *p, s3hls__input_picture *out);

#endif
