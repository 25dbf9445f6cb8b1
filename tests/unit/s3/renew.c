/* SPDX-License-Identifier: MIT-0 */
/* Keys that are fetched: by a function of the caller's, from a container's address, an instance's.
 */
#include "unit.h"

#include "canned_server.h"
#include "s3/credentials.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* ---- a source of numbered keys, and a clock that the test turns */

typedef struct source {
    world w;
    s3hls_env env;
    _Atomic int64_t passed_us;
    _Atomic int fetched, told_ok, told_failed;
    _Atomic int status; /* of the next fetches */
    _Atomic int life_s; /* 0: for ever */
    _Atomic bool slow;
    char id[32];
} source;

static int64_t monotonic_us(void *ctx) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 + ((source *)ctx)->passed_us;
}

static int64_t wall_us(void *ctx) {
    return INT64_C(1782820800) * 1000000 + ((source *)ctx)->passed_us;
}

static int fetch(void *ctx, s3hls_credentials *keys) {
    source *s = ctx;
    if (s->slow)
        usleep(200000);
    if (s->status)
        return s->status;
    snprintf(s->id, sizeof s->id, "AKID%d", ++s->fetched);
    *keys = (s3hls_credentials){s->id, "secret", "token",
                                s->life_s ? wall_us(s) / 1000000 + s->life_s : 0};
    return S3HLS_OK;
}

static void told(void *ctx, int status) {
    source *s = ctx;
    *(status ? &s->told_failed : &s->told_ok) += 1;
}

static s3hls_credentials_provider *open_source(source *s, int life_s) {
    s3hls_credentials_provider *p;
    memset(s, 0, sizeof *s);
    s->env = s3hls__env_resolve(
        &(s3hls_env){.ctx = s, .monotonic_us = monotonic_us, .wall_us = wall_us});
    s->life_s = life_s;
    assert_int_equal(s3hls_credentials_open_callback(&p, fetch, s, &s->env), S3HLS_OK);
    return p;
}

#define WAIT_FOR(condition)                                                                        \
    do {                                                                                           \
        for (int ms_ = 0; !(condition) && ms_ < 5000; ms_ += 5)                                    \
            usleep(5000);                                                                          \
        assert_true(condition);                                                                    \
    } while (0)

static const char *id_of(s3hls_credentials_provider *p) {
    static char id[S3HLS_ACCESS_KEY_MAX + 16];
    s3hls__keys keys;
    bool valid = s3hls__credentials_get(p, &keys) == S3HLS_OK;
    snprintf(id, sizeof id, "%s%s", valid ? "" : "expired ", keys.access_key_id);
    return id;
}

/* ---- */

static void keys_are_renewed_ahead_of_their_end(void **state) {
    (void)state;
    static source s; /* a thread may outlive a test that failed */
    s3hls_credentials_provider *p = open_source(&s, 3600);
    assert_int_equal(s3hls__credentials_wait(p, NULL, 5000), S3HLS_OK);
    assert_string_equal(id_of(p), "AKID1");
    s.passed_us += INT64_C(2990) * 1000000; /* ten minutes and a bit are left */
    usleep(50000);
    assert_int_equal(s.fetched, 1);
    s.passed_us += INT64_C(320) * 1000000; /* less than five */
    WAIT_FOR(s.fetched == 2);
    WAIT_FOR(strcmp(id_of(p), "AKID2") == 0);
    s3hls_credentials_info info;
    assert_int_equal(s3hls_credentials_describe(p, &info), S3HLS_OK);
    assert_true(info.temporary && info.expires_unix_s > 0);
    assert_string_equal(info.source, "the program's function");
    s3hls_credentials_close(&p);
}

static void the_old_ones_serve_until_they_end(void **state) {
    (void)state;
    static source s; /* a thread may outlive a test that failed */
    s3hls_credentials_provider *p = open_source(&s, 1000);
    assert_int_equal(s3hls__credentials_wait(p, NULL, 5000), S3HLS_OK);
    s.status = S3HLS_E_CONNECT;
    s.passed_us += INT64_C(990) * 1000000;
    s3hls__watch watch = {.fn = told, .ctx = &s};
    s3hls__credentials_watch(p, &watch);
    WAIT_FOR(s.told_failed > 0);
    assert_string_equal(id_of(p), "AKID1");
    s.passed_us += INT64_C(11) * 1000000;
    assert_string_equal(id_of(p), "expired AKID1");
    assert_int_not_equal(s3hls__credentials_wait(p, NULL, 10), S3HLS_OK);
    s.status = S3HLS_OK;
    s.passed_us += INT64_C(120) * 1000000; /* whatever back-off there was is over */
    WAIT_FOR(strcmp(id_of(p), "AKID2") == 0);
    WAIT_FOR(s.told_ok > 0);
    s3hls__credentials_unwatch(p, &watch);
    s3hls_credentials_close(&p);
}

