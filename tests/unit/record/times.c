/* SPDX-License-Identifier: MIT-0 */
/* What a camera's times become in the segments: names, PTS and DTS, read back and verified. */
#include "world.h"

#include "s3hls/verify.h"

enum { PICTURES = 6000 };

/* Both clocks go on by passed_us alone, however long a test takes. */
static int64_t passed_us(void *ctx) {
    return 77000000 + ((world *)ctx)->passed_us;
}

static world *timed_world(void) {
    world *w = world_open();
    w->env.monotonic_us = passed_us;
    return w;
}

typedef struct footage {
    s3hls_segment_list list;
    s3hls_verify_report reports[PICTURES];
    int64_t pts_90k[PICTURES];   /* of all pictures, in order */
    size_t segment_of[PICTURES]; /* which one holds it */
    size_t pictures;
} footage;

/* PTS of each PES packet of the one video track. */
static void read_times(footage *f, size_t segment, const uint8_t *data, size_t size) {
    for (const uint8_t *p = data; p < data + size; p += 188) {
        if ((p[1] & 0x5f) != 0x41 || p[2]) /* begins a unit of PID 0x100 */
            continue;
        const uint8_t *t = p + 4 + (p[3] & 0x20 ? 1 + p[4] : 0) + 9;
        assert_true(f->pictures < PICTURES);
        f->segment_of[f->pictures] = segment;
        f->pts_90k[f->pictures++] = (int64_t)(t[0] >> 1 & 7) << 30 | (int64_t)t[1] << 22 |
                                    (int64_t)(t[2] >> 1) << 15 | (int64_t)t[3] << 7 | t[4] >> 1;
    }
}

/* Read everything back; each segment must verify, alone and among its neighbours. */
static void read_back(world *w, footage *f) {
    static uint8_t data[4 << 20];
    memset(f, 0, sizeof *f);
    f->list = recorded(w);
    assert_in_range(f->list.count, 1, PICTURES);
    for (size_t i = 0; i < f->list.count; i++) {
        char path[256], key[S3HLS_KEY_MAX];
        assert_true(s3hls_segment_key_format(&f->list.segments[i], key, sizeof key) > 0);
        snprintf(path, sizeof path, "%s/%s", w->cam, key);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        s3hls_verify_segment(&f->list.segments[i], data, size, &f->reports[i]);
        read_times(f, i, data, size);
    }
    s3hls_verify_neighbours(f->list.segments, f->reports, f->list.count);
    for (size_t i = 0; i < f->list.count; i++)
        if (f->reports[i].faults)
            fail_msg("segment %d of %d: %s", (int)i, (int)f->list.count, f->reports[i].message);
}

/* Record the pictures of a file that was taken at noon, at these times. */
static void record_times(world *w, const int64_t *ms, int count, uint32_t gop, footage *f) {
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    g.gop = gop;
    cfg.frame_rate_num = 0;
    cfg.pool_bytes = 8 << 20;
    cfg.start_time_us = NOON_US;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < count; i++) {
        s3hls_frame frame = {.data = frame_bytes, .pts_us = ms[i] * 1000};
        frame.size = h264_gen_next(&g, frame_bytes, sizeof frame_bytes);
        assert_int_equal(s3hls_recorder_put_video(r, &frame), S3HLS_OK);
    }
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    read_back(w, f);
    assert_int_equal(f->pictures, count);
}

static int64_t end_of(const s3hls_segment *s) {
    return s->start_ms + s->duration_ms;
}

/* A picture's time by the name of its segment. */
static int64_t named_ms(const footage *f, size_t picture) {
    size_t first = picture;
    while (first > 0 && f->segment_of[first - 1] == f->segment_of[picture])
        first--;
    return f->list.segments[f->segment_of[picture]].start_ms - NOON_US / 1000 +
           (f->pts_90k[picture] - f->pts_90k[first]) / 90;
}

/* ---- */

