/* SPDX-License-Identifier: MIT-0 */
/* Audio beside the pictures of a recorder. */
#include "world.h"

#include "h265_gen.h"
#include "record/audio.h"
#include "s3hls/verify.h"
#include <sched.h>

enum { RATE = 8000, SAMPLES = 1024, FRAME_US = SAMPLES * 1000000 / RATE, FRAME_BYTES = 60 };

/* An ADTS frame of AAC LC, 8 kHz, mono. */
static size_t adts_frame(uint8_t *to, uint8_t content) {
    const size_t size = 7 + FRAME_BYTES;
    const uint8_t header[] = {
        0xff, 0xf1, 0x6c, 0x40, (uint8_t)(size >> 3), (uint8_t)(size << 5 | 0x1f), 0xfc};
    memcpy(to, header, sizeof header);
    memset(to + sizeof header, content, FRAME_BYTES);
    return size;
}

static int put_sound(s3hls_recorder *r, int64_t pts_us, int frames) {
    static uint8_t bytes[1 << 16];
    size_t size = 0;
    for (int i = 0; i < frames; i++)
        size += adts_frame(bytes + size, (uint8_t)i);
    s3hls_audio a = {.data = bytes, .size = size, .pts_us = pts_us};
    return s3hls_recorder_put_audio(r, &a);
}

static s3hls_recorder_config with_audio(world *w, s3hls_container container) {
    s3hls_recorder_config cfg = config(w);
    cfg.frame_rate_num = 0;
    cfg.segment_duration_ms = 1000;
    cfg.pool_bytes = 16 << 20;
    cfg.container = container;
    cfg.audio.codec = S3HLS_AUDIO_AAC_ADTS;
    return cfg;
}

/* ---- what was recorded */

typedef struct result {
    uint32_t frames, pictures, faults;
    size_t segments, timelines, silent;
    char codecs[64]; /* of the last timeline */
    char message[128];
} result;

static size_t read_object(world *w, const char *key, uint8_t *to, size_t size) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", w->cam, key);
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(to, 1, size, f) : 0;
    if (f)
        fclose(f);
    return n;
}

static result look(world *w) {
    static uint8_t data[1 << 21], init[8192];
    result found = {.frames = 0};
    s3hls_segment_list list = recorded(w);
    s3hls_verify_report *reports = calloc(list.count + 1, sizeof *reports);
    s3hls_archive *archive;
    s3hls_timeline t;
    s3hls_archive_open(&archive, w->url, NULL, NULL);
    for (size_t i = 0; i < list.count; i++) {
        const s3hls_segment *s = &list.segments[i];
        char key[S3HLS_KEY_MAX];
        s3hls_segment_key_format(s, key, sizeof key);
        size_t size = read_object(w, key, data, sizeof data);
        s3hls_init_key_format(s->timeline, key, sizeof key);
        size_t init_size = read_object(w, key, init, sizeof init);
        if (s->container == S3HLS_CONTAINER_FMP4)
            s3hls_verify_fragment(s, init, init_size, data, size, &reports[i]);
        else
            s3hls_verify_segment(s, data, size, &reports[i]);
        assert_int_equal(s3hls_archive_timeline(archive, s->timeline, &t, NULL), S3HLS_OK);
        s3hls_verify_timeline(&t, &reports[i]);
        found.timelines += i == 0 || s->timeline != s[-1].timeline;
        memcpy(found.codecs, t.codecs, sizeof t.codecs);
    }
    s3hls_verify_neighbours(list.segments, reports, list.count);
    for (size_t i = 0; i < list.count; i++) {
        found.frames += reports[i].audio_frames;
        found.silent += reports[i].audio_frames == 0;
        found.pictures += reports[i].access_units;
        found.faults |= reports[i].faults;
        if (reports[i].faults && !found.message[0])
            memcpy(found.message, reports[i].message, sizeof found.message);
    }
    found.segments = list.count;
    s3hls_archive_close(&archive);
    s3hls_segment_list_deinit(&list, NULL);
    free(reports);
    return found;
}

