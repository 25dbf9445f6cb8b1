/* SPDX-License-Identifier: MIT-0 */
/* Times of pictures, made from what containers give: compared with how the pictures were taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input/timestamps.h"

enum { SECOND = 1000, STEP = 40, FIRST = 5000, MAX = 400 };

typedef enum gives { BOTH, PTS, DTS } gives;

typedef struct stream {
    s3hls__input_picture pictures[MAX]; /* in decoding order, with both true times */
    size_t count;
} stream;

/* GOPs of as many pictures as shape has: places in presentation order, in decoding order. */
static stream make(const int *shape, size_t size, size_t gops, int64_t step) {
    stream s = {.count = 0};
    for (size_t gop = 0; gop < gops; gop++)
        for (size_t i = 0; i < size; i++) {
            int64_t first = FIRST + (int64_t)(gop * size) * step;
            s.pictures[s.count++] = (s3hls__input_picture){.pts = first + shape[i] * step,
                                                           .dts = first + (int64_t)i * step,
                                                           .order = 2 * shape[i],
                                                           .idr = i == 0,
                                                           .key = i == 0};
        }
    return s;
}

/* Push what a container gives of them; compare what comes out. */
static void check(const stream *s, gives given, unsigned depth, bool live) {
    s3hls__input_timestamps p;
    s3hls__input_picture x;
    size_t out = 0, longest = 0;
    int64_t shift = 0, last = INT64_MIN;
    s3hls__input_timestamps_init(&p, SECOND, 0, live);
    for (size_t i = 0; i <= s->count; i++) {
        if (i < s->count) {
            s3hls__input_picture next = s->pictures[i];
            if (given == BOTH)
                next.dts -= depth * (s->pictures[1].dts - s->pictures[0].dts);
            if (given == PTS)
                next.dts = S3HLS__INPUT_TIMES_NO_TIME;
            if (given == DTS)
                next.pts = S3HLS__INPUT_TIMES_NO_TIME;
            assert_true(s3hls__input_timestamps_push(&p, &next));
        } else {
            s3hls__input_timestamps_end(&p);
        }
        while (s3hls__input_timestamps_pop(&p, &x)) {
            if (!out)
                shift = x.pts - s->pictures[0].pts;
            assert_int_equal(x.pts - shift, s->pictures[out].pts);
            assert_true(x.dts <= x.pts);
            assert_true(x.dts > last);
            last = x.dts;
            out++;
        }
        if (i < s->count && i + 1 - out > longest)
            longest = i + 1 - out;
    }
    assert_int_equal(out, s->count);
    if (given == BOTH)
        assert_true(longest <= (live ? 0 : S3HLS__INPUT_TIMES_REORDER_MAX));
    if (given != BOTH)
        assert_int_equal(p.depth, depth);
    if (live)
        assert_true(longest <= 1);
    s3hls__input_timestamps_deinit(&p);
}

static const int plain[] = {0, 1, 2, 3, 4}, one[] = {0, 2, 1, 4, 3, 5},
                 pyramid[] = {0, 4, 2, 1, 3, 8, 6, 5, 7, 9}, all_idr[] = {0},
                 long_run[] = {0, 8, 1, 2, 3, 4, 5, 6, 7, 9};

