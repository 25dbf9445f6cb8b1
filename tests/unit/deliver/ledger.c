/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deliver/ledger.h"
#include <pthread.h>

enum { BYTES = 188, ROUNDS = 20000 };

static s3hls_recorder_stats read_ledger(const s3hls__ledger *l) {
    s3hls_recorder_stats s = {0};
    s3hls__ledger_read(l, &s);
    assert_int_equal(s.segments_accepted, s.segments_waiting + s.segments_spooled +
                                              s.segments_delivered + s.segments_dropped);
    assert_int_equal(s.bytes_accepted,
                     s.bytes_waiting + s.bytes_spooled + s.bytes_delivered + s.bytes_dropped);
    return s;
}

static void each_change_keeps_the_sum(void **state) {
    (void)state;
    s3hls__ledger l = {0};
    for (int i = 0; i < 5; i++)
        s3hls__ledger_accept(&l, BYTES);
    s3hls__ledger_evict(&l, BYTES, 2);
    s3hls__ledger_recover(&l, 1000, true);
    s3hls__ledger_recover(&l, 1000, false);
    s3hls__ledger_merge(&l, BYTES); /* one in memory is the recovered one */
    s3hls__ledger_move(&l, S3HLS__WAITING, S3HLS__DELIVERED, BYTES);
    s3hls__ledger_move(&l, S3HLS__WAITING, S3HLS__SPOOLED, BYTES);
    s3hls__ledger_drop(&l, S3HLS__SPOOLED, BYTES, 3);
    s3hls_recorder_stats s = read_ledger(&l);
    assert_int_equal(s.segments_accepted, 6);
    assert_int_equal(s.segments_recovered, 1);
    assert_int_equal(s.segments_waiting, 1);
    assert_int_equal(s.segments_spooled, 1);
    assert_int_equal(s.segments_delivered, 1);
    assert_int_equal(s.segments_dropped, 3); /* evicted, damaged, dropped from the spool */
    assert_int_equal(s.gops_dropped, 5);
    assert_int_equal(s.bytes_spooled, 1000);
    assert_int_equal(s.bytes_dropped, 2 * BYTES);
}

static void *accept_and_evict(void *l) {
    for (int i = 0; i < ROUNDS; i++) {
        s3hls__ledger_accept(l, BYTES);
        s3hls__ledger_accept(l, BYTES);
        s3hls__ledger_evict(l, BYTES, 1);
    }
    return NULL;
}

/* The reader has the lock that the uploader's thread would take. */
static void a_reader_sees_whole_changes_of_the_encoder(void **state) {
    (void)state;
    s3hls__ledger l = {0};
    pthread_t encoder;
    assert_int_equal(pthread_create(&encoder, NULL, accept_and_evict, &l), 0);
    while (read_ledger(&l).segments_accepted < 2 * ROUNDS)
        if (l.segments[S3HLS__WAITING] > 2)
            s3hls__ledger_move(&l, S3HLS__WAITING, S3HLS__DELIVERED, BYTES);
    pthread_join(encoder, NULL);
    assert_int_equal(read_ledger(&l).segments_dropped, ROUNDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_keeps_the_sum),
        cmocka_unit_test(a_reader_sees_whole_changes_of_the_encoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
