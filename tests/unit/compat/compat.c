/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "folder.h"
#include "h264_gen.h"
#include "readme.h"
#include "S3_HLS_SDK.h"
#include "S3_Simple_Put.h"
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/s3hls-compat-XXXXXX";
static int segments, packets_wrong;

static int count_entry(const char *path, const struct stat *st, int type, struct FTW *f) {
    (void)f;
    size_t n = strlen(path);
    if (type == FTW_F && n > 3 && strcmp(path + n - 3, ".ts") == 0) {
        segments++;
        packets_wrong += st->st_size % 188 != 0;
    }
    return 0;
}

static void count_segments(void) {
    segments = packets_wrong = 0;
    nftw(dir, count_entry, 16, FTW_PHYS);
}

static int set_up(void **state) {
    (void)state;
    char url[64];
    snprintf(url, sizeof url, "file://%s/cam", dir);
    return setenv("S3HLS_URL", url, 1);
}

static int tear_down(void **state) {
    (void)state;
    S3_HLS_Finalize();
    S3_Put_Finalize();
    remove_folder(dir);
    return 0;
}

static int initialize(void) {
    return S3_Put_Initialize("AKIDEXAMPLE", "secret", NULL, "us-east-1", "bucket", "cam");
}

static unsigned char bytes[1 << 16];

/* One picture, NAL unit by NAL unit, as an encoder's packs come. @return code of the last. */
static int put_picture(h264_gen *g) {
    size_t size = h264_gen_next(g, bytes, sizeof bytes), begin = 0;
    int code = S3_HLS_OK;
    for (size_t i = 4; i <= size; i++)
        if (i == size || (i + 4 <= size && memcmp(bytes + i, "\0\0\0\1", 4) == 0)) {
            code = S3_HLS_Put_Frame(bytes + begin, (unsigned)(i - begin));
            begin = i;
        }
    return code;
}

static h264_gen camera(void) {
    return (h264_gen){
        .width = 320, .height = 240, .gop = 30, .key_bytes = 5000, .other_bytes = 500};
}

static void the_readme_program_records_everything(void **state) {
    (void)state;
    pthread_t upload;
    atomic_bool stop = false;
    h264_gen g = camera();
    assert_int_equal(readme_initialize("AKIDEXAMPLE", "secret", "", "us-east-1", "bucket", "cam"),
                     0);
    pthread_create(&upload, NULL, readme_upload, &stop);
    for (int i = 0; i < 30 * 20; i++) {
        size_t size = h264_gen_next(&g, bytes, sizeof bytes);
        assert_int_equal(readme_put(bytes, (unsigned)size), 0);
    }
    stop = true;
    readme_finalize();
    pthread_join(upload, NULL);
    count_segments();
    assert_int_equal(segments, 7); /* 20 s: six of three keyframes, and what is left */
    assert_int_equal(packets_wrong, 0);
}

