/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "m3u8_check.h"
#include "s3hls/playlist.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t NOON_MS = INT64_C(1782820800000); /* 2026-06-30T12:00:00Z */
enum { S = 1782820800 };

/* n segments of 4 s from the first-th on, of one session and timeline. */
static void session(s3hls_segment *s, size_t n, uint64_t first, uint64_t timeline) {
    for (size_t i = 0; i < n; i++)
        s[i] = (s3hls_segment){.start_ms = NOON_MS + (int64_t)(first + i) * 4000,
                               .duration_ms = 4000,
                               .sequence = S + first + i,
                               .timeline = timeline};
}

static char *write(s3hls_playlist_type type, const s3hls_segment *s, size_t n) {
    s3hls_playlist_config cfg;
    char *text = NULL;
    size_t size = 0;
    s3hls_playlist_config_init(&cfg);
    cfg.type = type;
    cfg.target_duration_ms = 4000;
    assert_int_equal(s3hls_playlist_write(&cfg, s, n, &text, &size), S3HLS_OK);
    assert_int_equal(strlen(text), size);
    assert_int_equal(m3u8_check(text, stdout), 0);
    return text;
}

static void vod_says_all_that_a_player_needs(void **state) {
    (void)state;
    s3hls_segment s[2];
    session(s, 2, 0, S);
    s[1].duration_ms = 1234;
    char *text = write(S3HLS_PLAYLIST_VOD, s, 2);
    assert_string_equal(text,
                        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n"
                        "#EXT-X-MEDIA-SEQUENCE:1782820800\n#EXT-X-PLAYLIST-TYPE:VOD\n"
                        "#EXT-X-INDEPENDENT-SEGMENTS\n"
                        "#EXT-X-PROGRAM-DATE-TIME:2026-06-30T12:00:00.000Z\n#EXTINF:4.000,\n"
                        "2026/06/30/12/00/00.000-4000-1782820800-1782820800.ts\n#EXTINF:1.234,\n"
                        "2026/06/30/12/00/04.000-1234-1782820801-1782820800.ts\n"
                        "#EXT-X-ENDLIST\n");
    free(text);
}

/* RFC 8216 4.3.2.5: an EXT-X-MAP applies up to the next one, and cannot be taken back: MPEG-TS
 * behind fragmented MP4 has its own, PAT and PMT. */
static void fragmented_mp4_has_its_initialisation_segment(void **state) {
    (void)state;
    s3hls_segment s[6];
    session(s, 6, 0, S);
    for (int i = 2; i < 5; i++) {
        s[i].container = S3HLS_CONTAINER_FMP4;
        s[i].timeline = S + (i < 4 ? 1 : 2);
    }
    s[5].timeline = S + 3;
    char *text = write(S3HLS_PLAYLIST_VOD, s, 6);
    assert_non_null(strstr(text, "#EXT-X-VERSION:7\n"));
    const char *at = text;
    static const char *const lines[] = {"782820801-1782820800.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:"
                                        "URI=\"timelines/1782820801.mp4\"\n",
                                        "-1782820803-1782820801.m4s\n#EXT-X-DISCONTINUITY\n"
                                        "#EXT-X-MAP:URI=\"timelines/1782820802.mp4\"\n",
                                        "-1782820804-1782820802.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-"
                                        "MAP:URI=\"2026/06/30/12/00/20.000-"
                                        "4000-1782820805-1782820803.ts\",BYTERANGE=\"376@0\"\n"};
    for (int i = 0; i < 3; i++) {
        at = strstr(at, lines[i]);
        if (!at)
            fail_msg("no %s in %s", lines[i], text);
    }
    int maps = 0;
    for (at = text; (at = strstr(at, "#EXT-X-MAP:")); at++)
        maps++;
    assert_int_equal(maps, 3);
    free(text);
    text = write(S3HLS_PLAYLIST_VOD, s, 2);
    assert_null(strstr(text, "MAP"));
    free(text);
}

static int sign(void *ctx, const char *key, char **url) {
    (void)ctx;
    size_t size = strlen(key) + 40;
    *url = malloc(size);
    snprintf(*url, size, "https://bucket/%s?signature=1", key);
    return S3HLS_OK;
}

static void initialisation_segments_are_presigned_too(void **state) {
    (void)state;
    s3hls_segment s[1];
    s3hls_playlist_config cfg;
    char *text;
    session(s, 1, 0, S);
    s[0].container = S3HLS_CONTAINER_FMP4;
    s3hls_playlist_config_init(&cfg);
    cfg.url = sign;
    assert_int_equal(s3hls_playlist_write(&cfg, s, 1, &text, NULL), S3HLS_OK);
    assert_non_null(strstr(text, "URI=\"https://bucket/timelines/1782820800.mp4?signature=1\"\n"));
    free(text);
}

