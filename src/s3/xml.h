/* SPDX-License-Identifier: MIT-0 */
/* Parser for S3's XML answers: elements one after another, each with its own text. */
#ifndef S3HLS_S3_XML_H
#define S3HLS_S3_XML_H

#include "s3/uri.h"

enum { S3HLS__XML_TEXT_BYTES = 3 * S3HLS__KEY_BYTES_MAX + 1 }; /* a key, percent-encoded */

/* Embed as first member; set to zero, then set root, begin and end. */
typedef struct s3hls__xml {
    const char *root; /* required name of the outermost element */
    void (*begin)(struct s3hls__xml *x, const char *name);
    void (*end)(struct s3hls__xml *x, const char *name); /* text is its own */

    unsigned depth; /* of the current element; the root's is 1 */
    char text[S3HLS__XML_TEXT_BYTES];
    size_t text_size;

    void *parser;
    int status;
    bool root_seen;
} s3hls__xml;

/* Stop reading with this status. */
void s3hls__xml_stop(s3hls__xml *x, int status);

/* Read a document.
 * @return S3HLS_OK
 *   S3HLS_E_PROTOCOL: not such XML, a text is too long, or there is a document type declaration
 *   (whose entities could expand without limit)
 *   S3HLS_E_NOMEM: out of memory
 *   the status of s3hls__xml_stop() */
int s3hls__xml_read(s3hls__xml *x, const char *xml, size_t size);

#endif