static result end(world *w, s3hls_recorder **r, s3hls_recorder_stats *stats) {
    assert_int_equal(s3hls_recorder_drain(*r, 5000), S3HLS_OK);
    *stats = stats_of(*r);
    assert_int_equal(s3hls_recorder_close(r, 0), S3HLS_OK);
    result found = look(w);
    if (found.faults)
        fail_msg("%s", found.message);
    return found;
}

/* ---- */

static void sound_is_recorded_beside_the_pictures(void **state) {
    (void)state;
    for (int container = 0; container < 2; container++) {
        world *w = world_open();
        s3hls_recorder_config cfg = with_audio(w, (s3hls_container)container);
        s3hls_recorder *r;
        s3hls_recorder_stats stats;
        h264_gen g = camera();
        assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
        int frames = 0;
        for (int i = 0; i < 250; i++) {
            for (; (int64_t)frames * FRAME_US < i * INT64_C(40000); frames++)
                assert_int_equal(put_sound(r, frames * (int64_t)FRAME_US, 1), S3HLS_OK);
            assert_int_equal(put(r, &g), S3HLS_OK);
        }
        result found = end(w, &r, &stats);
        assert_int_equal(found.pictures, 250);
        assert_int_equal(found.frames, frames);
        assert_int_equal(found.timelines, 1);
        assert_int_equal(found.silent, 0);
        assert_string_equal(found.codecs, "avc1.42c01e,mp4a.40.2");
        assert_int_equal(stats.audio_frames_in, frames);
        assert_int_equal(stats.audio_frames_dropped, 0);
        world_close(w);
    }
}

/* Late, absent for a while, and again: each change begins a timeline without a gap in the picture,
 * and pictures are the same. */
static void audio_may_begin_late_and_pause(void **state) {
    (void)state;
    for (int container = 0; container < 2; container++) {
        world *w = world_open();
        s3hls_recorder_config cfg = with_audio(w, (s3hls_container)container);
        s3hls_recorder *r;
        s3hls_recorder_stats stats;
        h264_gen g = camera();
        assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
        for (int i = 0; i < 500; i++) { /* sound from 3 to 8 s, and from 14 s on */
            int64_t at_us = i * INT64_C(40000);
            bool heard = (i >= 75 && i < 200) || i >= 350;
            if (heard && i % 3 == 0)
                assert_int_equal(put_sound(r, at_us, 1), S3HLS_OK);
            assert_int_equal(put(r, &g), S3HLS_OK);
        }
        result found = end(w, &r, &stats);
        assert_int_equal(found.pictures, 500);
        assert_int_equal(found.segments, 20);
        assert_int_equal(found.timelines, 4);
        assert_in_range(found.frames, stats.audio_frames_in - 1, stats.audio_frames_in);
        world_close(w);
    }
}

static void announced_audio_that_never_comes_is_not_listed(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_FMP4);
    s3hls_recorder *r;
    s3hls_recorder_stats stats;
    h264_gen g = camera();
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(put(r, &g), S3HLS_OK);
    result found = end(w, &r, &stats);
    assert_int_equal(found.timelines, 1);
    assert_string_equal(found.codecs, "avc1.42c01e");
    world_close(w);
}

/* 10 s in one call: as much as the buffer holds, the newest; the rest is counted. */
static void a_flood_is_counted(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_TS);
    s3hls_recorder *r;
    s3hls_recorder_stats stats;
    h264_gen g = camera();
    cfg.audio.buffer_bytes = 4096;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    assert_int_equal(put_sound(r, 0, 1), S3HLS_OK);
    assert_int_equal(put_sound(r, FRAME_US, 80), S3HLS_W_AUDIO_DROPPED);
    for (int i = 0; i < 275; i++)
        assert_int_equal(put(r, &g), S3HLS_OK);
    result found = end(w, &r, &stats);
    assert_int_equal(stats.audio_frames_in, 81);
    assert_int_equal(found.frames + stats.audio_frames_dropped, 81);
    assert_true(stats.audio_frames_dropped > 20);
    world_close(w);
}

