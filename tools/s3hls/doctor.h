/* SPDX-License-Identifier: MIT-0 */
/* Internals of doctor: its reports, and the checks of an S3 server (doctor_server.c). */
#ifndef TOOL_DOCTOR_H
#define TOOL_DOCTOR_H

#include "options.h"

typedef struct doctor {
    common_options common;
    const char *origin; /* of the page that plays; NULL: not given */
    const char *url;
    bool json;

    s3hls_store *store;
    s3hls_s3 *bucket; /* NULL: a directory */
    char name[64];    /* of the bucket */
    char prefix[1025];
    int failures;
} doctor;

/* Content of the test object. */
#define DOCTOR_PROBE "s3hls doctor was here: this object may be removed\n"

typedef enum verdict { OK, WARN, FAIL } verdict;

/* Report a check. remedy: how to fix it; "" with OK. */
__attribute__((format(printf, 5, 6))) void
doctor_report(doctor *d, verdict v, const char *check, const char *remedy, const char *format, ...);
/* Report a failed request. */
void doctor_report_error(doctor *d, verdict v, const char *check, const char *remedy, int status,
                         const s3hls_s3_error *e);

/* Check whether the server accepts a checksum. If it rejects one that would be sent, the later
 * checks omit it. */
void doctor_check_checksum(doctor *d, const char *key);
/* Check optional headers one by one, If-None-Match and paging. key already exists; objects put
 * beside it are removed. */
void doctor_check_server(doctor *d, const char *key);
/* Check a store, with the options and credentials of d->common, and report each check. Close it
 * afterwards. @return EXIT_DONE, EXIT_FAILED, EXIT_USAGE */
int doctor_examine(doctor *d, const char *command, const char *url);
void doctor_close(doctor *d);
/* Open or reopen the store and the bucket. @return a status. */
int doctor_open(doctor *d);
bool doctor_is_encrypted(const doctor *d);

#endif
