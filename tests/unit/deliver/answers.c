/* SPDX-License-Identifier: MIT-0 */
/* What a recorder does about a server's answers. */
#include "world.h"

#include "../s3/canned_server.h"
#include <curl/curl.h>
#include <netdb.h>

#define ANSWER(status, headers, body)                                                              \
    "HTTP/1.1 " status "\r\n" headers "Connection: close\r\n\r\n" body
#define ERROR_BODY(code) "<Error><Code>" code "</Code><Message>Said so</Message></Error>"
#define GOOD                                                                                       \
    { .answer = ANSWER("200 OK", "Content-Length: 0\r\nETag: \"x-1\"\r\n", ""), .close = true }

typedef struct studio {
    world *w;
    canned_server *server;
    s3hls_credentials_provider *keys;
    s3hls_uploader *uploader;
    s3hls_recorder_config cfg;
    s3hls_recorder *r;
    h264_gen gen;
} studio;

static studio open_studio(const canned *script, size_t count) {
    studio t = {.w = world_open(), .server = calloc(1, sizeof *t.server), .gen = camera()};
    s3hls_uploader_config u;
    canned_start(t.server, script, count);
    s3hls_credentials_open_static(&t.keys, &(s3hls_credentials){"ID", "SECRET", NULL, 0},
                                  &t.w->env);
    s3hls_uploader_config_init(&u);
    u.no_thread = 1;
    u.max_in_flight = 1;
    u.retry_first_ms = 1;
    u.retry_max_ms = 20;
    u.env = &t.w->env;
    assert_int_equal(s3hls_uploader_open(&t.uploader, &u), S3HLS_OK);
    t.cfg = config(t.w);
    t.cfg.destination = "s3://bucket/cam";
    t.cfg.s3.endpoint = t.server->endpoint;
    t.cfg.s3.credentials = t.keys;
    t.cfg.uploader = t.uploader;
    t.cfg.on_event = note_event;
    t.cfg.event_ctx = t.w;
    return t;
}

static void open_camera(studio *t) {
    assert_int_equal(s3hls_recorder_open(&t->r, &t->cfg), S3HLS_OK);
}

/* So many segments of 4 s, and the frame that ends the last. */
static void record(studio *t, int segments) {
    for (int i = 0; i < segments * 100; i++, t->w->passed_us += 40000)
        assert_int_equal(put(t->r, &t->gen), S3HLS_OK);
    s3hls_recorder_cut(t->r);
}

static void free_studio(studio *t) {
    s3hls_uploader_close(&t->uploader);
    s3hls_credentials_close(&t->keys);
    canned_stop(t->server);
    free(t->server);
    world_close(t->w);
}

static void close_studio(studio *t) {
    s3hls_recorder_stats s;
    assert_int_equal(s3hls_recorder_close_stats(&t->r, 5000, &s), S3HLS_OK);
    assert_int_equal(s.segments_accepted, s.segments_delivered);
    free_studio(t);
}

static bool is_request(const studio *t, int n, const char *method, const char *in_path) {
    const canned_request *r = &t->server->requests[n];
    const char *found = strstr(r->head, in_path);
    return strncmp(r->head, method, strlen(method)) == 0 && found && found < strchr(r->head, '\r');
}