static void bad_audio_is_named_and_costs_no_picture(void **state) {
    (void)state;
    static const uint8_t noise[] = "not an ADTS frame, and nothing like one";
    uint8_t frame[100], other[100];
    world *w = world_open();
    s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_AUTO);
    s3hls_recorder *r;
    s3hls_recorder_stats stats;
    h264_gen g = camera();
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    s3hls_audio a = {.data = noise, .size = sizeof noise};
    assert_int_equal(s3hls_recorder_put_audio(r, &a), S3HLS_E_MALFORMED);
    assert_int_equal(put_sound(r, 0, 1), S3HLS_OK);
    a = (s3hls_audio){.data = other, .size = adts_frame(other, 1), .pts_us = 1};
    other[2] = 0x50; /* 44,100 Hz */
    assert_int_equal(s3hls_recorder_put_audio(r, &a), S3HLS_E_UNSUPPORTED);
    other[2] = 0x2c; /* AAC Main */
    assert_int_equal(s3hls_recorder_put_audio(r, &a), S3HLS_E_UNSUPPORTED);
    uint8_t mixed[300];
    size_t size = adts_frame(frame, 2), at = 0;
    memcpy(mixed, frame, size), at = size;
    memset(mixed + at, 0x55, 20), at += 20;
    memcpy(mixed + at, frame, size), at += size;
    a = (s3hls_audio){.data = mixed, .size = at, .pts_us = FRAME_US};
    assert_int_equal(s3hls_recorder_put_audio(r, &a), S3HLS_W_DAMAGED);
    a.size = 0;
    assert_int_equal(s3hls_recorder_put_audio(r, &a), S3HLS_E_INVALID);
    a = (s3hls_audio){.data = frame, .size = size, .pts_us = INT64_MAX};
    assert_int_equal(s3hls_recorder_put_audio(r, &a), S3HLS_E_INVALID);
    for (int i = 0; i < 50; i++)
        assert_int_equal(put(r, &g), S3HLS_OK);
    result found = end(w, &r, &stats);
    assert_int_equal(found.pictures, 50);
    assert_int_equal(found.frames, 3);
    assert_int_equal(stats.audio_frames_damaged, 4);
    world_close(w);
}

/* PTS of the first PES packet of a stream id, 90 kHz; -1: there is none. */
static int64_t first_pts(const uint8_t *ts, size_t size, uint8_t stream_id) {
    for (const uint8_t *p = ts; p < ts + size; p += 188) {
        const uint8_t *pes = p + (p[3] & 0x20 ? 5 + p[4] : 4);
        if (p[1] & 0x40 && pes[0] == 0 && pes[1] == 0 && pes[2] == 1 && pes[3] == stream_id)
            return (int64_t)(pes[9] >> 1 & 7) << 30 | (int64_t)pes[10] << 22 |
                   (int64_t)(pes[11] >> 1) << 15 | (int64_t)pes[12] << 7 | pes[13] >> 1;
    }
    return -1;
}

/* Audio of each segment that has some begins with its pictures. @return segments without audio */
static int apart(world *w) {
    static uint8_t data[1 << 21];
    enum { VIDEO = 0xe0, AUDIO = 0xc0, TOLERATED = 3 * 90000 / 10 };
    s3hls_segment_list list = recorded(w);
    int silent = 0;
    for (size_t i = 0; i < list.count; i++) {
        char key[S3HLS_KEY_MAX];
        s3hls_segment_key_format(&list.segments[i], key, sizeof key);
        size_t size = read_object(w, key, data, sizeof data);
        int64_t sound = first_pts(data, size, AUDIO);
        silent += sound < 0;
        if (sound >= 0)
            assert_in_range(sound - first_pts(data, size, VIDEO) + TOLERATED, 0, 2 * TOLERATED);
    }
    s3hls_segment_list_deinit(&list, NULL);
    return silent;
}

/* Where pictures are counted, audio has no times: it stays with the pictures that it arrives with,
 * also behind a pause. What arrives before all pictures has none, and is counted. */
