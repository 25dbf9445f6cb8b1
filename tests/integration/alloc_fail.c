/* SPDX-License-Identifier: MIT-0 */
/* alloc_fail CERTIFICATES: memory runs out at each moment of all that is done with a store, over
 * TLS: for one allocation alone, for all from one on until something was tried, and to the end. A
 * status each time, nothing leaks, nothing hangs, the ledger closes, and what was accepted while
 * there was none is delivered when there is memory again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing_memory.h"
#include "h264_gen.h"
#include "ledger.h"
#include "tls_server.h"
#include <expat.h>
#include <jansson.h>
#include <s3hls/archive.h>
#include <s3hls/playlist.h>
#include <s3hls/s3hls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STATUSES = 64 };

static tls_server server;
static const char *certificates;
static char ca_file[512], spool[512];
static int64_t patience_us = 1000000; /* for OpenSSL's in one scenario in one mode */
static const s3hls_env env = {.reallocate = reallocate};

/* In place of expat's own. */
XML_Parser XML_ParserCreate(const XML_Char *encoding) {
    static const XML_Memory_Handling_Suite suite = {get, change, give};
    return XML_ParserCreate_MM(encoding, &suite, NULL);
}

static bool install_memory(void) {
    json_set_alloc_funcs(get, give);
    return fail_memory_of_all();
}

/* ---- one scenario, again and again */

/* What is done with a store. to_the_end: memory does not come back before it is over. @return the
 * status that ended it. */
typedef int (*scenario)(bool to_the_end);

typedef enum failure { ONCE, UNTIL_TRIED, TO_THE_END } failure;

static void finish_run(void) {
    until_failure = -1;
    OPENSSL_thread_stop(); /* what OpenSSL remembers of errors */
}

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

typedef struct extent {
    long allocations, kept; /* of a run without failures; what libraries keep for ever */
} extent;

static extent measure(scenario run) {
    extent e = {0, 0};
    for (int i = 0; i < 4; i++) { /* the first leaves something behind, some meet a 503 */
        long before = asked;
        assert_int_equal(run(false), S3HLS_OK);
        finish_run();
        e.allocations = i && asked - before > e.allocations ? asked - before : e.allocations;
        e.kept = out;
    }
    return e;
}

/* libcurl and jansson have other words for some of it, OpenSSL for all. */
static bool may_end_so(int rc) {
    switch (rc) {
    case S3HLS_OK:
    case S3HLS_E_NOMEM:
    case S3HLS_E_CREDENTIALS: /* they could not be fetched */
    case S3HLS_E_UNDELIVERED: /* memory did not come back */
    case S3HLS_E_RESOLVE:
    case S3HLS_E_PROTOCOL:
    case S3HLS_E_MALFORMED:
    case S3HLS_E_NETWORK: /* a busy machine is slower than the time-outs, too */
        return true;
    case S3HLS_E_TLS:
        return !spare_crypto;
    default:
        return false;
    }
}

/* Without OpenSSL's each in turn; with them as many as there is time for, spread evenly (golden
 * section). */
static long choose(long i, long all) {
    return spare_crypto ? i : (long)((double)i * 0.6180339887498949 * (double)all) % all;
}

static void print_statuses(const char *what, const long *seen, long all) {
    long runs = 0;
    for (int i = 0; i < STATUSES; i++)
        runs += seen[i];
    print_message("%s: %ld of %ld allocations:", what, runs, all);
    for (int i = 0; i < STATUSES; i++)
        if (seen[i])
            print_message(" %s %ld", s3hls_status_name(-i), seen[i]);
    print_message("\n");
}

