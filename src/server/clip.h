/* SPDX-License-Identifier: MIT-0 */
/* Clips: a range as one MP4, remuxed while it is being sent. Each runs on a thread of its own, no
 * further ahead of its reader than a buffer; how many run at once is bounded. */
#ifndef S3HLS_SERVER_CLIP_H
#define S3HLS_SERVER_CLIP_H

#include "server/metrics.h"
#include "server/views.h"
#include <sys/types.h>

typedef struct s3hls__clips s3hls__clips;
typedef struct s3hls__clip s3hls__clip;

/* Who reads a clip. Both are called under the clip's lock; pause comes before the resume that ends
 * it. At its begin a clip's reader is paused. */
typedef struct s3hls__clip_reader {
    void (*pause)(void *ctx);
    void (*resume)(void *ctx);
    void *ctx;
} s3hls__clip_reader;

int s3hls__clips_open(s3hls__clips **out, s3hls__catalog *catalog, s3hls__answer_account *account,
                      s3hls__metrics *metrics, unsigned max, const s3hls_env *env);
/* Answer 504, or break off, where the store keeps a reader waiting for too long. To be called once
 * a second. */
void s3hls__clips_expire(s3hls__clips *clips);
/* Break all off, and wait until they have ended. */
void s3hls__clips_stop(s3hls__clips *clips);
void s3hls__clips_close(s3hls__clips **clips);

/* Begin one. NULL: as many as may run do. Give it up with s3hls__clip_release(). */
s3hls__clip *s3hls__clip_begin(s3hls__clips *clips, const s3hls__request *request,
                               const s3hls__clip_reader *reader);
/* After the first resume: why there is no clip, with a reference; NULL: there is one. */
s3hls__answer *s3hls__clip_refusal(s3hls__clip *clip);
/* The next bytes. @return 0: the reader has been paused; -1: the end; -2: broken off. */
ssize_t s3hls__clip_read(s3hls__clip *clip, char *data, size_t max);
/* What had to be left out of it so far. */
void s3hls__clip_left_out(s3hls__clip *clip, uint64_t *segments, uint64_t *pictures);
/* The reader is gone. Takes NULL. */
void s3hls__clip_release(s3hls__clip *clip);

#endif
