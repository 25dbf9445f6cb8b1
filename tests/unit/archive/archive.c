/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "folder.h"
#include "layout/timeline.h"
#include "s3hls/archive.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const int64_t NOON_MS = INT64_C(1782820800000);

typedef struct fixture {
    char dir[64], url[80];
    s3hls_store *store;
    s3hls_archive *archive;
} fixture;

static int set_up(void **state) {
    fixture *f = *state = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/s3hls-archive-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->url, sizeof f->url, "file://%s", f->dir);
    assert_int_equal(s3hls_store_open(&f->store, f->url, NULL, NULL), S3HLS_OK);
    return s3hls_archive_open(&f->archive, f->url, NULL, NULL);
}

static int tear_down(void **state) {
    fixture *f = *state;
    s3hls_archive_close(&f->archive);
    s3hls_store_close(&f->store);
    remove_folder(f->dir);
    free(f);
    return 0;
}

static void put(fixture *f, const char *key, const char *text) {
    s3hls_span body = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(s3hls_store_put(f->store, key, &body, 1, NULL, NULL), S3HLS_OK);
}

/* Beside the store: its syncs would make a thousand segments slow. */
static void put_unsynced(fixture *f, const char *key) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", f->dir, key);
    for (char *slash = path + strlen(f->dir); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("media", file);
    fclose(file);
}

/* Segment i: 4 s long, from 5 s after the one before on. */
static void put_segment(fixture *f, int i) {
    s3hls_segment s = {.start_ms = NOON_MS + i * INT64_C(5000),
                       .duration_ms = 4000,
                       .sequence = (uint64_t)(1782820800 + i),
                       .timeline = 1782820800};
    char key[S3HLS_KEY_MAX];
    s3hls_segment_key_format(&s, key, sizeof key);
    put_unsynced(f, key);
}

static size_t count(fixture *f, int64_t from_ms, int64_t to_ms) {
    s3hls_segment_list list;
    assert_int_equal(s3hls_archive_list(f->archive, from_ms, to_ms, &list, NULL), S3HLS_OK);
    for (size_t i = 1; i < list.count; i++)
        assert_true(list.segments[i].start_ms > list.segments[i - 1].start_ms);
    for (size_t i = 0; i < list.count; i++)
        assert_int_equal(list.segments[i].size, 5);
    size_t n = list.count;
    s3hls_segment_list_deinit(&list, NULL);
    return n;
}

static void a_range_holds_what_overlaps_it(void **state) {
    fixture *f = *state;
    for (int i = -400; i < 1200; i++) /* 11:26:40 to 13:40 */
        put_segment(f, i);
    assert_int_equal(count(f, INT64_MIN, INT64_MAX), 1600);
    assert_int_equal(count(f, NOON_MS, NOON_MS + 1), 1);
    assert_int_equal(count(f, NOON_MS - 1, NOON_MS), 0); /* in the gap before noon */
    assert_int_equal(count(f, NOON_MS - 1001, NOON_MS),
                     1); /* the end of the one before, of another hour */
    assert_int_equal(count(f, NOON_MS + 3999, NOON_MS + 5000), 1);
    assert_int_equal(count(f, NOON_MS + 4000, NOON_MS + 5000), 0);
    assert_int_equal(count(f, NOON_MS, NOON_MS + 3600000), 720);
    assert_int_equal(count(f, NOON_MS + 1000, INT64_MAX), 1200); /* open: key after key */
    assert_int_equal(count(f, INT64_MIN, NOON_MS + 5000), 401);
    assert_int_equal(count(f, NOON_MS + 86400000, NOON_MS + 2 * INT64_C(86400000)), 0);
    assert_int_equal(count(f, -5, 0), 0);
    assert_int_equal(s3hls_archive_list(f->archive, 5, 5, &(s3hls_segment_list){0}, NULL),
                     S3HLS_E_INVALID);
}

