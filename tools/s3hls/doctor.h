/* SPDX-License-Identifier: MIT-0 */
/* doctor from the inside: what it says, and what it learns of an S3 server (doctor_server.c). */
#ifndef TOOL_DOCTOR_H
#define TOOL_DOCTOR_H

#include "options.h"

typedef struct doctor {
    common_options common;
    const char *origin; /* of the page that plays; NULL: not said */
    const char *url;
    bool json;

    s3hls_store *store;
    s3hls_s3 *bucket; /* NULL: a directory */
    char name[64];    /* of the bucket */
    char prefix[1025];
    int failures;
} doctor;

/* What is put to try whether it can be. */
#define DOCTOR_PROBE "s3hls doctor was here: this object may be removed\n"

typedef enum verdict { OK, WARN, FAIL } verdict;

/* mend: what to do; "" with OK. */
__attribute__((format(printf, 5, 6))) void doctor_tell(doctor *d, verdict v, const char *check,
                                                       const char *mend, const char *format, ...);
/* A request failed. */
void doctor_tell_error(doctor *d, verdict v, const char *check, const char *mend, int status,
                       const s3hls_s3_error *e);

/* Does the server take a checksum? Where it does not, and one is sent, all that follows is tried
 * without. */
void doctor_check_checksum(doctor *d, const char *key);
/* Headers that not every server takes, one by one; whether If-None-Match counts; paging. key is
 * there already; what is put beside it is removed. */
void doctor_check_server(doctor *d, const char *key);
/* Open, or open anew, the store and the bucket. @return a status. */
int doctor_open(doctor *d);
bool doctor_is_encrypted(const doctor *d);

#endif
