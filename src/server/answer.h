/* SPDX-License-Identifier: MIT-0 */
/* One answer: a status, a body plain and compressed, and properties for caches. Made once, then
 * constant and shared by every connection that waits for it. */
#ifndef S3HLS_SERVER_ANSWER_H
#define S3HLS_SERVER_ANSWER_H

#include "base/env.h"
#include <stdatomic.h>

/* Memory used by all answers, for limits. */
typedef struct s3hls__answer_account {
    s3hls_env env;
    _Atomic uint64_t bytes;
} s3hls__answer_account;

typedef struct s3hls__answer {
    s3hls__answer_account *account;
    atomic_uint references;
    unsigned status;        /* HTTP */
    const char *type;       /* Content-Type; static */
    uint32_t max_age_s;     /* for caches; 0: it is not to be stored */
    bool revalidate;        /* stored, but asked for each time: its tag decides */
    bool immutable;         /* never changes at its address */
    unsigned retry_after_s; /* 0: none */
    bool text;              /* made on demand: weakly tagged, and compressed where that pays */
    char etag[20];          /* "\"0123456789abcdef\"" */
    char *body, *gzip;      /* gzip: NULL where it does not pay */
    size_t size, gzip_size;
    int64_t fresh_until_us;  /* monotonic: until then it is handed out without asking again */
    int64_t usable_until_us; /* and until then while another is being made */
} s3hls__answer;

/* Make an answer from a body, which it takes over also on failure. @return NULL: out of memory */
s3hls__answer *s3hls__answer_text(s3hls__answer_account *account, const char *type, char *body,
                                  size_t size);
s3hls__answer *s3hls__answer_media(s3hls__answer_account *account, const char *type, char *body,
                                   size_t size);
/* Problem details (RFC 9457). */
s3hls__answer *s3hls__answer_problem(s3hls__answer_account *account, unsigned status,
                                     const char *detail);
s3hls__answer *s3hls__answer_retain(s3hls__answer *answer);
/* Accepts NULL. */
void s3hls__answer_release(s3hls__answer *answer);

/* The reason phrase of an HTTP status. */
const char *s3hls__status_phrase(unsigned status);

#endif
