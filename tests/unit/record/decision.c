/* SPDX-License-Identifier: MIT-0 */
/* What happens to an access unit: every fact that a decision depends on, alone and together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/decision.h"
#include <stdio.h>

enum { SECOND = 90000, FRAME = 3600 };

static s3hls__decider decider(void) {
    s3hls__decider d = {.skipping = true};
    s3hls__segmenter_init(&d.segmenter, 4000, 1000000, 0);
    s3hls__segmenter_begin(&d.segmenter, 0, 0, true);
    return d;
}

/* ---- skip */

typedef struct skip_row {
    bool skipping, keyframe;
    uint64_t seen, damaged;
    bool skips, skipping_after;
    uint64_t seen_after;
} skip_row;

static const skip_row skips[] = {
    /* skipping keyframe seen damaged | skips skipping seen */
    {false, false, 3, 3, false, false, 3}, /* all is well */
    {false, false, 3, 4, true, true, 3},   /* damage */
    {true, false, 3, 3, true, true, 3},    /* still */
    {true, false, 3, 5, true, true, 3},    /* more of it */
    {true, true, 3, 5, false, true, 5}, /* a keyframe; the caller ends skipping when it is kept */
    {false, true, 3, 5, false, false, 5},
};

static void pictures_are_skipped_from_damage_to_a_keyframe(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof skips / sizeof *skips; i++) {
        const skip_row *r = &skips[i];
        s3hls__decider d = decider();
        d.skipping = r->skipping;
        d.damage_seen = r->seen;
        print_message("row %zu\n", i);
        assert_int_equal(s3hls__decide_skip(&d, r->keyframe, r->damaged), r->skips);
        assert_int_equal(d.skipping, r->skipping_after);
        assert_int_equal(d.damage_seen, r->seen_after);
    }
}

/* ---- timelines */

typedef struct timeline_row {
    bool begun, broke, parameters, stepped, outgrown;
    const char *reason;
} timeline_row;

static const timeline_row timelines[] = {
    {false, false, false, false, false, "recording begins"},
    {false, true, true, true, true, "recording begins"},
    {true, false, false, false, false, NULL},
    {true, true, false, false, false, "the encoder's times jumped, or pictures were missing"},
    {true, true, true, true, true, "the encoder's times jumped, or pictures were missing"},
    {true, false, true, true, true, "other parameters"},
    {true, false, false, true, true, "the wall clock stepped"},
    {true, false, false, false, true, "longer segments"},
};

static void a_timeline_begins_for_one_reason(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof timelines / sizeof *timelines; i++) {
        const timeline_row *r = &timelines[i];
        s3hls__unit unit = {.keyframe = true, .idr = true, .parameters_changed = r->parameters};
        s3hls__decision_facts f = {.unit = &unit,
                                   .timeline_begun = r->begun,
                                   .times_broke = r->broke,
                                   .clock_stepped = r->stepped,
                                   .outgrown = r->outgrown};
        const char *reason = s3hls__decide_timeline(&f);
        print_message("row %zu\n", i);
        assert_int_equal(!reason, !r->reason);
        if (reason)
            assert_string_equal(reason, r->reason);
        s3hls__decider d = decider();
        assert_int_equal(!s3hls__decide(&d, &f).timeline, !r->reason);
        unit.keyframe = unit.idr = false;
        assert_null(s3hls__decide(&d, &f).timeline); /* only keyframes begin one */
    }
}

/* ---- cuts */

typedef struct cut_row {
    const char *what;
    bool filling, keyframe, idr, second_field;
    int pts_s;
    uint64_t bytes;
    bool pts_in_doubt, behind_gap, parameters;
    bool cut;
    s3hls_segment_entry entry;
} cut_row;

