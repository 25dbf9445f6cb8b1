/* SPDX-License-Identifier: MIT-0 */
/* Logs and reports to the caller's event function what a stream or the pool lacks. */
#ifndef S3HLS_RECORD_REPORT_H
#define S3HLS_RECORD_REPORT_H

#include "deliver/outbox.h"
#include "record/decision.h"

/* Report why segments from this one on do not decode on their own; see s3hls__decide_report(). */
void s3hls__report_dependent(const s3hls_env *env, s3hls__outbox *box, s3hls__decider *d,
                             s3hls_segment_entry entry);

/* Report that the newest GOP does not fit the pool; see s3hls__decide_pool(). */
void s3hls__report_pool(const s3hls_env *env, s3hls__outbox *box, s3hls__decider *d,
                        uint64_t pool_bytes);

#endif