#define STUDIO(t, ...)                                                                             \
    const canned t##_script[] = {__VA_ARGS__};                                                     \
    studio t = open_studio(t##_script, sizeof t##_script / sizeof *t##_script)

/* A name server that does not answer: libcurl asks it in a thread of its own. */
__attribute__((visibility("default"))) int getaddrinfo(const char *host, const char *port,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **out) {
    (void)host, (void)port, (void)hints, (void)out;
    sleep(8);
    return EAI_AGAIN;
}

static int64_t real_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- */

static void close_does_not_wait_for_a_name(void **state) {
    (void)state;
    if (curl_version_info(CURLVERSION_NOW)->version_num < 0x075700) {
        print_message("SKIPPED: libcurl before 7.87 waits for a name server\n");
        skip();
    }
    for (int thread = 0; thread < 2; thread++) {
        STUDIO(t, GOOD);
        s3hls_recorder_stats s;
        t.cfg.s3.endpoint = "http://nobody.invalid";
        t.cfg.uploader = NULL;
        t.cfg.no_thread = !thread;
        open_camera(&t);
        record(&t, 2);
        int64_t begun_ms = real_ms();
        assert_int_equal(s3hls_recorder_close_stats(&t.r, 200, &s), S3HLS_E_UNDELIVERED);
        assert_in_range(real_ms() - begun_ms, 100, 4000);
        assert_int_equal(s.segments_dropped, 2);
        free_studio(&t);
    }
}

static void an_earlier_put_whose_answer_was_lost_is_recognised(void **state) {
    (void)state;
    char head[256];
    STUDIO(t, GOOD, {.close = true}, {.answer = ANSWER("412 No", "", ""), .close = true},
           {.answer = head, .close = true});
    t.cfg.object.no_overwrite = 1;
    open_camera(&t);
    record(&t, 1);
    put(t.r, &t.gen);
    snprintf(head, sizeof head, ANSWER("200 OK", "Content-Length: %u\r\nETag: \"x-1\"\r\n", ""),
             (unsigned)stats_of(t.r).bytes_accepted);
    s3hls_uploader_step(t.uploader, 0);
    for (int i = 0; i < 1000 && stats_of(t.r).segments_delivered < 1; i++)
        s3hls_uploader_step(t.uploader, 10);
    assert_int_equal(stats_of(t.r).segments_delivered, 1);
    assert_int_equal(t.server->request_count, 4);
    assert_true(is_request(&t, 1, "PUT", "/bucket/cam/2026/"));
    assert_string_equal(canned_header(&t.server->requests[1], "if-none-match"), "*");
    assert_null(canned_header(&t.server->requests[0], "if-none-match")); /* a timeline's object */
    assert_true(is_request(&t, 3, "HEAD", "/bucket/cam/2026/"));
    assert_int_equal(events_of(t.w, "held"), 0);
    t.server->script[4] = t.server->script[0];
    for (int i = 4; i < CANNED_MAX; i++)
        t.server->script[i] = t.server->script[0];
    close_studio(&t);
}

static void another_object_of_that_key_holds_up_nobody_else(void **state) {
    (void)state;
    STUDIO(
        t, GOOD, {.answer = ANSWER("412 No", "", ""), .close = true},
        {.answer = ANSWER("200 OK", "Content-Length: 1\r\nETag: \"x-1\"\r\n", ""), .close = true},
        GOOD);
    t.cfg.object.no_overwrite = 1;
    open_camera(&t);
    record(&t, 3);
    for (int i = 0; i < 1000 && t.server->request_count < 4; i++)
        s3hls_uploader_step(t.uploader, 10);
    assert_true(is_request(&t, 1, "PUT", "/2026/06/30/12/00/00."));
    assert_true(is_request(&t, 3, "PUT", "/2026/06/30/12/00/04.")); /* the next one meanwhile */
    assert_int_equal(events_of(t.w, "held"), 1);
    assert_int_equal(stats_of(t.r).last_error.status, S3HLS_E_EXISTS);
    close_studio(&t); /* in the end it was accepted after all */
}

/* Each segment is refused for itself, for minutes: with a spool nothing is lost by it. */
static void what_is_refused_waits_in_the_spool(void **state) {
    (void)state;
    static const char *const refusals[] = {
        ANSWER("413 Too Large", "", ""),
        ANSWER("400 Bad Request", "", ERROR_BODY("EntityTooLarge")),
        ANSWER("400 Bad Request", "", ERROR_BODY("InvalidArgument")), ANSWER("412 No", "", ""),
        ANSWER("411 Length Required", "", "")};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        STUDIO(t, GOOD, {.answer = refusals[i], .close = true});
        s3hls_uploader_config u;
        s3hls_uploader_close(&t.uploader);
        s3hls_uploader_config_init(&u);
        u.no_thread = 1;
        u.pool_bytes = 1 << 20;
        u.retry_first_ms = u.retry_max_ms = 600000; /* while they wait, memory fills up */
        u.env = &t.w->env;
        assert_int_equal(s3hls_uploader_open(&t.uploader, &u), S3HLS_OK);
        t.cfg.uploader = t.uploader;
        t.cfg.spool_dir = t.w->spool;
        t.cfg.spool_after_ms = 600000;
        t.gen.other_bytes = 3100; /* three segments fill the memory */
        t.cfg.object.no_overwrite = 1;
        open_camera(&t);
        for (int k = 0; k < 25 * 80; k++, t.w->passed_us += 40000) {
            assert_int_equal(put(t.r, &t.gen), S3HLS_OK);
            /* a segment has ended: it is tried, and refused */
            for (int n = 0; k % 100 == 0 && n < 500 && stats_of(t.r).segments_waiting; n++)
                s3hls_uploader_step(t.uploader, 2);
        }
        s3hls_recorder_stats s = stats_of(t.r);
        assert_int_equal(s.frames_dropped + s.segments_dropped, 0);
        assert_true(s.segments_spooled >= 18);
        t.server->always = &t_script[0];
        t.w->passed_us += INT64_C(1200) * 1000000;
        assert_int_equal(s3hls_recorder_drain(t.r, 20000), S3HLS_OK);
        close_studio(&t);
    }
}

