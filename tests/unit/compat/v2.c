/* SPDX-License-Identifier: MIT-0 */
/* A program written for version 2 of the AWS sample SDK: picture and sound from two threads, frames
 * that wrap around the end of the encoder's ring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "folder.h"
#include "h264_gen.h"
#include "h265_gen.h"
#include "S3_HLS_SDK.h"
#include "s3hls/archive.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64], url[96];

static int set_up(void **state) {
    (void)state;
    strcpy(dir, "/tmp/s3hls-compat-v2-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(url, sizeof url, "file://%s/cam", dir);
    return setenv("S3HLS_URL", url, 1);
}

static int tear_down(void **state) {
    (void)state;
    S3_HLS_SDK_Finalize();
    remove_folder(dir);
    return 0;
}

static int32_t initialize(void) {
    return S3_HLS_SDK_Initialize(4 * 1024 * 1024, "us-east-1", "bucket", "/device", NULL);
}

static s3hls_segment_list recorded(s3hls_timeline *timeline) {
    s3hls_archive *archive;
    s3hls_segment_list list;
    assert_int_equal(s3hls_archive_open(&archive, url, NULL, NULL), 0);
    assert_int_equal(s3hls_archive_list(archive, INT64_MIN, INT64_MAX, &list, NULL), 0);
    if (list.count)
        assert_int_equal(s3hls_archive_timeline(archive, list.segments[0].timeline, timeline, NULL),
                         0);
    s3hls_archive_close(&archive);
    return list;
}

/* In two parts, as it lies in a ring. */
static S3_HLS_FRAME_PACK pack_of(uint8_t *bytes, size_t size, uint64_t timestamp) {
    S3_HLS_FRAME_PACK pack = {.item_count = 1};
    pack.items[0] = (S3_HLS_FRAME_ITEM){.first_part_start = bytes,
                                        .first_part_length = (uint32_t)(size / 3),
                                        .second_part_start = bytes + size / 3,
                                        .second_part_length = (uint32_t)(size - size / 3),
                                        .timestamp = timestamp};
    return pack;
}

static _Atomic int64_t now_us, heard_us; /* up to where pictures and audio are put */
static _Atomic bool over;

static void *speak(void *unused) {
    static uint8_t frame[67] = {0xff, 0xf1, 0x6c, 0x40, 67 >> 3, (uint8_t)(67 << 5 | 0x1f), 0xfc};
    (void)unused;
    for (int64_t at_us = 0; !over;) {
        if (at_us > now_us + 200000) {
            usleep(100);
            continue;
        }
        S3_HLS_FRAME_PACK pack = pack_of(frame, sizeof frame, (uint64_t)at_us);
        S3_HLS_SDK_Put_Audio_Frame(&pack);
        heard_us = at_us += 128000;
    }
    return NULL;
}