static void the_missing_time_is_made_from_the_other(void **state) {
    static const struct {
        const int *shape;
        size_t size;
        unsigned depth;
    } kinds[] = {{plain, 5, 0}, {one, 6, 1}, {pyramid, 10, 2}, {all_idr, 1, 0}, {long_run, 10, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int step = 20; step <= 2000; step *= 10) {
            stream s = make(kinds[i].shape, kinds[i].size, 30, step);
            for (int given = BOTH; given <= DTS; given++)
                check(&s, (gives)given, kinds[i].depth, false);
        }
}

/* 0, .8, .4, .2, .6 s of a Matroska file without a default duration */
static void slow_pictures_keep_their_times(void **state) {
    static const int slow[] = {0, 4, 2, 1, 3};
    (void)state;
    stream s = make(slow, 5, 20, 200);
    check(&s, PTS, 2, false);
    s = make(slow, 5, 20, 15 * SECOND);
    check(&s, PTS, 2, false);
}

static void uneven_pictures_keep_their_times(void **state) {
    (void)state;
    stream s = make(pyramid, 10, 20, STEP);
    for (size_t i = 0; i < s.count; i++) /* shown unevenly, in the same order */
        s.pictures[i].pts += (s.pictures[i].pts / STEP) % 3 * 7 + (s.pictures[i].pts > 9000) * 5000;
    check(&s, PTS, 2, false);
    for (size_t i = 0; i < s.count; i++) { /* a container that gives DTS: shown with its steps */
        size_t gop = i / 10, shown = gop * 10 + (size_t)pyramid[i % 10];
        s.pictures[i].dts = FIRST + (int64_t)i * STEP + (i > 70) * 3000;
        s.pictures[i].pts = FIRST + (int64_t)shown * STEP + (shown > 70) * 3000;
    }
    check(&s, DTS, 2, false);
}

static void a_camera_is_not_held_back(void **state) {
    (void)state;
    stream s = make(plain, 5, 20, STEP);
    check(&s, PTS, 0, true);
    s = make(all_idr, 1, 100, STEP);
    check(&s, PTS, 0, true);
}

/* The first pictures show no reordering, later ones do. */
static void reordering_that_comes_late_shifts_no_picture(void **state) {
    static const int late[] = {0, 1, 2, 3, 5, 4, 6, 9, 8, 7};
    s3hls__input_timestamps p;
    s3hls__input_picture x;
    (void)state;
    stream s = make(late, 10, 20, STEP);
    s3hls__input_timestamps_init(&p, SECOND, 0, true);
    for (size_t i = 0, out = 0; i < s.count; i++) {
        s.pictures[i].dts = S3HLS__INPUT_TIMES_NO_TIME;
        assert_true(s3hls__input_timestamps_push(&p, &s.pictures[i]));
        while (s3hls__input_timestamps_pop(&p, &x)) {
            assert_int_equal(x.pts, s.pictures[out++].pts);
            assert_true(x.dts <= x.pts);
        }
    }
    assert_int_equal(p.depth, 2);
    s3hls__input_timestamps_end(&p);
    while (s3hls__input_timestamps_pop(&p, &x)) {
    }
    s3hls__input_timestamps_deinit(&p);
}

static void pictures_without_times_follow(void **state) {
    s3hls__input_timestamps p;
    s3hls__input_picture x,
        none = {.pts = S3HLS__INPUT_TIMES_NO_TIME, .dts = S3HLS__INPUT_TIMES_NO_TIME}, timed = none;
    (void)state;
    s3hls__input_timestamps_init(&p, SECOND, 0, true);
    assert_true(s3hls__input_timestamps_push(
        &p, &none)); /* a camera's first, whose second has the time 0 */
    assert_false(s3hls__input_timestamps_pop(&p, &x));
    for (int i = 0; i < 3; i++) {
        timed.pts = timed.dts = i * 100;
        assert_true(s3hls__input_timestamps_push(&p, &timed));
    }
    assert_true(s3hls__input_timestamps_push(&p, &none));
    for (int i = -1; i < 4; i++) {
        assert_true(s3hls__input_timestamps_pop(&p, &x));
        assert_int_equal(x.pts, i * 100);
    }
    s3hls__input_timestamps_deinit(&p);
    s3hls__input_timestamps_init(&p, SECOND, 0, false); /* none at all: 25 in a second */
    for (int i = 0; i < 20; i++)
        assert_true(s3hls__input_timestamps_push(&p, &none));
    s3hls__input_timestamps_end(&p);
    for (int i = 0; i < 20; i++) {
        assert_true(s3hls__input_timestamps_pop(&p, &x));
        assert_int_equal(x.pts, i * STEP);
    }
    s3hls__input_timestamps_deinit(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_missing_time_is_made_from_the_other),
        cmocka_unit_test(slow_pictures_keep_their_times),
        cmocka_unit_test(uneven_pictures_keep_their_times),
        cmocka_unit_test(a_camera_is_not_held_back),
        cmocka_unit_test(reordering_that_comes_late_shifts_no_picture),
        cmocka_unit_test(pictures_without_times_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
