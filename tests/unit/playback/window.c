/* SPDX-License-Identifier: MIT-0 */
/* The target duration of a live playlist's URL never changes (RFC 8216 6.2.1): polls of URLs while
 * timelines need other ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "m3u8_check.h"
#include "playback/window.h"
#include "s3hls/playlist.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { S = 1782820800, MAX = 200 };

typedef struct recording {
    s3hls_segment s[MAX];
    uint32_t target_ms[MAX]; /* of the segment's timeline; 0: its object is not there */
    size_t count;
    int asked; /* for timelines */
} recording;

/* n more segments, of a timeline of their own; a session begins behind a pause. */
static void add(recording *r, size_t n, uint32_t duration_ms, uint32_t target_ms, int pause_s) {
    const s3hls_segment *last = r->count ? &r->s[r->count - 1] : NULL;
    int64_t start_ms =
        last ? last->start_ms + last->duration_ms + pause_s * INT64_C(1000) : S * INT64_C(1000);
    uint64_t sequence = last && !pause_s ? last->sequence + 1 : (uint64_t)start_ms / 1000;
    uint64_t timeline = last && !pause_s ? last->timeline + 1 : sequence;
    for (size_t i = 0; i < n; i++, start_ms += duration_ms) {
        r->target_ms[r->count] = target_ms;
        r->s[r->count++] = (s3hls_segment){.start_ms = start_ms,
                                           .duration_ms = duration_ms,
                                           .sequence = sequence++,
                                           .timeline = timeline};
    }
}

static uint32_t target_of(void *ctx, const s3hls_segment *s) {
    recording *r = ctx;
    r->asked++;
    return r->target_ms[s - r->s];
}

/* The playlist of a URL while the first n segments are there; NULL: nothing is left.
 * @param target_s  that of the URL; 0: it states none */
static char *poll_url(recording *r, size_t n, uint32_t target_s) {
    s3hls_playlist_config cfg;
    char *text = NULL;
    size_t end = s3hls__window_end(r->s, n, &target_s, target_of, r);
    s3hls_playlist_config_init(&cfg);
    cfg.type = S3HLS_PLAYLIST_LIVE;
    cfg.target_duration_ms = target_s * 1000;
    cfg.ended = end < n;
    if (end == 0)
        return NULL;
    assert_int_equal(s3hls_playlist_write(&cfg, r->s, end, &text, NULL), S3HLS_OK);
    assert_int_equal(m3u8_check(text, stdout), 0);
    return text;
}

static uint64_t number(const char *text, const char *tag) {
    return strtoull(strstr(text, tag) + strlen(tag), NULL, 10);
}

/* What a player sees that polls each segment, until the playlist ends.
 * @return number of polls without ENDLIST */
static size_t watch(recording *r, size_t from, uint32_t url_s, uint32_t *target_s) {
    uint64_t first = 0;
    for (size_t n = from; n <= r->count; n++) {
        char *text = poll_url(r, n, url_s);
        assert_non_null(text);
        uint64_t now_s = number(text, "TARGETDURATION:"), sequence = number(text, "SEQUENCE:");
        if (n == from)
            *target_s = (uint32_t)now_s;
        int ended = strstr(text, "#EXT-X-ENDLIST") != NULL;
        assert_int_equal(now_s, *target_s);
        assert_true(sequence >= first);
        first = sequence;
        free(text);
        if (ended)
            return n - from;
    }
    return r->count + 1 - from;
}