static void what_somebody_has_to_mend_is_told_once_and_kept(void **state) {
    (void)state;
    canned denied = {
        .answer = ANSWER("403 Forbidden", "x-amz-request-id: REQ7\r\n", ERROR_BODY("AccessDenied")),
        .close = true};
    STUDIO(t, denied, denied, denied, GOOD);
    open_camera(&t);
    record(&t, 2);
    for (int i = 0; i < 1000 && t.server->request_count < 3; i++)
        s3hls_uploader_step(t.uploader, 10);
    s3hls_recorder_stats s = stats_of(t.r);
    assert_int_equal(events_of(t.w, "held"), 1);
    assert_string_equal(s.last_error.code, "AccessDenied");
    assert_string_equal(s.last_error.request_id, "REQ7");
    assert_true(s.last_error_us > 0);
    assert_int_equal(s.segments_waiting, 1);
    assert_int_equal(s3hls_recorder_drain(t.r, 5000), S3HLS_OK);
    assert_int_equal(events_of(t.w, "recovered"), 1);
    assert_int_equal(stats_of(t.r).retries_by[S3HLS_CAUSE_ACCESS], 3);
    close_studio(&t);
}

/* The bucket was removed and made again: its first object is the timeline's. */
static void a_new_bucket_gets_the_timelines_object_first(void **state) {
    (void)state;
    STUDIO(t, GOOD, GOOD,
           {.answer = ANSWER("404 Not Found", "", ERROR_BODY("NoSuchBucket")), .close = true},
           GOOD);
    open_camera(&t);
    record(&t, 3);
    for (int i = 0; i < 1000 && t.server->request_count < 5; i++)
        s3hls_uploader_step(t.uploader, 10);
    assert_true(is_request(&t, 2, "PUT", "/2026/06/30/12/00/04."));
    assert_true(is_request(&t, 3, "PUT", "/timelines/"));
    assert_true(is_request(&t, 4, "PUT", "/2026/06/30/12/00/04."));
    assert_string_equal(t.server->requests[3].body, t.server->requests[0].body);
    close_studio(&t);
}

