/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/flac_encoder.h"
#include "codec/g711.h"
#include <FLAC/stream_decoder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- allocations of the whole program, libFLAC's included; sanitizers have their own */

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTED 1
#define SHARED  __attribute__((visibility("default"))) /* with libFLAC */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
static size_t allocations;

SHARED void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

SHARED void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}

SHARED void *realloc(void *p, size_t size) {
    allocations++;
    return __libc_realloc(p, size);
}
#else
#define COUNTED 0
static size_t allocations;
#endif

/* ---- a stream: what the sink received, and libFLAC's decoder of it */

enum { SAMPLES_MAX = 200000, BYTES_MAX = 1 << 20 };

typedef struct stream {
    uint8_t bytes[BYTES_MAX];
    size_t size, at;
    uint32_t frames, samples, last; /* samples of the last frame */
    bool consistent;                /* each frame's header states its samples */
    int16_t pcm[SAMPLES_MAX];
    size_t decoded; /* values */
    bool failed;
} stream;

static stream s;

static void take(void *ctx, const uint8_t *frame, size_t size, uint32_t samples) {
    stream *t = ctx;
    t->consistent &= s3hls__flac_samples(frame, size) == samples;
    t->frames++;
    t->samples += samples;
    t->last = samples;
    if (size > sizeof t->bytes - t->size)
        abort();
    memcpy(t->bytes + t->size, frame, size);
    t->size += size;
}

static void begin(void) {
    memset(&s, 0, sizeof s);
    s.consistent = true;
    memcpy(s.bytes, "fLaC\x80\0\0\x22", 8);
    s.size = 8 + S3HLS__FLAC_STREAMINFO;
}

static FLAC__StreamDecoderReadStatus read_bytes(const FLAC__StreamDecoder *d, FLAC__byte buffer[],
                                                size_t *size, void *ctx) {
    stream *t = ctx;
    size_t left = t->size - t->at;
    (void)d;
    *size = *size < left ? *size : left;
    memcpy(buffer, t->bytes + t->at, *size);
    t->at += *size;
    return *size ? FLAC__STREAM_DECODER_READ_STATUS_CONTINUE
                 : FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
}

static FLAC__StreamDecoderWriteStatus write_pcm(const FLAC__StreamDecoder *d,
                                                const FLAC__Frame *frame,
                                                const FLAC__int32 *const values[], void *ctx) {
    stream *t = ctx;
    (void)d;
    for (uint32_t i = 0; i < frame->header.blocksize; i++)
        for (uint32_t c = 0; c < frame->header.channels; c++)
            if (t->decoded < SAMPLES_MAX)
                t->pcm[t->decoded++] = (int16_t)values[c][i];
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

static void note_error(const FLAC__StreamDecoder *d, FLAC__StreamDecoderErrorStatus status,
                       void *ctx) {
    (void)d, (void)status;
    ((stream *)ctx)->failed = true;
}

static void decode(const s3hls__flac_encoder *e) {
    memcpy(s.bytes + 8, e->info, sizeof e->info);
    FLAC__StreamDecoder *d = FLAC__stream_decoder_new();
    assert_int_equal(FLAC__stream_decoder_init_stream(d, read_bytes, NULL, NULL, NULL, NULL,
                                                      write_pcm, NULL, note_error, &s),
                     FLAC__STREAM_DECODER_INIT_STATUS_OK);
    assert_true(FLAC__stream_decoder_process_until_end_of_stream(d));
    FLAC__stream_decoder_delete(d);
    assert_false(s.failed);
}

/* Encode in pieces of the given size, decode, and compare. */
static void check(const int16_t *pcm, size_t samples, uint32_t rate, uint32_t channels,
                  size_t piece) {
    s3hls__flac_encoder e;
    s3hls__audio_track track;
    begin();
    assert_int_equal(s3hls__flac_encoder_init(&e, rate, channels, take, &s), S3HLS_OK);
    assert_int_equal(s.frames, 0);
    assert_int_equal(s3hls__flac_describe(e.info, sizeof e.info, &track), S3HLS_OK);
    assert_int_equal(track.rate, rate);
    assert_int_equal(track.channels, channels);
    size_t before = allocations, first = 0; /* up to the first frame: the buffer of its MD5 */
    for (size_t at = 0; at < samples; at += piece) {
        size_t n = piece < samples - at ? piece : samples - at;
        bool began = s.frames > 0;
        assert_int_equal(s3hls__flac_encoder_encode(&e, pcm + at * channels, n), S3HLS_OK);
        first = began ? first : allocations - before;
    }
    assert_true(first <= 1);
    assert_int_equal(allocations - before, first);
    assert_int_equal(s3hls__flac_encoder_end(&e), S3HLS_OK);
    assert_int_equal(s.samples, samples);
    assert_int_equal(s.frames, (samples + S3HLS__FLAC_BLOCK - 1) / S3HLS__FLAC_BLOCK);
    assert_true(s.consistent);
    decode(&e);
    assert_int_equal(s.decoded, samples * channels);
    assert_memory_equal(s.pcm, pcm, s.decoded * sizeof *pcm);
    s3hls__flac_encoder_deinit(&e);
}

static void allocations_are_counted(void **state) {
    (void)state;
    if (!COUNTED) {
        printf("SKIPPED: allocations are the sanitizer's\n");
        skip();
    }
    size_t before = allocations;
    s3hls__flac_encoder e;
    assert_int_equal(s3hls__flac_encoder_init(&e, 8000, 1, take, &s), S3HLS_OK);
    s3hls__flac_encoder_deinit(&e);
    assert_true(allocations > before); /* libFLAC's are among them */
}

/* ---- */

static int16_t pcm[SAMPLES_MAX];

/* What each predictor and each coding of a residual sees: silence, noise, tones, full scale. */
static void fill(size_t values) {
    uint32_t state = 7;
    for (size_t i = 0; i < values; i++) {
        state = state * 1664525 + 1013904223;
        int noise = (int)(state >> 16) - 32768, saw = (int)(i * 37 % 20000) - 10000;
        int kinds[] = {0, noise, saw, i & 1 ? 32767 : -32768, saw + noise / 256, noise / 64};
        pcm[i] = (int16_t)kinds[i / 5000 % 6];
    }
}

static void pcm_survives(void **state) {
    (void)state;
    static const size_t pieces[] = {1, 160, 1024, 5000};
    fill(60000);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        check(pcm, 60000, 8000, 1, pieces[i]);
        check(pcm, 30000, 48000, 2, pieces[i]);
    }
    check(pcm, S3HLS__FLAC_BLOCK * 3, 16000, 1, 160);
    check(pcm, 1, 16000, 1, 1);
}