static char *write_entries(s3hls_playlist_type type, const char *entries) {
    static s3hls_segment s[32];
    size_t count = strlen(entries);
    session(s, count, 0, S);
    for (size_t i = 0; i < count; i++)
        s[i].entry = entries[i] == 'I'   ? S3HLS_ENTRY_IDR
                     : entries[i] == 'r' ? S3HLS_ENTRY_RECOVERY
                                         : S3HLS_ENTRY_NONE;
    return write(type, s, count);
}

static void independence_is_claimed_where_each_segment_begins_with_an_idr(void **state) {
    (void)state;
    static const struct {
        s3hls_playlist_type type;
        const char *entries;
        bool claimed;
    } cases[] = {
        {S3HLS_PLAYLIST_VOD, "IIII", true},  {S3HLS_PLAYLIST_VOD, "IIrI", false},
        {S3HLS_PLAYLIST_VOD, "II.I", false}, {S3HLS_PLAYLIST_VOD, "..II", true},
        {S3HLS_PLAYLIST_VOD, "r", false},    {S3HLS_PLAYLIST_LIVE, "IIII", false},
        {S3HLS_PLAYLIST_EVENT, "II", false}, /* what comes next may be another */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = write_entries(cases[i].type, cases[i].entries);
        assert_int_equal(strstr(text, "#EXT-X-INDEPENDENT-SEGMENTS\n") != NULL, cases[i].claimed);
        free(text);
    }
}

static uint64_t first_number(const char *text) {
    return strtoull(strstr(text, "MEDIA-SEQUENCE:") + 15, NULL, 10) - S;
}

