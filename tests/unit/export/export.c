/* SPDX-License-Identifier: MIT-0 */
/* Exports of a directory: what is written, what is left out, what fails. That the pictures are the
 * right ones is tested with a decoder: tests/integration/tool_clips.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "container/ts/ts.h"
#include "folder.h"
#include "h264_gen.h"
#include "s3hls/export.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PICTURES = 25, FRAME = 3600, CAPACITY = 2000 * 188 };
static const int64_t NOON_MS = INT64_C(1782820800000);

typedef struct world {
    char dir[64], url[96];
    s3hls_archive *archive;
    s3hls_segment_list list;
    uint64_t written, end;
    bool ascending;
    int notes[3]; /* by type */
    int fail_after, status;
    s3hls_env env;
    long until_failure, out;
} world;

static int no_more(void *ctx, s3hls__output *out) {
    (void)ctx, (void)out;
    return S3HLS_E_FULL;
}

static const uint8_t delimiter[] = {0, 0, 0, 1, 9, 0xf0};

static void put_segment(world *w, s3hls__ts *mux, h264_gen *gen, int pictures) {
    static uint8_t data[CAPACITY], unit[1 << 16];
    s3hls__output out[S3HLS__PARTS] = {
        [S3HLS__PART_MEDIA] = {data, data + CAPACITY, 0, NULL, no_more}};
    int64_t first = (int64_t)gen->pictures;
    assert_int_equal(s3hls__container_ts.begin_segment(mux, out), S3HLS_OK);
    for (int i = 0; i < pictures; i++) {
        int64_t at = 90000 + (first + i) * FRAME;
        s3hls__unit facts = {.pts_90k = at, .dts_90k = at, .keyframe = i == 0};
        size_t size = h264_gen_next(gen, unit, sizeof unit);
        assert_int_equal(s3hls__container_ts.begin_unit(mux, out, &facts), S3HLS_OK);
        assert_int_equal(s3hls__container_ts.data(mux, out, delimiter, sizeof delimiter), S3HLS_OK);
        assert_int_equal(s3hls__container_ts.data(mux, out, unit, size), S3HLS_OK);
        assert_int_equal(s3hls__container_ts.end_unit(mux, out), S3HLS_OK);
    }
    s3hls_segment s = {.start_ms = NOON_MS + first * 40,
                       .duration_ms = (uint32_t)pictures * 40,
                       .sequence = 100 + (uint64_t)first / PICTURES,
                       .timeline = 100};
    char key[S3HLS_KEY_MAX];
    s3hls_segment_key_format(&s, key, sizeof key);
    s3hls__container_ts.end_segment(mux, out, 0, false);
    s3hls_span span = {data, (size_t)(out[S3HLS__PART_MEDIA].p - data)};
    assert_int_equal(s3hls_store_put(s3hls_archive_store(w->archive), key, &span, 1, NULL, NULL),
                     S3HLS_OK);
}

static void list(world *w) {
    s3hls_segment_list_deinit(&w->list, NULL);
    assert_int_equal(s3hls_archive_list_playable(w->archive, INT64_MIN, INT64_MAX, &w->list, NULL),
                     S3HLS_OK);
}