static void picture_and_sound_are_recorded(void **state) {
    (void)state;
    static uint8_t bytes[1 << 17];
    for (int kind = 0; kind < 2; kind++) {
        h264_gen avc = {
            .width = 320, .height = 240, .gop = 25, .key_bytes = 5000, .other_bytes = 500};
        h265_gen hevc = {
            .width = 640, .height = 360, .gop = 25, .key_bytes = 5000, .other_bytes = 500};
        pthread_t thread;
        now_us = heard_us = 0;
        over = false;
        assert_int_equal(initialize(), S3_HLS_OK);
        assert_int_equal(initialize(), S3_HLS_INVALID_STATUS);
        assert_int_equal(S3_HLS_SDK_Set_Credential("AKIDEXAMPLE", "secret", NULL), S3_HLS_OK);
        assert_int_equal(S3_HLS_SDK_Set_Tag("key1=value1&camera=front%20door"), S3_HLS_OK);
        assert_int_equal(pthread_create(&thread, NULL, speak, NULL), 0);
        for (int i = 0; i < 250; i++) {
            if (i == 50) /* what was put before waits */
                assert_int_equal(S3_HLS_SDK_Start_Upload(), S3_HLS_OK);
            size_t size =
                kind ? h265_gen_next(&hevc, bytes) : h264_gen_next(&avc, bytes, sizeof bytes);
            S3_HLS_FRAME_PACK pack = pack_of(bytes, size, (uint64_t)i * 40000);
            assert_int_equal(S3_HLS_SDK_Put_Video_Frame(&pack), S3_HLS_OK);
            now_us = i * INT64_C(40000);
            while (heard_us <= now_us)
                usleep(50);
        }
        over = true;
        pthread_join(thread, NULL);
        assert_int_equal(S3_HLS_SDK_Start_Upload(), S3_HLS_INVALID_STATUS);
        assert_int_equal(S3_HLS_SDK_Finalize(), S3_HLS_OK);
        s3hls_timeline t;
        s3hls_segment_list list = recorded(&t);
        uint32_t duration_ms = 0;
        for (size_t i = 0; i < list.count; i++)
            duration_ms += list.segments[i].duration_ms;
        assert_in_range(duration_ms, 9990, 10010);
        assert_string_equal(t.codecs, kind ? "hvc1.1.6.L93.90,mp4a.40.2" : "avc1.42c01e,mp4a.40.2");
        s3hls_segment_list_deinit(&list, NULL);
        remove_folder(dir);
        assert_int_equal(set_up(NULL), 0);
    }
}

static void wrong_calls_have_their_codes(void **state) {
    (void)state;
    uint8_t byte = 0;
    S3_HLS_FRAME_PACK pack = pack_of(&byte, 1, 0), none = {.item_count = 5};
    assert_int_equal(S3_HLS_SDK_Put_Video_Frame(&none), S3_HLS_INVALID_PARAMETER);
    assert_int_equal(S3_HLS_SDK_Put_Audio_Frame(NULL), S3_HLS_INVALID_PARAMETER);
    pack.items[0].first_part_length = 1;
    pack.items[0].second_part_length = 0;
    assert_int_equal(S3_HLS_SDK_Put_Video_Frame(&pack), S3_HLS_INVALID_STATUS);
    assert_int_equal(S3_HLS_SDK_Set_Credential("a", "b", NULL), S3_HLS_INVALID_STATUS);
    assert_int_equal(S3_HLS_SDK_Start_Upload(), S3_HLS_INVALID_STATUS);
    assert_int_equal(S3_HLS_SDK_Finalize(), S3_HLS_INVALID_STATUS);
    assert_int_equal(S3_HLS_SDK_Initialize(1, NULL, "bucket", NULL, NULL),
                     S3_HLS_INVALID_PARAMETER);
    assert_int_equal(initialize(), S3_HLS_OK);
    assert_int_equal(S3_HLS_SDK_Put_Video_Frame(&pack), S3_HLS_INVALID_STATUS); /* credentials */
    assert_int_equal(S3_HLS_SDK_Set_Credential(NULL, "b", NULL), S3_HLS_INVALID_PARAMETER);
    assert_int_equal(S3_HLS_SDK_Set_Tag("no value"), S3_HLS_INVALID_PARAMETER);
    assert_int_equal(S3_HLS_SDK_Set_Tag("a=%4"), S3_HLS_INVALID_PARAMETER);
    assert_int_equal(S3_HLS_SDK_Set_Tag(NULL), S3_HLS_OK);
    assert_int_equal(S3_HLS_SDK_Set_Credential("a", "b", NULL), S3_HLS_OK);
    assert_int_equal(S3_HLS_SDK_Put_Audio_Frame(&pack), S3_HLS_UNKNOWN_INTERNAL_ERROR);
    assert_int_equal(S3_HLS_SDK_Finalize(), S3_HLS_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picture_and_sound_are_recorded),
        cmocka_unit_test(wrong_calls_have_their_codes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