static void counted_pictures_have_the_audio_that_arrives_with_them(void **state) {
    (void)state;
    enum { EARLY = 3, PICTURES = 500, PAUSE_FROM = 200, PAUSE_TO = 300 };
    world *w = world_open();
    s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_TS);
    s3hls_recorder *r;
    s3hls_recorder_stats stats;
    h264_gen g = camera();
    cfg.frame_rate_num = 25;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    assert_int_equal(put_sound(r, 12345, EARLY), S3HLS_OK);
    int64_t sound_us = 0;
    for (int i = 0; i < PICTURES; i++) {
        assert_int_equal(put(r, &g), S3HLS_OK);
        bool pause = i >= PAUSE_FROM && i < PAUSE_TO;
        for (; sound_us < i * INT64_C(40000); sound_us += FRAME_US)
            if (!pause)
                assert_int_equal(put_sound(r, 12345, 1), S3HLS_OK);
    }
    result found = end(w, &r, &stats);
    assert_int_equal(found.pictures, PICTURES);
    assert_int_equal(stats.audio_frames_dropped, EARLY);
    assert_int_equal(found.frames + stats.audio_frames_dropped, stats.audio_frames_in);
    assert_in_range(apart(w), 3, 4);
    world_close(w);
}

/* Audio that was accepted is recorded or counted, also if no picture comes any more. */
static void audio_without_pictures_is_counted(void **state) {
    (void)state;
    for (int counted = 0; counted < 2; counted++) {
        world *w = world_open();
        s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_AUTO);
        s3hls_recorder *r;
        s3hls_recorder_stats stats;
        h264_gen g = camera();
        cfg.frame_rate_num = counted ? 25 : 0;
        assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
        for (int i = 0; i < 25; i++)
            assert_int_equal(put(r, &g), S3HLS_OK);
        for (int i = 0; i < 100; i++)
            assert_int_equal(put_sound(r, i * (int64_t)FRAME_US, 1), S3HLS_OK);
        result found = end(w, &r, &stats);
        assert_int_equal(found.pictures, 25);
        assert_int_equal(stats.audio_frames_in, 100);
        assert_true(found.frames >= 8 && found.frames < 40);
        assert_int_equal(found.frames + stats.audio_frames_dropped, 100);
        world_close(w);
    }
}

static void a_config_that_cannot_be_played_is_refused(void **state) {
    (void)state;
    static const uint8_t main_profile[] = {0x0a, 0x10};
    static const struct {
        s3hls_audio_codec codec;
        const uint8_t *config;
        size_t size;
        s3hls_container container;
        int status;
        const char *word;
    } cases[] = {
        {S3HLS_AUDIO_AAC, NULL, 0, S3HLS_CONTAINER_AUTO, S3HLS_E_INVALID, "audio.config"},
        {S3HLS_AUDIO_AAC, main_profile, 2, S3HLS_CONTAINER_AUTO, S3HLS_E_UNSUPPORTED, "HE-AAC"},
        {S3HLS_AUDIO_OPUS, NULL, 0, S3HLS_CONTAINER_TS, S3HLS_E_UNSUPPORTED, "MPEG-TS"},
        {S3HLS_AUDIO_ULAW, NULL, 0, S3HLS_CONTAINER_TS, S3HLS_E_UNSUPPORTED, "G.711"},
#ifndef S3HLS_FLAC
        {S3HLS_AUDIO_ULAW, NULL, 0, S3HLS_CONTAINER_AUTO, S3HLS_E_UNSUPPORTED, "S3HLS_FLAC"},
#endif
        {(s3hls_audio_codec)99, NULL, 0, S3HLS_CONTAINER_AUTO, S3HLS_E_INVALID, "audio.codec"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world *w = world_open();
        s3hls_recorder_config cfg = with_audio(w, cases[i].container);
        s3hls_recorder *r;
        cfg.audio = (s3hls_audio_config){
            .codec = cases[i].codec, .config = cases[i].config, .config_size = cases[i].size};
        assert_int_equal(s3hls_recorder_open(&r, &cfg), cases[i].status);
        if (!strstr(w->lines, cases[i].word))
            fail_msg("case %zu: %s", i, w->lines);
        world_close(w);
    }
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    assert_int_equal(put_sound(r, 0, 1), S3HLS_E_STATE); /* it has no audio */
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    world_close(w);
}

#ifdef S3HLS_FLAC
static int put_telephone(s3hls_recorder *r, int64_t pts_us, size_t size) {
    static uint8_t bytes[1 << 16];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 7);
    s3hls_audio a = {.data = bytes, .size = size, .pts_us = pts_us};
    return s3hls_recorder_put_audio(r, &a);
}