/* Begins of what is listed, in seconds from noon on. */
static void playable(fixture *f, int from_s, int to_s, const char *expected) {
    s3hls_segment_list list;
    char begins[256] = "";
    assert_int_equal(s3hls_archive_list_playable(f->archive, NOON_MS + from_s * INT64_C(1000),
                                                 NOON_MS + to_s * INT64_C(1000), &list, NULL),
                     S3HLS_OK);
    for (size_t i = 0; i < list.count; i++)
        snprintf(begins + strlen(begins), sizeof begins - strlen(begins), "%d ",
                 (int)((list.segments[i].start_ms - NOON_MS) / 1000));
    assert_string_equal(begins, expected);
    s3hls_segment_list_deinit(&list, NULL);
}

static void a_playable_range_begins_at_a_keyframe(void **state) {
    fixture *f = *state;
    static const struct {
        int start_s, duration_s;
        s3hls_segment_entry entry;
        int number;
    } made[] = {
        {-700, 60, S3HLS_ENTRY_IDR, 0},  {-640, 60, S3HLS_ENTRY_NONE, 1},
        {-580, 60, S3HLS_ENTRY_NONE, 2}, {-520, 60, S3HLS_ENTRY_RECOVERY, 3},
        {-460, 60, S3HLS_ENTRY_NONE, 4}, {-400, 60, S3HLS_ENTRY_NONE, 5},
        {-340, 60, S3HLS_ENTRY_NONE, 6}, {-280, 60, S3HLS_ENTRY_NONE, 8}, /* 7 is missing */
        {-160, 60, S3HLS_ENTRY_IDR, 9},  {-100, 130, S3HLS_ENTRY_NONE, 10},
        {30, 30, S3HLS_ENTRY_NONE, 11},  {60, 1, S3HLS_ENTRY_IDR, 12},
        {61, 60, S3HLS_ENTRY_NONE, 100},
    };
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        s3hls_segment s = {.start_ms = NOON_MS + made[i].start_s * INT64_C(1000),
                           .duration_ms = (uint32_t)made[i].duration_s * 1000,
                           .entry = made[i].entry,
                           .sequence = 1782820800u + (unsigned)made[i].number,
                           .timeline = 1782820800};
        char key[S3HLS_KEY_MAX];
        s3hls_segment_key_format(&s, key, sizeof key);
        put_unsynced(f, key);
    }
    playable(f, 60, 61, "60 ");                      /* nothing before is needed */
    playable(f, 40, 61, "-160 -100 30 60 ");         /* over the hour's begin */
    playable(f, -500, -490, "-520 ");                /* a recovery point is enough */
    playable(f, -300, -290, "-520 -460 -400 -340 "); /* further back than a segment lasts */
    playable(f, -230, -220, "-280 ");                /* what it needs is missing */
    playable(f, 70, 80, "61 ");                      /* so far apart is another session */
    playable(f, -530, -529, "-700 -640 -580 ");
    playable(f, 200, 300, "");
    assert_int_equal(s3hls_archive_list_playable(f->archive, 5, 5, &(s3hls_segment_list){0}, NULL),
                     S3HLS_E_INVALID);
}

static void foreign_keys_are_counted_and_timelines_are_not(void **state) {
    fixture *f = *state;
    s3hls_segment_list list;
    put_segment(f, 0);
    put(f, "2026/06/30/12/00/notes.txt", "x");
    put(f, "2026/06/30/12/99/00.ts", "x");
    put(f, "timelines/1782820800.json", "{}");
    put(f, "all.m3u8", "x");
    assert_int_equal(s3hls_archive_list(f->archive, NOON_MS, NOON_MS + 1000, &list, NULL),
                     S3HLS_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.foreign, 2);
    s3hls_segment_list_deinit(&list, NULL);
}

static void sample_sdk_names_last_to_the_next(void **state) {
    fixture *f = *state;
    s3hls_segment_list list;
    put(f, "2026/06/30/12/00/00.ts", "media");
    put(f, "2026/06/30/12/00/03.ts", "media");
    put(f, "2026/06/30/12/00/40.ts", "media");
    assert_int_equal(s3hls_archive_list(f->archive, NOON_MS, NOON_MS + 60000, &list, NULL),
                     S3HLS_OK);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.segments[0].duration_ms, 3000);
    assert_int_equal(list.segments[1].duration_ms, 10000); /* at most */
    assert_int_equal(list.segments[2].duration_ms, 10000); /* as the one before */
    s3hls_segment_list_deinit(&list, NULL);
}

