/* SPDX-License-Identifier: MIT-0 */
/* Where a request begins and ends has to be the same for this server and for a proxy before it:
 * what may be read in two ways is refused. As strict as nginx; line ends are CRLF. Pure.
 *
 * libmicrohttpd before 1.0 takes a lone CR for a line's end, joins a continuation line to the name
 * of the header before it, and ends strings at a NUL. It leaves a request in place, with NULs where
 * names, values and lines ended:
 *
 *   GET SP /path SP HTTP/1.1 NUL NUL Host NUL SP localhost NUL NUL ... NUL NUL
 *
 * so that what it has hidden shows by where strings stand. Later versions refuse all that. */
#ifndef S3HLS_SERVER_FRAMING_H
#define S3HLS_SERVER_FRAMING_H

#include <stdbool.h>
#include <stddef.h>

typedef struct s3hls__framing {
    const char *wrong; /* NULL: nothing so far */
    const char *end;   /* of the last string; NULL: it is not known where strings stand */
    const char *target;
    unsigned lengths, hosts; /* headers of these names */
    bool coded;              /* there is a Transfer-Encoding */
} s3hls__framing;

/* Begin with the target and its query, while they are whole ... */
void s3hls__framing_begin(s3hls__framing *f, const char *target);
/* ... then the rest of the request line; in_place: all strings stand where they came ... */
void s3hls__framing_line(s3hls__framing *f, const char *method, const char *version, bool in_place);
/* ... each header, in the order of the request ... */
void s3hls__framing_header(s3hls__framing *f, const char *name, size_t name_size, const char *value,
                           size_t value_size);
/* ... and all of them. @return NULL, or why the request is refused: static text. */
const char *s3hls__framing_end(s3hls__framing *f, bool has_version_1_1);

#endif
