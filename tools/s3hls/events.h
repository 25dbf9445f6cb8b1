/* SPDX-License-Identifier: MIT-0 */
/* Events as JSON: one line per event, and periodic lines of counters. */
#ifndef TOOL_EVENTS_H
#define TOOL_EVENTS_H

#include "s3hls/recorder.h"
#include <jansson.h>

/* Lines being written to a file or a pipe. A separate thread writes them, so that a slow reader
 * blocks nobody: lines that do not fit into its memory are counted, and the loss is reported. */
typedef struct events events;

/* @param path  appended to; "-": standard output
 * @param stats_every_s  interval of the counter lines, seconds
 * @return 0 or an errno. */
int events_open(events **out, const char *path, double stats_every_s);
/* Select the recorder whose counters are written; NULL: none, because it is about to be closed. */
void events_watch(events *e, s3hls_recorder *recorder);
/* Write the waiting lines, for at most one second if nobody reads them. */
void events_close(events **e);

/* Write an event; any thread. Does nothing if e is NULL. */
void events_write(events *e, const s3hls_event *event);
/* Write an event of the tool itself: a camera was lost or reconnected. */
void events_write_input(events *e, const char *what, const char *message, int64_t duration_ms);
void events_write_stats(events *e, const s3hls_recorder_stats *stats);

/* The counters as a JSON object, the same for --events and --json. */
json_t *json_of_stats(const s3hls_recorder_stats *stats);
/* Like json_string(), but bytes that are not UTF-8 become question marks. */
json_t *json_of_text(const char *text);
/* The name of a cause ("tls"). */
const char *cause_name(int cause);

#endif