/* Seconds of a camera; pictures: of the last second. */
static world *world_open(int seconds, int pictures, uint32_t key_bytes) {
    world *w = calloc(1, sizeof *w);
    h264_gen gen = {
        .width = 320, .height = 240, .gop = PICTURES, .key_bytes = key_bytes, .other_bytes = 900};
    s3hls__ts mux;
    strcpy(w->dir, "/tmp/s3hls-export-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->url, sizeof w->url, "file://%s", w->dir);
    assert_int_equal(s3hls_archive_open(&w->archive, w->url, NULL, NULL), S3HLS_OK);
    s3hls__container_ts.begin_timeline(&mux, &(s3hls__tracks){.video.codec = S3HLS__CODEC_H264});
    for (int i = 0; i < seconds; i++)
        put_segment(w, &mux, &gen, i + 1 < seconds ? PICTURES : pictures);
    list(w);
    w->fail_after = -1;
    return w;
}

static void world_close(world *w) {
    s3hls_segment_list_deinit(&w->list, NULL);
    s3hls_archive_close(&w->archive);
    remove_folder(w->dir);
    free(w);
}

/* The file of the ith segment. */
static void path_of(const world *w, size_t i, char path[256]) {
    char key[S3HLS_KEY_MAX];
    s3hls_segment_key_format(&w->list.segments[i], key, sizeof key);
    snprintf(path, 256, "%s/%s", w->dir, key);
}

static int write_bytes(void *ctx, uint64_t offset, const uint8_t *data, size_t size) {
    world *w = ctx;
    (void)data;
    w->ascending = w->ascending && offset == w->end;
    w->end = offset + size;
    w->written += size;
    return w->fail_after >= 0 && w->written > (uint64_t)w->fail_after ? w->status : S3HLS_OK;
}

static void on_note(void *ctx, const s3hls_export_note *note) {
    world *w = ctx;
    w->notes[note->type]++;
    assert_true(note->type != S3HLS_EXPORT_LEFT_OUT || (note->segment && note->reason));
}

static int export_range(world *w, int64_t from_ms, int64_t to_ms, bool fragmented,
                        s3hls_export_summary *summary) {
    s3hls_export_config cfg;
    s3hls_export_config_init(&cfg);
    cfg.fragmented = fragmented;
    cfg.from_ms = from_ms;
    cfg.to_ms = to_ms;
    cfg.write = write_bytes;
    cfg.on_note = on_note;
    cfg.ctx = w;
    cfg.env = w->env.reallocate ? &w->env : NULL;
    w->ascending = true;
    w->written = w->end = 0;
    memset(w->notes, 0, sizeof w->notes);
    return s3hls_export_write(w->archive, w->list.segments, w->list.count, &cfg, summary, NULL);
}

static void a_range_is_what_is_shown_in_it(void **state) {
    (void)state;
    world *w = world_open(3, PICTURES, 4000);
    s3hls_export_summary s;
    assert_int_equal(export_range(w, INT64_MIN, INT64_MAX, false, &s), S3HLS_OK);
    assert_int_equal(s.pictures, 75);
    assert_int_equal(s.start_ms, NOON_MS);
    assert_int_equal(s.end_ms, NOON_MS + 3000);
    assert_int_equal(w->notes[S3HLS_EXPORT_PROGRESS], 3);
    assert_int_equal(w->notes[S3HLS_EXPORT_GAP] + w->notes[S3HLS_EXPORT_LEFT_OUT], 0);
    assert_int_equal(export_range(w, NOON_MS + 1400, NOON_MS + 1600, true, &s), S3HLS_OK);
    assert_true(w->ascending);
    assert_int_equal(s.keyframe_ms, NOON_MS + 1000);
    assert_int_equal(s.pictures, 15);
    assert_int_equal(export_range(w, NOON_MS + 2960, NOON_MS + 3000, false, &s), S3HLS_OK);
    assert_int_equal(s.start_ms, NOON_MS + 2960);
    assert_int_equal(s.pictures, 25); /* the last one, and what it refers to */
    assert_int_equal(export_range(w, NOON_MS + 2990, INT64_MAX, true, &s), S3HLS_OK);
    assert_int_equal(s.pictures, 25); /* shown since before that */
    world_close(w);
}

static void one_picture_and_large_ones_are_whole(void **state) {
    (void)state;
    s3hls_export_summary s;
    world *w = world_open(1, 1, 4000);
    assert_int_equal(export_range(w, INT64_MIN, INT64_MAX, true, &s), S3HLS_OK);
    assert_int_equal(s.pictures, 1);
    assert_int_equal(s.end_ms - s.start_ms, 40);
    world_close(w);
    w = world_open(1, 3, 60000);
    assert_int_equal(export_range(w, INT64_MIN, INT64_MAX, true, &s), S3HLS_OK);
    assert_int_equal(s.pictures, 3);
    assert_true(w->written > 60000);
    world_close(w);
}

static void what_cannot_be_read_is_left_out_and_told(void **state) {
    (void)state;
    world *w = world_open(6, PICTURES, 4000);
    s3hls_export_summary s;
    char path[256];
    path_of(w, 1, path);
    assert_int_equal(remove(path), 0); /* after it was listed */
    path_of(w, 2, path);
    fclose(fopen(path, "w"));
    path_of(w, 3, path);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 50000; i++)
        fputc(i * 7, file);
    fclose(file);
    assert_int_equal(export_range(w, INT64_MIN, INT64_MAX, true, &s), S3HLS_OK);
    assert_int_equal(s.pictures, 75);
    assert_int_equal(s.segments_left_out, 3);
    assert_int_equal(w->notes[S3HLS_EXPORT_LEFT_OUT], 3);
    assert_int_equal(s.end_ms, NOON_MS + 6000);
    path_of(w, 0, path);
    assert_int_equal(truncate(path, 188 * 40), 0); /* its end is cut off */
    list(w);
    assert_int_equal(export_range(w, INT64_MIN, INT64_MAX, true, &s), S3HLS_OK);
    assert_in_range(s.pictures, 51, 74);
    assert_int_equal(w->notes[S3HLS_EXPORT_GAP], 1); /* number 1, which is not listed any more */
    for (size_t i = 0; i < w->list.count; i++) {
        path_of(w, i, path);
        assert_int_equal(truncate(path, 10), 0);
    }
    assert_int_equal(export_range(w, INT64_MIN, INT64_MAX, true, &s), S3HLS_E_NO_VIDEO);
    w->list.count = 0;
    assert_int_equal(export_range(w, INT64_MIN, INT64_MAX, true, &s), S3HLS_E_NO_VIDEO);
    world_close(w);
}

