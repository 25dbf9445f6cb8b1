/* SPDX-License-Identifier: MIT-0 */
/* Shared by record and flush: opens a recorder, waits for its segments, and reports them on a
 * terminal, as events, as metrics and as a summary. */
#ifndef TOOL_DELIVERY_H
#define TOOL_DELIVERY_H

#include "events.h"
#include "metrics.h"
#include "options.h"
#include "progress.h"
#include "s3hls/publish.h"
#include <stdatomic.h>

enum { TAGS_MAX = 10, METADATA_MAX = 8 };

typedef struct delivery_options {
    s3hls_recorder_config cfg;
    s3hls_pair tags[TAGS_MAX], metadata[METADATA_MAX];
    double deadline_s, close_wait_s, stats_every_s; /* close_wait_s < 0: not given */
    const char *events, *metrics;
    bool quiet, json, drop_given, publish;
} delivery_options;

extern const option_kind delivery_kinds[];

void delivery_options_init(delivery_options *o);
void delivery_options_deinit(delivery_options *o);

typedef struct delivery {
    const char *command; /* "record" */
    const delivery_options *options;
    s3hls_recorder *recorder;
    s3hls_recorder_stats stats;
    progress progress;
    events *events;
    metrics *metrics;
    s3hls_publisher *publisher;
    s3hls_archive *archive; /* lists hours for the publisher */
    bool logs_warnings;     /* -v */
    bool live;              /* a camera does not wait, and delivery to it is never given up */
    bool abandoned;         /* ended before the delivery of all segments was confirmed */
    atomic_bool input_lost; /* the camera is being reconnected */
    atomic_ulong reconnects;
    atomic_bool input_unusable; /* pictures arrive, but none can be recorded */
    atomic_ulong input_damaged; /* pictures with missing data */
    int64_t advanced_us;        /* monotonic: time of the last progress */
    uint64_t delivered_before, spooled_before;
} delivery;

/* Handle Ctrl-C: the first ends the input, the second gives up delivery. */
void delivery_catch_interrupts(void);
bool delivery_interrupted(void);

/* Open the recorder and the reports. @return EXIT_DONE, or the exit code of an error that was
 * reported. */
int delivery_open(delivery *d, const command_line *line);
/* Update the counters and the line on the terminal. */
void delivery_look(delivery *d);
/* Delivery requires action by the operator. */
bool delivery_hopeless(const delivery *d);
bool delivery_given_up(const delivery *d);
/* The input has ended: deliver, spool the rest, and print the result.
 * @param status  receives that of s3hls_recorder_close_stats()
 * @return EXIT_DONE; EXIT_FAILED, EXIT_UNDELIVERED. */
int delivery_close(delivery *d, int *status);

int64_t delivery_clock_us(void); /* monotonic */
void delivery_pause_ms(long ms);

#endif