#define F false
#define T true
static const cut_row cuts[] = {
    /*                          filling key idr 2nd  s  bytes  doubt gap set | cut entry */
    {"the first picture", F, T, T, F, 0, 0, F, F, F, F, S3HLS_ENTRY_IDR},
    {"an early keyframe", T, T, T, F, 2, 1000, F, F, F, F, S3HLS_ENTRY_IDR},
    {"a keyframe that is due", T, T, T, F, 4, 1000, F, F, F, T, S3HLS_ENTRY_IDR},
    {"a recovery point that is due", T, T, F, F, 4, 1000, F, F, F, T, S3HLS_ENTRY_RECOVERY},
    {"any other picture", T, F, F, F, 4, 1000, F, F, F, F, S3HLS_ENTRY_NONE},
    {"a GOP that is too long", T, F, F, F, 60, 1000, F, F, F, T, S3HLS_ENTRY_NONE},
    {"a GOP that is too large", T, F, F, F, 2, 1000000, F, F, F, T, S3HLS_ENTRY_NONE},
    {"a second field of it", T, F, F, T, 2, 1000000, F, F, F, F, S3HLS_ENTRY_NONE},
    {"a keyframe whose time may change", T, T, T, F, 4, 1000, T, F, F, F, S3HLS_ENTRY_IDR},
    {"the same with other parameters", T, T, T, F, 4, 1000, T, F, T, T, S3HLS_ENTRY_IDR},
    {"an early keyframe behind a gap", T, T, T, F, 2, 1000, F, T, F, T, S3HLS_ENTRY_IDR},
    {"another picture behind a gap", T, F, F, F, 2, 1000, F, T, F, F, S3HLS_ENTRY_NONE},
    {"early, with other parameters", T, T, T, F, 2, 1000, F, F, T, T, S3HLS_ENTRY_IDR},
    {"the first, with other parameters", F, T, T, F, 2, 0, F, F, T, F, S3HLS_ENTRY_IDR},
};
#undef F
#undef T

static void segments_end_where_they_should(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        const cut_row *r = &cuts[i];
        s3hls__decider d = decider();
        s3hls__unit unit = {.keyframe = r->keyframe,
                            .idr = r->idr,
                            .second_field = r->second_field,
                            .parameters_changed = r->parameters};
        s3hls__decision_facts f = {.unit = &unit,
                                   .pts_90k = (int64_t)r->pts_s * SECOND,
                                   .frame_90k = FRAME,
                                   .pts_in_doubt = r->pts_in_doubt,
                                   .behind_gap = r->behind_gap,
                                   .filling = r->filling,
                                   .bytes = r->bytes,
                                   .pool_bytes = 16000000,
                                   .timeline_begun = true};
        s3hls__decision decision = s3hls__decide(&d, &f);
        print_message("%s\n", r->what);
        assert_int_equal(decision.cut, r->cut);
        assert_int_equal(decision.entry, r->entry);
        assert_int_equal(decision.timeline != NULL, r->parameters);
    }
}

/* ---- the pool */

/* A camera: GOPs of a size and length; segments of 4 s, at most 3/4 of a pool of 4,000,000. */
typedef struct pool_row {
    const char *what;
    uint64_t gop_bytes;
    int gop_ms;
    bool max_given;
    int cuts_ms[4];     /* ends of segments, multiples of a second; 0: none */
    uint64_t uplink;    /* bits per second, as reported; 0: nothing is */
    uint64_t enough;    /* pool */
    int64_t shorter_ms; /* keyframe interval */
} pool_row;

static const pool_row pools[] = {
    {"fits for 4 s", 300000, 1000, false, {4000, 8000}, 0, 0, 0},
    {"three GOPs would not fit twice", 600000, 1000, false, {2000, 4000, 6000}, 0, 0, 0},
    {"exactly 3/8", 750000, 1000, false, {2000, 4000, 6000}, 0, 0, 0},
    {"two do not", 1300000, 2000, false, {2000, 4000, 6000}, 0, 0, 0},
    {"by 3/4 only, as the caller wishes", 600000, 1000, true, {4000, 8000}, 0, 0, 0},
    {"one does not", 2600000, 4000, false, {4000, 8000}, 9657142, 6933336, 2307},
    {"nor here", 2600000, 4000, true, {4000, 8000}, 9657142, 6933336, 2307},
    {"parts of it do: 3/4 at first, then 3/8",
     3200000,
     4000,
     false,
     {3800, 4000, 5900, 7800},
     6400000,
     8533336,
     1875},
};

