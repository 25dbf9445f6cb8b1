/* SPDX-License-Identifier: MIT-0 */
/* What takes too long is ended, by the monotonic clock: a step of the wall clock changes nothing.
 */
#include "base/wait.h"
#include "server/clip.h"
#include "server/connections.h"
#include "server/watchdog.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* The wall clock steps ahead by an hour each time that it is read: who waits until a moment that it
 * shows waits for an hour. */
int clock_gettime(clockid_t clock, struct timespec *now) {
    static _Atomic time_t steps;
    int rc = (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME)
        now->tv_sec += 3600 * ++steps;
    return rc;
}

static _Atomic int64_t now_us;

static int64_t injected_us(void *ctx) {
    (void)ctx;
    return now_us;
}

static s3hls_env injected(void) {
    s3hls_env env = s3hls_env_default();
    env.monotonic_us = injected_us;
    return env;
}

static int64_t real_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void a_wait_ends_in_time(void **state) {
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition;
    int64_t begin_ms = real_ms();
    int rc = 0;
    (void)state;
    s3hls__wait_init(&condition);
    struct timespec until = s3hls__wait_until(1);
    pthread_mutex_lock(&lock);
    while (!rc)
        rc = pthread_cond_timedwait(&condition, &lock, &until);
    pthread_mutex_unlock(&lock);
    assert_int_equal(rc, ETIMEDOUT);
    assert_in_range(real_ms() - begin_ms, 900, 20000);
    pthread_cond_destroy(&condition);
}

static void count(void *ctx) {
    atomic_fetch_add((atomic_int *)ctx, 1);
}

static void the_watchdog_looks_each_second(void **state) {
    s3hls_env env = s3hls_env_default();
    s3hls__watchdog *watchdog;
    atomic_int looks = 0;
    int64_t begin_ms = real_ms();
    (void)state;
    assert_int_equal(s3hls__watchdog_open(&watchdog, count, &looks, &env), S3HLS_OK);
    while (looks < 3 && real_ms() - begin_ms < 20000)
        usleep(10000);
    s3hls__watchdog_close(&watchdog);
    assert_true(looks >= 3);
    assert_in_range(real_ms() - begin_ms, 1900, 20000); /* and not all the time */
}

static void a_slow_connection_is_ended(void **state) {
    s3hls_env env = injected();
    s3hls__metrics metrics = {0};
    s3hls__connections *all;
    int pair[2];
    char byte;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(s3hls__connections_open(&all, &metrics, &env), S3HLS_OK);
    s3hls__connection *c = s3hls__connection_begin(all, pair[0]);
    now_us += S3HLS__REQUEST_TIMEOUT_S * INT64_C(1000000);
    s3hls__connections_expire(all);
    assert_int_equal(read(pair[1], &byte, 1), -1);
    now_us += 1000;
    s3hls__connections_expire(all);
    assert_int_equal(read(pair[1], &byte, 1), 0);
    assert_int_equal(metrics.slow, 1);
    s3hls__connection_end(all, c);
    s3hls__connections_close(&all);
    close(pair[0]);
    close(pair[1]);
}

/* A store that takes connections and says nothing. */
static int listen_and_say_nothing(char endpoint[64]) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    snprintf(endpoint, 64, "http://127.0.0.1:%u", ntohs(at.sin_port));
    return fd;
}

static void nothing(void *ctx) {
    (void)ctx;
}

static void a_clip_does_not_wait_for_a_store_that_hangs(void **state) {
    s3hls_env env = injected();
    s3hls__answer_account account = {.env = env};
    s3hls__metrics metrics = {0};
    s3hls__catalog *catalog;
    s3hls__clips *clips;
    s3hls_server_config config;
    const char *url = "s3://bucket/cam";
    char endpoint[64];
    atomic_int resumed = 0;
    (void)state;
    int fd = listen_and_say_nothing(endpoint);
    s3hls_server_config_init(&config);
    config.urls = &url;
    config.url_count = 1;
    config.s3.endpoint = endpoint;
    config.s3.stall_timeout_ms = 1000;
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    assert_int_equal(s3hls__catalog_open(&catalog, &config, &env), S3HLS_OK);
    assert_int_equal(s3hls__clips_open(&clips, catalog, &account, &metrics, 1, &env), S3HLS_OK);
    s3hls__request r;
    assert_int_equal(s3hls__request_parse(&r, "/clip/cam.mp4?start=1&end=2").status, 0);
    s3hls__clip_reader reader = {.pause = nothing, .resume = count, .ctx = &resumed};
    s3hls__clip *clip = s3hls__clip_begin(clips, &r, &reader);
    assert_non_null(clip);
    s3hls__clips_expire(clips);
    assert_int_equal(resumed, 0);
    now_us += 31000000;
    s3hls__clips_expire(clips);
    assert_int_equal(resumed, 1);
    s3hls__answer *refusal = s3hls__clip_refusal(clip);
    assert_non_null(refusal);
    assert_int_equal(refusal->status, 504);
    assert_true(refusal->retry_after_s > 0);
    s3hls__answer_release(refusal);
    char data[16];
    assert_int_equal(s3hls__clip_read(clip, data, sizeof data), -2); /* had it begun */
    assert_null(s3hls__clip_begin(clips, &r, &reader));              /* it still takes its place */
    s3hls__clip_release(clip);
    s3hls__clips_close(&clips);
    usleep(300000); /* its thread, which nobody joins, frees what libraries keep for each */
    s3hls__catalog_close(&catalog);
    close(fd);
    assert_int_equal(account.bytes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_ends_in_time),
        cmocka_unit_test(the_watchdog_looks_each_second),
        cmocka_unit_test(a_slow_connection_is_ended),
        cmocka_unit_test(a_clip_does_not_wait_for_a_store_that_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