static void refused_keys_are_fetched_anew_but_not_for_ever(void **state) {
    (void)state;
    static source s; /* a thread may outlive a test that failed */
    s3hls_credentials_provider *p = open_source(&s, 0);
    assert_int_equal(s3hls__credentials_wait(p, NULL, 5000), S3HLS_OK);
    assert_false(s3hls__credentials_refused(p, "AKID1"));
    assert_true(s3hls__credentials_refused(p, "AKID0")); /* others are here already */
    for (int i = 0; i < 50; i++, usleep(1000))
        s3hls__credentials_refused(p, "AKID1");
    assert_int_equal(s.fetched, 1); /* it is not five seconds ago */
    s.passed_us += 6000000;
    assert_int_equal(s3hls__credentials_wait(p, "AKID1", 5000), S3HLS_OK);
    assert_string_equal(id_of(p), "AKID2");
    s3hls_credentials_close(&p);
}

/* The clock may be wrong, and a server has the last word; but the source is not asked all the time.
 */
static void keys_that_had_ended_when_they_came_are_tried(void **state) {
    (void)state;
    static source s; /* a thread may outlive a test that failed */
    s3hls_credentials_provider *p = open_source(&s, -10);
    assert_int_equal(s3hls__credentials_wait(p, NULL, 5000), S3HLS_OK);
    usleep(100000);
    assert_int_equal(s.fetched, 1);
    assert_string_equal(id_of(p), "AKID1");
    s.life_s = 1;
    s.passed_us += 61 * INT64_C(1000000);
    WAIT_FOR(s.fetched == 2);
    usleep(100000); /* half of its life is not waited for */
    assert_int_equal(s.fetched, 2);
    s3hls_credentials_close(&p);
    p = open_source(&s, 0);
    assert_int_equal(s3hls__credentials_wait(p, NULL, 5000), S3HLS_OK); /* no fetch is in flight */
    static const int64_t ends[] = {INT64_MIN, -1, 1, INT64_MAX};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        s3hls_credentials keys = {"MINE", "s", NULL, ends[i]};
        assert_int_equal(s3hls_credentials_set(p, &keys), S3HLS_OK);
        assert_string_equal(id_of(p), "MINE");
    }
    s3hls_credentials_close(&p);
}

static void a_failed_fetch_is_told_to_who_waits(void **state) {
    (void)state;
    static source s; /* a thread may outlive a test that failed */
    s3hls_credentials_provider *p;
    memset(&s, 0, sizeof s);
    s.status = S3HLS_E_ACCESS;
    s.slow = true;
    s.env = s3hls__env_resolve(&(s3hls_env){.ctx = &s, .monotonic_us = monotonic_us});
    assert_int_equal(s3hls_credentials_open_callback(&p, fetch, &s, &s.env), S3HLS_OK);
    assert_int_equal(s3hls__credentials_wait(p, NULL, 5000), S3HLS_E_ACCESS);
    assert_true(s3hls__credentials_renews(p));
    s3hls_credentials_close(&p); /* also between two tries */
    assert_int_equal(s3hls_credentials_open_callback(NULL, fetch, &s, NULL), S3HLS_E_INVALID);
    assert_int_equal(s3hls_credentials_open_callback(&p, NULL, &s, NULL), S3HLS_E_INVALID);
}

static void keys_given_by_hand_take_their_place(void **state) {
    (void)state;
    static source s; /* a thread may outlive a test that failed */
    s3hls_credentials_provider *p = open_source(&s, 0);
    s3hls__watch watch = {.fn = told, .ctx = &s};
    assert_int_equal(s3hls__credentials_wait(p, NULL, 5000), S3HLS_OK);
    WAIT_FOR(s.fetched == 1);
    s3hls__credentials_watch(p, &watch);
    int before = s.told_ok;
    assert_int_equal(s3hls_credentials_set(p, &(s3hls_credentials){"MINE", "s", NULL, 0}),
                     S3HLS_OK);
    assert_true(s.told_ok > before);
    assert_string_equal(id_of(p), "MINE");
    s3hls__credentials_unwatch(p, &watch);
    s3hls_credentials_close(&p);
}