/* A picture each 100 ms, all of the same size. */
static void segments_fit_the_pool_twice(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++) {
        const pool_row *r = &pools[i];
        s3hls__decider d = {.keeps_max = r->max_given};
        s3hls__pool_finding found = {0};
        int ends = 0, reports = 0;
        uint64_t bytes = 0, picture = r->gop_bytes * 100 / (uint64_t)r->gop_ms;
        print_message("%s\n", r->what);
        s3hls__segmenter_init(&d.segmenter, 4000, 3000000, 0);
        for (int ms = 0; ms < 8100; ms += 100, bytes += picture) {
            bool key = ms % r->gop_ms == 0;
            s3hls__unit unit = {.keyframe = key, .idr = key};
            s3hls__decision_facts f = {.unit = &unit,
                                       .pts_90k = ms * 90,
                                       .frame_90k = 9000,
                                       .filling = ms > 0,
                                       .bytes = bytes,
                                       .pool_bytes = 4000000,
                                       .timeline_begun = true};
            bool cut = s3hls__decide(&d, &f).cut;
            if (key && ms)
                reports += s3hls__decide_pool(&d, f.pool_bytes, &found);
            if (cut && ends < 4 && r->cuts_ms[ends])
                assert_int_equal(ms, r->cuts_ms[ends++]);
            if (cut || !ms) {
                bytes = 0;
                s3hls__segmenter_begin(&d.segmenter, f.pts_90k, 0, key);
            }
        }
        for (int n = 0; n < 4 && r->cuts_ms[n]; n++)
            assert_true(n < ends);
        assert_int_equal(reports, r->uplink != 0);
        assert_int_equal(found.uplink_bits_per_s, r->uplink);
        assert_int_equal(found.enough_bytes, r->enough);
        assert_int_equal(found.shorter_ms, r->shorter_ms);
    }
}

static void a_small_pool_is_reported_again_after_gops_that_fit(void **state) {
    (void)state;
    s3hls__decider d = decider();
    s3hls__pool_finding found;
    d.segmenter.newest_gop_90k = SECOND;
    for (int round = 0; round < 2; round++) {
        d.segmenter.newest_gop_bytes = 400000;
        assert_true(s3hls__decide_pool(&d, 1000000, &found));
        assert_false(s3hls__decide_pool(&d, 1000000, &found));
        d.segmenter.newest_gop_bytes = 300000;
        for (int i = 0; i < 10; i++)
            assert_false(s3hls__decide_pool(&d, 1000000, &found));
    }
}

/* ---- reports */

static void each_cause_is_reported_once(void **state) {
    (void)state;
    s3hls__decider d = decider();
    d.segmenter.too_large = true;
    const char *size = s3hls__decide_report(&d, S3HLS_ENTRY_NONE);
    d.segmenter.too_large = false;
    const char *duration = s3hls__decide_report(&d, S3HLS_ENTRY_NONE);
    const char *recovery = s3hls__decide_report(&d, S3HLS_ENTRY_RECOVERY);
    assert_non_null(size);
    assert_non_null(duration);
    assert_non_null(recovery);
    assert_string_not_equal(size, duration);
    assert_string_not_equal(size, recovery);
    d.segmenter.too_large = true;
    assert_null(s3hls__decide_report(&d, S3HLS_ENTRY_NONE));
    for (int i = 0; i < 9; i++)
        assert_null(s3hls__decide_report(&d, S3HLS_ENTRY_IDR));
    assert_null(s3hls__decide_report(&d, S3HLS_ENTRY_RECOVERY));
    for (int i = 0; i < 10; i++)
        assert_null(s3hls__decide_report(&d, S3HLS_ENTRY_IDR));
    assert_string_equal(s3hls__decide_report(&d, S3HLS_ENTRY_RECOVERY), recovery);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_skipped_from_damage_to_a_keyframe),
        cmocka_unit_test(a_timeline_begins_for_one_reason),
        cmocka_unit_test(segments_end_where_they_should),
        cmocka_unit_test(segments_fit_the_pool_twice),
        cmocka_unit_test(a_small_pool_is_reported_again_after_gops_that_fit),
        cmocka_unit_test(each_cause_is_reported_once),
    };
    return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}