static void a_timeline_is_read_back_or_refused(void **state) {
    fixture *f = *state;
    s3hls_timeline t = {1700000000, 6000, 1920, 1080, 25000, "avc1.64001f", "ts"}, back;
    char text[512], key[S3HLS_KEY_MAX];
    s3hls__timeline_format(&t, text, sizeof text);
    s3hls_timeline_key_format(t.timeline, key, sizeof key);
    put(f, key, text);
    assert_int_equal(s3hls_archive_timeline(f->archive, t.timeline, &back, NULL), S3HLS_OK);
    assert_string_equal(back.codecs, "avc1.64001f");
    assert_int_equal(back.width, 1920);
    assert_int_equal(back.target_duration_ms, 6000);
    assert_int_equal(s3hls_archive_timeline(f->archive, 5, &back, NULL), S3HLS_E_NOT_FOUND);
    static const char *const bad[] = {
        "", "[]", "{}", "{\"timeline\":1700000000}", "no json", "{\"timeline\":\"1700000000\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put(f, key, bad[i]);
        assert_int_equal(s3hls_archive_timeline(f->archive, t.timeline, &back, NULL),
                         S3HLS_E_MALFORMED);
    }
}

/* ---- what there is */

static char told[4096];

static int tell(void *ctx, const char *name) {
    (void)ctx;
    strcat(strcat(told, name), " ");
    return 0;
}

static const char *cameras(fixture *f) {
    told[0] = 0;
    assert_int_equal(s3hls_archive_cameras(f->store, tell, NULL, NULL), S3HLS_OK);
    return told;
}

/* In a process of its own, which gives up its rights. @return whether all of it holds; -1: it
 * cannot. */
static int list_without_rights(fixture *f) {
    s3hls_segment_list list;
    if (geteuid() == 0 && setresuid(65534, 65534, 65534))
        return -1;
    int rc = s3hls_archive_list(f->archive, INT64_MIN, INT64_MAX, &list, NULL);
    bool found = rc == S3HLS_OK && list.count == 2 && list.foreign == 0;
    s3hls_segment_list_deinit(&list, NULL);
    return found && strcmp(cameras(f), " ") == 0;
}

static void folders_beside_the_years_are_not_opened(void **state) {
    fixture *f = *state;
    char command[300];
    put_segment(f, 0);
    put_segment(f, 1);
    put_unsynced(f, "timelines/1782820800.json");
    put_unsynced(f, "$RECYCLE.BIN/x");
    put_unsynced(f, "1notes/x"); /* sorts among the years */
    put_unsynced(f, "20/x");
    put_unsynced(f, "lost+found/x");
    snprintf(command, sizeof command,
             "cd '%s' && chmod -R a+rX . && chmod 0 '$RECYCLE.BIN' 1notes 20 lost+found", f->dir);
    assert_int_equal(system(command), 0);
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(list_without_rights(f) & 0xff);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 0xff)
        skip();
    assert_int_equal(WEXITSTATUS(status), 1);
}

static void cameras_are_found_at_any_depth(void **state) {
    fixture *f = *state;
    assert_string_equal(cameras(f), "");
    put(f, "notes/readme.txt", "x");
    put(f, "2025/plan.txt", "x"); /* a year, but no recording */
    assert_string_equal(cameras(f), "");
    put(f, "door/timelines/1.json", "x");
    put(f, "door/cam-9/timelines/1.json", "x"); /* below a camera */
    put(f, "site/north/gate/timelines/1.json", "x");
    put(f, "seed/2026/06/30/12/00/00.ts", "x");
    put(f, "seed/2026/cam-8/timelines/1.json", "x");
    put(f, "seed-2/2026/06/30/12/00/00.ts", "x");
    put(f, "2025/hall/timelines/1.json", "x"); /* in a folder that is named like a year */
    assert_string_equal(cameras(f), "2025/hall door seed seed-2 site/north/gate ");
    put(f, "timelines/1.json", "x");
    assert_string_equal(cameras(f), " ");
}

