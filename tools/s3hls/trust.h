/* SPDX-License-Identifier: MIT-0 */
/* Certificate authorities: combines an additional file with the system's in one file, as libraries
 * require. */
#ifndef TOOL_TRUST_H
#define TOOL_TRUST_H

typedef struct trust {
    int fd; /* of the file in memory */
    char path[32];
} trust;

/* @param extra  PEM; NULL: only the system's
 * @param why  receives the error, 256 bytes
 * @return S3HLS_OK; S3HLS_E_TLS: the file cannot be read; S3HLS_E_IO. */
int trust_open(trust *t, const char *extra, char why[256]);
/* @return its path; NULL: the default of the libraries. */
const char *trust_file(const trust *t);
void trust_close(trust *t);

#endif
