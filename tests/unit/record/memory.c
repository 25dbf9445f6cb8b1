/* SPDX-License-Identifier: MIT-0 */
/* Memory runs out at any one moment, ours, libcurl's or OpenSSL's: a status each time, nothing
 * leaks, the ledger closes, and once there is memory again all of it is delivered. */
#include "world.h"

#include "../s3/canned_server.h"
#include "failing_memory.h"
#include "ledger.h"

/* ---- one recording, from open to close */

typedef struct run {
    world *w;
    canned_server *server;
    s3hls_env env;
    s3hls_recorder_config cfg;
    s3hls_recorder_stats stats;
} run;

static void set_up(run *t) {
    static const canned good = {
        .answer = "HTTP/1.1 200 OK\r\nETag: \"x-1\"\r\nContent-Length: 0\r\n\r\n"};
    *t = (run){.w = world_open(), .server = calloc(1, sizeof *t->server)};
    canned_start(t->server, &good, 1);
    t->env = (s3hls_env){.reallocate = reallocate};
    t->cfg = config(t->w);
    t->cfg.destination = "s3://bucket/cam";
    t->cfg.s3.endpoint = t->server->endpoint;
    t->cfg.spool_dir = t->w->spool;
    t->cfg.spool_after_ms = 0;
    t->cfg.env = &t->env;
}

static void tear_down(run *t) {
    canned_stop(t->server);
    free(t->server);
    world_close(t->w);
    OPENSSL_thread_stop(); /* what OpenSSL remembers of errors */
}

/* @return the status that ended it; S3HLS_OK: all that was accepted is delivered. */
static int record(run *t) {
    const s3hls_credentials keys = {"ID", "SECRET", NULL, 0};
    s3hls_uploader_config u;
    s3hls_recorder *r = NULL;
    h264_gen g = camera();
    int rc = s3hls_credentials_open_static(&t->cfg.s3.credentials, &keys, &t->env);
    s3hls_uploader_config_init(&u);
    u.no_thread = 1;
    u.retry_first_ms = u.retry_max_ms = 1;
    u.pool_bytes = 1 << 20;
    u.env = &t->env;
    if (!rc)
        rc = s3hls_uploader_open(&t->cfg.uploader, &u);
    if (!rc)
        rc = s3hls_recorder_open(&r, &t->cfg);
    for (int i = 0; !rc && i < 25 * 5; i++) {
        put(r, &g);
        if (i == 50)
            s3hls_recorder_set_tags(r, &(s3hls_pair){"a", "b"}, 1);
    }
    for (int i = 0; !rc && i < 3 && s3hls_recorder_drain(r, 500) == S3HLS_E_UNDELIVERED; i++)
        until_failure = -1;
    if (r) {
        s3hls_recorder_get_stats(r, &t->stats);
        assert_ledger_closes(&t->stats);
        rc = s3hls_recorder_close_stats(&r, 2000, &t->stats);
        assert_ledger_closes(&t->stats);
    }
    s3hls_uploader_close(&t->cfg.uploader);
    s3hls_credentials_close(&t->cfg.s3.credentials);
    return rc;
}

static void every_allocation_of_a_recording_may_fail(void **state) {
    (void)state;
    run t;
    set_up(&t); /* what libcurl and OpenSSL keep for ever is made first */
    assert_int_equal(record(&t), S3HLS_OK);
    tear_down(&t);
    long kept = out;
    asked = 0;
    set_up(&t);
    assert_int_equal(record(&t), S3HLS_OK);
    assert_int_equal(t.stats.segments_delivered, 2);
    tear_down(&t);
    assert_int_equal(out, kept);
    long all = asked, step = all / 1500 + 1, failed = 0;
    for (long n = 0; n < all; n += step) {
        set_up(&t);
        until_failure = n;
        int rc = record(&t);
        until_failure = -1;
        if (rc != S3HLS_OK && rc != S3HLS_E_NOMEM)
            fail_msg("allocation %ld of %ld: %s", n, all, s3hls_status_name(rc));
        if (rc == S3HLS_OK)
            assert_int_equal(t.stats.segments_accepted,
                             t.stats.segments_delivered + t.stats.segments_spooled);
        failed += rc != S3HLS_OK;
        tear_down(&t);
        if (out != kept)
            fail_msg("allocation %ld of %ld: %ld not given back", n, all, out - kept);
    }
    print_message("%ld allocations, every %ldth failed: %ld refused to open\n", all, step, failed);
    assert_in_range(failed, 1, all / step);
}

int main(void) {
    if (!fail_memory_of_all())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_recording_may_fail),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return rc;
}