/* No sample is lost: those that wait for a frame of 1,024 are written at the end. */
static void g711_is_recorded_as_flac(void **state) {
    (void)state;
    for (int ulaw = 0; ulaw < 2; ulaw++) {
        world *w = world_open();
        s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_AUTO);
        s3hls_recorder *r;
        s3hls_recorder_stats stats;
        h264_gen g = camera();
        cfg.audio.codec = ulaw ? S3HLS_AUDIO_ULAW : S3HLS_AUDIO_ALAW;
        assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
        for (int i = 0; i < 200; i++) {
            assert_int_equal(put_telephone(r, i * INT64_C(20000), 160), S3HLS_OK);
            if (i % 2)
                assert_int_equal(put(r, &g), S3HLS_OK);
        }
        result found = end(w, &r, &stats);
        assert_int_equal(found.pictures, 100);
        assert_int_equal(found.frames, (200 * 160 + 1023) / 1024);
        assert_int_equal(found.timelines, 1);
        assert_string_equal(found.codecs, "avc1.42c01e,fLaC");
        assert_int_equal(stats.audio_frames_in, found.frames);
        assert_int_equal(stats.audio_corrections, 0);
        assert_int_equal(w->out, 0);
        world_close(w);
    }
}

static void bad_g711_is_named(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_AUTO);
    s3hls_recorder *r;
    s3hls_recorder_stats stats;
    h264_gen g = camera();
    cfg.audio = (s3hls_audio_config){.codec = S3HLS_AUDIO_ALAW, .channels = 2, .sample_rate = 7999};
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_E_INVALID);
    assert_non_null(strstr(w->lines, "audio.sample_rate"));
    cfg.audio.sample_rate = 16000;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    assert_int_equal(put_telephone(r, 0, 641), S3HLS_E_MALFORMED);
    assert_int_equal(put_telephone(r, 0, 64000), S3HLS_OK); /* two seconds in one call */
    for (int i = 0; i < 50; i++)
        assert_int_equal(put(r, &g), S3HLS_OK);
    result found = end(w, &r, &stats);
    assert_int_equal(found.pictures, 50);
    assert_int_equal(found.frames, (32000 + 1023) / 1024);
    assert_int_equal(stats.audio_frames_damaged, 1);
    world_close(w);
}
#endif

/* H.265 with audio is fragmented MP4 unless MPEG-TS is requested. */
static void h265_has_sound_in_either_container(void **state) {
    (void)state;
    static const s3hls_container kinds[] = {S3HLS_CONTAINER_AUTO, S3HLS_CONTAINER_TS,
                                            S3HLS_CONTAINER_FMP4};
    for (int k = 0; k < 3; k++) {
        world *w = world_open();
        s3hls_recorder_config cfg = with_audio(w, kinds[k]);
        s3hls_recorder *r;
        s3hls_recorder_stats stats;
        h265_gen g = {
            .width = 640, .height = 360, .gop = 25, .key_bytes = 9000, .other_bytes = 900};
        assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
        for (int i = 0; i < 100; i++) {
            s3hls_frame f = {.data = frame_bytes, .pts_us = i * INT64_C(40000)};
            f.size = h265_gen_next(&g, frame_bytes);
            if (i % 3 == 0)
                assert_int_equal(put_sound(r, f.pts_us, 1), S3HLS_OK);
            assert_int_equal(s3hls_recorder_put_video(r, &f), S3HLS_OK);
        }
        result found = end(w, &r, &stats);
        assert_int_equal(found.pictures, 100);
        assert_string_equal(found.codecs, "hvc1.1.6.L93.90,mp4a.40.2");
        s3hls_segment_list list = recorded(w);
        assert_int_equal(list.segments[0].container, kinds[k] == S3HLS_CONTAINER_TS
                                                         ? S3HLS_CONTAINER_TS
                                                         : S3HLS_CONTAINER_FMP4);
        s3hls_segment_list_deinit(&list, NULL);
        world_close(w);
    }
}

