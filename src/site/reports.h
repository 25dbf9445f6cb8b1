/* SPDX-License-Identifier: MIT-0 */
/* The faults of a file, gathered while it is read, and reported in the order of its lines. */
#ifndef S3HLS_SITE_REPORTS_H
#define S3HLS_SITE_REPORTS_H

#include "site/site.h"

enum { S3HLS__SITE_MESSAGE_BYTES = 640 };

/* A position in the file, from 1; 0: the file as a whole. */
typedef struct s3hls__site_mark {
    unsigned line, column;
} s3hls__site_mark;

typedef struct s3hls__site_entry {
    s3hls__site_mark at;
    bool warning;
    char message[S3HLS__SITE_MESSAGE_BYTES];
} s3hls__site_entry;

typedef struct s3hls__site_reports {
    unsigned errors, warnings; /* entries of each kind */
    bool more;                 /* an error was left out */
    s3hls__site_entry entries[2 * S3HLS__SITE_REPORTS_MAX];
} s3hls__site_reports;

/* Add an error, or a warning. One that was added before, with the same position, and one too many
 * is left out. */
void s3hls__site_add_error(s3hls__site_reports *r, s3hls__site_mark at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void s3hls__site_add_warning(s3hls__site_reports *r, s3hls__site_mark at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Pass all to the caller's function. */
void s3hls__site_send_reports(s3hls__site_reports *r, const s3hls__site_origin *origin);

#endif
