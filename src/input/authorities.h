/* SPDX-License-Identifier: MIT-0 */
/* Certificate authorities: combines an additional file with the system's in one file, as libraries
 * require. */
#ifndef S3HLS_INPUT_AUTHORITIES_H
#define S3HLS_INPUT_AUTHORITIES_H

typedef struct s3hls__input_authorities {
    int fd; /* of the file in memory */
    char path[32];
} s3hls__input_authorities;

/* @param extra  PEM; NULL: only the system's
 * @param why  receives the error, 256 bytes
 * @return S3HLS_OK; S3HLS_E_TLS: the file cannot be read; S3HLS_E_IO. */
int s3hls__input_authorities_open(s3hls__input_authorities *t, const char *extra, char why[256]);
/* @return its path; NULL: the default of the libraries. */
const char *s3hls__input_authorities_file(const s3hls__input_authorities *t);
void s3hls__input_authorities_close(s3hls__input_authorities *t);

#endif
