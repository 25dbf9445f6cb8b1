/* SPDX-License-Identifier: MIT-0 */
/* Answers: made once for all who ask at the same time, kept while fresh and while there is room. */
#include "server/answers.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { VIEWERS = 500, BODY_BYTES = 20000 };

typedef struct world {
    s3hls__answer_account account;
    s3hls__answers *answers;
    _Atomic int64_t now_us;
    atomic_int made, woken;
    atomic_bool blocked; /* workers wait */
} world;

static int64_t now(void *ctx) {
    return ((world *)ctx)->now_us;
}

static void *open_worker(void *ctx) {
    return ctx;
}

static void close_worker(void *worker) {
    (void)worker;
}

static s3hls__answer *make(void *worker, const s3hls__request *r, const s3hls__grant *grant) {
    world *w = worker;
    char *body = s3hls__env_alloc(&w->account.env, BODY_BYTES);
    (void)grant;
    while (w->blocked)
        usleep(1000);
    snprintf(body, BODY_BYTES, "%s %d", r->camera, ++w->made);
    s3hls__answer *a = s3hls__answer_media(&w->account, "video/mp2t", body, BODY_BYTES);
    a->fresh_until_us = w->now_us + 1000;
    return a;
}

typedef struct viewer {
    s3hls__waiter waiter;
    world *world;
} viewer;

static void on_wake(s3hls__waiter *waiter) {
    atomic_fetch_add(&((viewer *)waiter)->world->woken, 1);
}

static world *open_world(uint64_t cache_bytes) {
    world *w = calloc(1, sizeof *w);
    w->account.env = s3hls_env_default();
    w->account.env.ctx = w;
    w->account.env.monotonic_us = now;
    s3hls__answers_config config = {.env = w->account.env,
                                    .account = &w->account,
                                    .workers = 3,
                                    .cache_bytes = cache_bytes,
                                    .ctx = w,
                                    .worker_open = open_worker,
                                    .worker_close = close_worker,
                                    .make = make};
    assert_int_equal(s3hls__answers_open(&w->answers, &config), S3HLS_OK);
    return w;
}

static void close_world(world *w) {
    s3hls__answers_close(&w->answers);
    assert_int_equal(w->account.bytes, 0); /* nothing leaks */
    free(w);
}

static s3hls__request live_of(const char *camera) {
    s3hls__request r = {.route = S3HLS__ROUTE_LIVE};
    snprintf(r.camera, sizeof r.camera, "%s", camera);
    return r;
}

static void wait_for(atomic_int *count, int want) {
    for (int i = 0; i < 5000 && *count < want; i++)
        usleep(1000);
    assert_int_equal(*count, want);
}

static void many_who_ask_share_one(void **state) {
    static viewer viewers[VIEWERS];
    s3hls__grant grant = {0};
    world *w = open_world(1 << 20);
    s3hls__request r = live_of("cam-1");
    (void)state;
    w->blocked = true;
    for (int i = 0; i < VIEWERS; i++) {
        viewers[i] = (viewer){.waiter.wake = on_wake, .world = w};
        assert_null(s3hls__answers_find(w->answers, &r, &grant));
        s3hls__answers_join(w->answers, &r, &grant, &viewers[i].waiter);
    }
    w->blocked = false;
    wait_for(&w->woken, VIEWERS);
    assert_int_equal(w->made, 1);
    for (int i = 0; i < VIEWERS; i++) {
        assert_string_equal(viewers[i].waiter.answer->body, "cam-1 1");
        s3hls__answer_release(viewers[i].waiter.answer);
    }
    s3hls__answer *a = s3hls__answers_find(w->answers, &r, &grant);
    assert_non_null(a);
    s3hls__answer_release(a);
    w->now_us += 1000; /* stale: made again */
    assert_null(s3hls__answers_find(w->answers, &r, &grant));
    s3hls__answers_join(w->answers, &r, &grant, &viewers[0].waiter);
    wait_for(&w->woken, VIEWERS + 1);
    assert_string_equal(viewers[0].waiter.answer->body, "cam-1 2");
    s3hls__answer_release(viewers[0].waiter.answer);
    close_world(w);
}

static void what_is_stale_is_used_while_the_next_is_made(void **state) {
    viewer v = {.waiter.wake = on_wake};
    s3hls__grant grant = {0};
    world *w = open_world(1 << 20);
    s3hls__request r = live_of("cam-1");
    (void)state;
    v.world = w;
    s3hls__answers_join(w->answers, &r, &grant, &v.waiter);
    wait_for(&w->woken, 1);
    v.waiter.answer->usable_until_us = w->now_us + 2000;
    s3hls__answer_release(v.waiter.answer);
    w->now_us += 1500;
    w->blocked = true;
    for (int i = 0; i < 10; i++) {
        s3hls__answer *a = s3hls__answers_find(w->answers, &r, &grant);
        assert_string_equal(a->body, "cam-1 1");
        s3hls__answer_release(a);
    }
    w->blocked = false;
    wait_for(&w->made, 2);
    w->now_us += 1000; /* not for ever */
    assert_null(s3hls__answers_find(w->answers, &r, &grant));
    close_world(w);
}

