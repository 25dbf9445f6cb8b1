/* SPDX-License-Identifier: MIT-0 */
#include "deliver/ledger.h"
#include <sched.h>

static void add(s3hls__ledger *l, s3hls__ledger_state to, uint64_t bytes) {
    l->segments[to]++;
    l->bytes[to] += bytes;
}

static void subtract(s3hls__ledger *l, s3hls__ledger_state from, uint64_t bytes) {
    l->segments[from]--;
    l->bytes[from] -= bytes;
}

void s3hls__ledger_move(s3hls__ledger *l, s3hls__ledger_state from, s3hls__ledger_state to,
                        uint64_t bytes) {
    subtract(l, from, bytes);
    add(l, to, bytes);
}

void s3hls__ledger_drop(s3hls__ledger *l, s3hls__ledger_state from, uint64_t bytes, uint32_t gops) {
    s3hls__ledger_move(l, from, S3HLS__DROPPED, bytes);
    l->gops_dropped += gops;
}

void s3hls__ledger_accept(s3hls__ledger *l, uint64_t bytes) {
    l->version++;
    l->accepted++;
    l->bytes_accepted += bytes;
    add(l, S3HLS__WAITING, bytes);
    l->version++;
}

void s3hls__ledger_evict(s3hls__ledger *l, uint64_t bytes, uint32_t gops) {
    l->version++;
    s3hls__ledger_drop(l, S3HLS__WAITING, bytes, gops);
    l->version++;
}

void s3hls__ledger_recover(s3hls__ledger *l, uint64_t bytes, bool whole) {
    bytes = whole ? bytes : 0;
    l->accepted++;
    l->recovered++;
    l->bytes_accepted += bytes;
    add(l, whole ? S3HLS__SPOOLED : S3HLS__DROPPED, bytes);
}

void s3hls__ledger_merge(s3hls__ledger *l, uint64_t bytes) {
    l->accepted--;
    l->recovered -= l->recovered > 0;
    l->bytes_accepted -= bytes;
    subtract(l, S3HLS__WAITING, bytes);
}

static void read_once(const s3hls__ledger *l, s3hls_recorder_stats *s) {
    s->segments_accepted = l->accepted;
    s->segments_waiting = l->segments[S3HLS__WAITING];
    s->segments_spooled = l->segments[S3HLS__SPOOLED];
    s->segments_delivered = l->segments[S3HLS__DELIVERED];
    s->segments_dropped = l->segments[S3HLS__DROPPED];
    s->segments_recovered = l->recovered;
    s->gops_dropped = l->gops_dropped;
    s->bytes_accepted = l->bytes_accepted;
    s->bytes_waiting = l->bytes[S3HLS__WAITING];
    s->bytes_spooled = l->bytes[S3HLS__SPOOLED];
    s->bytes_delivered = l->bytes[S3HLS__DELIVERED];
    s->bytes_dropped = l->bytes[S3HLS__DROPPED];
}

void s3hls__ledger_read(const s3hls__ledger *l, s3hls_recorder_stats *stats) {
    for (;; sched_yield()) {
        uint64_t version = l->version;
        read_once(l, stats);
        if (version % 2 == 0 && version == l->version)
            return;
    }
}
