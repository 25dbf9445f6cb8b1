/* SPDX-License-Identifier: MIT-0 */
/* A camera of 5.2 Mbit/s, a pool of 4 MiB, no spool, and an uplink that is little faster than the
 * camera. Time is simulated: a minute takes a fraction of a second, and the same each time. */
#include "world.h"

#include "deliver/uploader.h"
#include "store/backend.h"
#include <inttypes.h>

enum {
    FRAME_US = 40000,
    FRAMES = 1500,
    STREAM_BPS = 5200000, /* of the segments, about */
    LATENCY_US = 60000,   /* of a request, beside its bytes */
    TRANSFERS = 8,
    AUDIO_RATE = 8000,
    AUDIO_SAMPLES = 1024,
    AUDIO_BYTES = 2000
};

/* ---- a store behind an uplink */

typedef struct transfer {
    s3hls__op *op; /* NULL: unused */
    int64_t left_bits;
    int64_t latency_us;
} transfer;

static struct {
    int64_t bps;
    transfer transfers[TRANSFERS];
    uint64_t stored;
} uplink;

static void start(s3hls_store *store, s3hls__op *op) {
    (void)store;
    assert_int_equal(op->request.kind, S3HLS__OP_PUT);
    for (int i = 0; i < TRANSFERS; i++)
        if (!uplink.transfers[i].op) {
            uplink.transfers[i] = (transfer){op, (int64_t)op->request.body_size * 8, LATENCY_US};
            return;
        }
    fail();
}

static void close_nothing(s3hls_store *store) {
    (void)store;
}

static const s3hls__store_calls calls = {.start = start, .close = close_nothing};

static s3hls_store *open_store(world *w) {
    s3hls_store *store = s3hls__env_alloc(&w->env, sizeof *store);
    store->calls = &calls;
    store->env = w->env;
    return store;
}

/* Transfers in progress share the uplink evenly. */
static void pass(s3hls_uploader *u, int64_t us) {
    int sending = 0;
    for (int i = 0; i < TRANSFERS; i++)
        sending += uplink.transfers[i].op && uplink.transfers[i].left_bits > 0;
    for (int i = 0; i < TRANSFERS; i++) {
        transfer *t = &uplink.transfers[i];
        if (!t->op)
            continue;
        if (t->left_bits > 0)
            t->left_bits -= uplink.bps * us / 1000000 / sending;
        else
            t->latency_us -= us;
        if (t->left_bits > 0 || t->latency_us > 0)
            continue;
        s3hls__op *op = t->op;
        uplink.stored += op->request.body_size;
        t->op = NULL;
        op->result = (s3hls_s3_error){.status = S3HLS_OK, .http_status = 200};
        s3hls__http_post(u->http, op);
    }
}

/* ---- time */

static int64_t simulated_us(void *ctx) {
    return ((world *)ctx)->passed_us + 1000000;
}

/* 5 ms at a time; the uploader runs after each. */
static void let_pass(world *w, s3hls_uploader *u, int64_t us) {
    enum { STEP_US = 5000 };
    for (int64_t end_us = w->passed_us + us; w->passed_us < end_us; w->passed_us += STEP_US) {
        pass(u, STEP_US);
        s3hls_uploader_step(u, 0);
    }
}

/* ---- a minute of recording */

typedef struct minute {
    int64_t uplink_bps;
    uint32_t gop; /* frames */
    s3hls_container container;
    bool audio;
} minute;

static void put_audio(s3hls_recorder *r, int64_t until_us, int64_t *next_us) {
    static uint8_t frame[7 + AUDIO_BYTES];
    const size_t size = sizeof frame;
    const uint8_t header[] = {0xff,
                              0xf1,
                              0x6c,
                              (uint8_t)(0x40 | size >> 11),
                              (uint8_t)(size >> 3),
                              (uint8_t)(size << 5 | 0x1f),
                              0xfc};
    memcpy(frame, header, sizeof header);
    for (; *next_us < until_us; *next_us += AUDIO_SAMPLES * INT64_C(1000000) / AUDIO_RATE)
        assert_int_equal(s3hls_recorder_put_audio(
                             r, &(s3hls_audio){.data = frame, .size = size, .pts_us = *next_us}),
                         S3HLS_OK);
}

/* Keyframes are five times as large as other pictures. */
static h264_gen camera_of(const minute *m) {
    uint32_t audio_bps = m->audio ? AUDIO_BYTES * 8 * AUDIO_RATE / AUDIO_SAMPLES : 0;
    uint32_t gop_bytes = (STREAM_BPS - audio_bps) / 100 * 96 / 8 * m->gop / 25; /* TS: 4 % */
    h264_gen g = {.width = 1920, .height = 1072, .gop = m->gop};
    g.other_bytes = gop_bytes / (m->gop + 4);
    g.key_bytes = g.other_bytes * 5;
    return g;
}

