/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deliver/agenda.h"
#include "s3hls/status.h"
#include <pthread.h>
#include <stdlib.h>

enum { ITEMS = 300 };

static int64_t earliest(const s3hls__agenda_item *items, const bool *in) {
    int64_t due_us = INT64_MAX;
    for (int i = 0; i < ITEMS; i++)
        if (in[i] && items[i].due_us < due_us)
            due_us = items[i].due_us;
    return due_us;
}

static void drain(s3hls__agenda *a) {
    for (s3hls__agenda_item *item; (item = s3hls__agenda_take(a, S3HLS__AGENDA_CHANGED));)
        s3hls__agenda_move(a, item, S3HLS__AGENDA_NONE);
}

static void the_earliest_timer_is_first_whatever_is_set_and_removed(void **state) {
    (void)state;
    static s3hls__agenda_item items[ITEMS];
    bool in[ITEMS] = {false};
    s3hls__agenda a = {.count = 0};
    s3hls_env env = s3hls__env_resolve(NULL);
    srand(1);
    for (int step = 0; step < 20000; step++) {
        int i = rand() % ITEMS, what = rand() % 4;
        if (!in[i]) {
            items[i] = (s3hls__agenda_item){.due_us = 0};
            assert_int_equal(s3hls__agenda_add(&a, &items[i], &env), S3HLS_OK);
            in[i] = true;
            drain(&a);
        } else if (what == 0) {
            s3hls__agenda_remove(&a, &items[i]);
            in[i] = false;
        } else {
            s3hls__agenda_set_timer(&a, &items[i], rand() % 8 ? 1 + rand() % 500 : INT64_MAX);
        }
        assert_true(s3hls__agenda_due_us(&a) == earliest(items, in));
    }
    for (int64_t now_us = 0; now_us <= 500; now_us++) {
        s3hls__agenda_collect(&a, now_us);
        for (s3hls__agenda_item *item; (item = s3hls__agenda_take(&a, S3HLS__AGENDA_CHANGED));)
            assert_true(item->due_us == INT64_MAX);
        assert_true(earliest(items, in) > now_us);
    }
    s3hls__agenda_deinit(&a, &env);
}

static void lists_are_in_order_and_an_item_is_on_one(void **state) {
    (void)state;
    s3hls__agenda_item items[3] = {{.due_us = 0}};
    s3hls__agenda a = {.count = 0};
    s3hls_env env = s3hls__env_resolve(NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(s3hls__agenda_add(&a, &items[i], &env), S3HLS_OK);
    assert_true(s3hls__agenda_due_us(&a) == 0);
    s3hls__agenda_move(&a, &items[1], S3HLS__AGENDA_LIVE);
    s3hls__agenda_move(&a, &items[0], S3HLS__AGENDA_LIVE);
    s3hls__agenda_remove(&a, &items[1]);
    assert_ptr_equal(s3hls__agenda_take(&a, S3HLS__AGENDA_LIVE), &items[0]);
    assert_null(s3hls__agenda_take(&a, S3HLS__AGENDA_LIVE));
    assert_ptr_equal(s3hls__agenda_take(&a, S3HLS__AGENDA_CHANGED), &items[2]);
    assert_null(s3hls__agenda_take(&a, S3HLS__AGENDA_CHANGED));
    s3hls__agenda_deinit(&a, &env);
}

/* ---- signals */

enum { SIGNALS = 20000, THREADS = 3 };

typedef struct signaller {
    s3hls__agenda *agenda;
    s3hls__agenda_item item;
    _Atomic int done;
    int seen;
} signaller;

static void *signal_often(void *arg) {
    signaller *s = arg;
    for (int i = 0; i < SIGNALS; i++) {
        s->done++;
        s3hls__agenda_signal(s->agenda, &s->item);
    }
    return NULL;
}

static void no_signal_is_lost(void **state) {
    (void)state;
    static signaller s[THREADS];
    pthread_t threads[THREADS];
    s3hls__agenda a = {.count = 0};
    s3hls_env env = s3hls__env_resolve(NULL);
    for (int i = 0; i < THREADS; i++) {
        s[i].agenda = &a;
        assert_int_equal(s3hls__agenda_add(&a, &s[i].item, &env), S3HLS_OK);
    }
    drain(&a);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, signal_often, &s[i]), 0);
    for (int left = THREADS; left;) {
        s3hls__agenda_collect(&a, 0);
        for (s3hls__agenda_item *item; (item = s3hls__agenda_take(&a, S3HLS__AGENDA_CHANGED));) {
            signaller *of = (signaller *)(void *)((char *)item - offsetof(signaller, item));
            int before = of->seen;
            of->seen = of->done;
            left -= of->seen == SIGNALS && before < SIGNALS;
        }
    } /* a lost signal: the test does not end */
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    s3hls__agenda_deinit(&a, &env);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_earliest_timer_is_first_whatever_is_set_and_removed),
        cmocka_unit_test(lists_are_in_order_and_an_item_is_on_one),
        cmocka_unit_test(no_signal_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