/* A digital video recorder's habit: one stamp in 50 is off. */
static void wrong_stamps_change_neither_length_nor_timeline(void **state) {
    (void)state;
    static const int64_t off_ms[] = {5000, -500, 9000, 37600000, -9800000};
    for (size_t o = 0; o < 5; o++)
        for (int key = 0; key < 2; key++) {
            static footage f;
            int64_t ms[PICTURES];
            world *w = timed_world();
            for (int i = 0; i < 200; i++)
                ms[i] = i * 40 + (i % 50 == (key ? 25 : 7) ? off_ms[o] : 0);
            record_times(w, ms, 200, 25, &f);
            for (size_t i = 0; i < f.list.count; i++)
                assert_int_equal(f.list.segments[i].timeline, f.list.segments[0].timeline);
            for (size_t i = 0; i < 200; i++)
                assert_in_range(named_ms(&f, i) - (int64_t)i * 40 + 41, 0, 82);
            assert_int_equal(end_of(&f.list.segments[f.list.count - 1]), NOON_US / 1000 + 8000);
            s3hls_segment_list_deinit(&f.list, NULL);
            world_close(w);
        }
}

/* A name states how long its pictures last: the last one as long as is usual. */
static void a_gap_is_in_no_segments_name(void **state) {
    (void)state;
    static const struct {
        int count, gap_at; /* pictures in all; the one behind the gap */
        int64_t gap_ms;
        uint32_t last_ms; /* duration of the last segment */
    } cases[] = {
        {75, 74, 5560, 2960 + 5560 + 40}, /* of its pictures the last one shows for 40 ms */
        {100, 75, 9000, 1000},            /* before a keyframe */
        {100, 75, 3600000, 1000},
        {200, 75, 9000, 1000},
        {76, 75, 9000, 40}, /* never confirmed */
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        static footage f;
        int64_t ms[PICTURES];
        world *w = timed_world();
        for (int i = 0; i < cases[c].count; i++)
            ms[i] = i * 40 + (i >= cases[c].gap_at ? cases[c].gap_ms : 0);
        record_times(w, ms, cases[c].count, 25, &f);
        const s3hls_segment *s = f.list.segments, *last = s + f.list.count - 1;
        assert_int_equal(last->duration_ms, cases[c].last_ms);
        if (cases[c].gap_at == 75) {
            assert_int_equal(s[0].duration_ms, 3000);
            assert_int_equal(s[1].sequence, s[0].sequence + 1);
        }
        if (cases[c].gap_at == 75 && cases[c].count > 76) {
            assert_int_equal(s[1].timeline, s[0].timeline + 1);
            assert_in_range(s[1].start_ms - end_of(s) - cases[c].gap_ms + 2, 0, 4);
        }
        s3hls_segment_list_deinit(&f.list, NULL);
        world_close(w);
    }
}

static void slow_and_unsteady_cameras_keep_their_times(void **state) {
    (void)state;
    static const struct {
        uint32_t gop;
        int count, distance_ms[4];
    } cameras[] = {
        {1, 20, {15000, 15000, 15000, 15000}}, {1, 20, {14000, 16000, 15000, 15000}},
        {4, 20, {15000, 15000, 15000, 15000}}, {30, 200, {200, 33, 34, 33}},
        {25, 200, {40, 40, 1000, 40}},         {20, 200, {40, 40, 1900, 320}},
    };
    for (size_t c = 0; c < sizeof cameras / sizeof *cameras; c++) {
        static footage f;
        int64_t ms[PICTURES + 1] = {0};
        int count = cameras[c].count;
        world *w = timed_world();
        for (int i = 1; i <= count; i++)
            ms[i] = ms[i - 1] + cameras[c].distance_ms[i % 4];
        record_times(w, ms, count, cameras[c].gop, &f);
        for (size_t i = 0; i < (size_t)count; i++)
            assert_in_range(named_ms(&f, i) - ms[i] + 2, 0, 4);
        for (size_t i = 1; i < f.list.count; i++)
            assert_in_range(f.list.segments[i].start_ms - end_of(&f.list.segments[i - 1]) + 1, 0,
                            2);
        /* but for the first, where longer segments than were promised begin another timeline */
        assert_in_range(f.list.segments[f.list.count - 1].timeline - f.list.segments[0].timeline, 0,
                        2);
        s3hls_segment_list_deinit(&f.list, NULL);
        world_close(w);
    }
}