typedef struct owner {
    s3hls_credentials_provider *provider;
    _Atomic int told;
} owner;

static void bring_others(void *ctx, int status) {
    owner *o = ctx;
    if (status != S3HLS_OK && o->told++ == 0)
        s3hls_credentials_set(o->provider, &(s3hls_credentials){"MINE", "s", NULL, 0});
}

static void who_is_told_may_bring_others(void **state) {
    (void)state;
    static source s; /* a thread may outlive a test that failed */
    s3hls_credentials_provider *p = open_source(&s, 1000);
    static owner o;
    o = (owner){.provider = p};
    s3hls__watch watch = {.fn = bring_others, .ctx = &o};
    assert_int_equal(s3hls__credentials_wait(p, NULL, 5000), S3HLS_OK);
    s3hls__credentials_watch(p, &watch);
    s.status = S3HLS_E_ACCESS;
    s.passed_us += INT64_C(990) * 1000000;
    WAIT_FOR(strcmp(id_of(p), "MINE") == 0);
    s3hls__credentials_unwatch(p, &watch);
    assert_int_equal(o.told, 1);
    s3hls_credentials_close(&p);
}

/* ---- addresses */

#define KEYS(id, expiration)                                                                       \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"a\\/b+c=\","           \
    "\"Token\":\"tok\",\"Expiration\":\"" expiration "\"}"
#define ANSWER(status, body)                                                                       \
    "HTTP/1.1 " status "\r\nDate: Tue, 30 Jun 2026 12:00:00 GMT\r\nConnection: close\r\n\r\n" body

static void set_address(const char *name, const canned_server *server, const char *path) {
    char url[128];
    snprintf(url, sizeof url, "%s%s", server->endpoint, path);
    setenv(name, url, 1);
}

static int clear(void **state) {
    (void)state;
    static const char *const names[] = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                        "AWS_EC2_METADATA_DISABLED",
                                        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                        "AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    return setenv("HOME", "/nonexistent", 1);
}

static void a_containers_address_gives_keys(void **state) {
    (void)state;
    canned_server *server = calloc(1, sizeof *server);
    s3hls_credentials_provider *p;
    s3hls__keys keys;
    world w;
    world_init(&w);
    s3hls_env env = world_env(&w);
    env.wall_us = NULL; /* the system's */
    canned_start(
        server,
        &(canned){.answer = ANSWER("200 OK", KEYS("AKC", "2026-06-30T13:00:00Z")), .close = true},
        1);
    set_address("AWS_CONTAINER_CREDENTIALS_FULL_URI", server, "/v2/keys");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc", 1);
    assert_int_equal(s3hls_credentials_open_default(&p, &env), S3HLS_OK);
    assert_int_equal(s3hls__credentials_wait(p, NULL, 5000), S3HLS_OK);
    assert_int_equal(s3hls__credentials_get(p, &keys), S3HLS_OK);
    assert_string_equal(keys.access_key_id, "AKC");
    assert_string_equal(keys.secret_access_key, "a/b+c=");
    assert_string_equal(keys.session_token, "tok");
    assert_int_equal(keys.expires_unix_s, 1782824400);
    assert_string_equal(canned_header(&server->requests[0], "authorization"), "Basic abc");
    assert_memory_equal(server->requests[0].head, "GET /v2/keys ", 13);
    s3hls_credentials_close(&p);
    canned_stop(server);
    free(server);
    assert_null(strstr(w.log, "a/b+c"));
    assert_null(strstr(w.log, "Basic abc"));
    assert_int_equal(w.out, 0);
}

