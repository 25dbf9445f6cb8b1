/* SPDX-License-Identifier: MIT-0 */
/* A source without a network: its checks, and how it is reopened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "s3hls/input.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Time passes only in the clock, one hour with each look. */
typedef struct world {
    int64_t now_us;
    int failures, stop_after; /* attempts */
    char why[S3HLS_SOURCE_WHY_BYTES];
    const char *appears; /* a file that the last attempt but one creates */
} world;

static int64_t clock_us(void *ctx) {
    return ((world *)ctx)->now_us += INT64_C(3600000000);
}

static int stopped(void *ctx) {
    const world *w = ctx;
    return w->failures >= w->stop_after;
}

static void on_failure(void *ctx, int status, const char *why) {
    world *w = ctx;
    assert_int_equal(status, S3HLS_E_NOT_FOUND);
    snprintf(w->why, sizeof w->why, "%s", why);
    w->failures++;
    if (!w->appears || w->failures < w->stop_after - 1)
        return;
    FILE *file = fopen(w->appears, "we");
    assert_non_null(file);
    assert_int_equal(fwrite("\0\0\0\1\x67", 1, 5, file), 5);
    fclose(file);
}

static s3hls_source_config config_of(world *w, const s3hls_env *env, const char *address) {
    s3hls_source_config cfg;
    s3hls_source_config_init(&cfg);
    cfg.address = address;
    cfg.stopped = stopped;
    cfg.on_failure = on_failure;
    cfg.ctx = w;
    cfg.env = env;
    return cfg;
}

typedef struct checked {
    const char *address, *password;
    s3hls_rtsp_transport transport;
    int status;
} checked;

static void a_config_is_checked_without_a_connection(void **state) {
    static const checked rows[] = {
        {"-", NULL, S3HLS_RTSP_TCP, S3HLS_OK},
        {"clip.mp4", NULL, S3HLS_RTSP_UDP, S3HLS_OK},
        {"rtsp://me@camera/live", "secret", S3HLS_RTSP_UDP, S3HLS_OK},
        {"RTSPS://camera/live", NULL, S3HLS_RTSP_AUTO, S3HLS_OK},
        {"RTSPS://camera/live", NULL, S3HLS_RTSP_UDP, S3HLS_E_INVALID},
        {"rtsp://camera/live", "secret", S3HLS_RTSP_TCP, S3HLS_E_INVALID},
        {"rtsp://me:other@camera/live", "secret", S3HLS_RTSP_TCP, S3HLS_E_INVALID},
        {NULL, NULL, S3HLS_RTSP_TCP, S3HLS_E_INVALID}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world w = {.stop_after = 1};
        char why[S3HLS_SOURCE_WHY_BYTES];
        s3hls_source_config cfg = config_of(&w, NULL, rows[i].address);
        cfg.password = rows[i].password;
        cfg.transport = rows[i].transport;
        assert_int_equal(s3hls_source_check(&cfg, why), rows[i].status);
        assert_int_equal(why[0] != 0, rows[i].status != S3HLS_OK);
    }
}

static void a_config_has_the_size_that_its_caller_knows(void **state) {
    world w = {.stop_after = 1};
    char why[S3HLS_SOURCE_WHY_BYTES];
    s3hls_source_config cfg = config_of(&w, NULL, "rtsps://camera/live");
    (void)state;
    cfg.transport = S3HLS_RTSP_UDP; /* beyond what this caller knows: not read */
    cfg.struct_size = (uint32_t)offsetof(s3hls_source_config, transport);
    assert_int_equal(s3hls_source_check(&cfg, why), S3HLS_E_INVALID); /* no stopped function */
    assert_non_null(strstr(why, "stopped"));
    cfg.struct_size = 0;
    assert_int_equal(s3hls_source_check(&cfg, why), S3HLS_E_INVALID);
    assert_non_null(strstr(why, "initialized"));
    assert_int_equal(s3hls_source_check(NULL, why), S3HLS_E_INVALID);
}

static void an_invalid_config_is_not_retried(void **state) {
    world w = {.stop_after = 1};
    s3hls_source *source = NULL;
    s3hls_source_config cfg = config_of(&w, NULL, "rtsp://camera/live");
    (void)state;
    cfg.password = "secret"; /* of no user */
    assert_int_equal(s3hls_source_reopen(&source, &cfg, 0), S3HLS_E_INVALID);
    assert_null(source);
    assert_int_equal(w.failures, 0);
}

static void a_source_is_reopened_until_it_is_there(void **state) {
    char path[] = "/tmp/s3hls-source-XXXXXX", why[S3HLS_SOURCE_WHY_BYTES];
    int fd = mkstemp(path);
    world w = {.stop_after = 4, .appears = path};
    s3hls_env env = s3hls_env_default();
    s3hls_source *source = NULL;
    s3hls_frame frame;
    (void)state;
    close(fd);
    unlink(path);
    env.ctx = &w;
    env.monotonic_us = clock_us;
    s3hls_source_config cfg = config_of(&w, &env, path);
    assert_int_equal(s3hls_source_reopen(&source, &cfg, 1000), S3HLS_OK);
    assert_int_equal(w.failures, 3);
    assert_string_equal(w.why, "No such file or directory");
    assert_true(s3hls_source_get_facts(source)->raw);
    assert_int_equal(s3hls_source_read(source, 4096, &frame, why), 1);
    assert_int_equal(frame.size, 5);
    assert_int_equal(s3hls_source_read(source, 4096, &frame, why), 0);
    s3hls_source_close(&source);
    unlink(path);
}

static void reopening_ends_when_it_is_stopped(void **state) {
    world w = {.stop_after = 3};
    s3hls_env env = s3hls_env_default();
    s3hls_source *source = NULL;
    (void)state;
    env.ctx = &w;
    env.monotonic_us = clock_us;
    s3hls_source_config cfg = config_of(&w, &env, "/nonexistent/clip.h264");
    assert_int_equal(s3hls_source_reopen(&source, &cfg, 0), S3HLS_E_CANCELLED);
    assert_null(source);
    assert_int_equal(w.failures, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_config_is_checked_without_a_connection),
        cmocka_unit_test(a_config_has_the_size_that_its_caller_knows),
        cmocka_unit_test(an_invalid_config_is_not_retried),
        cmocka_unit_test(a_source_is_reopened_until_it_is_there),
        cmocka_unit_test(reopening_ends_when_it_is_stopped),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