/* Other parameter sets begin another timeline, whose initialisation segment has them. */
static void other_parameters_have_an_initialisation_segment_of_their_own(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_FMP4);
    s3hls_recorder *r;
    s3hls_recorder_stats stats;
    h264_gen small = camera(), large = camera();
    large.width = 640;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 150; i++) {
        h264_gen *g = i < 60 ? &small : &large;
        s3hls_frame f = {.data = frame_bytes, .pts_us = i * INT64_C(40000)};
        f.size = h264_gen_next(g, frame_bytes, sizeof frame_bytes);
        s3hls_recorder_put_video(r, &f);
    }
    result found = end(w, &r, &stats);
    assert_int_equal(found.timelines, 2);
    assert_int_equal(found.pictures, 150);
    world_close(w);
}

/* A camera whose codec is changed while it records. */
static void another_codec_begins_a_timeline(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_AUTO);
    s3hls_recorder *r;
    s3hls_recorder_stats stats;
    h264_gen before = camera(), after = camera();
    h265_gen between = {
        .width = 640, .height = 360, .gop = 25, .key_bytes = 9000, .other_bytes = 900};
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 150; i++) {
        s3hls_frame f = {.data = frame_bytes, .pts_us = i * INT64_C(40000)};
        f.size = i < 50    ? h264_gen_next(&before, frame_bytes, sizeof frame_bytes)
                 : i < 100 ? h265_gen_next(&between, frame_bytes)
                           : h264_gen_next(&after, frame_bytes, sizeof frame_bytes);
        assert_int_equal(s3hls_recorder_put_video(r, &f), S3HLS_OK);
    }
    result found = end(w, &r, &stats);
    assert_int_equal(found.pictures, 150);
    assert_int_equal(found.timelines, 3);
    s3hls_segment_list list = recorded(w);
    static const s3hls_container kinds[] = {S3HLS_CONTAINER_TS, S3HLS_CONTAINER_FMP4,
                                            S3HLS_CONTAINER_TS};
    for (size_t i = 0; i < list.count; i++)
        assert_int_equal(list.segments[i].container, kinds[i / 2]);
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

/* ---- times */

static const s3hls__track track = {.never_reorders = true};

/* The camera's audio clock runs fast by 200 ppm against the given times: after 10 minutes the times
 * in the recording are within 40 ms of the given ones, and never step back. */
static void times_follow_a_drift(void **state) {
    (void)state;
    for (int sign = -1; sign <= 1; sign++) {
        world *w = world_open();
        s3hls__audio_input a = {.codec = S3HLS_AUDIO_NONE};
        s3hls__timing t;
        const char *wrong;
        s3hls_audio_config cfg = {.codec = S3HLS_AUDIO_AAC_ADTS};
        assert_int_equal(s3hls__audio_open(&a, &cfg, &w->env, &wrong), S3HLS_OK);
        s3hls__timing_init(&t, 0, 1);
        int64_t last = -1, worst_us = 0, frames = 0;
        static s3hls__audio_run run;
        for (int64_t i = 0; i < 600 * 25; i++) {
            s3hls__unit u = {.track = &track,
                             .keyframe = i % 25 == 0,
                             .idr = i % 25 == 0,
                             .poc = (int32_t)(i % 25)};
            s3hls__timing_next(&t, &u, true, i * 40000, 0);
            for (; frames * FRAME_US < i * 40000; frames++) {
                uint8_t frame[100];
                int64_t jitter_us = frames * 7919 % 20000 - 10000;
                s3hls_audio audio = {.data = frame, .size = adts_frame(frame, 0)};
                audio.pts_us = frames * FRAME_US + frames * FRAME_US / 5000 * sign + jitter_us;
                assert_int_equal(s3hls__audio_put(&a, &audio), S3HLS_OK);
            }
            int64_t before = frames - 1;
            s3hls__audio_take(&a, &t, INT64_MAX, 0, &run);
            for (size_t k = 0; k < run.count; k++) {
                int64_t n = before + 1 - (int64_t)(run.count - k);
                int64_t given_us = n * FRAME_US + n * FRAME_US / 5000 * sign;
                int64_t us = (run.frames[k].pts - RATE) * 1000000 / RATE;
                int64_t off = us > given_us ? us - given_us : given_us - us;
                assert_true(run.frames[k].pts > last);
                last = run.frames[k].pts;
                if (n > 100 && off > worst_us)
                    worst_us = off;
            }
            s3hls__audio_taken(&a, true);
        }
        if (worst_us > 40000)
            fail_msg("%d ms", (int)(worst_us / 1000));
        assert_true(sign == 0 ? a.corrections < 3 : a.corrections > 2);
        s3hls__audio_close(&a, &w->env);
        world_close(w);
    }
}