static void a_longer_timeline_ends_the_playlist(void **state) {
    (void)state;
    recording r = {.count = 0};
    uint32_t target_s;
    add(&r, 20, 4000, 4000, 0);
    add(&r, 20, 8000, 8000, 0);
    assert_int_equal(watch(&r, 10, 4, &target_s), 11);
    assert_int_equal(watch(&r, 10, 0, &target_s), 11);
    assert_int_equal(target_s, 4);
    assert_int_equal(s3hls__window_target_s(r.s, 20, target_of, &r), 4);
    assert_int_equal(s3hls__window_target_s(r.s, 21, target_of, &r), 8);
    assert_int_equal(watch(&r, 21, 8, &target_s), 20); /* the new URL goes on */
    assert_int_equal(target_s, 8);
    char *text = poll_url(&r, 22, 4); /* the ended one has all that it had */
    assert_non_null(strstr(text, "-4000-1782820819-"));
    assert_null(strstr(text, "-8000-"));
    free(text);
    assert_int_equal(watch(&r, 40, 0, &target_s), 1); /* who comes later sees no trace of it */
    assert_int_equal(target_s, 8);
}

static void a_shorter_timeline_continues_it(void **state) {
    (void)state;
    recording r = {.count = 0};
    uint32_t target_s;
    add(&r, 20, 8000, 8000, 0);
    add(&r, 20, 4000, 4000, 0);
    assert_int_equal(watch(&r, 10, 8, &target_s), 31);
    assert_int_equal(watch(&r, 10, 0, &target_s), 11); /* without a target it would change later */
    assert_int_equal(s3hls__window_target_s(r.s, 21, target_of, &r), 8); /* one URL for both */
    assert_int_equal(s3hls__window_target_s(r.s, 40, target_of, &r), 4);
}

static void another_session_is_the_same(void **state) {
    (void)state;
    recording r = {.count = 0};
    uint32_t target_s;
    add(&r, 20, 4000, 4000, 0);
    add(&r, 20, 4000, 4000, 30);
    assert_int_equal(watch(&r, 10, 0, &target_s), 31);
    add(&r, 20, 2000, 6000, 30);
    assert_int_equal(watch(&r, 30, 0, &target_s), 11);
    assert_int_equal(watch(&r, 30, 4, &target_s), 11);
    assert_int_equal(watch(&r, 41, 6, &target_s), 20);
}

/* A segment that begins inside a GOP may exceed the target duration of its timeline. */
static void so_is_a_longer_segment(void **state) {
    (void)state;
    recording r = {.count = 0};
    uint32_t target_s;
    add(&r, 20, 4000, 4000, 0);
    add(&r, 1, 9600, 4000, 0);
    add(&r, 20, 4000, 4000, 0);
    r.s[20].timeline--;
    assert_int_equal(watch(&r, 10, 4, &target_s), 11);
    assert_int_equal(s3hls__window_target_s(r.s, 22, target_of, &r), 10);
    assert_int_equal(watch(&r, 21, 10, &target_s), 21);
    assert_int_equal(s3hls__window_target_s(r.s, 41, target_of, &r), 4);
}

/* Segments of the AWS sample SDK, and timelines whose object is not there: by durations alone. */
static void unknown_targets_follow_durations(void **state) {
    (void)state;
    recording r = {.count = 0};
    uint32_t target_s;
    add(&r, 20, 4000, 0, 0);
    assert_int_equal(s3hls__window_target_s(r.s, 20, target_of, &r), 4);
    assert_int_equal(watch(&r, 3, 4, &target_s), 18);
    add(&r, 1, 6000, 0, 0);
    assert_int_equal(watch(&r, 3, 4, &target_s), 18);
    char *text = poll_url(&r, 21, 0);
    assert_null(strstr(text, "#EXT-X-ENDLIST"));
    free(text);
}

static void nothing_fits(void **state) {
    (void)state;
    recording r = {.count = 0};
    add(&r, 20, 4000, 4000, 0);
    assert_null(poll_url(&r, 20, 3));
    r.asked = 0;
    free(poll_url(&r, 20, 4));
    assert_int_equal(r.asked, 1); /* a timeline's object is a GET */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_longer_timeline_ends_the_playlist),
        cmocka_unit_test(a_shorter_timeline_continues_it),
        cmocka_unit_test(another_session_is_the_same),
        cmocka_unit_test(so_is_a_longer_segment),
        cmocka_unit_test(unknown_targets_follow_durations),
        cmocka_unit_test(nothing_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
