/* SPDX-License-Identifier: MIT-0 */
/* Edit lists: what is shown keeps its times, and what it needs to be decoded stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input/edit_list.h"

enum { STEP = 40000, GOP = 24, GOPS = 6, MAX = 2 * GOP * GOPS };

/* I B b b P ...: place in presentation order within four, and whether others refer to it */
static const int places[] = {0, 4, 2, 1, 3};

static int dropped;

static void drop(void *packet) {
    (void)packet;
    dropped++;
}

/* A picture of the source; its times begin with 0. */
static s3hls__input_picture source(int i) {
    int gop = i / (GOP + 1), in_gop = i % (GOP + 1), place = 0;
    if (in_gop > 0)
        place = (in_gop - 1) / 4 * 4 + places[1 + (in_gop - 1) % 4];
    return (s3hls__input_picture){.pts = (int64_t)(gop * (GOP + 1) + place) * STEP,
                                  .dts = (int64_t)(i - 2) * STEP,
                                  .order = i,
                                  .idr = in_gop == 0,
                                  .key = in_gop == 0,
                                  .disposable = in_gop && places[1 + (in_gop - 1) % 4] % 2};
}

/* What a demuxer makes of an edit from begin to end (places): the GOPs that it needs, from *at on.
 */
static int edit(s3hls__input_picture *out, int count, int begin, int end, int64_t at) {
    int first = begin / (GOP + 1) * (GOP + 1), last = (end + GOP) / (GOP + 1) * (GOP + 1);
    for (int i = first; i < last; i++) {
        s3hls__input_picture x = source(i);
        x.hidden = x.pts < (int64_t)begin * STEP || x.pts >= (int64_t)end * STEP;
        x.pts += at - (int64_t)begin * STEP;
        x.dts += at - (int64_t)begin * STEP;
        out[count++] = x;
    }
    return count;
}

static int64_t last_dts, end_pts;

/* Of each picture that comes out: DTS rise; hidden ones are moved next to those that are shown. */
static int check(s3hls__input_edit_list *h, const s3hls__input_picture *in, int *next) {
    s3hls__input_picture x;
    int shown = 0;
    while (s3hls__input_edit_list_pop(h, &x)) {
        assert_true(x.dts > last_dts);
        assert_true(x.pts >= x.dts);
        last_dts = x.dts;
        end_pts = x.pts > end_pts ? x.pts : end_pts;
        if (x.hidden)
            continue;
        while (in[*next].hidden)
            ++*next;
        assert_int_equal(x.pts, in[*next].pts);
        assert_int_equal(x.order, in[*next].order);
        ++*next;
        shown++;
    }
    return shown;
}

static void run(const s3hls__input_picture *in, int count, int shown) {
    s3hls__input_edit_list h;
    int got = 0, next = 0;
    last_dts = INT64_MIN;
    end_pts = INT64_MIN;
    s3hls__input_edit_list_init(&h, drop);
    for (int i = 0; i < count; i++) {
        assert_true(s3hls__input_edit_list_push(&h, &in[i]));
        got += check(&h, in, &next);
    }
    s3hls__input_edit_list_end(&h);
    got += check(&h, in, &next);
    assert_int_equal(got, shown);
    s3hls__input_edit_list_deinit(&h);
}

static void without_edits_nothing_changes(void **state) {
    s3hls__input_picture in[MAX];
    (void)state;
    dropped = 0;
    int count = edit(in, 0, 0, (GOP + 1) * 3, 0);
    run(in, count, (GOP + 1) * 3);
    assert_int_equal(dropped, 0);
}

static void every_edit_keeps_its_times(void **state) {
    s3hls__input_picture in[MAX];
    (void)state;
    for (int begin = 0; begin <= GOP; begin++)
        for (int length = 1; length < 2 * GOP; length += 3) {
            int count = edit(in, 0, begin, begin + length, 0);
            run(in, count, length);
            assert_true(end_pts <
                        (int64_t)length * STEP); /* what is needed behind the end is near it */
        }
}

static void edits_that_are_joined_keep_their_times(void **state) {
    s3hls__input_picture in[MAX];
    (void)state;
    for (int begin = 0; begin <= GOP; begin++)
        for (int second = 0; second <= GOP; second += 5) {
            int count = edit(in, 0, begin, begin + 20, 0);
            count = edit(in, count, 2 * (GOP + 1) + second, 2 * (GOP + 1) + second + 30, 20 * STEP);
            run(in, count, 50);
        }
}

static void nothing_hidden_is_kept_without_need(void **state) {
    s3hls__input_picture in[MAX];
    (void)state;
    dropped = 0;
    int count = edit(in, 0, 0, 10, 0);        /* of one GOP */
    for (int i = 0; i < 2 * (GOP + 1); i++) { /* two more that are not shown */
        in[count] = source(GOP + 1 + i);
        in[count++].hidden = true;
    }
    run(in, count, 10);
    assert_in_range(dropped, 2 * (GOP + 1) + GOP + 1 - 10 - 4, 2 * (GOP + 1) + GOP + 1 - 10);
    for (int i = 0; i < GOP;
         i++) { /* a stream that begins within a GOP: of no use before a keyframe */
        in[i] = source(i + 1);
        in[i].hidden = true;
    }
    dropped = 0;
    run(in, GOP, 0);
    assert_int_equal(dropped, GOP);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_edits_nothing_changes),
        cmocka_unit_test(every_edit_keeps_its_times),
        cmocka_unit_test(edits_that_are_joined_keep_their_times),
        cmocka_unit_test(nothing_hidden_is_kept_without_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
