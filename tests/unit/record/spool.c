/* SPDX-License-Identifier: MIT-0 */
#include "world.h"

#include "base/env.h"
#include "record/spool.h"
#include <dirent.h>
#include <fcntl.h>

static const char *const DESTINATION = "s3://bucket/cam-1";

/* A body that tells where it was cut: byte i is i + seed. */
typedef struct body {
    uint64_t size;
    uint8_t seed, bytes[1000];
} body;

static s3hls_span body_at(void *ctx, uint64_t offset) {
    body *b = ctx;
    uint64_t left = b->size - offset, n = left < sizeof b->bytes ? left : sizeof b->bytes;
    for (uint64_t i = 0; i < n; i++)
        b->bytes[i] = (uint8_t)(offset + i + b->seed);
    return (s3hls_span){b->bytes, (size_t)n};
}

static s3hls__spool_entry entry(uint64_t sequence, uint64_t size) {
    return (s3hls__spool_entry){.media = true,
                                .segment = {.start_ms = 1782820800123 + 4000 * (int64_t)sequence,
                                            .duration_ms = 4000,
                                            .sequence = 1000 + sequence,
                                            .timeline = 1000,
                                            .size = size}};
}

static int damaged;

static void count_damaged(void *ctx, const s3hls__spool_entry *e) {
    (void)ctx;
    damaged += e->media;
}

static s3hls__spool *open_spool(world *w) {
    s3hls__spool *s;
    s3hls_env env = s3hls__env_resolve(&w->env);
    damaged = 0;
    assert_int_equal(s3hls__spool_open(&s, w->spool, DESTINATION, &env, count_damaged, NULL),
                     S3HLS_OK);
    return s;
}

static int write_entry(s3hls__spool *s, const s3hls__spool_entry *e, uint8_t seed) {
    body b = {.size = e->segment.size, .seed = seed};
    return s3hls__spool_write(s, e, "camera=front&x=1", body_at, &b);
}

static void assert_reads(s3hls__spool *s, const s3hls__spool_entry *e, uint8_t seed) {
    assert_int_equal(s3hls__spool_read(s, e), S3HLS_OK);
    assert_string_equal(s3hls__spool_tags(s), "camera=front&x=1");
    uint64_t at = 0;
    for (s3hls_span span; (span = s3hls__spool_body(s, at)).size; at += span.size)
        for (size_t i = 0; i < span.size; i += 97)
            assert_int_equal(span.data[i], (uint8_t)(at + i + seed));
    assert_int_equal(at, e->segment.size);
    assert_int_equal(s3hls__spool_body(s, 3).data[0],
                     (uint8_t)(3 + seed)); /* from the start again */
    s3hls__spool_read_end(s);
}

static void path_of(world *w, const char *name, char path[300]) {
    snprintf(path, 300, "%s/s3%%3A%%2F%%2Fbucket%%2Fcam-1/%s", w->spool, name);
}

static const char FIRST[] = "2026_06_30_12_00_00.123-4000-1000-1000.ts";

/* ---- */

static void what_was_written_is_there_after_a_restart(void **state) {
    (void)state;
    world *w = world_open();
    s3hls__spool *s = open_spool(w);
    s3hls__spool_entry e[3] = {entry(0, 100000), entry(1, 10), entry(2, 188)};
    s3hls__spool_entry timeline = {.segment = {.timeline = 1000, .size = 50}};
    for (int i = 2; i >= 0; i--) /* in any order */
        assert_int_equal(write_entry(s, &e[i], (uint8_t)i), S3HLS_OK);
    assert_int_equal(write_entry(s, &timeline, 9), S3HLS_OK);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(s3hls__spool_segments(s), 3);
        assert_int_equal(s3hls__spool_bytes(s), 100198);
        assert_false(s3hls__spool_oldest(s, 0)->media); /* the timeline's object comes first */
        assert_reads(s, &timeline, 9);
        for (int i = 0; i < 3; i++)
            assert_reads(s, &e[i], (uint8_t)i);
        s3hls__spool_close(&s);
        s = open_spool(w);
    }
    assert_int_equal(damaged, 0);
    s3hls__spool_remove(s, &timeline);
    for (uint64_t i = 0; i < 3; i++) {
        s3hls__spool_entry *oldest = s3hls__spool_oldest(s, 0);
        assert_int_equal(oldest->segment.sequence, 1000 + i);
        s3hls__spool_remove(s, oldest);
    }
    assert_true(s3hls__spool_empty(s));
    assert_int_equal(s3hls__spool_bytes(s), 0);
    s3hls__spool_close(&s);
    s = open_spool(w);
    assert_true(s3hls__spool_empty(s));
    s3hls__spool_close(&s);
    world_close(w);
}