static void a_list_begins_where_decoding_can(void **state) {
    (void)state;
    static const struct {
        s3hls_playlist_type type;
        const char *entries;
        uint64_t first;
    } cases[] = {
        {S3HLS_PLAYLIST_VOD, "I.I.", 0},         {S3HLS_PLAYLIST_VOD, "..r.I", 2},
        {S3HLS_PLAYLIST_VOD, "...", 0},          {S3HLS_PLAYLIST_EVENT, ".I.I", 1},
        {S3HLS_PLAYLIST_LIVE, "IIIIIIIIII", 4},  {S3HLS_PLAYLIST_LIVE, "IIIr......", 3},
        {S3HLS_PLAYLIST_LIVE, "......I....", 6}, {S3HLS_PLAYLIST_LIVE, "...........", 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = write_entries(cases[i].type, cases[i].entries);
        assert_int_equal(first_number(text), cases[i].first);
        free(text);
    }
    s3hls_playlist_config cfg;
    s3hls_segment inner = {.start_ms = NOON_MS, .duration_ms = 4000, .entry = S3HLS_ENTRY_NONE};
    char *text;
    s3hls_playlist_config_init(&cfg);
    cfg.type = S3HLS_PLAYLIST_EVENT;
    assert_int_equal(s3hls_playlist_write(&cfg, &inner, 1, &text, NULL), S3HLS_E_NOT_FOUND);
}

static void missing_numbers_are_gaps_as_long_as_the_hole(void **state) {
    (void)state;
    s3hls_segment s[4];
    session(s, 4, 0, S);
    s[2].sequence += 2; /* two are missing */
    s[3].sequence += 2;
    s[2].start_ms += 8001;
    s[3].start_ms += 8001;
    char *text = write(S3HLS_PLAYLIST_VOD, s, 4);
    assert_non_null(
        strstr(text, "#EXTINF:4.000,\n#EXT-X-GAP\n2026/06/30/12/00/08.000-4000-1782820802-"));
    assert_non_null(
        strstr(text, "#EXTINF:4.001,\n#EXT-X-GAP\n2026/06/30/12/00/12.000-4001-1782820803-"));
    assert_non_null(strstr(text, "#EXT-X-PROGRAM-DATE-TIME:2026-06-30T12:00:16.001Z\n"));
    assert_null(strstr(text, "DISCONTINUITY"));
    free(text);
}

static void another_timeline_or_session_is_a_discontinuity(void **state) {
    (void)state;
    s3hls_segment s[6];
    session(s, 6, 0, S);
    s[2].timeline = s[3].timeline = S + 1; /* a break within the session */
    for (int i = 4; i < 6; i++) {          /* a restart an hour later */
        s[i].start_ms += 3600000;
        s[i].sequence = S + 3616 + (uint64_t)i - 4;
        s[i].timeline = S + 3616;
    }
    char *text = write(S3HLS_PLAYLIST_VOD, s, 6), *at = text;
    int count = 0;
    while ((at = strstr(at, "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:"))) {
        count++;
        at++;
    }
    assert_int_equal(count, 2);
    assert_null(strstr(text, "GAP")); /* what nobody recorded is not lost */
    free(text);
    /* small enough for players that count discontinuities in arrays */
    text = write(S3HLS_PLAYLIST_LIVE, s, 4);
    assert_non_null(strstr(text, "#EXT-X-DISCONTINUITY-SEQUENCE:241600\n"));
    free(text);
}

static void sdk_names_have_no_numbers_to_miss(void **state) {
    (void)state;
    s3hls_segment s[4];
    session(s, 4, 0, S);
    for (int i = 0; i < 3; i++)
        s[i] = (s3hls_segment){
            .start_ms = NOON_MS - 60000 + i * 4000, .duration_ms = 4000, .sdk_name = 1};
    s[2].start_ms += 10000;
    char *text = write(S3HLS_PLAYLIST_VOD, s, 4);
    assert_non_null(strstr(text, "2026/06/30/11/59/00.ts\n"));
    assert_null(strstr(text, "GAP"));
    free(text);
}

/* A camera's life, polled after every segment: cuts, breaks, lost segments, a restart. */
static void live_polls_agree_with_each_other(void **state) {
    (void)state;
    static s3hls_segment s[400];
    size_t n = 0;
    uint64_t number = 0, timeline = S;
    int64_t at = NOON_MS;
    for (int i = 0; i < 400; i++) {
        if (i == 200) { /* restarted after a minute */
            at += 60000;
            number = (uint64_t)(at / 1000) - S;
            timeline = S + number;
        }
        bool lost = i % 17 == 5, other = i % 31 == 7;
        timeline += other;
        if (!lost)
            s[n++] = (s3hls_segment){
                .start_ms = at, .duration_ms = 4000, .sequence = S + number, .timeline = timeline};
        number++;
        at += 4000;
    }
    char *older = NULL;
    for (size_t i = 3; i <= n; i++) {
        char *newer = write(S3HLS_PLAYLIST_LIVE, s, i);
        bool restarted = older && s[i - 1].sequence > s[i - 2].sequence + 10;
        if (older && !restarted)
            assert_int_equal(m3u8_check_polls(older, newer, stdout), 0);
        free(older);
        older = newer;
    }
    assert_null(strstr(older, "ENDLIST"));
    free(older);
}

static void two_replicas_write_the_same(void **state) {
    (void)state;
    s3hls_segment s[40];
    session(s, 40, 0, S);
    char *all = write(S3HLS_PLAYLIST_LIVE, s, 40), *tail = write(S3HLS_PLAYLIST_LIVE, s + 25, 15);
    assert_string_equal(all, tail); /* one listed a day, the other the last minute */
    free(all);
    free(tail);
}

static void an_event_holds_all_and_may_grow(void **state) {
    (void)state;
    s3hls_segment s[40];
    session(s, 40, 0, S);
    char *text = write(S3HLS_PLAYLIST_EVENT, s, 40), *grown = write(S3HLS_PLAYLIST_EVENT, s, 20);
    assert_non_null(strstr(text, "#EXT-X-PLAYLIST-TYPE:EVENT\n"));
    assert_null(strstr(text, "ENDLIST"));
    assert_memory_equal(text, grown, strlen(grown));
    free(text);
    free(grown);
}

static int refuse(void *ctx, const char *key, char **url) {
    (void)key;
    (void)url;
    return *(int *)ctx;
}

static void addresses_are_relative_or_based_or_made(void **state) {
    (void)state;
    s3hls_segment s[1];
    s3hls_playlist_config cfg;
    char *text;
    session(s, 1, 0, S);
    s3hls_playlist_config_init(&cfg);
    static const char *const bases[] = {"https://cdn.example/cam", "https://cdn.example/cam/"};
    for (int i = 0; i < 2; i++) {
        cfg.base_url = bases[i];
        assert_int_equal(s3hls_playlist_write(&cfg, s, 1, &text, NULL), S3HLS_OK);
        assert_non_null(strstr(text, "\nhttps://cdn.example/cam/2026/06/30/12/"));
        free(text);
    }
    int status = S3HLS_E_CREDENTIALS;
    cfg.url = refuse;
    cfg.url_ctx = &status;
    assert_int_equal(s3hls_playlist_write(&cfg, s, 1, &text, NULL), S3HLS_E_CREDENTIALS);
    assert_null(text);
    assert_int_equal(s3hls_playlist_write(&cfg, s, 0, &text, NULL), S3HLS_E_NOT_FOUND);
    assert_int_equal(s3hls_playlist_write(NULL, s, 1, &text, NULL), S3HLS_E_INVALID);
}

/* What was lost before a pause is no longer than a segment, and the target stays what it was. */
static void a_hole_never_raises_the_target(void **state) {
    (void)state;
    s3hls_segment s[6];
    session(s, 6, 0, S);
    for (int i = 3; i < 6; i++) { /* one is lost, then the camera pauses an hour */
        s[i].sequence++;
        s[i].start_ms += 3600000;
        s[i].timeline++;
    }
    for (int type = 0; type < 2; type++) {
        char *text = write((s3hls_playlist_type)type, s, 6);
        assert_non_null(strstr(text, "#EXT-X-TARGETDURATION:4\n"));
        assert_non_null(strstr(text, "#EXTINF:4.499,\n#EXT-X-GAP\n"));
        assert_non_null(strstr(
            text, "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-06-30T13:00:12.000Z"));
        free(text);
    }
    s[3].start_ms = NOON_MS + INT64_C(5000000000000); /* longer than a duration can be */
    s[3].timeline = S;
    char *text = write(S3HLS_PLAYLIST_LIVE, s, 4);
    assert_non_null(strstr(text, "#EXT-X-TARGETDURATION:4\n"));
    free(text);
}

/* Entries of one list follow each other by one: what cannot be filled in is not of one list. */
static void numbers_too_far_apart_are_of_two_sessions(void **state) {
    (void)state;
    s3hls_segment s[8];
    for (int lost = 9999; lost <= 10001; lost++) {
        session(s, 8, 0, S);
        for (int i = 4; i < 8; i++) {
            s[i].sequence += (uint64_t)lost;
            s[i].start_ms += lost * INT64_C(4000);
        }
        char *text = write(S3HLS_PLAYLIST_LIVE, s, 8), *at = text, first[64];
        int entries = 0, gaps = 0;
        for (; (at = strstr(at, "#EXTINF")); at++)
            entries++;
        for (at = text; (at = strstr(at, "#EXT-X-GAP")); at++)
            gaps++;
        bool one = lost <= 10000;
        assert_int_equal(gaps, one ? lost : 0);
        assert_int_equal(entries, one ? lost + 6 : 4);
        snprintf(first, sizeof first, "#EXT-X-MEDIA-SEQUENCE:%llu\n",
                 (unsigned long long)s[one ? 2 : 4].sequence);
        assert_non_null(strstr(text, first));
        free(text);
        text = write(S3HLS_PLAYLIST_VOD, s, 8);
        assert_int_equal(strstr(text, "#EXT-X-DISCONTINUITY\n") != NULL, !one);
        free(text);
    }
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

static int copy_key(void *ctx, const char *key, char **url) {
    *url = counted(ctx, NULL, strlen(key) + 1);
    if (!*url)
        return S3HLS_E_NOMEM;
    strcpy(*url, key);
    return S3HLS_OK;
}

static void every_allocation_of_a_playlist_may_fail(void **state) {
    (void)state;
    static s3hls_segment s[200];
    s3hls_env env = {.reallocate = counted};
    s3hls_playlist_config cfg;
    session(s, 200, 0, S);
    s3hls_playlist_config_init(&cfg);
    cfg.env = &env;
    cfg.url = copy_key;
    int rc = S3HLS_E_NOMEM, n = 0;
    for (; rc != S3HLS_OK; n++) {
        char *text = (char *)s;
        until_failure = n;
        out_now = 0;
        rc = s3hls_playlist_write(&cfg, s, 200, &text, NULL);
        assert_true(rc == S3HLS_OK || (rc == S3HLS_E_NOMEM && !text));
        assert_int_equal(out_now, rc == S3HLS_OK);
        until_failure = 0;
        s3hls_free(&env, text);
    }
    assert_true(n > 200);
}

/* Two devices with one prefix, absurd numbers: an answer, not a crash. */
static void nonsense_gets_a_playlist_too(void **state) {
    (void)state;
    static s3hls_segment s[2000];
    uint32_t seed = 7;
    for (size_t i = 0; i < 2000; i++) {
        seed = seed * 1664525u + 1013904223u;
        s[i] = (s3hls_segment){.start_ms = NOON_MS + (int64_t)i * 500,
                               .duration_ms = seed >> 20,
                               .sequence = seed & 64 ? seed : UINT64_MAX - (seed >> 9),
                               .timeline = seed % 5,
                               .sdk_name = (seed >> 5) % 16 == 0};
    }
    s3hls_playlist_config cfg;
    char *text;
    s3hls_playlist_config_init(&cfg);
    for (int type = 0; type < 2; type++) {
        cfg.type = (s3hls_playlist_type)type;
        assert_int_equal(s3hls_playlist_write(&cfg, s, 2000, &text, NULL), S3HLS_OK);
        free(text);
    }
}

/* ---- the checker itself */

static void planted_faults_are_found(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *words;
    } faults[] = {
        {"#EXTM3U\n", "#EXTM3\n", "#EXTM3U"},
        {"VERSION:3", "VERSION:2", "VERSION below 3"},
        {"TARGETDURATION:4", "TARGETDURATION:3", "longer than TARGETDURATION"},
        {"TARGETDURATION:4", "TARGETDURATION:4.5", "whole number"},
        {"#EXT-X-TARGETDURATION:4\n", "", "no TARGETDURATION"},
        {"#EXT-X-MEDIA-SEQUENCE:1782820800\n", "", "no MEDIA-SEQUENCE"},
        {"#EXT-X-ENDLIST\n", "", "VOD without ENDLIST"},
        {"#EXT-X-ENDLIST\n", "#EXT-X-ENDLIST\n#EXTINF:1.0,\n", "after ENDLIST"},
        {"#EXTINF:4.000,\n", "", "address without EXTINF"},
        {"#EXTINF:4.000,\n", "#EXTINF:4.000\n", "comma"},
        {"#EXTINF:4.000,\n", "#EXTINF:4.000,\n#EXTINF:4.000,\n", "EXTINF without an address"},
        {"#EXT-X-PROGRAM-DATE-TIME:2026-06-30T12:00:00.000Z\n", "", "no PROGRAM-DATE-TIME"},
        {"2026-06-30T12:00:00.000Z", "yesterday", "no date"},
        {"04.000-4000-1782820801", "00.000-4000-1782820800", "same segment twice"},
        {"#EXT-X-PLAYLIST-TYPE:VOD\n", "", "without DISCONTINUITY-SEQUENCE"},
        {"INDEPENDENT", "DEPENDENT", "unknown tag"},
    };
    s3hls_segment s[3];
    session(s, 3, 0, S);
    char *good = write(S3HLS_PLAYLIST_VOD, s, 3);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char bad[4096], *said, *at = strstr(good, faults[i].from);
        size_t size;
        assert_non_null(at);
        snprintf(bad, sizeof bad, "%.*s%s%s", (int)(at - good), good, faults[i].to,
                 at + strlen(faults[i].from));
        FILE *out = open_memstream(&said, &size);
        int complaints = m3u8_check(bad, out);
        fclose(out);
        if (!complaints || !strstr(said, faults[i].words))
            fail_msg("fault %zu should be called \"%s\": %s", i, faults[i].words, said);
        free(said);
    }
    free(good);
    char *a, *b;
    s3hls_segment t[20];
    session(t, 20, 0, S);
    a = write(S3HLS_PLAYLIST_LIVE, t, 19);
    t[18].duration_ms = 3000; /* what was listed must not change */
    b = write(S3HLS_PLAYLIST_LIVE, t, 20);
    assert_true(m3u8_check_polls(a, b, NULL) > 0);
    assert_true(m3u8_check_polls(b, a, NULL) > 0); /* nor numbers fall */
    free(a);
    free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vod_says_all_that_a_player_needs),
        cmocka_unit_test(fragmented_mp4_has_its_initialisation_segment),
        cmocka_unit_test(initialisation_segments_are_presigned_too),
        cmocka_unit_test(an_event_holds_all_and_may_grow),
        cmocka_unit_test(independence_is_claimed_where_each_segment_begins_with_an_idr),
        cmocka_unit_test(a_list_begins_where_decoding_can),
        cmocka_unit_test(missing_numbers_are_gaps_as_long_as_the_hole),
        cmocka_unit_test(another_timeline_or_session_is_a_discontinuity),
        cmocka_unit_test(sdk_names_have_no_numbers_to_miss),
        cmocka_unit_test(live_polls_agree_with_each_other),
        cmocka_unit_test(two_replicas_write_the_same),
        cmocka_unit_test(addresses_are_relative_or_based_or_made),
        cmocka_unit_test(a_hole_never_raises_the_target),
        cmocka_unit_test(numbers_too_far_apart_are_of_two_sessions),
        cmocka_unit_test(every_allocation_of_a_playlist_may_fail),
        cmocka_unit_test(nonsense_gets_a_playlist_too),
        cmocka_unit_test(planted_faults_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