static void keys_are_not_asked_of_strangers(void **state) {
    (void)state;
    static const char *const strangers[] = {"http://example.com/keys",
                                            "http://10.0.0.1/keys",
                                            "http://127.0.0.1.example.com/",
                                            "ftp://127.0.0.1/",
                                            "file:///etc/passwd",
                                            "http://169.254.169.254/keys",
                                            "http://127.0.0.1:80@example.com/",
                                            "http://[::1]@example.com/",
                                            "http://a@10.0.0.1/"};
    s3hls_credentials_provider *p;
    assert_int_equal(s3hls_credentials_open_container(&p, NULL), S3HLS_E_NOT_FOUND);
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", strangers[i], 1);
        assert_int_equal(s3hls_credentials_open_container(&p, NULL), S3HLS_E_INVALID);
        assert_null(p);
    }
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://[::1]:1/", 1);
    assert_int_equal(s3hls_credentials_open_container(&p, NULL), S3HLS_OK);
    s3hls_credentials_close(&p);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nHost: b", 1);
    assert_int_equal(s3hls_credentials_open_container(&p, NULL), S3HLS_E_INVALID);
}

static void an_instances_role_gives_keys(void **state) {
    (void)state;
    canned_server *server = calloc(1, sizeof *server);
    s3hls_credentials_provider *p;
    const canned script[] = {
        {.answer = ANSWER("200 OK", "session"), .close = true},
        {.answer = ANSWER("200 OK", "my-role\n"), .close = true},
        {.answer = ANSWER("200 OK", KEYS("AKI", "2026-06-30T18:00:00.25Z")), .close = true}};
    canned_start(server, script, 3);
    set_address("AWS_EC2_METADATA_SERVICE_ENDPOINT", server, "/");
    assert_int_equal(s3hls_credentials_open_default(&p, NULL), S3HLS_OK);
    assert_int_equal(s3hls__credentials_wait(p, NULL, 5000), S3HLS_OK);
    assert_string_equal(id_of(p), "AKI");
    static const char *const lines[] = {"PUT /latest/api/token ",
                                        "GET /latest/meta-data/iam/security-credentials/ ",
                                        "GET /latest/meta-data/iam/security-credentials/my-role "};
    for (int i = 0; i < 3; i++)
        assert_memory_equal(server->requests[i].head, lines[i], strlen(lines[i]));
    assert_string_equal(canned_header(&server->requests[2], "x-aws-ec2-metadata-token"), "session");
    s3hls_credentials_close(&p);
    canned_stop(server);
    free(server);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    assert_int_equal(s3hls_credentials_open_default(&p, NULL), S3HLS_E_CREDENTIALS);
}

