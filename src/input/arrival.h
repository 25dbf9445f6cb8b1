/* SPDX-License-Identifier: MIT-0 */
/* Delay between the capture and the arrival of a picture. Pure.
 *
 * A camera, or a relay before it, may send a backlog faster than real time. The first pictures are
 * therefore held until pictures arrive in real time. The picture with the least delay then
 * determines the capture times of all of them. */
#ifndef S3HLS_INPUT_ARRIVAL_H
#define S3HLS_INPUT_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct s3hls__input_arrival {
    bool settled;
    size_t held; /* pictures that arrived before the base settled and have not been queried yet */
    int64_t base_us; /* minimum difference between arrival and the picture's own time */
    int64_t first_us, latest_us,
        newest_us;    /* own time of the first and the latest picture; arrival time of the newest */
    int64_t paced_us; /* own time of the newest pictures that arrived in real time */
    unsigned paced;
    int64_t
        span_us; /* duration and number of the newest pictures, to compute a picture's duration */
    unsigned pictures;
} s3hls__input_arrival;

/* A picture has arrived. now_us: arrival on the monotonic clock; time_us: the picture's own time;
 * microseconds. */
void s3hls__input_arrival_note(s3hls__input_arrival *a, int64_t now_us, int64_t time_us);
/* Settle the base now: the input has ended, or too many pictures are held. */
void s3hls__input_arrival_settle(s3hls__input_arrival *a, bool in_real_time);
/* Extra delay of the next picture, in the order of arrival, once settled, compared with the fastest
 * arrival; microseconds, 0 or more. */
int64_t s3hls__input_arrival_late_us(s3hls__input_arrival *a, int64_t arrived_us, int64_t time_us);
/* Average duration of a picture; 0: unknown. */
int64_t s3hls__input_arrival_picture_us(const s3hls__input_arrival *a);

#endif
