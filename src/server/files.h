/* SPDX-License-Identifier: MIT-0 */
/* The page: files compiled into the program, compressed. */
#ifndef S3HLS_SERVER_FILES_H
#define S3HLS_SERVER_FILES_H

#include "server/answer.h"

/* What embed.cmake writes. */
typedef struct s3hls__embedded_file {
    const char *name; /* "index.html" */
    const unsigned char *gzip;
    size_t gzip_size;
} s3hls__embedded_file;

extern const s3hls__embedded_file s3hls__embedded_files[];
extern const size_t s3hls__embedded_file_count;

typedef struct s3hls__files s3hls__files;

int s3hls__files_open(s3hls__files **out, s3hls__answer_account *account);
void s3hls__files_close(s3hls__files **files);

/* Find a file by name; "": index.html. @return a reference; NULL: there is none */
s3hls__answer *s3hls__files_find(const s3hls__files *files, const char *name);

#endif
