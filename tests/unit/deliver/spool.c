/* SPDX-License-Identifier: MIT-0 */
#include "world.h"

#include "base/env.h"
#include "deliver/spool.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

static const char *const DESTINATION = "s3://bucket/cam-1";

/* ---- a disk as it can be */

static int folder_sync_errno, lock_errno, open_errno; /* 0: it works */

static bool is_dir(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

__attribute__((visibility("default"))) int fsync(int fd) {
    errno = folder_sync_errno;
    return errno && is_dir(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

__attribute__((visibility("default"))) int flock(int fd, int operation) {
    errno = lock_errno;
    return errno ? -1 : (int)syscall(SYS_flock, fd, operation);
}

/* Opening a file to read it fails, as with EMFILE or a bad sector. */
__attribute__((visibility("default"))) int openat(int dir, const char *name, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list list;
        va_start(list, flags);
        mode = va_arg(list, mode_t);
        va_end(list);
    }
    errno = open_errno;
    bool segment = strstr(name, ".ts") != NULL && !(flags & O_CREAT);
    return errno && segment ? -1 : (int)syscall(SYS_openat, dir, name, flags, mode);
}

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
    return (s3hls__spool_entry){.kind = S3HLS__KEY_SEGMENT,
                                .segment = {.start_ms = 1782820800123 + 4000 * (int64_t)sequence,
                                            .duration_ms = 4000,
                                            .sequence = 1000 + sequence,
                                            .timeline = 1000,
                                            .size = size}};
}

static int damaged, found;

static void count_found(void *ctx, const s3hls__spool_entry *e, bool whole) {
    (void)ctx;
    damaged += s3hls__spool_is_segment(e) && !whole;
    found += s3hls__spool_is_segment(e) && whole;
}

static int try_open(world *w, s3hls__spool **s, const char *destination) {
    s3hls_env env = s3hls__env_resolve(&w->env);
    const s3hls__spool_config cfg = {
        .dir = w->spool, .destination = destination, .found = count_found};
    return s3hls__spool_open(s, &cfg, &env);
}

static s3hls__spool *open_spool(world *w) {
    s3hls__spool *s;
    damaged = found = 0;
    assert_int_equal(try_open(w, &s, DESTINATION), S3HLS_OK);
    return s;
}

static int write_entry(s3hls__spool *s, const s3hls__spool_entry *e, uint8_t seed) {
    body b = {.size = e->segment.size, .seed = seed};
    const s3hls__spool_source source = {body_at, &b, b.size, "camera=front&x=1"};
    return s3hls__spool_write(s, e, &source);
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
    s3hls__spool_entry timeline = {.kind = S3HLS__KEY_TIMELINE,
                                   .segment = {.timeline = 1000, .size = 50}};
    for (int i = 2; i >= 0; i--) /* in any order */
        assert_int_equal(write_entry(s, &e[i], (uint8_t)i), S3HLS_OK);
    assert_int_equal(write_entry(s, &timeline, 9), S3HLS_OK);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(s3hls__spool_segments(s), 3);
        assert_int_equal(s3hls__spool_bytes(s), 100198);
        assert_false(s3hls__spool_is_segment(
            s3hls__spool_oldest(s, 0))); /* the timeline's object comes first */
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
    assert_int_equal(write_entry(s, &e, 1), S3HLS_E_EXISTS);
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
    assert_int_equal(try_open(w, &other, DESTINATION), S3HLS_E_STATE);
    assert_null(other);
    assert_int_equal(try_open(w, &other, "s3://bucket/cam-2"), S3HLS_OK); /* side by side */
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
    memset(destination + 12, 'x', 300);
    assert_int_equal(try_open(w, &s, destination), S3HLS_E_INVALID);
    assert_null(s);
    world_close(w);
}

/* ---- disks that cannot do everything, or not now */

static void a_disk_without_folder_syncs_or_locks_is_used(void **state) {
    (void)state;
    static const int syncs[] = {EINVAL, ENOTSUP, ENOSYS, EIO},
                     locks[] = {0, ENOTSUP, ENOLCK, EBADF};
    for (int i = 0; i < 4; i++) {
        world *w = world_open();
        s3hls__spool_entry e = entry(0, 500);
        folder_sync_errno = syncs[i];
        lock_errno = locks[i];
        if (syncs[i] == EIO) /* while the folders are made it is a failure like any other */
            folder_sync_errno = 0;
        s3hls__spool *s = open_spool(w);
        folder_sync_errno = syncs[i];
        assert_int_equal(write_entry(s, &e, 1), S3HLS_OK); /* whole, under its name: it is there */
        assert_int_equal(s3hls__spool_segments(s), 1);
        assert_reads(s, &e, 1);
        assert_int_equal(s3hls__spool_reserve(s, 5), S3HLS_OK);
        s3hls__spool_close(&s);
        folder_sync_errno = lock_errno = 0;
        s = open_spool(w);
        assert_int_equal(found, 1);
        s3hls__spool_close(&s);
        world_close(w);
    }
}

static void what_cannot_be_read_now_is_not_lost(void **state) {
    (void)state;
    static const int codes[] = {EMFILE, EIO, EACCES};
    for (int i = 0; i < 3; i++) {
        world *w = world_open();
        s3hls__spool *s = open_spool(w);
        s3hls__spool_entry e[2] = {entry(0, 500), entry(1, 700)};
        char path[300];
        for (int k = 0; k < 2; k++)
            assert_int_equal(write_entry(s, &e[k], 1), S3HLS_OK);
        open_errno = codes[i];
        assert_int_equal(s3hls__spool_read(s, &e[0]), S3HLS_E_IO);
        assert_int_equal(s3hls__spool_segments(s), 2);
        s3hls__spool_close(&s);
        s = open_spool(w);
        assert_int_equal(found + damaged, 0);
        path_of(w, FIRST, path);
        assert_int_equal(access(path, F_OK), 0);
        s3hls__spool_look(s, UINT64_MAX);
        assert_int_equal(found + damaged, 0);
        open_errno = 0;
        s3hls__spool_look(s, UINT64_MAX);
        assert_int_equal(found, 2);
        assert_int_equal(s3hls__spool_bytes(s), 1200);
        s3hls__spool_look(s, UINT64_MAX);
        assert_int_equal(found, 2);
        assert_reads(s, &e[1], 1);
        s3hls__spool_close(&s);
        world_close(w);
    }
}

static void a_spool_that_comes_later_is_read(void **state) {
    (void)state;
    world *w = world_open();
    s3hls__spool_entry e[2] = {entry(0, 100), entry(9, 100)};
    char aside[100];
    s3hls__spool *s = open_spool(w);
    assert_int_equal(write_entry(s, &e[0], 0), S3HLS_OK);
    s3hls__spool_close(&s);
    snprintf(aside, sizeof aside, "%s.away", w->spool);
    assert_int_equal(rename(w->spool, aside), 0);
    fclose(fopen(w->spool, "w")); /* no disk yet */
    s = open_spool(w);
    assert_int_not_equal(s3hls__spool_status(s), S3HLS_OK);
    assert_int_not_equal(write_entry(s, &e[1], 0), S3HLS_OK);
    s3hls__spool_look(s, UINT64_MAX);
    assert_int_equal(found, 0);
    assert_int_equal(remove(w->spool), 0);
    assert_int_equal(rename(aside, w->spool), 0);
    s3hls__spool_look(s, UINT64_MAX);
    assert_int_equal(s3hls__spool_status(s), S3HLS_OK);
    assert_int_equal(found, 1);
    assert_int_equal(s3hls__spool_floor(s), 1001);
    assert_reads(s, &e[0], 0);
    assert_int_equal(write_entry(s, &e[1], 0), S3HLS_OK);
    assert_int_equal(s3hls__spool_segments(s), 2);
    s3hls__spool_close(&s);
    world_close(w);
}

/* The card is mounted late, over a folder that is in use already. */
static void what_was_written_elsewhere_meanwhile_is_moved(void **state) {
    (void)state;
    world *w = world_open();
    s3hls__spool_entry e[4] = {entry(0, 100), entry(1, 70000), entry(2, 300), entry(3, 400)};
    char card[100], below[100], path[300];
    snprintf(card, sizeof card, "%s.card", w->spool);
    snprintf(below, sizeof below, "%s.below", w->spool);
    s3hls__spool *s = open_spool(w); /* what the card holds from before */
    assert_int_equal(write_entry(s, &e[0], 0), S3HLS_OK);
    assert_int_equal(write_entry(s, &e[1], 1), S3HLS_OK);
    s3hls__spool_close(&s);
    assert_int_equal(rename(w->spool, card), 0);

    s = open_spool(w);
    assert_int_equal(found, 0);
    assert_int_equal(write_entry(s, &e[1], 1), S3HLS_OK);
    assert_int_equal(write_entry(s, &e[2], 2), S3HLS_OK);
    assert_int_equal(rename(w->spool, below), 0); /* as if something were mounted over it */
    assert_int_equal(rename(card, w->spool), 0);
    assert_reads(s, &e[2], 2);
    s3hls__spool_look(s, 0); /* found, not moved yet */
    assert_int_equal(found, 1);
    assert_int_equal(s3hls__spool_segments(s), 3);
    assert_reads(s, &e[2], 2);
    w->lines[0] = 0;
    s3hls__spool_look(s, UINT64_MAX);
    s3hls__spool_look(s, UINT64_MAX);
    assert_string_equal(w->lines, "");
    assert_int_equal(write_entry(s, &e[3], 3), S3HLS_OK);
    for (int i = 0; i < 4; i++)
        assert_reads(s, &e[i], (uint8_t)i);
    s3hls__spool_remove(s, &e[2]);
    s3hls__spool_close(&s);
    s = open_spool(w);
    assert_int_equal(found, 3);
    for (int i = 0; i < 4; i++)
        if (i != 2)
            assert_reads(s, &e[i], (uint8_t)i);
    snprintf(path, sizeof path, "%s/s3%%3A%%2F%%2Fbucket%%2Fcam-1/%s", below,
             "2026_06_30_12_00_08.123-4000-1002-1000.ts");
    assert_int_equal(access(path, F_OK), -1);
    s3hls__spool_close(&s);
    world_close(w);
}

static void a_spool_that_was_removed_is_made_again(void **state) {
    (void)state;
    world *w = world_open();
    s3hls__spool_entry e[2] = {entry(0, 100), entry(1, 100)};
    s3hls__spool *s = open_spool(w);
    assert_int_equal(write_entry(s, &e[0], 0), S3HLS_OK);
    remove_folder(w->spool);
    assert_int_equal(write_entry(s, &e[1], 1), S3HLS_OK);
    assert_reads(s, &e[1], 1);
    assert_int_equal(s3hls__spool_read(s, &e[0]), S3HLS_E_NOT_FOUND);
    assert_int_equal(s3hls__spool_segments(s), 1);
    s3hls__spool_close(&s);
    s = open_spool(w);
    assert_int_equal(found, 1);
    s3hls__spool_close(&s);
    world_close(w);
}

static void a_timelines_object_stays_as_long_as_its_segments(void **state) {
    (void)state;
    world *w = world_open();
    s3hls__spool *s = open_spool(w);
    s3hls__spool_entry e[2] = {entry(0, 100), entry(1, 100)};
    s3hls__spool_entry object = {.kind = S3HLS__KEY_TIMELINE,
                                 .segment = {.timeline = 1000, .size = 50}};
    s3hls__spool_entry later = {.kind = S3HLS__KEY_TIMELINE,
                                .segment = {.timeline = 2000, .size = 50}};
    assert_int_equal(write_entry(s, &object, 9), S3HLS_OK);
    assert_int_equal(write_entry(s, &later, 9), S3HLS_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(write_entry(s, &e[i], 0), S3HLS_OK);
    s3hls__spool_entry same = object; /* as a slot names it, which has a number of the sequence */
    same.segment.sequence = 1000;
    assert_int_equal(write_entry(s, &same, 9), S3HLS_E_EXISTS);
    assert_int_equal(s3hls__spool_oldest_object(s, 0)->segment.timeline, 1000);
    s3hls__spool_note_delivered(s, &object);
    assert_int_equal(s3hls__spool_oldest_object(s, 0)->segment.timeline, 2000);
    s3hls__spool_note_delivered(s, &later); /* it has no segments here */
    assert_null(s3hls__spool_oldest_object(s, 0));
    assert_null(s3hls__spool_find(s, &later));
    s3hls__spool_remove(s, &e[0]);
    s3hls__spool_doubt(s);
    assert_int_equal(s3hls__spool_oldest_object(s, 0)->segment.timeline, 1000);
    s3hls__spool_note_delivered(s, &object);
    s3hls__spool_remove(s, &e[1]);
    assert_true(s3hls__spool_empty(s));
    s3hls__spool_close(&s);
    world_close(w);
}

static void the_initialisation_segment_stays_likewise(void **state) {
    (void)state;
    world *w = world_open();
    s3hls__spool *s = open_spool(w);
    s3hls__spool_entry e = entry(0, 100);
    s3hls__spool_entry init = {.kind = S3HLS__KEY_INIT, .segment = {.timeline = 1000, .size = 700}};
    s3hls__spool_entry object = {.kind = S3HLS__KEY_TIMELINE,
                                 .segment = {.timeline = 1000, .size = 50}};
    e.segment.container = S3HLS_CONTAINER_FMP4;
    assert_int_equal(write_entry(s, &e, 0), S3HLS_OK);
    assert_int_equal(write_entry(s, &init, 3), S3HLS_OK);
    assert_int_equal(write_entry(s, &object, 9), S3HLS_OK);
    s3hls__spool_close(&s);
    s = open_spool(w);
    assert_int_equal(s3hls__spool_segments(s), 1);
    assert_int_equal(s3hls__spool_bytes(s), 100);
    assert_reads(s, &init, 3);
    s3hls__spool_note_delivered(s, s3hls__spool_oldest_object(s, 0));
    s3hls__spool_entry *second = s3hls__spool_oldest_object(s, 0);
    assert_int_equal(second->kind, S3HLS__KEY_INIT); /* both before the segment */
    s3hls__spool_note_delivered(s, second);
    assert_non_null(s3hls__spool_find(s, &init));
    assert_non_null(s3hls__spool_find(s, &object));
    s3hls__spool_remove(s, &e);
    assert_true(s3hls__spool_empty(s));
    s3hls__spool_close(&s);
    world_close(w);
}

/* ---- a directory that others can write to */

static unsigned mode_of(const char *path) {
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static void what_is_spooled_is_private_unless_configured(void **state) {
    (void)state;
    mode_t before = umask(022);
    static const unsigned modes[][3] = {
        {0, 0600, 0700}, {0640, 0640, 0750}, {0660, 0640, 0750}, {0644, 0644, 0755}};
    for (int i = 0; i < 4; i++) {
        world *w = world_open();
        char path[300];
        s3hls__spool *s;
        s3hls_env env = s3hls__env_resolve(&w->env);
        const s3hls__spool_config cfg = {.dir = w->spool,
                                         .destination = DESTINATION,
                                         .file_mode = modes[i][0],
                                         .found = count_found};
        s3hls__spool_entry e = entry(0, 100);
        assert_int_equal(s3hls__spool_open(&s, &cfg, &env), S3HLS_OK);
        assert_int_equal(write_entry(s, &e, 0), S3HLS_OK);
        assert_int_equal(s3hls__spool_reserve(s, 7), S3HLS_OK);
        s3hls__spool_close(&s);
        path_of(w, FIRST, path);
        assert_int_equal(mode_of(path), modes[i][1]);
        path_of(w, "session", path);
        assert_int_equal(mode_of(path), modes[i][1]);
        *strrchr(path, '/') = 0;
        assert_int_equal(mode_of(path), modes[i][2]);
        assert_int_equal(mode_of(w->spool), modes[i][2]);
        world_close(w);
    }
    umask(before);
}

static void a_link_in_the_folders_place_is_not_followed(void **state) {
    (void)state;
    world *w = world_open();
    char elsewhere[100], path[300];
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", w->dir);
    assert_int_equal(mkdir(elsewhere, 0755), 0);
    assert_int_equal(mkdir(w->spool, 01777), 0);
    chmod(w->spool, 01777);
    path_of(w, "", path);
    path[strlen(path) - 1] = 0;
    assert_int_equal(symlink(elsewhere, path), 0);
    s3hls__spool *s = open_spool(w);
    s3hls__spool_entry e = entry(0, 100);
    assert_int_equal(s3hls__spool_status(s), S3HLS_E_ACCESS);
    assert_non_null(strstr(w->lines, "links are not followed"));
    assert_int_equal(write_entry(s, &e, 0), S3HLS_E_ACCESS);
    s3hls__spool_close(&s);
    assert_int_equal(rmdir(elsewhere), 0);
    world_close(w);
}

/* Pipes and devices in the place of each file: nothing is opened, nothing hangs. */
static void a_pipe_does_not_hang(void **state) {
    (void)state;
    static const char *const names[] = {FIRST, "session", "timelines_1000.json",
                                        ".tmp-0123456789abcdef", "notes"};
    world *w = world_open();
    s3hls__spool *s = open_spool(w);
    char path[300];
    s3hls__spool_close(&s);
    for (int i = 0; i < 5; i++) {
        path_of(w, names[i], path);
        assert_int_equal(mkfifo(path, 0600), 0);
    }
    alarm(20);
    s = open_spool(w);
    assert_int_equal(found, 0);
    assert_int_equal(s3hls__spool_floor(s), 1001);
    s3hls__spool_entry e = entry(0, 100);
    assert_int_equal(write_entry(s, &e, 0), S3HLS_OK);
    path_of(w, FIRST, path);
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0); /* in the place of one that is known */
    assert_int_equal(s3hls__spool_read(s, &e), S3HLS_E_MALFORMED);
    assert_int_equal(s3hls__spool_reserve(s, 5000), S3HLS_OK);
    s3hls__spool_close(&s);
    alarm(0);
    world_close(w);
}

/* Root makes what belongs to another. */
static bool give_away(const char *path) {
    return lchown(path, 65534, 65534) == 0;
}

static void what_is_foreign_is_neither_sent_nor_touched(void **state) {
    (void)state;
    static const char *const others[] = {
        "2026_06_30_12_00_00.123-4000-1000-1000.ts", ".tmp-0123456789abcdef", "session",
        "2026_06_30_12_00_04.123-4000-1001-1000.ts", "2026_06_30_12_00_08.123-4000-1002-1000.ts"};
    world *w = world_open();
    s3hls__spool *s = open_spool(w);
    s3hls__spool_entry e[4] = {entry(0, 100), entry(1, 100), entry(2, 100), entry(3, 100)};
    char path[300], second[300];
    for (int i = 0; i < 4; i++)
        assert_int_equal(write_entry(s, &e[i], 0), S3HLS_OK);
    assert_int_equal(s3hls__spool_reserve(s, 5000), S3HLS_OK);
    s3hls__spool_close(&s);
    path_of(w, others[1], path);
    fclose(fopen(path, "w"));
    path_of(w, others[4], path);
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    bool possible = true;
    for (int i = 0; i < 5; i++) {
        path_of(w, others[i], path);
        possible = possible && give_away(path);
    }
    if (!possible) {
        world_close(w);
        skip();
    }
    s = open_spool(w);
    assert_int_equal(found, 1);
    assert_int_equal(damaged, 0);
    assert_int_equal(s3hls__spool_floor(s), 1004); /* not what a foreign session says */
    for (int i = 0; i < 3; i++) {                  /* it takes no name that somebody else has */
        assert_int_equal(write_entry(s, &e[i], 0), S3HLS_E_EXISTS);
        s3hls__spool_remove(s, &e[i]);
    }
    for (int i = 0; i < 5; i++) {
        path_of(w, others[i], path);
        assert_int_equal(access(path, F_OK), 0);
    }
    s3hls__spool_close(&s);

    /* a second name for a file of ours, in a folder where anybody can have made it */
    path_of(w, "2026_06_30_12_00_12.123-4000-1003-1000.ts", path);
    path_of(w, "2026_06_30_12_00_16.123-4000-1004-1000.ts", second);
    assert_int_equal(link(path, second), 0);
    s = open_spool(w);
    assert_int_equal(found, 2); /* its own folder is nobody else's */
    s3hls__spool_close(&s);
    *strrchr(path, '/') = 0;
    chmod(path, 01777);
    s = open_spool(w);
    assert_int_equal(found, 0);
    assert_int_equal(access(second, F_OK), 0);
    s3hls__spool_close(&s);
    world_close(w);
}

static void a_spool_of_another_user_is_refused(void **state) {
    (void)state;
    world *w = world_open();
    char path[300];
    s3hls__spool *s = open_spool(w);
    s3hls__spool_close(&s);
    path_of(w, "", path);
    path[strlen(path) - 1] = 0;
    if (!give_away(path)) {
        world_close(w);
        skip();
    }
    chmod(w->spool, 01777);
    s = open_spool(w); /* the folder, made by somebody else in a directory for everybody */
    assert_int_equal(s3hls__spool_status(s), S3HLS_E_ACCESS);
    assert_non_null(strstr(w->lines, "belongs to another user (65534)"));
    s3hls__spool_close(&s);
    assert_true(give_away(w->spool)); /* the directory itself: named by the caller */
    chmod(w->spool, 0700);
    s = open_spool(w);
    assert_int_equal(s3hls__spool_status(s), S3HLS_OK);
    s3hls__spool_close(&s);
    chmod(w->dir, 01777); /* but where everybody can make it, anybody may have */
    s = open_spool(w);
    assert_int_equal(s3hls__spool_status(s), S3HLS_E_ACCESS);
    assert_non_null(strstr(w->lines, "stands where anybody can create it"));
    s3hls__spool_close(&s);
    world_close(w);
}

static void a_directory_for_everybody_is_warned_of(void **state) {
    (void)state;
    world *w = world_open();
    assert_int_equal(mkdir(w->spool, 0777), 0);
    chmod(w->spool, 0777);
    s3hls__spool *s = open_spool(w);
    assert_int_equal(s3hls__spool_status(s), S3HLS_OK);
    assert_non_null(strstr(w->lines, "others can remove what is in it"));
    s3hls__spool_close(&s);
    w->lines[0] = 0;
    chmod(w->spool, 01777);
    s = open_spool(w);
    assert_string_equal(w->lines, "");
    s3hls__spool_close(&s);
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
        cmocka_unit_test(a_disk_without_folder_syncs_or_locks_is_used),
        cmocka_unit_test(what_cannot_be_read_now_is_not_lost),
        cmocka_unit_test(a_spool_that_comes_later_is_read),
        cmocka_unit_test(what_was_written_elsewhere_meanwhile_is_moved),
        cmocka_unit_test(a_spool_that_was_removed_is_made_again),
        cmocka_unit_test(a_timelines_object_stays_as_long_as_its_segments),
        cmocka_unit_test(the_initialisation_segment_stays_likewise),
        cmocka_unit_test(what_is_spooled_is_private_unless_configured),
        cmocka_unit_test(a_link_in_the_folders_place_is_not_followed),
        cmocka_unit_test(a_pipe_does_not_hang),
        cmocka_unit_test(what_is_foreign_is_neither_sent_nor_touched),
        cmocka_unit_test(a_spool_of_another_user_is_refused),
        cmocka_unit_test(a_directory_for_everybody_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
