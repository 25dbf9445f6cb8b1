/* SPDX-License-Identifier: MIT-0 */
/* The account of every segment: what was accepted is delivered, in the spool, waits, or was
 * dropped; in segments and in bytes. */
#ifndef S3HLS_TESTS_SUPPORT_LEDGER_H
#define S3HLS_TESTS_SUPPORT_LEDGER_H

#include "s3hls/recorder.h"
#include <stdbool.h>

static inline bool ledger_closes(const s3hls_recorder_stats *s) {
    return s->segments_accepted == s->segments_delivered + s->segments_spooled +
                                       s->segments_waiting + s->segments_dropped &&
           s->bytes_accepted ==
               s->bytes_delivered + s->bytes_spooled + s->bytes_waiting + s->bytes_dropped;
}

/* For tests with cmocka. */
#define assert_ledger_closes(stats) assert_true(ledger_closes(stats))

#endif