static void fail_each(const char *name, scenario run, failure how) {
    static const char *const modes[] = {"once", "until tried", "to the end"};
    char what[64];
    snprintf(what, sizeof what, "%s, %s, %s", name, modes[how],
             spare_crypto ? "but for OpenSSL's" : "all");
    extent e = measure(run);
    long seen[STATUSES] = {0};
    int64_t end_us = spare_crypto ? INT64_MAX : now_us() + patience_us;
    for (long i = 0; i < e.allocations && now_us() < end_us; i++) {
        long n = choose(i, e.allocations);
        stays_away = how != ONCE;
        until_failure = n;
        int rc = run(how == TO_THE_END);
        finish_run();
        if (!may_end_so(rc))
            fail_msg("%s, allocation %ld of %ld: %d", what, n, e.allocations, rc);
        seen[-rc]++;
        if (out != e.kept)
            fail_msg("%s, allocation %ld of %ld: %ld not given back", what, n, e.allocations,
                     out - e.kept);
    }
    assert_int_equal(run(false), S3HLS_OK); /* nothing is broken for good */
    finish_run();
    print_statuses(what, seen, e.allocations);
    assert_true(!spare_crypto || seen[-S3HLS_E_NOMEM] > 0);
}

static void fail_each_way(const char *name, scenario run) {
    for (int i = 0; i < 2; i++) {
        spare_crypto = i == 0;
        fail_each(name, run, ONCE);
        fail_each(name, run, TO_THE_END);
    }
}

static s3hls_s3_options how_to_reach(s3hls_credentials_provider *keys) {
    return (s3hls_s3_options){
        .endpoint = server.endpoint,
        .ca_file = ca_file,
        .credentials = keys,
        /* libcurl spins where OpenSSL has no memory to read into, until one of these has passed */
        .connect_timeout_ms = 200,
        .stall_timeout_ms = 1000,
    };
}

static int open_keys(s3hls_credentials_provider **keys) {
    return s3hls_credentials_open_static(keys, &(s3hls_credentials){"ID", "SECRET", NULL, 0}, &env);
}

/* ---- the client */

static int take(void *ctx, const uint8_t *data, size_t size) {
    (void)data;
    *(size_t *)ctx += size;
    return 0;
}

static int count(void *ctx, const s3hls_s3_object *object) {
    *(size_t *)ctx += object->size == 1000;
    return 0;
}

/* Every call of the client that no failure has ended, each with a whole result or a status. */
static int use_client(s3hls_s3 *client) {
    size_t got = 0, listed = 0;
    s3hls_s3_object object;
    char *url = NULL;
    uint8_t body[1000] = {0};
    int rc = s3hls_s3_put(client, "a", &(s3hls_span){body, sizeof body}, 1, NULL, NULL);
    if (rc == S3HLS_E_THROTTLED)
        rc = S3HLS_OK;
    if (!rc)
        rc = s3hls_s3_get(client, "a", 0, UINT64_MAX, take, &got, NULL);
    if (!rc)
        rc = got ? s3hls_s3_head(client, "a", &object, NULL) : 1;
    if (!rc)
        rc = s3hls_s3_list(client, "cam/", NULL, count, &listed, NULL);
    if (!rc)
        rc = listed == 3 ? s3hls_s3_remove(client, "a", NULL) : 1;
    if (!rc) /* it is gone indeed */
        rc = s3hls_s3_head(client, "a", &object, NULL);
    if (rc == S3HLS_E_NOT_FOUND)
        rc = S3HLS_OK;
    else if (!rc)
        rc = 1;
    if (!rc)
        rc = s3hls_s3_presign(client, "GET", "a", 60, &url);
    if (!rc && !url)
        rc = 1;
    s3hls_free(&env, url);
    return rc;
}

static int run_client(bool to_the_end) {
    s3hls_credentials_provider *keys = NULL;
    s3hls_s3 *client = NULL;
    (void)to_the_end;
    int rc = open_keys(&keys);
    s3hls_s3_options options = how_to_reach(keys);
    if (!rc)
        rc = s3hls_s3_open(&client, "recordings", &options, &env);
    if (!rc)
        rc = use_client(client);
    s3hls_s3_close(&client);
    s3hls_credentials_close(&keys);
    return rc;
}

static void of_a_client(void **state) {
    (void)state;
    fail_each_way("client", run_client);
}

/* ---- reading back */