/* A player knows the tables of the segment before. */
static void a_segment_without_its_begin_is_read_as_players_do(void **state) {
    (void)state;
    world *w = world_open(3, PICTURES, 4000);
    static uint8_t data[CAPACITY];
    s3hls_export_summary s;
    char path[256];
    path_of(w, 1, path);
    FILE *file = fopen(path, "r");
    size_t size = fread(data, 1, sizeof data, file), cut = 188 * 30 + 5;
    fclose(file);
    file = fopen(path, "w");
    fwrite(data + cut, 1, size - cut, file);
    fclose(file);
    assert_int_equal(export_range(w, INT64_MIN, INT64_MAX, true, &s), S3HLS_OK);
    assert_int_equal(s.segments_left_out, 0);
    assert_in_range(s.pictures, 60, 74);
    world_close(w);
}

static void the_status_of_write_ends_it(void **state) {
    (void)state;
    world *w = world_open(2, PICTURES, 4000);
    s3hls_export_summary s;
    w->status = S3HLS_E_NOSPC;
    for (w->fail_after = 0; w->fail_after < 40000; w->fail_after += 5000)
        for (int fragmented = 0; fragmented < 2; fragmented++)
            assert_int_equal(export_range(w, INT64_MIN, INT64_MAX, fragmented, &s), S3HLS_E_NOSPC);
    assert_int_equal(export_range(w, 5, 5, true, &s), S3HLS_E_INVALID);
    world_close(w);
}

static void *counted(void *ctx, void *p, size_t size) {
    world *w = ctx;
    if (size == 0) {
        w->out -= p != NULL;
        free(p);
        return NULL;
    }
    if (w->until_failure-- == 0)
        return NULL;
    w->out += p == NULL;
    return realloc(p, size);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    world *w = world_open(2, PICTURES, 4000);
    s3hls_export_summary s;
    int rc = S3HLS_E_NOMEM;
    for (int n = 0; rc != S3HLS_OK; n++) {
        w->env = (s3hls_env){.ctx = w, .reallocate = counted};
        w->until_failure = n;
        rc = export_range(w, NOON_MS + 500, INT64_MAX, true, &s);
        assert_true(rc == S3HLS_OK || rc == S3HLS_E_NOMEM);
        assert_int_equal(w->out, 0);
        assert_true(n < 1000);
    }
    world_close(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_what_is_shown_in_it),
        cmocka_unit_test(one_picture_and_large_ones_are_whole),
        cmocka_unit_test(what_cannot_be_read_is_left_out_and_told),
        cmocka_unit_test(a_segment_without_its_begin_is_read_as_players_do),
        cmocka_unit_test(the_status_of_write_ends_it),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