static int looks_allowed, looks_asked;

static int may_look(void *ctx) {
    (void)ctx;
    looks_asked++;
    return looks_allowed-- > 0;
}

static const char *survey(fixture *f, s3hls_survey *s, int allowed) {
    told[0] = 0;
    looks_allowed = allowed;
    looks_asked = 0;
    assert_int_equal(s3hls_survey_run(s, f->store, may_look, NULL, NULL), S3HLS_OK);
    s3hls_survey_cameras(s, tell, NULL);
    return told;
}

static void what_was_found_is_not_looked_into_again(void **state) {
    fixture *f = *state;
    s3hls_survey *s;
    char path[100];
    assert_int_equal(s3hls_survey_open(&s, NULL), S3HLS_OK);
    put(f, "a/timelines/1.json", "x");
    put(f, "seed/2026/06/30/12/00/00.ts", "x");
    put(f, "site/north/timelines/1.json", "x");
    assert_string_equal(survey(f, s, 0), "a seed site "); /* names first */
    assert_int_equal(looks_asked, 3);
    assert_string_equal(survey(f, s, 1), "a seed site ");
    assert_string_equal(survey(f, s, 3), "a seed site/north ");
    assert_string_equal(survey(f, s, 9), "a seed site/north ");
    assert_int_equal(looks_asked, 0);
    put(f, "b/timelines/1.json", "x");
    put(f, "site/south/timelines/1.json", "x");
    put(f, "notes/a.txt", "x");
    assert_string_equal(survey(f, s, 9), "a b seed site/north site/south ");
    assert_int_equal(looks_asked, 3);
    survey(f, s, 9);
    assert_int_equal(looks_asked, 0);
    snprintf(path, sizeof path, "%s/a", f->dir);
    remove_folder(path);
    assert_string_equal(survey(f, s, 0), "b seed site/north site/south ");
    s3hls_survey_close(&s);
}

static int stop(void *ctx, const char *name) {
    (void)name;
    return --*(int *)ctx == 0;
}

static void a_telling_can_be_ended(void **state) {
    fixture *f = *state;
    int left = 2;
    put(f, "a/timelines/1.json", "x");
    put(f, "b/timelines/1.json", "x");
    put(f, "c/timelines/1.json", "x");
    assert_int_equal(s3hls_archive_cameras(f->store, stop, &left, NULL), S3HLS_E_CANCELLED);
    assert_int_equal(left, 0);
}

