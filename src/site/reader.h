/* SPDX-License-Identifier: MIT-0 */
/* A file that is being read into a site. */
#ifndef S3HLS_SITE_READER_H
#define S3HLS_SITE_READER_H

#include "site/reports.h"
#include <yaml.h>

typedef struct s3hls__site_reader {
    const s3hls__site_origin *origin;
    s3hls__site *site;
    yaml_document_t document;
    const char *folder;   /* of the file, with a slash at its end; relative paths begin there */
    char where[160];      /* the mapping that is being read: "cameras.yard."; for messages */
    bool password_stated; /* the file itself contains a password */
    bool out_of_memory;
    yaml_node_t *nodes[2]; /* values that are read after all others; NULL: not stated */
    s3hls__site_reports reports;
} s3hls__site_reader;

enum { S3HLS__SITE_DEFAULTS, S3HLS__SITE_CAMERAS }; /* nodes */

static inline s3hls__site_mark s3hls__site_mark_of(const yaml_mark_t *at) {
    return (s3hls__site_mark){(unsigned)at->line + 1, (unsigned)at->column + 1};
}

/* Further errors would not be reported, or memory ran out. */
static inline bool s3hls__site_stopped(const s3hls__site_reader *r) {
    return r->out_of_memory || r->reports.more;
}

/* Zeroed memory that lives as long as the site, and is wiped with it. @return NULL: out of memory,
 * which is noted. */
void *s3hls__site_alloc(s3hls__site_reader *r, size_t size);
char *s3hls__site_keep(s3hls__site_reader *r, const char *text, size_t size);
/* An absolute path. A relative one begins in the file's folder. @return NULL: out of memory */
const char *s3hls__site_resolve(s3hls__site_reader *r, const char *path);

/* ---- file.c */

/* Read a whole file. Blocks.
 * @param max     a larger one is an error
 * @param plain   only a regular file, so that the call cannot wait for ever
 * @param mode    receives its permissions; NULL: not wanted
 * @param data    NULL on failure; to be freed with s3hls__env_free()
 * @param reason  receives the reason of a failure
 * @return S3HLS_OK
 *   S3HLS_E_NOT_FOUND, S3HLS_E_ACCESS, S3HLS_E_IO, S3HLS_E_TOO_LARGE, S3HLS_E_NOMEM */
int s3hls__site_read_file(const s3hls_env *env, const char *path, size_t max, bool plain,
                          mode_t *mode, char **data, size_t *size, const char **reason);

/* ---- document.c */

/* Parse the bytes of a file into r->document. @return false: an error was added */
bool s3hls__site_parse(s3hls__site_reader *r, const char *data, size_t size);

/* ---- expand.c */

/* Replace ${NAME}, ${file:PATH} and $$ in a scalar.
 * @param key  of the scalar, for messages
 * @param url  percent-encode what becomes part of the user and password of a URL
 * @return NULL: an error was added, or out of memory. Lives as long as the site */
const char *s3hls__site_expand(s3hls__site_reader *r, const char *key, const yaml_node_t *scalar,
                               bool url);

#endif
