/* SPDX-License-Identifier: MIT-0 */
/* How long ago a picture that arrives was taken. Pure.
 *
 * A camera, or a relay before it, may send what it has kept faster than it was taken: the first
 * pictures are therefore held until they come as fast as they were taken, and then the one that
 * came with the least delay says when all of them were. */
#ifndef TOOL_ARRIVAL_H
#define TOOL_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct arrival {
    bool settled;
    size_t held;     /* pictures that came before it settled and were not asked about yet */
    int64_t base_us; /* the least of what arrival is behind the picture's own time */
    int64_t first_us, latest_us,
        newest_us;    /* own times: of the first, the latest; arrival of that */
    int64_t paced_us; /* own time of the newest pictures that came as fast as they were taken */
    unsigned paced;
    int64_t span_us; /* of the newest pictures, and how many they are, for how long one lasts */
    unsigned pictures;
} arrival;

/* A picture has arrived: when, on the monotonic clock, and its own time, microseconds. */
void arrival_note(arrival *a, int64_t now_us, int64_t time_us);
/* The input has ended, or too much is held. */
void arrival_settle(arrival *a, bool in_real_time);
/* Of the next picture, in the order of arrival, once settled: by how much longer than others it
 * took to arrive; microseconds, 0 or more. */
int64_t arrival_late_us(arrival *a, int64_t arrived_us, int64_t time_us);
/* How long a picture lasts on average; 0: not known. */
int64_t arrival_picture_us(const arrival *a);

#endif