static void finalize_delivers_what_waits(void **state) {
    (void)state;
    h264_gen g = camera();
    assert_int_equal(initialize(), S3_SIMPLE_PUT_OK);
    assert_int_equal(S3_HLS_Initialize(1 << 20), S3_HLS_OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(put_picture(&g), S3_HLS_OK);
    count_segments();
    assert_int_equal(segments, 0); /* nobody called S3_HLS_Write_To_S3 */
    assert_int_equal(S3_HLS_Finalize(), S3_HLS_OK);
    count_segments();
    assert_int_equal(segments, 2);
    assert_int_equal(S3_Put_Finalize(), S3_SIMPLE_PUT_OK);
}

static void a_full_buffer_is_said_and_mends(void **state) {
    (void)state;
    h264_gen g = camera();
    int refused = 0;
    initialize();
    assert_int_equal(S3_HLS_Initialize(0), S3_HLS_OK);
    for (int i = 0; i < 600; i++)
        refused += put_picture(&g) == S3_HLS_NOT_ENOUGH_MEMORY;
    assert_true(refused > 0);
    while (S3_HLS_Write_To_S3() != S3_HLS_OK)
        continue;
    int accepted = 0;
    for (int i = 0; i < 60; i++)
        accepted += put_picture(&g) == S3_HLS_OK;
    assert_true(accepted > 30);
    assert_int_equal(S3_HLS_Finalize(), S3_HLS_OK);
}

static void wrong_order_and_bad_arguments_get_a_code(void **state) {
    (void)state;
    unsigned char nal[] = {0, 0, 0, 1, 0x41, 0x9a, 0};
    assert_int_equal(S3_HLS_Finalize(), S3_HLS_INVALID_STATE);
    assert_int_equal(S3_HLS_Write_To_S3(), S3_HLS_INVALID_STATE);
    assert_int_equal(S3_HLS_Put_Frame(nal, sizeof nal), S3_HLS_INVALID_STATE);
    assert_int_equal(S3_HLS_Initialize(1 << 20), S3_HLS_INVALID_STATE);
    assert_int_equal(S3_Put_Finalize(), S3_SIMPLE_RUNTIME_ERROR);
    assert_int_equal(S3_Put_Object("/a", nal, 1), S3_SIMPLE_RUNTIME_ERROR);
    assert_int_equal(S3_Put_Initialize(NULL, "s", NULL, "us-east-1", "bucket", ""),
                     S3_SIMPLE_RUNTIME_ERROR);
    assert_int_equal(S3_Put_Initialize("a b", "s", NULL, "us-east-1", "bucket", ""),
                     S3_SIMPLE_RUNTIME_ERROR);
    assert_int_equal(initialize(), S3_SIMPLE_PUT_OK);
    assert_int_equal(initialize(), S3_SIMPLE_PUT_OK); /* keys replaced */
    assert_int_equal(S3_HLS_Initialize(1 << 20), S3_HLS_OK);
    assert_int_equal(S3_HLS_Initialize(1 << 20), S3_HLS_INVALID_STATE);
    assert_int_equal(S3_Put_Finalize(), S3_SIMPLE_RUNTIME_ERROR); /* still recording */
    assert_int_equal(S3_HLS_Put_Frame(NULL, 5), S3_HLS_INVALID_ARGUMENT);
    assert_int_equal(S3_HLS_Put_Frame(nal, 0), S3_HLS_INVALID_ARGUMENT);
    assert_int_equal(S3_HLS_Set_FPS(0), S3_HLS_INVALID_ARGUMENT);
    assert_int_equal(S3_HLS_Set_Segmentation_Frame_Count(0), S3_HLS_INVALID_ARGUMENT);
    assert_int_equal(S3_HLS_Set_Segmentation_Frame(S3_HLS_H264E_NALU_UNSPECIFIED),
                     S3_HLS_INVALID_ARGUMENT);
    h264_gen g = camera();
    assert_int_equal(put_picture(&g), S3_HLS_OK);
    assert_int_equal(S3_HLS_Set_FPS(25), S3_HLS_INVALID_STATE);
    assert_int_equal(S3_HLS_Finalize(), S3_HLS_OK);
    assert_int_equal(S3_HLS_Finalize(), S3_HLS_INVALID_STATE);
    assert_int_equal(S3_Put_Finalize(), S3_SIMPLE_PUT_OK);
    assert_int_equal(S3_Put_Finalize(), S3_SIMPLE_RUNTIME_ERROR);
}

static void simple_put_stores_below_the_prefix(void **state) {
    (void)state;
    char path[128], text[16] = "";
    initialize();
    assert_int_equal(S3_Put_Object("/notes/a.txt", (const unsigned char *)"hello", 5),
                     S3_SIMPLE_PUT_OK);
    assert_int_equal(S3_Put_Object("../a", (const unsigned char *)"x", 1), S3_SIMPLE_RUNTIME_ERROR);
    snprintf(path, sizeof path, "%s/cam/notes/a.txt", dir);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text, file), 5);
    fclose(file);
    assert_string_equal(text, "hello");
}

static void an_unreachable_server_is_said_at_once(void **state) {
    (void)state;
    unsetenv("S3HLS_URL");
    setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9", 1);
    initialize();
    assert_int_equal(S3_Put_Object("/a", (const unsigned char *)"x", 1),
                     S3_SIMPLE_PUT_CONNECT_FAILED);
    unsetenv("AWS_ENDPOINT_URL_S3");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_readme_program_records_everything), TEST(finalize_delivers_what_waits),
        TEST(a_full_buffer_is_said_and_mends),       TEST(wrong_order_and_bad_arguments_get_a_code),
        TEST(simple_put_stores_below_the_prefix),    TEST(an_unreachable_server_is_said_at_once),
    };
    if (!mkdtemp(dir))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