static void every_g711_sample_survives(void **state) {
    (void)state;
    static uint8_t coded[65536];
    for (size_t i = 0; i < sizeof coded; i++)
        coded[i] = (uint8_t)(i * 7 + i / 256);
    for (int alaw = 0; alaw < 2; alaw++) {
        s3hls__g711_decode(coded, sizeof coded, alaw, pcm);
        check(pcm, sizeof coded, 8000, 1, 160);
    }
}

static void a_recorded_voice_survives(void **state) {
    (void)state;
    const char *shared = getenv("S3HLS_SHARED");
    if (!shared) {
        printf("SKIPPED: S3HLS_SHARED is not set: no A-law of a camera\n");
        skip();
    }
    static uint8_t coded[SAMPLES_MAX];
    char path[512];
    snprintf(path, sizeof path, "%s/streams/kvs_8kHz.alaw", shared);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(coded, 1, sizeof coded, file);
    fclose(file);
    assert_int_equal(size, 160000);
    s3hls__g711_decode(coded, size, true, pcm);
    check(pcm, size, 8000, 1, 160);
    assert_true(s.size < size * 2); /* smaller than PCM */
}

static void wrong_tracks_are_refused(void **state) {
    (void)state;
    static const uint32_t wrong[][2] = {{0, 1}, {96001, 1}, {8000, 0}, {8000, 3}, {95999, 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        s3hls__flac_encoder e;
        int rc = s3hls__flac_encoder_init(&e, wrong[i][0], wrong[i][1], take, &s);
        assert_int_equal(rc, S3HLS_E_UNSUPPORTED);
        assert_null(e.library);
    }
}

static void deinit_emits_nothing(void **state) {
    (void)state;
    s3hls__flac_encoder e;
    begin();
    assert_int_equal(s3hls__flac_encoder_init(&e, 8000, 1, take, &s), S3HLS_OK);
    assert_int_equal(s3hls__flac_encoder_encode(&e, pcm, 500), S3HLS_OK);
    s3hls__flac_encoder_deinit(&e);
    assert_int_equal(s.frames, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_counted),    cmocka_unit_test(pcm_survives),
        cmocka_unit_test(every_g711_sample_survives), cmocka_unit_test(a_recorded_voice_survives),
        cmocka_unit_test(wrong_tracks_are_refused),   cmocka_unit_test(deinit_emits_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
