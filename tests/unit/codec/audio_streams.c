/* SPDX-License-Identifier: MIT-0 */
/* Audio of other encoders, from $S3HLS_SHARED/streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/aac.h"
#include "codec/flac.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t data[1 << 20];

/* @return bytes; 0: there is no such folder */
static size_t read_stream(const char *name) {
    const char *shared = getenv("S3HLS_SHARED");
    if (!shared)
        return 0;
    char path[512];
    snprintf(path, sizeof path, "%s/streams/%s", shared, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    assert_true(size > 0 && size < sizeof data);
    return size;
}

static void skip_without_streams(size_t size) {
    if (size)
        return;
    printf("SKIPPED: S3HLS_SHARED is not set: no audio of other encoders\n");
    skip();
}

static void adts_is_followed_to_its_end(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t rate, channels, frames;
    } streams[] = {{"exo_1ch_8kHz_aac_lc.aac", 8000, 1, 25},
                   {"shaka_bear.adts", 44100, 2, 45},
                   {"exo_sample.adts.aac", 44100, 1, 144}};
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        size_t size = read_stream(streams[i].name), at = 0;
        uint32_t frames = 0;
        s3hls__adts adts;
        s3hls__audio_track track;
        skip_without_streams(size);
        for (; at < size; at += adts.size, frames++) {
            assert_int_equal(s3hls__adts_parse(data + at, size - at, &adts), S3HLS_OK);
            assert_int_equal(s3hls__adts_describe(&adts, &track), S3HLS_OK);
            assert_int_equal(track.rate, streams[i].rate);
            assert_int_equal(track.channels, streams[i].channels);
            assert_string_equal(track.codecs, "mp4a.40.2");
        }
        assert_int_equal(at, size);
        assert_int_equal(frames, streams[i].frames);
    }
}

static void flac_is_described_by_its_header(void **state) {
    (void)state;
    enum { MARKER = 4, BLOCK_HEADER = 4, LAST = 0x80 };
    size_t size = read_stream("shaka_bear.flac"), at = MARKER;
    s3hls__audio_track track;
    skip_without_streams(size);
    assert_memory_equal(data, "fLaC", MARKER);
    const uint8_t *info = data + MARKER + BLOCK_HEADER;
    assert_int_equal(s3hls__flac_describe(info, S3HLS__FLAC_STREAMINFO, &track), S3HLS_OK);
    assert_int_equal(track.rate, 44100);
    assert_int_equal(track.channels, 2);
    for (bool last = false; !last;) { /* metadata */
        last = data[at] & LAST;
        at += BLOCK_HEADER + ((size_t)data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]);
        assert_true(at < size);
    }
    assert_int_equal(s3hls__flac_samples(data + at, size - at), info[2] << 8 | info[3]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adts_is_followed_to_its_end),
        cmocka_unit_test(flac_is_described_by_its_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