/* A gap stays a gap; a jump of the audio clock does not move the sound by it. */
static void gaps_are_kept_and_jumps_are_not(void **state) {
    (void)state;
    for (int jump = 0; jump < 2; jump++) {
        world *w = world_open();
        s3hls__audio_input a = {.codec = S3HLS_AUDIO_NONE};
        s3hls__timing t;
        const char *wrong;
        s3hls_audio_config cfg = {.codec = S3HLS_AUDIO_AAC_ADTS};
        s3hls__audio_open(&a, &cfg, &w->env, &wrong);
        s3hls__timing_init(&t, 0, 1);
        static s3hls__audio_run run;
        int64_t last = 0;
        for (int64_t i = 0; i < 200; i++) {
            s3hls__unit u = {.track = &track,
                             .keyframe = i % 25 == 0,
                             .idr = i % 25 == 0,
                             .poc = (int32_t)(i % 25)};
            s3hls__timing_next(&t, &u, true, i * FRAME_US, 0);
            uint8_t frame[100];
            s3hls_audio audio = {.data = frame, .size = adts_frame(frame, 0)};
            audio.pts_us = i * FRAME_US + (jump && i >= 50 ? INT64_C(-3600000000) : 0);
            if (jump || i < 50 || i >= 60)
                s3hls__audio_put(&a, &audio);
            s3hls__audio_take(&a, &t, INT64_MAX, 0, &run);
            if (run.count)
                last = run.frames[run.count - 1].pts;
            s3hls__audio_taken(&a, true);
        }
        int64_t expected = RATE + 199 * SAMPLES; /* the first DTS is at 1 s */
        assert_in_range(last, expected - 400, expected + 400);
        s3hls__audio_close(&a, &w->env);
        world_close(w);
    }
}

/* ---- two threads */

typedef struct speaker {
    s3hls_recorder *recorder;
    _Atomic int64_t now_us;
    _Atomic bool over;
    uint64_t accepted, full; /* full: not accepted, while the other thread reads */
} speaker;

static void *speak(void *ctx) {
    speaker *s = ctx;
    for (int64_t at_us = 0; !s->over;) {
        if (at_us > s->now_us + 500000)
            continue;
        int rc = put_sound(s->recorder, at_us, 1);
        s->accepted += rc >= 0;
        s->full += rc == S3HLS_E_FULL;
        at_us += FRAME_US;
    }
    return NULL;
}

/* TSan finds what the two threads share without care; the ledger must be exact. */
static void both_threads_put_at_once(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_AUTO);
    s3hls_recorder_stats stats;
    h264_gen g = camera();
    speaker s = {.accepted = 0};
    pthread_t thread;
    cfg.audio.buffer_bytes = 4096;
    cfg.no_thread = 0;
    assert_int_equal(s3hls_recorder_open(&s.recorder, &cfg), S3HLS_OK);
    assert_int_equal(pthread_create(&thread, NULL, speak, &s), 0);
    for (int i = 0; i < 2000; i++) {
        assert_true(put(s.recorder, &g) >= 0);
        s.now_us = i * INT64_C(40000);
        if (i % 20 == 0)
            usleep(1000);
    }
    s.over = true;
    pthread_join(thread, NULL);
    result found = end(w, &s.recorder, &stats);
    assert_int_equal(found.pictures, 2000);
    assert_int_equal(stats.audio_frames_in, s.accepted);
    assert_int_equal(found.frames + stats.audio_frames_dropped, s.accepted + s.full);
    assert_true(found.frames > 100);
    world_close(w);
}

typedef struct hammer {
    s3hls_recorder *recorder;
    s3hls_audio audio;
    _Atomic uint64_t accepted, refused;
} hammer;

/* Until the input has ended, for a moment longer. */
static void *strike(void *ctx) {
    hammer *h = ctx;
    while (h->refused < 20) {
        int rc = s3hls_recorder_put_audio(h->recorder, &h->audio);
        if (rc == S3HLS_E_STATE)
            h->refused++;
        else
            h->accepted += rc >= 0;
        h->audio.pts_us += FRAME_US;
    }
    return NULL;
}

