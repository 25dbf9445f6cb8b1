/* SPDX-License-Identifier: MIT-0 */
/* A thread that checks once a second for overdue work. Nothing that it calls blocks. */
#ifndef S3HLS_SERVER_WATCHDOG_H
#define S3HLS_SERVER_WATCHDOG_H

#include "base/env.h"

typedef struct s3hls__watchdog s3hls__watchdog;

/* Start to call look(ctx). @return S3HLS_OK, S3HLS_E_NOMEM */
int s3hls__watchdog_open(s3hls__watchdog **out, void (*look)(void *ctx), void *ctx,
                         const s3hls_env *env);
/* Stop; afterwards look is not called any more. */
void s3hls__watchdog_close(s3hls__watchdog **watchdog);

#endif
