/* SPDX-License-Identifier: MIT-0 */
/* Clips: a range as one MP4, remuxed while it is sent. Each runs on its own thread, ahead of its
 * reader by at most one buffer; the number of concurrent clips is limited. */
#ifndef S3HLS_SERVER_CLIP_H
#define S3HLS_SERVER_CLIP_H

#include "server/metrics.h"
#include "server/views.h"
#include <sys/types.h>

typedef struct s3hls__clips s3hls__clips;
typedef struct s3hls__clip s3hls__clip;

/* The reader of a clip. Both functions are called under the clip's lock, pause before the resume
 * that ends it. A clip's reader is paused at the start. */
typedef struct s3hls__clip_reader {
    void (*pause)(void *ctx);
    void (*resume)(void *ctx);
    void *ctx;
} s3hls__clip_reader;

int s3hls__clips_open(s3hls__clips **out, s3hls__catalog *catalog, s3hls__answer_account *account,
                      s3hls__metrics *metrics, unsigned max, const s3hls_env *env);
/* Answer 504, or abort, if the store keeps a reader waiting too long. Called once a second. */
void s3hls__clips_expire(s3hls__clips *clips);
/* Abort all clips and wait until they have ended. */
void s3hls__clips_stop(s3hls__clips *clips);
void s3hls__clips_close(s3hls__clips **clips);

/* Begin a clip; release it with s3hls__clip_release(). @return NULL: the limit is reached */
s3hls__clip *s3hls__clip_begin(s3hls__clips *clips, const s3hls__request *request,
                               const s3hls__clip_reader *reader);
/* After the first resume: the answer if there is no clip, as a reference; NULL: there is a clip. */
s3hls__answer *s3hls__clip_refusal(s3hls__clip *clip);
/* Read the next bytes. @return 0: the reader was paused; -1: the end; -2: aborted. */
ssize_t s3hls__clip_read(s3hls__clip *clip, char *data, size_t max);
/* Number of segments and pictures left out so far. */
void s3hls__clip_left_out(s3hls__clip *clip, uint64_t *segments, uint64_t *pictures);
/* The reader has left. Accepts NULL. */
void s3hls__clip_release(s3hls__clip *clip);

#endif
