/* SPDX-License-Identifier: MIT-0 */
/* Sources that fail, end, or never return: the reader goes on, and the others wait for none of
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "folder.h"
#include "gateway/reader.h"
#include "h264_gen.h"
#include <errno.h>
#include <fcntl.h>
#include <libavutil/log.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a sink that counts, and a clock that can be put forward */

typedef struct world {
    s3hls_env env;
    char folder[64], path[96];
    _Atomic int64_t passed_us;
    _Atomic long out; /* allocations */
    _Atomic int opened, frames, lost, failed;
    _Atomic int status; /* of the latest end or failure */
} world;

static int64_t monotonic_us(void *ctx) {
    return s3hls_env_default().monotonic_us(NULL) + ((world *)ctx)->passed_us;
}

static void *reallocate(void *ctx, void *p, size_t size) {
    world *w = ctx;
    w->out += (size > 0 && !p) - (size == 0 && p != NULL);
    if (size)
        return realloc(p, size);
    free(p);
    return NULL;
}

static uint64_t no_chance(void *ctx) {
    (void)ctx;
    return 0;
}

static void on_opened(void *ctx, s3hls_source *source) {
    (void)source;
    ((world *)ctx)->opened++;
}

static void on_frame(void *ctx, s3hls_source *source, const s3hls_frame *frame) {
    (void)source;
    ((world *)ctx)->frames += frame->size > 0;
}

static void on_lost(void *ctx, s3hls_source *source, int status, const char *why) {
    (void)source;
    assert_true(why[0] != 0);
    ((world *)ctx)->status = status;
    ((world *)ctx)->lost++;
}

static void on_failed(void *ctx, int status, const char *why) {
    assert_true(why[0] != 0);
    ((world *)ctx)->status = status;
    ((world *)ctx)->failed++;
}

static void open_world(world *w) {
    *w = (world){.env = s3hls_env_default()};
    strcpy(w->folder, "/tmp/s3hls-reader-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->path, sizeof w->path, "%s/input", w->folder);
    w->env.ctx = w;
    w->env.monotonic_us = monotonic_us;
    w->env.reallocate = reallocate;
    w->env.random = no_chance;
    w->env.log = NULL;
}

static s3hls__reader *start(world *w) {
    s3hls__reader *r;
    char path[96]; /* copied: the caller's strings may end */
    s3hls_source_config source;
    s3hls_source_config_init(&source);
    snprintf(path, sizeof path, "%s", w->path);
    source.address = path;
    const s3hls__reader_sink sink = {w, on_opened, on_frame, on_lost, on_failed};
    assert_int_equal(s3hls__reader_start(&r, &source, &sink, &w->env), S3HLS_OK);
    memset(path, 'x', sizeof path - 1);
    return r;
}

static bool comes(_Atomic int *count, int least) {
    for (int i = 0; i < 3000 && *count < least; i++)
        usleep(10000);
    return *count >= least;
}

static void write_clip(const world *w) {
    static uint8_t picture[1 << 16];
    h264_gen g = {.width = 320, .height = 240, .gop = 5, .key_bytes = 2000, .other_bytes = 300};
    FILE *file = fopen(w->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 20; i++)
        fwrite(picture, 1, h264_gen_next(&g, picture, sizeof picture), file);
    fclose(file);
}

static void end(world *w, s3hls__reader *r) {
    assert_true(s3hls__reader_end(&r, monotonic_us(w) + 20000000));
    assert_null(r);
    assert_int_equal(w->out, 0);
    remove_folder(w->folder);
}

/* ---- */

static void a_source_that_ends_is_opened_again(void **state) {
    (void)state;
    world w;
    open_world(&w);
    write_clip(&w);
    s3hls__reader *r = start(&w);
    assert_true(comes(&w.lost, 2)); /* a second later */
    assert_int_equal(w.status, S3HLS_OK);
    assert_true(w.opened >= 2);
    assert_true(w.frames > 0);
    end(&w, r);
}

static void a_source_that_is_missing_is_tried_again(void **state) {
    (void)state;
    world w;
    open_world(&w);
    s3hls__reader *r = start(&w);
    assert_true(comes(&w.failed, 1));
    assert_int_equal(w.status, S3HLS_E_NOT_FOUND);
    write_clip(&w);
    assert_true(comes(&w.opened, 1));
    end(&w, r);
}

/* open() of a pipe without a writer does not return, and nothing can interrupt it. */
static void a_call_that_does_not_return_is_left_behind(void **state) {
    (void)state;
    world w;
    open_world(&w);
    assert_int_equal(mkfifo(w.path, 0600), 0);
    s3hls__reader *r = start(&w), *other = r;
    usleep(200000);
    assert_false(s3hls__reader_hangs(r));
    w.passed_us += 14000000;
    assert_false(s3hls__reader_hangs(r)); /* 10 s, and 5 s of grace */
    w.passed_us += 2000000;
    assert_true(s3hls__reader_hangs(r));
    int64_t begin_us = s3hls_env_default().monotonic_us(NULL);
    assert_false(s3hls__reader_end(&other, monotonic_us(&w) + 100000));
    assert_true(s3hls_env_default().monotonic_us(NULL) - begin_us < 5000000);
    assert_true(w.out > 0); /* it keeps what it uses */

    int fd = -1; /* now the call returns */
    for (int i = 0; i < 1000 && fd < 0; i++)
        if ((fd = open(w.path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0)
            usleep(10000);
    assert_true(fd >= 0);
    close(fd);
    for (int i = 0; i < 3000 && w.out > 0; i++)
        usleep(10000);
    assert_int_equal(w.out, 0);
    assert_int_equal(w.opened + w.failed + w.lost, 0); /* nothing reaches the sink any more */
    remove_folder(w.folder);
}

static void a_pause_ends_at_once_when_it_is_stopped(void **state) {
    (void)state;
    world w;
    open_world(&w);
    s3hls__reader *r = start(&w);
    assert_true(comes(&w.failed, 3)); /* the next pause is 4 s or more */
    int64_t begin_us = s3hls_env_default().monotonic_us(NULL);
    end(&w, r);
    assert_true(s3hls_env_default().monotonic_us(NULL) - begin_us < 1500000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_that_ends_is_opened_again),
        cmocka_unit_test(a_source_that_is_missing_is_tried_again),
        cmocka_unit_test(a_call_that_does_not_return_is_left_behind),
        cmocka_unit_test(a_pause_ends_at_once_when_it_is_stopped),
    };
    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