static void record(world *w, s3hls_uploader *u, s3hls_recorder *r, const minute *m) {
    h264_gen g = camera_of(m);
    int64_t audio_us = 0;
    for (int i = 0; i < FRAMES; i++) {
        if (m->audio)
            put_audio(r, (i + 1) * FRAME_US, &audio_us);
        put(r, &g);
        let_pass(w, u, FRAME_US);
        if (i % 25 == 0)
            stats_of(r);
    }
}

/* @return counts; the world has the events */
static s3hls_recorder_stats record_minute(world *w, const minute *m) {
    s3hls_recorder_config cfg = config(w);
    s3hls_uploader_config u_cfg;
    s3hls_recorder_stats stats;
    s3hls_uploader *u;
    s3hls_recorder *r;
    memset(&uplink, 0, sizeof uplink);
    uplink.bps = m->uplink_bps;
    w->env.monotonic_us = simulated_us;
    w->events[0] = 0;
    s3hls_uploader_config_init(&u_cfg);
    u_cfg.no_thread = 1;
    u_cfg.env = &w->env;
    assert_int_equal(s3hls_uploader_open(&u, &u_cfg), S3HLS_OK);
    cfg.uploader = u;
    cfg.container = m->container;
    cfg.frame_rate_num = 0;
    cfg.audio.codec = m->audio ? S3HLS_AUDIO_AAC_ADTS : S3HLS_AUDIO_NONE;
    cfg.on_event = note_event;
    cfg.event_ctx = w;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    s3hls_store *directory = u->boxes->store;
    u->boxes->store = open_store(w);
    record(w, u, r, m);
    s3hls_recorder_drain(r, 0); /* ends the input */
    for (int s = 0; s < 60; s++)
        let_pass(w, u, 1000000);
    stats = stats_of(r);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    s3hls_store_close(&directory);
    s3hls_uploader_close(&u);
    assert_int_equal(stats.frames_in + stats.frames_dropped, FRAMES);
    assert_int_equal(stats.segments_delivered, stats.segments_accepted);
    assert_true(uplink.stored >= stats.bytes_delivered);
    return stats;
}

static void an_uplink_faster_than_the_camera_loses_nothing(void **state) {
    (void)state;
    static const int64_t uplinks[] = {9400000, 6600000, 5500000};
    world *w = world_open();
    for (int u = 0; u < 3; u++)
        for (uint32_t seconds = 1; seconds <= 2; seconds++)
            for (int kind = 0; kind < 4; kind++) {
                minute m = {.uplink_bps = uplinks[u],
                            .gop = seconds * 25,
                            .container = kind & 1 ? S3HLS_CONTAINER_FMP4 : S3HLS_CONTAINER_TS,
                            .audio = kind & 2};
                s3hls_recorder_stats s = record_minute(w, &m);
                print_message("%" PRId64 " bit/s, GOPs of %u s, %s%s: %" PRIu64
                              " of %d lost, %" PRIu64 " segments\n",
                              m.uplink_bps, seconds, kind & 1 ? "fMP4" : "TS",
                              m.audio ? ", audio" : "", s.frames_dropped, FRAMES,
                              s.segments_accepted);
                assert_int_equal(s.frames_dropped, 0);
                assert_int_equal(s.audio_frames_dropped, 0);
                assert_int_equal(events_of(w, "pressure"), 0);
                assert_int_equal(events_of(w, "pool-small"), 0);
            }
    world_close(w);
}

/* A GOP of 2.6 MB leaves 1.6 MB of the pool: such an uplink is needed as the event states. */
static void a_pool_that_is_too_small_is_reported(void **state) {
    (void)state;
    static const struct {
        int64_t bps;
        bool loses;
    } uplinks[] = {{9400000, false}, {6600000, true}, {5500000, true}};
    world *w = world_open();
    for (int u = 0; u < 3; u++) {
        minute m = {.uplink_bps = uplinks[u].bps, .gop = 100, .container = S3HLS_CONTAINER_TS};
        s3hls_recorder_stats s = record_minute(w, &m);
        print_message("%" PRId64 " bit/s: %" PRIu64 " of %d lost\n", m.uplink_bps, s.frames_dropped,
                      FRAMES);
        assert_int_equal(s.frames_dropped > 0, uplinks[u].loses);
        assert_int_equal(events_of(w, "pool-small"), 1);
    }
    assert_non_null(strstr(w->lines, "Set pool_bytes to "));
    world_close(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_uplink_faster_than_the_camera_loses_nothing),
        cmocka_unit_test(a_pool_that_is_too_small_is_reported),
    };
    return cmocka_run_group_tests_name("uplink", tests, NULL, NULL);
}