static void days_are_those_with_recordings(void **state) {
    fixture *f = *state;
    const int64_t day_ms = 86400000, midnight_ms = NOON_MS - day_ms / 2; /* 2026-06-30 */
    put(f, "2026/06/29/23/59/59.ts", "x");
    put(f, "2026/06/30/12/00/00.ts", "x");
    put(f, "2026/07/01/00/00/00.ts", "x");
    put(f, "2026/07/99/00/00/00.ts", "x");
    put(f, "2026/07/notes/a.txt", "x");
    put(f, "2027/01/02/00/00/00.ts", "x");
    const struct {
        int64_t from_ms, to_ms;
        const char *days;
    } cases[] = {
        {midnight_ms, midnight_ms + day_ms, "2026-06-30 "},
        {midnight_ms - 1, midnight_ms + day_ms + 1, "2026-06-29 2026-06-30 2026-07-01 "},
        {0, midnight_ms - day_ms, ""},
        {midnight_ms, midnight_ms + 200 * day_ms, "2026-06-30 2026-07-01 2027-01-02 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        told[0] = 0;
        assert_int_equal(
            s3hls_archive_days(f->archive, cases[i].from_ms, cases[i].to_ms, tell, NULL, NULL),
            S3HLS_OK);
        assert_string_equal(told, cases[i].days);
    }
    assert_int_equal(s3hls_archive_days(f->archive, 5, 5, tell, NULL, NULL), S3HLS_E_INVALID);
    assert_int_equal(s3hls_archive_days(f->archive, -5, 5, tell, NULL, NULL), S3HLS_E_INVALID);
    assert_int_equal(s3hls_archive_days(f->archive, 5, INT64_MAX, tell, NULL, NULL),
                     S3HLS_E_INVALID);
}

static void the_newest_is_found_however_old(void **state) {
    fixture *f = *state;
    s3hls_segment s;
    assert_int_equal(s3hls_archive_newest(f->archive, &s, NULL), S3HLS_E_NOT_FOUND);
    put(f, "timelines/1.json", "x");
    put(f, "9999/12/31/23/59/notes.txt", "x"); /* a minute without a segment */
    put(f, "2026/99/99/99/99/00.ts", "x");
    assert_int_equal(s3hls_archive_newest(f->archive, &s, NULL), S3HLS_E_NOT_FOUND);
    put(f, "2019/01/02/03/04/05.ts", "x");
    put(f, "2020/01/02/03/04/05.ts", "x");
    put(f, "2020/01/02/03/04/06.ts", "x");
    put(f, "2020/01/02/03/03/59.ts", "x");
    assert_int_equal(s3hls_archive_newest(f->archive, &s, NULL), S3HLS_OK);
    assert_int_equal(s.start_ms, INT64_C(1577934246000));
}

static void put_live(fixture *f, int64_t start_ms, uint64_t sequence) {
    char key[S3HLS_KEY_MAX];
    s3hls_segment s = {
        .start_ms = start_ms, .duration_ms = 4000, .sequence = sequence, .timeline = sequence};
    assert_true(s3hls_segment_key_format(&s, key, sizeof key) > 0);
    put(f, key, "x");
}

static int64_t shift_ms;

static int64_t shifted_wall_us(void *ctx) {
    s3hls_env env = s3hls_env_default();
    (void)ctx;
    return env.wall_us(env.ctx) + shift_ms * 1000;
}

static void a_clock_that_ran_ahead_is_not_the_newest(void **state) {
    fixture *f = *state;
    static const int64_t day_ms = 86400000;
    s3hls_env env = s3hls_env_default();
    s3hls_archive *archive;
    s3hls_segment s;
    s3hls_segment_list list;
    int64_t now_ms = env.wall_us(env.ctx) / 1000;
    env.wall_us = shifted_wall_us;
    assert_int_equal(s3hls_archive_open(&archive, f->url, NULL, &env), S3HLS_OK);
    put_live(f, now_ms + 2 * 3600000, 1);
    put_live(f, now_ms + 30 * day_ms, 2);
    put_live(f, now_ms + 400 * day_ms, 3);
    put_live(f, now_ms + 75000, 4); /* of the minute at hand, or the next */
    shift_ms = 0;
    assert_int_equal(s3hls_archive_newest(archive, &s, NULL), S3HLS_E_NOT_FOUND);
    put_live(f, now_ms - 400 * day_ms, 10);
    assert_int_equal(s3hls_archive_newest(archive, &s, NULL), S3HLS_OK);
    assert_int_equal(s.sequence, 10);
    put_live(f, now_ms - 8000, 11);
    put_live(f, now_ms + 20000, 12); /* within the tolerance */
    assert_int_equal(s3hls_archive_newest(archive, &s, NULL), S3HLS_OK);
    assert_int_equal(s.sequence, 12);
    assert_int_equal(s3hls_archive_recent(archive, now_ms - 600000, &list, NULL), S3HLS_OK);
    assert_int_equal(list.count, 2);
    s3hls_segment_list_deinit(&list, &env);
    /* ranges show it */
    assert_int_equal(s3hls_archive_list(archive, now_ms, now_ms + 500 * day_ms, &list, NULL),
                     S3HLS_OK);
    assert_int_equal(list.count, 5);
    s3hls_segment_list_deinit(&list, &env);

    /* when its time has come, it shows where nothing else does */
    shift_ms = 2 * 3600000;
    assert_int_equal(s3hls_archive_newest(archive, &s, NULL), S3HLS_OK);
    assert_int_equal(s.sequence, 1);
    shift_ms = 75000;
    assert_int_equal(s3hls_archive_recent(archive, now_ms - 600000, &list, NULL), S3HLS_OK);
    assert_int_equal(list.count, 2);
    s3hls_segment_list_deinit(&list, &env);
    s3hls_archive_close(&archive);
}

static void spans_join_what_is_close(void **state) {
    (void)state;
    s3hls_segment s[] = {
        {.start_ms = 1000, .duration_ms = 4000, .size = 1},
        {.start_ms = 5100, .duration_ms = 4000, .size = 2},
        {.start_ms = 6000, .duration_ms = 1000, .size = 4}, /* within the one before */
        {.start_ms = 9201, .duration_ms = 10, .size = 8},
    };
    s3hls_segment_list list = {s, 4, 0};
    s3hls_time_span span;
    assert_int_equal(s3hls_segment_list_span(&list, 0, &span), 3);
    assert_int_equal(span.start_ms, 1000);
    assert_int_equal(span.end_ms, 9100);
    assert_int_equal(span.bytes, 7);
    assert_int_equal(s3hls_segment_list_span(&list, 3, &span), 4);
    assert_int_equal(span.end_ms, 9211);
}

/* ---- memory that runs out */

static int until_failure, out_now;

static void *counted(void *ctx, void *p, size_t size) {
    (void)ctx;
    if (size == 0) {
        out_now--;
        free(p);
        return NULL;
    }
    if (until_failure == 0)
        return NULL;
    until_failure--;
    out_now += p == NULL;
    return realloc(p, size);
}

static void every_allocation_of_a_listing_may_fail(void **state) {
    fixture *f = *state;
    s3hls_env env = {.reallocate = counted};
    int rc = S3HLS_E_NOMEM;
    char text[512], key[S3HLS_KEY_MAX];
    s3hls_timeline t = {1782820800, 4000, 640, 360, 25000, "avc1.64001f", "ts"};
    s3hls__timeline_format(&t, text, sizeof text);
    s3hls_timeline_key_format(t.timeline, key, sizeof key);
    put(f, key, text);
    for (int i = 0; i < 30; i++)
        put_segment(f, i);
    for (int n = 0; rc != S3HLS_OK; n++) {
        s3hls_archive *archive;
        s3hls_segment newest;
        s3hls_segment_list list = {0};
        assert_in_range(n, 0, 5000);
        until_failure = n;
        out_now = 0;
        rc = s3hls_archive_open(&archive, f->url, NULL, &env);
        if (rc == S3HLS_OK) {
            rc = s3hls_archive_list(archive, NOON_MS, NOON_MS + 60000, &list, NULL);
            if (rc == S3HLS_OK)
                assert_int_equal(list.count, 12);
            s3hls_segment_list_deinit(&list, &env);
            if (rc == S3HLS_OK)
                rc = s3hls_archive_timeline(archive, t.timeline, &t, NULL);
            told[0] = 0;
            if (rc == S3HLS_OK)
                rc = s3hls_archive_cameras(s3hls_archive_store(archive), tell, NULL, NULL);
            if (rc == S3HLS_OK)
                rc = s3hls_archive_days(archive, 0, NOON_MS, tell, NULL, NULL);
            if (rc == S3HLS_OK)
                rc = s3hls_archive_newest(archive, &newest, NULL);
            s3hls_archive_close(&archive);
        }
        assert_true(rc == S3HLS_OK || rc == S3HLS_E_NOMEM);
        assert_int_equal(out_now, 0);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_range_holds_what_overlaps_it),
        TEST(a_playable_range_begins_at_a_keyframe),
        TEST(foreign_keys_are_counted_and_timelines_are_not),
        TEST(folders_beside_the_years_are_not_opened),
        TEST(sample_sdk_names_last_to_the_next),
        TEST(a_timeline_is_read_back_or_refused),
        TEST(cameras_are_found_at_any_depth),
        TEST(what_was_found_is_not_looked_into_again),
        TEST(a_telling_can_be_ended),
        TEST(days_are_those_with_recordings),
        TEST(the_newest_is_found_however_old),
        TEST(a_clock_that_ran_ahead_is_not_the_newest),
        TEST(spans_join_what_is_close),
        TEST(every_allocation_of_a_listing_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