static void answers_that_are_no_keys_are_refused(void **state) {
    (void)state;
    static char huge[100000] = ANSWER("200 OK", "");
    memset(huge + strlen(huge), ' ', 80000);
    const struct {
        const char *answer;
        int status;
    } cases[] = {
        {ANSWER("200 OK", ""), S3HLS_E_PROTOCOL},
        {ANSWER("200 OK", "<html>log in</html>"), S3HLS_E_PROTOCOL},
        {ANSWER("200 OK", "[1,2"), S3HLS_E_PROTOCOL},
        {ANSWER("200 OK", "{\"AccessKeyId\":5}"), S3HLS_E_PROTOCOL},
        {ANSWER("200 OK", KEYS("A B", "2026-06-30T18:00:00Z")), S3HLS_E_PROTOCOL},
        {ANSWER("200 OK", KEYS("AK", "soon")), S3HLS_E_PROTOCOL},
        {ANSWER("200 OK", KEYS("AK", "2026-06-30T18:00:00.5")), S3HLS_E_PROTOCOL},
        {ANSWER("400 Bad Request", "{}"), S3HLS_E_INVALID},
        {ANSWER("200 OK", KEYS("AK", "2026-06-30T18:00:00+02:00")), S3HLS_E_PROTOCOL},
        {huge, S3HLS_E_PROTOCOL},
        {ANSWER("403 Forbidden", ""), S3HLS_E_ACCESS},
        {ANSWER("404 Not Found", ""), S3HLS_E_NOT_FOUND},
        {ANSWER("429 Too Many", ""), S3HLS_E_THROTTLED},
        {ANSWER("500 Oops", ""), S3HLS_E_SERVER},
        {"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", S3HLS_E_NETWORK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        canned_server *server = calloc(1, sizeof *server);
        s3hls_credentials_provider *p;
        canned_start(server, &(canned){.answer = cases[i].answer, .close = true}, 1);
        set_address("AWS_CONTAINER_CREDENTIALS_FULL_URI", server, "/");
        assert_int_equal(s3hls_credentials_open_container(&p, NULL), S3HLS_OK);
        int rc = s3hls__credentials_wait(p, NULL, 5000);
        if (rc != cases[i].status)
            fail_msg("%zu: %s", i, s3hls_status_name(rc));
        s3hls_credentials_close(&p);
        canned_stop(server);
        free(server);
    }
}

static void close_does_not_wait_for_an_answer(void **state) {
    (void)state;
    canned_server *server = calloc(1, sizeof *server);
    s3hls_credentials_provider *p;
    canned_start(server, &(canned){.answer = NULL}, 1);
    set_address("AWS_CONTAINER_CREDENTIALS_FULL_URI", server, "/");
    assert_int_equal(s3hls_credentials_open_container(&p, NULL), S3HLS_OK);
    WAIT_FOR(server->request_count == 1);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    s3hls_credentials_close(&p);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(after.tv_sec - before.tv_sec < 5);
    canned_stop(server);
    free(server);
}

static void an_answer_that_does_not_come_is_given_up(void **state) {
    (void)state;
    canned_server *server = calloc(1, sizeof *server);
    s3hls_credentials_provider *p;
    canned_start(server, &(canned){.answer = NULL}, 1);
    set_address("AWS_EC2_METADATA_SERVICE_ENDPOINT", server, "");
    assert_int_equal(s3hls_credentials_open_instance(&p, NULL), S3HLS_OK);
    assert_int_equal(s3hls__credentials_wait(p, NULL, 8000), S3HLS_E_NETWORK);
    s3hls_credentials_close(&p);
    canned_stop(server);
    free(server);
}

static void wrong_iot_options_are_named(void **state) {
    (void)state;
    world w;
    world_init(&w);
    s3hls_env env = world_env(&w);
    s3hls_credentials_provider *p;
    const s3hls_iot_options good = {.endpoint = "x.credentials.iot.eu-west-1.amazonaws.com",
                                    .role_alias = "camera",
                                    .thing_name = "cam-1",
                                    .certificate = "/dev/null",
                                    .key = "/dev/null"};
    s3hls_iot_options bad[6] = {good, good, good, good, good, good};
    bad[0].endpoint = "https://x/y";
    bad[1].endpoint = NULL;
    bad[2].role_alias = "a/../b";
    bad[3].thing_name = "a\r\nb";
    bad[4].key = NULL;
    bad[5].certificate = "/nonexistent.pem";
    static const char *const names[6] = {"endpoint",   "endpoint", "role_alias",
                                         "thing_name", "key",      "/nonexistent.pem"};
    for (size_t i = 0; i < 6; i++) {
        w.log[0] = 0;
        assert_int_equal(s3hls_credentials_open_iot(&p, &bad[i], &env),
                         i < 5 ? S3HLS_E_INVALID : S3HLS_E_IO);
        assert_null(p);
        assert_non_null(strstr(w.log, names[i]));
    }
    assert_int_equal(s3hls_credentials_open_iot(&p, NULL, &env), S3HLS_E_INVALID);
    assert_int_equal(w.out, 0);
}

static void memory_may_run_out_while_it_is_opened(void **state) {
    (void)state;
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/", 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "t", 1);
    int rc = S3HLS_E_NOMEM;
    for (int n = 0; rc; n++) {
        world w;
        world_init(&w);
        w.until_failure = n;
        s3hls_env env = world_env(&w);
        s3hls_credentials_provider *p;
        rc = s3hls_credentials_open_container(&p, &env);
        assert_true(n < 20 && (rc == S3HLS_OK || rc == S3HLS_E_NOMEM));
        s3hls_credentials_close(&p);
        assert_int_equal(w.out, 0);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, clear)
    const struct CMUnitTest tests[] = {
        TEST(keys_are_renewed_ahead_of_their_end),
        TEST(the_old_ones_serve_until_they_end),
        TEST(refused_keys_are_fetched_anew_but_not_for_ever),
        TEST(keys_that_had_ended_when_they_came_are_tried),
        TEST(a_failed_fetch_is_told_to_who_waits),
        TEST(keys_given_by_hand_take_their_place),
        TEST(who_is_told_may_bring_others),
        TEST(a_containers_address_gives_keys),
        TEST(keys_are_not_asked_of_strangers),
        TEST(an_instances_role_gives_keys),
        TEST(answers_that_are_no_keys_are_refused),
        TEST(close_does_not_wait_for_an_answer),
        TEST(an_answer_that_does_not_come_is_given_up),
        TEST(wrong_iot_options_are_named),
        TEST(memory_may_run_out_while_it_is_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