/* How the audio of a round is put. */
static void arm(hammer *h, s3hls_recorder_config *cfg, int round) {
    static uint8_t adts[100], raw[FRAME_BYTES];
    static const uint8_t aac_8k[] = {0x15, 0x88};
    h->audio.data = adts;
    h->audio.size = adts_frame(adts, 1);
    cfg->audio.buffer_bytes = 16 << 20;
    if (round % 3 == 0)
        return;
    h->audio.data = raw;
    h->audio.size = sizeof raw;
    cfg->audio.codec = S3HLS_AUDIO_AAC;
    cfg->audio.config = aac_8k;
    cfg->audio.config_size = sizeof aac_8k;
#ifdef S3HLS_FLAC
    if (round % 3 == 2)
        cfg->audio = (s3hls_audio_config){.codec = S3HLS_AUDIO_ALAW, .buffer_bytes = 16 << 20};
#endif
}

/* While put_audio runs, the input ends: what was accepted is recorded or counted. */
static void audio_that_is_put_while_the_input_ends_is_counted(void **state) {
    (void)state;
    for (int round = 0; round < 30; round++) {
        world *w = world_open();
        s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_AUTO);
        s3hls_recorder_stats stats;
        h264_gen g = camera();
        hammer h = {.accepted = 0};
        pthread_t thread;
        arm(&h, &cfg, round);
        assert_int_equal(s3hls_recorder_open(&h.recorder, &cfg), S3HLS_OK);
        for (int i = 0; i < 25; i++)
            assert_int_equal(put(h.recorder, &g), S3HLS_OK);
        assert_int_equal(pthread_create(&thread, NULL, strike, &h), 0);
        while (h.accepted < 10)
            sched_yield();
        assert_int_equal(s3hls_recorder_drain(h.recorder, 5000), S3HLS_OK);
        pthread_join(thread, NULL);
        assert_int_equal(s3hls_recorder_close_stats(&h.recorder, 0, &stats), S3HLS_OK);
        result found = look(w);
        assert_int_equal(found.pictures, 25);
        if (cfg.audio.codec <= S3HLS_AUDIO_AAC)
            assert_int_equal(stats.audio_frames_in, h.accepted);
        assert_int_equal(found.frames + stats.audio_frames_dropped, stats.audio_frames_in);
        world_close(w);
    }
}

/* put_audio does not allocate. */
static void put_audio_does_not_allocate(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = with_audio(w, S3HLS_CONTAINER_FMP4);
    s3hls_recorder *r;
    h264_gen g = camera();
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    long before = w->allocations;
    for (int i = 0; i < 100; i++) {
        put_sound(r, i * INT64_C(40000), 1);
        put(r, &g);
    }
    assert_int_equal(w->allocations, before);
    assert_int_equal(s3hls_recorder_close(&r, 1000), S3HLS_OK);
    world_close(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_is_recorded_beside_the_pictures),
        cmocka_unit_test(audio_may_begin_late_and_pause),
        cmocka_unit_test(announced_audio_that_never_comes_is_not_listed),
        cmocka_unit_test(a_flood_is_counted),
        cmocka_unit_test(bad_audio_is_named_and_costs_no_picture),
        cmocka_unit_test(counted_pictures_have_the_audio_that_arrives_with_them),
        cmocka_unit_test(audio_without_pictures_is_counted),
        cmocka_unit_test(a_config_that_cannot_be_played_is_refused),
#ifdef S3HLS_FLAC
        cmocka_unit_test(g711_is_recorded_as_flac),
        cmocka_unit_test(bad_g711_is_named),
#endif
        cmocka_unit_test(h265_has_sound_in_either_container),
        cmocka_unit_test(other_parameters_have_an_initialisation_segment_of_their_own),
        cmocka_unit_test(another_codec_begins_a_timeline),
        cmocka_unit_test(times_follow_a_drift),
        cmocka_unit_test(gaps_are_kept_and_jumps_are_not),
        cmocka_unit_test(both_threads_put_at_once),
        cmocka_unit_test(audio_that_is_put_while_the_input_ends_is_counted),
        cmocka_unit_test(put_audio_does_not_allocate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