static void who_is_asked_to_slow_down_does(void **state) {
    (void)state;
    canned busy = {.answer = ANSWER("503 Slow Down", "", ERROR_BODY("SlowDown")), .close = true};
    STUDIO(t, GOOD, busy, busy, busy, GOOD);
    open_camera(&t);
    record(&t, 3);
    assert_int_equal(s3hls_recorder_drain(t.r, 5000), S3HLS_OK);
    s3hls_recorder_stats s = stats_of(t.r);
    assert_int_equal(s.retries_by[S3HLS_CAUSE_THROTTLED], 3);
    assert_int_equal(s.retries, 3);
    assert_int_equal(events_of(t.w, "failing"), 1);
    assert_int_equal(events_of(t.w, "recovered"), 1);
    assert_int_equal(t.server->request_count, 7); /* one try at a time while it fails */
    close_studio(&t);
}

static void without_a_clock_the_store_is_asked(void **state) {
    (void)state;
    STUDIO(t,
           {.answer = ANSWER("404 Not Found", "Date: Tue, 30 Jun 2026 12:00:00 GMT\r\n", ""),
            .close = true},
           GOOD);
    t.w->wall_us = 5000000; /* 1970 */
    open_camera(&t);
    record(&t, 2);
    assert_int_equal(s3hls_recorder_drain(t.r, 5000), S3HLS_OK);
    assert_true(is_request(&t, 0, "HEAD", "/bucket/cam/"));
    assert_true(is_request(&t, 1, "PUT", "/bucket/cam/2026/06/30/1"));
    assert_memory_equal(canned_header(&t.server->requests[1], "x-amz-date"), "20260630T12000", 14);
    assert_int_equal(events_of(t.w, "clock"), 1);
    assert_in_range(stats_of(t.r).clock_offset_ms, INT64_C(1782820000000), INT64_C(1782830000000));
    close_studio(&t);
}

/* Silence in the middle: the store is asked on another connection, and answers. */
static void a_stalled_upload_is_begun_anew_where_that_helps(void **state) {
    (void)state;
    STUDIO(t, GOOD, {.answer = NULL}, {.answer = ANSWER("404 Not Found", "", ""), .close = true},
           GOOD);
    open_camera(&t);
    record(&t, 2);
    for (int i = 0; i < 1000 && t.server->request_count < 2; i++)
        s3hls_uploader_step(t.uploader, 10);
    for (int i = 0; i < 20; i++)
        s3hls_uploader_step(t.uploader, 1);
    assert_int_equal(t.server->request_count, 2); /* patience */
    t.w->passed_us += 30000000;
    assert_int_equal(s3hls_recorder_drain(t.r, 5000), S3HLS_OK);
    assert_true(is_request(&t, 2, "HEAD", "/bucket/cam/"));
    assert_int_equal(stats_of(t.r).retries_by[S3HLS_CAUSE_NETWORK], 1);
    assert_non_null(strstr(t.w->lines, "no byte moved for 30 s"));
    close_studio(&t);
}

static void objects_get_what_was_asked_for(void **state) {
    (void)state;
    const s3hls_pair tags[] = {{"camera", "front door"}, {"a/b", "+&="}}, meta[] = {{"site", "x"}};
    STUDIO(t, GOOD);
    t.cfg.object = (s3hls_object_options){.tags = tags,
                                          .tag_count = 2,
                                          .metadata = meta,
                                          .metadata_count = 1,
                                          .storage_class = "STANDARD_IA",
                                          .encryption = "aws:kms",
                                          .kms_key_id = "arn:aws:kms:x"};
    open_camera(&t);
    record(&t, 2);
    assert_int_equal(s3hls_recorder_drain(t.r, 5000), S3HLS_OK);
    const canned_request *r = &t.server->requests[1];
    assert_string_equal(canned_header(r, "x-amz-tagging"), "camera=front%20door&a%2Fb=%2B%26%3D");
    assert_string_equal(canned_header(r, "x-amz-meta-site"), "x");
    assert_string_equal(canned_header(r, "x-amz-storage-class"), "STANDARD_IA");
    assert_string_equal(canned_header(r, "x-amz-server-side-encryption"), "aws:kms");
    assert_string_equal(canned_header(r, "x-amz-server-side-encryption-aws-kms-key-id"),
                        "arn:aws:kms:x");
    close_studio(&t);
}

