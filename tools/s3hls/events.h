/* SPDX-License-Identifier: MIT-0 */
/* What happened, as JSON: a line for each event, and a line of counts now and then. */
#ifndef TOOL_EVENTS_H
#define TOOL_EVENTS_H

#include "s3hls/recorder.h"
#include <jansson.h>

/* Lines on their way to a file or a pipe. A thread of its own writes them, so that a slow reader
 * holds nobody: what does not fit into its memory is counted and told. */
typedef struct events events;

/* @param path  appended to; "-": standard output
 * @param stats_every_s  seconds from one line of counts to the next
 * @return 0 or an errno. */
int events_open(events **out, const char *path, double stats_every_s);
/* Whose counts are told from now on; NULL: nobody's, it is about to be closed. */
void events_watch(events *e, s3hls_recorder *recorder);
/* Write what waits, for a second at most while nobody reads. */
void events_close(events **e);

/* Say an event; on any thread. Nothing where e is NULL. */
void events_tell(events *e, const s3hls_event *event);
/* The tool's own: a camera that went and came back. */
void events_tell_input(events *e, const char *what, const char *message, int64_t duration_ms);
void events_tell_stats(events *e, const s3hls_recorder_stats *stats);

/* The counts as an object, the same for --events and --json. */
json_t *json_of_stats(const s3hls_recorder_stats *stats);
/* As json_string(), but what is not UTF-8 becomes question marks. */
json_t *json_of_text(const char *text);
/* The word of a cause ("tls"). */
const char *cause_name(int cause);

#endif
