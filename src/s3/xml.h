/* SPDX-License-Identifier: MIT-0 */
/* S3's answers in XML: elements one after another, each with its own text. */
#ifndef S3HLS_S3_XML_H
#define S3HLS_S3_XML_H

#include "s3/uri.h"

enum { S3HLS__XML_TEXT_BYTES = 3 * S3HLS__KEY_BYTES_MAX + 1 }; /* a key, percent-encoded */

/* Embed it first; zero it, set root, begin and end. */
typedef struct s3hls__xml {
    const char *root; /* the name the outermost element has to have */
    void (*begin)(struct s3hls__xml *x, const char *name);
    void (*end)(struct s3hls__xml *x, const char *name); /* text is its own */

    unsigned depth; /* of the element at hand; the root's is 1 */
    char text[S3HLS__XML_TEXT_BYTES];
    size_t text_size;

    void *parser;
    int status;
    bool root_seen;
} s3hls__xml;

/* End the reading with this status. */
void s3hls__xml_stop(s3hls__xml *x, int status);

/* @return S3HLS_OK; S3HLS_E_PROTOCOL: no such XML, longer texts, or a document type (which would
 * only be after entities that expand); S3HLS_E_NOMEM; what it was stopped with. */
int s3hls__xml_read(s3hls__xml *x, const char *xml, size_t size);

#endif
