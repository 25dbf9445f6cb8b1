/* SPDX-License-Identifier: MIT-0 */
/* Text of a timeline's object. Pure. A camera that publishes playlists reads it too, so this does
 * not need a JSON library. */
#ifndef S3HLS_LAYOUT_TIMELINE_H
#define S3HLS_LAYOUT_TIMELINE_H

#include "s3hls/layout.h"

enum { S3HLS__TIMELINE_BYTES = 64 * 1024 }; /* a larger object is malformed */

/* Write the object's JSON. @return length; S3HLS_E_TOO_LARGE (512 bytes are always enough) */
int s3hls__timeline_format(const s3hls_timeline *timeline, char *text, size_t size);
/* Parse the object's JSON. Unknown members, of any type, are ignored.
 * @param out  zeroed on failure
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: not a JSON object, or a member is missing, repeated, of another type, too
 *   large, or spelled with an escape */
int s3hls__timeline_parse(const char *text, size_t size, s3hls_timeline *out);

#endif
