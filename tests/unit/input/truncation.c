/* SPDX-License-Identifier: MIT-0 */
/* Files that are cut off at every byte, read as a whole and as they come through a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input/truncation.h"
#include <string.h>

typedef struct file {
    uint8_t bytes[4096];
    size_t size;
} file;

static void add(file *f, const void *bytes, size_t size) {
    memcpy(f->bytes + f->size, bytes, size);
    f->size += size;
}

static void fill(file *f, size_t size) {
    memset(f->bytes + f->size, 0x55, size);
    f->size += size;
}

/* ---- what containers look like */

static void box(file *f, const char *type, size_t size) {
    uint8_t head[8] = {0, 0, (uint8_t)((size + 8) >> 8), (uint8_t)(size + 8)};
    memcpy(head + 4, type, 4);
    add(f, head, 8);
    fill(f, size);
}

static file mp4(void) {
    file f = {.size = 0};
    box(&f, "ftyp", 16);
    box(&f, "moov", 300);
    box(&f, "free", 0);
    box(&f, "free", 1);
    static const uint8_t large[] = {0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0, 0, 0, 0, 0, 1, 0};
    add(&f, large, sizeof large);
    fill(&f, 256 - sizeof large);
    box(&f, "mdat", 500);
    return f;
}

static file matroska(bool live) {
    file f = {.size = 0};
    add(&f, "\x1a\x45\xdf\xa3\x84....", 9);
    add(&f, live ? "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" : "\x18\x53\x80\x67\x43\x10",
        live ? 12 : 6);
    size_t begin = f.size;
    add(&f, "\xec\x82..", 4);
    add(&f, "\x1f\x43\xb6\x75\x41\x00", 6);
    fill(&f, 256);
    add(&f, live ? "\x1f\x43\xb6\x75\xff" : "\x1f\x43\xb6\x75\x41\x03", live ? 5 : 6);
    add(&f, "\xa3\x41\x00", 3);
    fill(&f, 256);
    fill(&f, live ? 0 : 0x310 - (f.size - begin));
    return f;
}

static file avi(void) {
    file f = {.size = 0};
    add(&f, "RIFF\x84\x01\0\0AVI ", 12);
    fill(&f, 0x180);
    return f;
}

static file flv(void) {
    file f = {.size = 0};
    add(&f, "FLV\1\1\0\0\0\x09\0\0\0\0", 13);
    for (int i = 0; i < 4; i++) {
        add(&f, "\x09\0\0\x50\0\0\0\0\0\0\0", 11);
        fill(&f, 0x50 + 4);
    }
    return f;
}

static file ts(size_t packet, size_t sync) {
    file f = {.size = 0};
    for (int i = 0; i < 8; i++) {
        fill(&f, packet);
        f.bytes[(size_t)i * packet + sync] = 0x47;
    }
    return f;
}

/* ---- */

static bool truncated_file(const file *f, size_t size) {
    s3hls__input_truncation l;
    s3hls__input_truncation_init(&l, f->bytes, size < 512 ? size : 512);
    while (l.next < size) {
        size_t left = size - (size_t)l.next;
        if (!s3hls__input_truncation_header(
                &l, f->bytes + l.next,
                left < S3HLS__INPUT_FILE_HEADER_BYTES ? left : S3HLS__INPUT_FILE_HEADER_BYTES))
            break;
    }
    return s3hls__input_truncation_truncated(&l, size);
}

static bool truncated_pipe(const file *f, size_t size, size_t step) {
    s3hls__input_truncation l;
    s3hls__input_truncation_init(&l, f->bytes, size < 512 ? size : 512);
    for (size_t at = 0; at < size; at += step)
        s3hls__input_truncation_take(&l, f->bytes + at, size - at < step ? size - at : step);
    assert_true(l.kind == S3HLS__INPUT_FILE_UNKNOWN || l.taken == size);
    s3hls__input_truncation_end(&l);
    return s3hls__input_truncation_truncated(&l, size);
}

/* @param boundary  whether a file may end at this size */
static void check(const file *f, bool (*boundary)(size_t size)) {
    for (size_t size = 100; size <= f->size; size++) {
        bool want = size != f->size && !(boundary && boundary(size));
        assert_int_equal(truncated_file(f, size), want);
        for (size_t step = 1; step < 600; step = step * 3 + 1)
            assert_int_equal(truncated_pipe(f, size, step), want);
    }
}

/* Between elements nothing is missing that a container without a length could tell. */
static bool between_boxes(size_t size) {
    return size == 332 || size == 340 || size == 349 || size == 349 + 256;
}

static bool between_tags(size_t size) {
    return (size - 13) % (11 + 0x50 + 4) == 0;
}

static bool between_packets(size_t size) {
    return size % 188 == 0;
}

static bool between_m2ts_packets(size_t size) {
    return size % 192 == 0;
}

static void every_cut_is_found(void **state) {
    (void)state;
    file files[] = {mp4(), matroska(false), avi(), flv(), ts(188, 0), ts(192, 4)};
    bool (*boundaries[])(size_t) = {between_boxes,       NULL, NULL, between_tags, between_packets,
                                    between_m2ts_packets};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (i >= 4) /* too short to be recognised */
            for (size_t size = 100; size < 600; size++)
                truncated_file(&files[i], size);
        file f = files[i];
        if (i < 4)
            check(&f, boundaries[i]);
        else
            for (size_t size = 600; size <= f.size; size++)
                assert_int_equal(truncated_file(&f, size), !boundaries[i](size));
    }
}

static void a_live_matroska_file_may_end_between_elements(void **state) {
    (void)state;
    file f = matroska(true);
    assert_false(truncated_file(&f, f.size));
    assert_false(truncated_pipe(&f, f.size, 7));
    assert_true(truncated_file(&f, f.size - 1));
    assert_true(truncated_pipe(&f, f.size - 1, 7));
}

static void what_follows_that_is_no_element_is_nobodys_cut(void **state) {
    (void)state;
    file f = mp4();
    add(&f, "\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9);
    assert_false(truncated_file(&f, f.size));
    file unknown = {.size = 2000};
    assert_false(truncated_file(&unknown, 1999));
}

static void an_index_that_comes_last_is_seen_at_once(void **state) {
    (void)state;
    file f = {.size = 0};
    s3hls__input_truncation l;
    box(&f, "ftyp", 16);
    box(&f, "mdat", 500);
    box(&f, "moov", 300);
    s3hls__input_truncation_init(&l, f.bytes, 512);
    s3hls__input_truncation_take(&l, f.bytes, 64);
    assert_true(l.index_last);
    assert_false(truncated_file(&f, f.size));
    assert_true(truncated_file(&f, 24 + 508)); /* and missing altogether */
    f = mp4();
    s3hls__input_truncation_init(&l, f.bytes, 512);
    s3hls__input_truncation_take(&l, f.bytes, f.size);
    assert_false(l.index_last);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_is_found),
        cmocka_unit_test(a_live_matroska_file_may_end_between_elements),
        cmocka_unit_test(what_follows_that_is_no_element_is_nobodys_cut),
        cmocka_unit_test(an_index_that_comes_last_is_seen_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