static void one_is_written_twice_and_counted_once(void **state) {
    (void)state;
    world *w = world_open();
    s3hls__spool *s = open_spool(w);
    s3hls__spool_entry e = entry(0, 500);
    assert_int_equal(write_entry(s, &e, 1), S3HLS_OK);
    assert_int_equal(write_entry(s, &e, 1), S3HLS_OK);
    assert_int_equal(s3hls__spool_segments(s), 1);
    assert_int_equal(s3hls__spool_bytes(s), 500);
    s3hls__spool_close(&s);
    world_close(w);
}

/* Any byte changed, any end cut off: never sent, set aside, told. */
static void what_is_not_whole_is_never_read(void **state) {
    (void)state;
    enum { SIZE = 300, FILE_SIZE = SIZE + 16 + 24 };
    for (int at = 0; at < 2 * FILE_SIZE; at++) {
        world *w = world_open();
        s3hls__spool *s = open_spool(w);
        s3hls__spool_entry e = entry(0, SIZE);
        char path[300];
        assert_int_equal(write_entry(s, &e, 1), S3HLS_OK);
        s3hls__spool_close(&s);
        path_of(w, FIRST, path);
        if (at < FILE_SIZE) {
            int fd = open(path, O_RDWR);
            uint8_t byte;
            assert_int_equal(pread(fd, &byte, 1, at), 1);
            byte ^= (uint8_t)(1 << at % 8);
            assert_int_equal(pwrite(fd, &byte, 1, at), 1);
            close(fd);
        } else {
            assert_int_equal(truncate(path, at - FILE_SIZE), 0);
        }
        s = open_spool(w);
        if (damaged == 0) /* its end looks right: the checksum tells */
            assert_int_equal(s3hls__spool_read(s, &e), S3HLS_E_MALFORMED);
        assert_true(s3hls__spool_empty(s));
        assert_int_equal(access(path, F_OK), -1);
        s3hls__spool_close(&s);
        s = open_spool(w); /* it lies aside: not told again */
        assert_int_equal(damaged, 0);
        assert_true(s3hls__spool_empty(s));
        s3hls__spool_close(&s);
        world_close(w);
    }
}

static void what_is_foreign_stays_and_what_was_half_written_goes(void **state) {
    (void)state;
    static const char *const foreign[] = {"notes.txt", "2026_06_30_12_00_00.123-4000-01000-1000.ts",
                                          "2026_06_30_12_00_00.ts", "timelines_x.json",
                                          "2026_06_30_12_00_00.123-4000-1000-1000.ts.bak"};
    world *w = world_open();
    char path[300];
    s3hls__spool *s = open_spool(w);
    for (size_t i = 0; i < 5; i++) {
        path_of(w, foreign[i], path);
        fclose(fopen(path, "w"));
    }
    path_of(w, FIRST, path);
    assert_int_equal(mkdir(path, 0777), 0); /* a folder of a segment's name */
    path_of(w, ".tmp-0123456789abcdef", path);
    fclose(fopen(path, "w"));
    s3hls__spool_close(&s);
    s = open_spool(w);
    assert_true(s3hls__spool_empty(s));
    assert_int_equal(access(path, F_OK), -1);
    for (size_t i = 0; i < 5; i++) {
        path_of(w, foreign[i], path);
        assert_int_equal(access(path, F_OK), 0);
    }
    s3hls__spool_close(&s);
    world_close(w);
}

