/* SPDX-License-Identifier: MIT-0 */
/* --publish: playlists as objects beside the segments, for playback from a bucket without
 * a server.
 *
 *   live.m3u8, master.m3u8           after each confirmed segment; of a new timeline
 *   {YYYY}/{MM}/{DD}/{HH}/index.m3u8 a whole hour: each minute, and after its end
 *
 * Uses a thread and a store of its own: recording never waits for it. */
#ifndef TOOL_PUBLISH_H
#define TOOL_PUBLISH_H

#include "options.h"

typedef struct publisher publisher;

/* @return S3HLS_OK, or a status of s3hls_archive_open(). */
int publish_open(publisher **out, const command_line *line, const char *url);
/* A segment was confirmed. Any thread; does not block. Accepts NULL; keys of other objects are
 * ignored. */
void publish_segment(publisher *p, const char *key, uint64_t bytes);
/* Write everything that is due, for up to wait_s.
 * @param ended  the camera has stopped: live.m3u8 receives its end tag
 * @return false: a part could not be written; the error was reported. */
bool publish_close(publisher **p, bool ended, double wait_s);

#endif