/* Counted fields, of which both of a frame have one order count. */
static void fields_are_in_order_and_last_half_a_frame(void **state) {
    (void)state;
    static footage f;
    world *w = timed_world();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    g.fields = true;
    g.gop = 50;
    cfg.pool_bytes = 4 << 20;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 200; i++)
        assert_int_equal(put(r, &g), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    read_back(w, &f);
    assert_int_equal(f.list.count, 1);
    assert_int_equal(f.list.segments[0].duration_ms, 4000);
    for (size_t i = 1; i < 200; i++)
        assert_int_equal(f.pts_90k[i] - f.pts_90k[i - 1], 1800);
    s3hls_segment_list_deinit(&f.list, NULL);
    world_close(w);
}

/* A live camera whose clock runs at another speed, on a system whose clock may step. */
typedef struct live {
    const char *name;
    int stamp_us, real_us; /* from picture to picture */
    int64_t step_us;       /* of the system's clock, after 100 s */
    bool reported;
    int timelines;
} live;

static void record_live(world *w, const live *x, footage *f) {
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    g.key_bytes = g.other_bytes = 60;
    cfg.frame_rate_num = 0;
    cfg.pool_bytes = 16 << 20;
    cfg.on_event = note_event;
    cfg.event_ctx = w;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int64_t i = 0, past_us = 0; past_us < 200000000 && i < PICTURES; i++) {
        s3hls_frame frame = {.data = frame_bytes, .pts_us = i * x->stamp_us};
        frame.size = h264_gen_next(&g, frame_bytes, sizeof frame_bytes);
        assert_int_equal(s3hls_recorder_put_video(r, &frame), S3HLS_OK);
        past_us += x->real_us;
        w->passed_us += x->real_us;
        if (past_us / x->real_us == 100000000 / x->real_us)
            w->wall_us += x->step_us;
    }
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    read_back(w, f);
}

/* Whatever the clocks do, segments follow each other; and in the end they lie where they belong. */
static void live_segments_never_overlap(void **state) {
    (void)state;
    static const live cameras[] = {
        {"true", 40000, 40000, 0, false, 1},
        {"1 % fast", 40000, 39600, 0, false, 2},
        {"1 % slow", 40000, 40400, 0, false, 1},
        {"5 % fast", 42000, 40000, 0, false, 1},
        {"5 % slow", 40000, 42000, 0, false, 1},
        {"clock set back", 40000, 40000, -400000, false, 1},
        {"clock set forward", 40000, 40000, 500000, false, 1},
        {"clock set forward far", 40000, 40000, 5000000, false, 2},
        {"20 % fast", 48000, 40000, 0, true, 1},
        {"20 % slow", 40000, 48000, 0, true, 1},
        {"ten times", 400000, 40000, 0, true, 2},
    };
    for (size_t c = 0; c < sizeof cameras / sizeof *cameras; c++) {
        static footage f;
        world *w = timed_world();
        record_live(w, &cameras[c], &f);
        const s3hls_segment *s = f.list.segments, *last = s + f.list.count - 1;
        for (size_t i = 1; i < f.list.count; i++)
            if (s[i].start_ms + 1 < end_of(&s[i - 1]) || s[i].sequence != s[i - 1].sequence + 1)
                fail_msg("%s: segment %d overlaps", cameras[c].name, (int)i);
        int64_t ahead_ms = end_of(last) - (w->wall_us + w->passed_us) / 1000;
        if (!cameras[c].reported && (ahead_ms > 400 || ahead_ms < -400))
            fail_msg("%s: ends %d ms ahead", cameras[c].name, (int)ahead_ms);
        assert_int_equal(events_of(w, "input-clock"), cameras[c].reported);
        if (last->timeline - s->timeline >= (uint64_t)cameras[c].timelines)
            fail_msg("%s: %d timelines", cameras[c].name, (int)(last->timeline - s->timeline) + 1);
        s3hls_segment_list_deinit(&f.list, NULL);
        world_close(w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_stamps_change_neither_length_nor_timeline),
        cmocka_unit_test(a_gap_is_in_no_segments_name),
        cmocka_unit_test(slow_and_unsteady_cameras_keep_their_times),
        cmocka_unit_test(live_segments_never_overlap),
        cmocka_unit_test(fields_are_in_order_and_last_half_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