static void a_spool_has_one_recorder(void **state) {
    (void)state;
    world *w = world_open();
    s3hls__spool *s = open_spool(w), *other;
    s3hls_env env = s3hls__env_resolve(&w->env);
    assert_int_equal(s3hls__spool_open(&other, w->spool, DESTINATION, &env, count_damaged, NULL),
                     S3HLS_E_STATE);
    assert_null(other);
    assert_int_equal(
        s3hls__spool_open(&other, w->spool, "s3://bucket/cam-2", &env, count_damaged, NULL),
        S3HLS_OK); /* side by side */
    s3hls__spool_close(&other);
    s3hls__spool_close(&s);
    s = open_spool(w);
    s3hls__spool_close(&s);
    world_close(w);
}

static void numbers_are_remembered(void **state) {
    (void)state;
    world *w = world_open();
    s3hls__spool *s = open_spool(w);
    assert_int_equal(s3hls__spool_floor(s), 0);
    for (uint64_t n = 5000; n < 5100; n++)
        assert_int_equal(s3hls__spool_reserve(s, n), S3HLS_OK);
    s3hls__spool_close(&s);
    s = open_spool(w);
    uint64_t floor = s3hls__spool_floor(s);
    assert_in_range(floor, 5100, 5132);
    assert_int_equal(s3hls__spool_reserve(s, 5000), S3HLS_OK); /* one from before, sent again */
    s3hls__spool_close(&s);
    s = open_spool(w);
    assert_int_equal(s3hls__spool_floor(s), floor);
    s3hls__spool_entry e = entry(9000, 10); /* number 10,000 */
    assert_int_equal(write_entry(s, &e, 0), S3HLS_OK);
    s3hls__spool_close(&s);
    s = open_spool(w);
    assert_int_equal(s3hls__spool_floor(s), 10001);
    s3hls__spool_close(&s);

    static const char *const nonsense[] = {"18446744073709551615\n", "many\n", ""};
    char path[300];
    path_of(w, "session", path);
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        FILE *session = fopen(path, "w");
        fputs(nonsense[i], session);
        fclose(session);
        s = open_spool(w);
        assert_int_equal(s3hls__spool_floor(s), 10001); /* by what lies there */
        s3hls__spool_close(&s);
    }
    world_close(w);
}

static void a_disk_that_fails_is_told_and_tried_again(void **state) {
    (void)state;
    world *w = world_open();
    s3hls__spool_entry e = entry(0, 100);
    fclose(fopen(w->spool, "w")); /* a file where the directory should be */
    s3hls__spool *s = open_spool(w);
    assert_int_not_equal(write_entry(s, &e, 0), S3HLS_OK);
    assert_int_equal(s3hls__spool_segments(s), 0);
    assert_int_equal(remove(w->spool), 0);
    assert_int_equal(write_entry(s, &e, 0), S3HLS_OK);
    assert_reads(s, &e, 0);
    char path[300];
    path_of(w, FIRST, path);
    assert_int_equal(remove(path), 0); /* somebody tidied up */
    assert_int_equal(s3hls__spool_read(s, &e), S3HLS_E_NOT_FOUND);
    assert_true(s3hls__spool_empty(s));
    s3hls__spool_close(&s);
    world_close(w);
}

static void long_names_are_refused(void **state) {
    (void)state;
    world *w = world_open();
    s3hls__spool *s;
    char destination[400] = "s3://bucket/";
    s3hls_env env = s3hls__env_resolve(&w->env);
    memset(destination + 12, 'x', 300);
    assert_int_equal(s3hls__spool_open(&s, w->spool, destination, &env, count_damaged, NULL),
                     S3HLS_E_INVALID);
    assert_null(s);
    world_close(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_there_after_a_restart),
        cmocka_unit_test(one_is_written_twice_and_counted_once),
        cmocka_unit_test(what_is_not_whole_is_never_read),
        cmocka_unit_test(what_is_foreign_stays_and_what_was_half_written_goes),
        cmocka_unit_test(a_spool_has_one_recorder),
        cmocka_unit_test(numbers_are_remembered),
        cmocka_unit_test(a_disk_that_fails_is_told_and_tried_again),
        cmocka_unit_test(long_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