/* A key, its secret and its token go together, whenever they are replaced. */
static void keys_are_replaced_while_uploads_run(void **state) {
    (void)state;
    STUDIO(t, GOOD);
    static const s3hls_credentials sets[2] = {{"IDa", "SECRET", "TOKENa", 0},
                                              {"IDb", "SECRET", "TOKENb", 0}};
    t.cfg.uploader = NULL;
    t.cfg.no_thread = 0;
    t.cfg.on_event = NULL; /* what it notes is one thread's */
    s3hls_credentials_set(t.keys, &sets[0]);
    open_camera(&t);
    for (int i = 0; i < 600; i++, t.w->passed_us += 40000) {
        assert_int_equal(put(t.r, &t.gen), S3HLS_OK);
        for (int n = 0; n < 10; n++)
            s3hls_credentials_set(t.keys, &sets[(i + n) & 1]);
        usleep(200);
    }
    assert_int_equal(s3hls_recorder_drain(t.r, 5000), S3HLS_OK);
    assert_in_range(t.server->request_count, 5, CANNED_MAX);
    for (int i = 0; i < t.server->request_count; i++) {
        const canned_request *r = &t.server->requests[i];
        const char *token = canned_header(r, "x-amz-security-token");
        assert_non_null(token);
        const char *id = token[5] == 'a' ? "Credential=IDa/" : "Credential=IDb/";
        assert_non_null(strstr(canned_header(r, "authorization"), id));
    }
    close_studio(&t);
}

/* A clock in which an hour passes at each look. */
static int64_t fast_us(void *ctx) {
    world *w = ctx;
    w->passed_us += INT64_C(3600) * 1000000;
    return world_monotonic_us(ctx);
}

static void a_deadline_is_one_of_the_clock_that_was_given(void **state) {
    (void)state;
    for (int thread = 0; thread < 2; thread++) {
        STUDIO(t, {.answer = ANSWER("503 Slow Down", "", ERROR_BODY("SlowDown")), .close = true});
        s3hls_env env = t.w->env;
        env.monotonic_us = fast_us;
        t.cfg.uploader = NULL;
        t.cfg.no_thread = !thread;
        t.cfg.env = &env;
        open_camera(&t);
        record(&t, 1);
        put(t.r, &t.gen);
        int64_t begun_ms = real_ms();
        assert_int_equal(s3hls_recorder_drain(t.r, 3600000), S3HLS_E_UNDELIVERED);
        assert_in_range(real_ms() - begun_ms, 0, 5000);
        s3hls_recorder_close(&t.r, 0);
        free_studio(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(close_does_not_wait_for_a_name),
        cmocka_unit_test(an_earlier_put_whose_answer_was_lost_is_recognised),
        cmocka_unit_test(another_object_of_that_key_holds_up_nobody_else),
        cmocka_unit_test(what_is_refused_waits_in_the_spool),
        cmocka_unit_test(what_somebody_has_to_mend_is_told_once_and_kept),
        cmocka_unit_test(a_new_bucket_gets_the_timelines_object_first),
        cmocka_unit_test(who_is_asked_to_slow_down_does),
        cmocka_unit_test(without_a_clock_the_store_is_asked),
        cmocka_unit_test(a_stalled_upload_is_begun_anew_where_that_helps),
        cmocka_unit_test(objects_get_what_was_asked_for),
        cmocka_unit_test(a_deadline_is_one_of_the_clock_that_was_given),
        cmocka_unit_test(keys_are_replaced_while_uploads_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