static int use_archive(s3hls_archive *archive) {
    static const int64_t noon_ms = INT64_C(1782820800000); /* 2026-06-30T12:00:00Z */
    s3hls_segment_list list;
    s3hls_timeline timeline;
    s3hls_playlist_config cfg;
    char *text = NULL;
    int rc = s3hls_archive_list(archive, noon_ms, noon_ms + 60000, &list, NULL);
    if (rc)
        return rc;
    s3hls_playlist_config_init(&cfg);
    cfg.env = &env;
    rc = list.count == 3 ? s3hls_archive_timeline(archive, 1, &timeline, NULL) : 1;
    if (!rc)
        rc = s3hls_playlist_write(&cfg, list.segments, list.count, &text, NULL);
    s3hls_free(&env, text);
    s3hls_segment_list_deinit(&list, &env);
    return rc;
}

static int run_archive(bool to_the_end) {
    s3hls_credentials_provider *keys = NULL;
    s3hls_archive *archive = NULL;
    (void)to_the_end;
    int rc = open_keys(&keys);
    s3hls_s3_options options = how_to_reach(keys);
    if (!rc)
        rc = s3hls_archive_open(&archive, "s3://recordings/cam", &options, &env);
    if (!rc)
        rc = use_archive(archive);
    s3hls_archive_close(&archive);
    s3hls_credentials_close(&keys);
    return rc;
}

static void of_an_archive(void **state) {
    (void)state;
    fail_each_way("archive", run_archive);
}

/* ---- keys by a device's certificate, and others when they have ended */

static _Atomic int64_t ahead_us; /* of the system's clock */

static int64_t later_us(void *ctx) {
    (void)ctx;
    return now_us() + ahead_us;
}

/* The keys end with the first request; others are asked for once some seconds have passed. */
static int outlive_keys(s3hls_s3 *client) {
    s3hls_s3_object object;
    size_t got = 0;
    int rc = s3hls_s3_put(client, "a", NULL, 0, NULL, NULL);
    if (!rc || rc == S3HLS_E_THROTTLED)
        rc = s3hls_s3_head(client, "a", &object, NULL);
    ahead_us += INT64_C(10000000);
    return rc ? rc : s3hls_s3_get(client, "a", 0, UINT64_MAX, take, &got, NULL);
}

static int run_keys(bool to_the_end) {
    char certificate[512], key[512];
    s3hls_env moved = env;
    s3hls_credentials_provider *keys = NULL;
    s3hls_s3 *client = NULL;
    (void)to_the_end;
    moved.monotonic_us = later_us;
    snprintf(certificate, sizeof certificate, "%s/server.pem", certificates);
    snprintf(key, sizeof key, "%s/server.key", certificates);
    s3hls_iot_options iot = {.endpoint = server.endpoint + strlen("https://"),
                             .role_alias = "camera",
                             .thing_name = "cam-1",
                             .certificate = certificate,
                             .key = key,
                             .ca_file = ca_file,
                             .timeout_ms = 500};
    int rc = s3hls_credentials_open_iot(&keys, &iot, &moved);
    s3hls_s3_options options = how_to_reach(keys);
    if (!rc)
        rc = s3hls_s3_open(&client, "recordings", &options, &env);
    if (!rc)
        rc = outlive_keys(client);
    s3hls_s3_close(&client);
    s3hls_credentials_close(&keys);
    return rc;
}

static void of_keys_that_are_fetched(void **state) {
    (void)state;
    fail_each_way("keys", run_keys);
}

/* ---- a recording */

static void put_pictures(s3hls_recorder *recorder) {
    static uint8_t bytes[1 << 16];
    h264_gen camera = {
        .width = 320, .height = 240, .gop = 25, .key_bytes = 9000, .other_bytes = 900};
    for (int i = 0; i < 25 * 3; i++) {
        s3hls_frame frame = {.data = bytes, .pts_us = i * INT64_C(40000)};
        frame.size = h264_gen_next(&camera, bytes, sizeof bytes);
        assert_int_equal(s3hls_recorder_put_video(recorder, &frame), S3HLS_OK);
    }
}