static void memory_is_bounded(void **state) {
    viewer v;
    s3hls__grant grant = {0};
    world *w = open_world(10 * BODY_BYTES);
    (void)state;
    for (int i = 0; i < 200; i++) {
        char camera[16];
        snprintf(camera, sizeof camera, "cam-%d", i);
        s3hls__request r = live_of(camera);
        v = (viewer){.waiter.wake = on_wake, .world = w};
        s3hls__answers_join(w->answers, &r, &grant, &v.waiter);
        wait_for(&w->woken, i + 1);
        s3hls__answer_release(v.waiter.answer);
        assert_true(w->account.bytes <= 10 * BODY_BYTES);
    }
    s3hls__request oldest = live_of("cam-0"), newest = live_of("cam-199");
    assert_null(s3hls__answers_find(w->answers, &oldest, &grant));
    s3hls__answer *a = s3hls__answers_find(w->answers, &newest, &grant);
    assert_non_null(a);
    s3hls__answer_release(a);
    close_world(w);
}

static void too_much_is_refused(void **state) {
    static viewer viewers[1200];
    s3hls__grant grant = {0};
    world *w = open_world(1 << 30);
    int refused = 0;
    (void)state;
    w->blocked = true;
    for (int i = 0; i < 1200; i++) {
        char camera[16];
        snprintf(camera, sizeof camera, "cam-%d", i);
        s3hls__request r = live_of(camera);
        viewers[i] = (viewer){.waiter.wake = on_wake, .world = w};
        s3hls__answers_join(w->answers, &r, &grant, &viewers[i].waiter);
        refused += viewers[i].waiter.answer != NULL && viewers[i].waiter.answer->status == 503;
    }
    assert_in_range(refused, 1200 - 1024 - 3, 1200 - 1024);
    w->blocked = false;
    wait_for(&w->woken, 1200);
    for (int i = 0; i < 1200; i++)
        s3hls__answer_release(viewers[i].waiter.answer);
    close_world(w);
}

/* All workers are stuck in a store that does not answer. */
static void nobody_waits_longer_than_the_deadline(void **state) {
    static viewer viewers[20];
    s3hls__grant grant = {0};
    world *w = open_world(1 << 20);
    (void)state;
    w->blocked = true;
    for (int i = 0; i < 20; i++) {
        char camera[16];
        snprintf(camera, sizeof camera, "cam-%d", i / 2);
        s3hls__request r = live_of(camera);
        viewers[i] = (viewer){.waiter.wake = on_wake, .world = w};
        if (i == 10)
            w->now_us += 10000000;
        s3hls__answers_join(w->answers, &r, &grant, &viewers[i].waiter);
    }
    s3hls__answers_expire(w->answers);
    assert_int_equal(w->woken, 0);
    w->now_us += S3HLS__ANSWER_DEADLINE_S * INT64_C(1000000) - 9000000;
    s3hls__answers_expire(w->answers);
    assert_int_equal(w->woken, 10);
    w->now_us += 10000000;
    s3hls__answers_expire(w->answers);
    assert_int_equal(w->woken, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(viewers[i].waiter.answer->status, 504);
        assert_true(viewers[i].waiter.answer->retry_after_s > 0);
        s3hls__answer_release(viewers[i].waiter.answer);
    }
    /* what a worker had begun is kept, the rest is not made for nobody */
    viewer v = {.waiter.wake = on_wake, .world = w};
    s3hls__request r = live_of("late");
    s3hls__answers_join(w->answers, &r, &grant, &v.waiter);
    w->blocked = false;
    wait_for(&w->woken, 21);
    assert_int_equal(v.waiter.answer->status, 200);
    assert_in_range(w->made, 1, 4); /* as many as workers took */
    s3hls__answer_release(v.waiter.answer);
    close_world(w);
}

static void stopping_wakes_all(void **state) {
    static viewer viewers[20];
    s3hls__grant grant = {0};
    world *w = open_world(1 << 20);
    (void)state;
    w->blocked = true;
    for (int i = 0; i < 20; i++) {
        char camera[16];
        snprintf(camera, sizeof camera, "cam-%d", i);
        s3hls__request r = live_of(camera);
        viewers[i] = (viewer){.waiter.wake = on_wake, .world = w};
        s3hls__answers_join(w->answers, &r, &grant, &viewers[i].waiter);
    }
    w->blocked = false;
    s3hls__answers_stop(w->answers);
    assert_int_equal(w->woken, 20);
    for (int i = 0; i < 20; i++)
        s3hls__answer_release(viewers[i].waiter.answer);
    s3hls__request r = live_of("late");
    viewer v = {.waiter.wake = on_wake, .world = w};
    s3hls__answers_join(w->answers, &r, &grant, &v.waiter);
    assert_int_equal(v.waiter.answer->status, 503);
    s3hls__answer_release(v.waiter.answer);
    close_world(w);
}

static void text_is_tagged_and_compressed(void **state) {
    world *w = open_world(1 << 20);
    char *body = s3hls__env_alloc(&w->account.env, 2000);
    (void)state;
    memset(body, 'a', 2000);
    s3hls__answer *a = s3hls__answer_text(&w->account, "text/plain", body, 2000);
    assert_in_range(a->gzip_size, 10, 100);
    assert_memory_equal(a->gzip, "\x1f\x8b", 2);
    s3hls__answer *p = s3hls__answer_problem(&w->account, 404, "why");
    assert_null(p->gzip); /* too small to pay */
    assert_string_equal(p->body, "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                                 "\"detail\":\"why\"}\n");
    assert_string_not_equal(a->etag, p->etag);
    s3hls__answer_release(a);
    s3hls__answer_release(p);
    close_world(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_stale_is_used_while_the_next_is_made),
        cmocka_unit_test(many_who_ask_share_one),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(nobody_waits_longer_than_the_deadline),
        cmocka_unit_test(stopping_wakes_all),
        cmocka_unit_test(text_is_tagged_and_compressed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
