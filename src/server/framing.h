/* SPDX-License-Identifier: MIT-0 */
/* Checks the framing of requests against request smuggling: this server and a proxy before it must
 * agree where a request ends, so an ambiguous request is refused. As strict as nginx; line ends are
 * CRLF. Pure.
 *
 * libmicrohttpd before 1.0 accepts a lone CR as a line end, joins a continuation line to the name
 * of the previous header, and ends strings at a NUL. It keeps a request in place, with NULs where
 * names, values and lines ended:
 *
 *   GET SP /path SP HTTP/1.1 NUL NUL Host NUL SP localhost NUL NUL ... NUL NUL
 *
 * so that the positions of strings reveal what it has hidden. Later versions refuse such requests.
 */
#ifndef S3HLS_SERVER_FRAMING_H
#define S3HLS_SERVER_FRAMING_H

#include <stdbool.h>
#include <stddef.h>

typedef struct s3hls__framing {
    const char *wrong; /* the first fault; NULL: none */
    const char *end;   /* of the last string; NULL: positions are not known */
    const char *target;
    unsigned lengths, hosts; /* headers of these names */
    bool coded;              /* there is a Transfer-Encoding */
} s3hls__framing;

/* First: the target with its query, unmodified. */
void s3hls__framing_begin(s3hls__framing *f, const char *target);
/* Second: the rest of the request line. @param in_place  strings are at their original positions */
void s3hls__framing_line(s3hls__framing *f, const char *method, const char *version, bool in_place);
/* Third: each header, in the order of the request. */
void s3hls__framing_header(s3hls__framing *f, const char *name, size_t name_size, const char *value,
                           size_t value_size);
/* Last. @return why the request is refused, static text; NULL: it is not. */
const char *s3hls__framing_end(s3hls__framing *f, bool has_version_1_1);

#endif