static int open_recording(s3hls_credentials_provider **keys, s3hls_uploader **uploader,
                          s3hls_recorder **recorder, const char *spool_dir) {
    s3hls_uploader_config u;
    s3hls_recorder_config r;
    int rc = open_keys(keys);
    s3hls_uploader_config_init(&u);
    u.no_thread = 1;
    u.retry_first_ms = u.retry_max_ms = 1;
    u.pool_bytes = 1 << 20;
    u.env = &env;
    if (!rc)
        rc = s3hls_uploader_open(uploader, &u);
    s3hls_recorder_config_init(&r);
    r.destination = "s3://recordings/cam";
    r.uploader = *uploader;
    r.s3 = how_to_reach(*keys);
    r.frame_rate_num = 25;
    r.segment_duration_ms = 2000;
    r.spool_dir = spool_dir;
    r.spool_after_ms = 0;
    r.env = &env;
    return rc ? rc : s3hls_recorder_open(recorder, &r);
}

/* All that was accepted is delivered once there is memory; with none to the end it is delivered,
 * in the spool, or told as lost. */
static int end_recording(s3hls_uploader *uploader, s3hls_recorder **recorder, bool to_the_end) {
    s3hls_recorder_stats stats;
    for (int i = 0; i < 8; i++) {
        s3hls_uploader_step(uploader, 2);
        s3hls_recorder_get_stats(*recorder, &stats);
        assert_ledger_closes(&stats);
    }
    if (!to_the_end) {
        until_failure = -1;
        assert_int_equal(s3hls_recorder_drain(*recorder, 10000), S3HLS_OK);
    }
    int rc = s3hls_recorder_close_stats(recorder, 5, &stats);
    assert_ledger_closes(&stats);
    assert_int_equal(stats.segments_waiting, 0);
    assert_true(stats.segments_accepted >= 2);
    if (rc == S3HLS_OK)
        assert_int_equal(stats.segments_accepted,
                         stats.segments_delivered + stats.segments_spooled);
    if (!to_the_end)
        assert_int_equal(stats.segments_delivered, stats.segments_accepted);
    return rc;
}

static int run_recording_over(const char *spool_dir, bool to_the_end) {
    s3hls_credentials_provider *keys = NULL;
    s3hls_uploader *uploader = NULL;
    s3hls_recorder *recorder = NULL;
    int rc = open_recording(&keys, &uploader, &recorder, spool_dir);
    if (!rc) {
        put_pictures(recorder);
        rc = end_recording(uploader, &recorder, to_the_end);
    }
    assert_null(recorder);
    s3hls_uploader_close(&uploader);
    s3hls_credentials_close(&keys);
    return rc;
}

static int run_recording(bool to_the_end) {
    return run_recording_over(NULL, to_the_end);
}

static int run_recording_with_a_spool(bool to_the_end) {
    return run_recording_over(spool, to_the_end);
}

static void of_a_recording(void **state) {
    (void)state;
    fail_each_way("recording", run_recording);
    fail_each("recording", run_recording, UNTIL_TRIED);
}

static void of_a_recording_with_a_spool(void **state) {
    (void)state;
    fail_each_way("recording, spool", run_recording_with_a_spool);
    fail_each("recording, spool", run_recording_with_a_spool, UNTIL_TRIED);
}

/* ---- */

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_client),
        cmocka_unit_test(of_an_archive),
        cmocka_unit_test(of_keys_that_are_fetched),
        cmocka_unit_test(of_a_recording),
        cmocka_unit_test(of_a_recording_with_a_spool),
    };
    if (argc != 2)
        return 2;
    if (getenv("S3HLS_ALLOC_SECONDS"))
        patience_us = atol(getenv("S3HLS_ALLOC_SECONDS")) * INT64_C(1000000);
    certificates = argv[1];
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", certificates);
    snprintf(spool, sizeof spool, "%s/spool", certificates);
    char other[512]; /* the system's authorities: one, that did not sign the server's */
    snprintf(other, sizeof other, "%s/other.pem", certificates);
    setenv("SSL_CERT_FILE", other, 1);
    if (!install_memory())
        return 1;
    tls_server_start(&server, certificates);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    tls_server_stop(&server);
    return rc;
}
