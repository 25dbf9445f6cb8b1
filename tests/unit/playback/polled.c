/* SPDX-License-Identifier: MIT-0 */
/* Playlists that are polled while segments arrive out of order, late, or never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "m3u8_check.h"
#include "s3hls/playlist.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { COUNT = 400, S = 1782820800, LATEST_S = COUNT * 4 + 200 };
static const int64_t NOON_MS = S * INT64_C(1000);

static uint32_t seed;

static uint32_t chance(uint32_t n) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* Segments of 4 s in sessions and timelines. modified is when they arrive: some seconds after their
 * end, some much later, one in sixteen never. */
static void make_recording(s3hls_segment *s) {
    uint64_t sequence = S, timeline = S;
    int64_t start_ms = NOON_MS;
    for (int i = 0; i < COUNT; i++, sequence++, start_ms += 4000) {
        if (chance(100) == 0) { /* begun anew */
            start_ms += 20000;
            sequence = timeline = (uint64_t)(start_ms / 1000);
        } else if (chance(50) == 0) {
            timeline++;
        }
        uint32_t late_s = chance(8) == 0 ? 3 + chance(30) : chance(3);
        int64_t arrives_s = chance(16) == 0 ? INT64_MAX : start_ms / 1000 + 4 + late_s;
        s[i] = (s3hls_segment){.start_ms = start_ms,
                               .duration_ms = 4000,
                               .sequence = sequence,
                               .timeline = timeline,
                               .modified_unix_s = arrives_s,
                               .entry = (s3hls_segment_entry)(i ? chance(6) % 3 : 0)};
    }
}

static size_t arrived(const s3hls_segment *all, int64_t now_s, s3hls_segment *seen) {
    size_t n = 0;
    for (int i = 0; i < COUNT; i++)
        if (all[i].modified_unix_s <= now_s)
            seen[n++] = all[i];
    return n;
}

static char *write(s3hls_playlist_type type, const s3hls_segment *s, size_t n, int64_t now_s) {
    s3hls_playlist_config cfg;
    char *text = NULL;
    s3hls_playlist_config_init(&cfg);
    cfg.type = type;
    cfg.target_duration_ms = 4000;
    cfg.now_ms = now_s * 1000 + 999;
    assert_int_equal(s3hls_playlist_write(&cfg, s, n, &text, NULL), S3HLS_OK);
    assert_int_equal(m3u8_check(text, stdout), 0);
    return text;
}

static void an_event_grows_at_its_end_only(void **state) {
    (void)state;
    static s3hls_segment all[COUNT], seen[COUNT];
    size_t late = 0;
    for (seed = 1; seed < 200; seed += 40) {
        make_recording(all);
        all[0].modified_unix_s = all[0].start_ms / 1000 + 4; /* where the list begins */
        char *before = NULL;
        for (int64_t now_s = S + 4; now_s < S + LATEST_S; now_s++) {
            size_t n = arrived(all, now_s, seen);
            char *now = write(S3HLS_PLAYLIST_EVENT, seen, n, now_s);
            if (before && strncmp(before, now, strlen(before)) != 0)
                fail_msg("changed at %d:\n%s\n---\n%s", (int)(now_s - S), before, now);
            free(before);
            before = now;
        }
        size_t n = arrived(all, S + LATEST_S, seen);
        for (size_t i = 0; i < n; i++) {
            char key[S3HLS_KEY_MAX];
            s3hls_segment_key_format(&seen[i], key, sizeof key);
            const char *at = strstr(before, key);
            late += !at || strncmp(at - strlen("GAP\n"), "GAP\n", 4) == 0;
        }
        free(before);
    }
    assert_in_range(late, 20, 400); /* of 2,000: what comes late is left out, the others not */
}

/* What a clock recorded that ran ahead arrived before all that is recorded at its time. */
static void a_clock_that_ran_ahead_makes_nothing_late(void **state) {
    (void)state;
    s3hls_segment s[8];
    for (int i = 0; i < 8; i++) {
        uint64_t session = i % 2 ? S - 86400 : S;
        s[i] = (s3hls_segment){.start_ms = NOON_MS + i / 2 * 4000,
                               .duration_ms = 4000,
                               .sequence = session + (uint64_t)i / 2,
                               .timeline = session,
                               .modified_unix_s = (int64_t)session + i / 2 * 4 + 4};
    }
    char *text = write(S3HLS_PLAYLIST_EVENT, s, 8, S + 20);
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "#EXTINF")); at++)
        count++;
    assert_int_equal(count, 8);
    free(text);
}

/* What a live list said of each number. */
typedef struct said {
    char text[256];
} said;

static void note(said *table, const char *playlist, uint64_t *first, uint64_t *discontinuities) {
    char *copy = strdup(playlist), *rest, entry[256] = "";
    uint64_t sequence = strtoull(strstr(playlist, "MEDIA-SEQUENCE:") + 15, NULL, 10);
    uint64_t d = strtoull(strstr(playlist, "DISCONTINUITY-SEQUENCE:") + 23, NULL, 10);
    assert_true(sequence >= *first && d >= *discontinuities);
    *first = sequence;
    *discontinuities = d;
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        bool counts = strncmp(line, "#EXTINF", 7) == 0 || strcmp(line, "#EXT-X-GAP") == 0;
        if (counts || line[0] != '#')
            strcat(strcat(entry, line), " ");
        if (line[0] == '#')
            continue;
        said *slot = &table[sequence++ - S];
        if (slot->text[0])
            assert_string_equal(slot->text, entry);
        strcpy(slot->text, entry);
        entry[0] = 0;
    }
    free(copy);
}

static void a_live_list_never_takes_back_what_it_said(void **state) {
    (void)state;
    static s3hls_segment all[COUNT], seen[COUNT];
    static said table[LATEST_S + 400];
    for (seed = 1; seed < 200; seed += 40) {
        uint64_t first = 0, discontinuities = 0;
        memset(table, 0, sizeof table);
        make_recording(all);
        for (int64_t now_s = S + 40; now_s < S + LATEST_S - 100; now_s++) {
            size_t n = arrived(all, now_s, seen), old = 0;
            while (old < n && seen[old].start_ms < (now_s - 600) * 1000)
                old++;
            char *text = write(S3HLS_PLAYLIST_LIVE, seen + old, n - old, now_s);
            note(table, text, &first, &discontinuities);
            free(text);
        }
    }
}

static void a_list_that_waits_does_not_end(void **state) {
    (void)state;
    s3hls_segment s[] = {
        {.start_ms = NOON_MS,
         .duration_ms = 4000,
         .sequence = S,
         .timeline = S,
         .modified_unix_s = S + 4},
        {.start_ms = NOON_MS + 8000,
         .duration_ms = 4000,
         .sequence = S + 2,
         .timeline = S,
         .modified_unix_s = S + 12},
    };
    s3hls_playlist_config cfg;
    s3hls_playlist_config_init(&cfg);
    cfg.type = S3HLS_PLAYLIST_EVENT;
    cfg.target_duration_ms = 4000;
    cfg.ended = 1;
    for (int64_t now_s = S + 12; now_s < S + 20; now_s++) {
        char *text;
        cfg.now_ms = now_s * 1000;
        assert_int_equal(s3hls_playlist_write(&cfg, s, 2, &text, NULL), S3HLS_OK);
        bool waits = now_s <= S + 16;
        assert_int_equal(strstr(text, "ENDLIST") == NULL, waits);
        assert_int_equal(strstr(text, "EXT-X-GAP") == NULL, waits);
        free(text);
    }
}

static void a_range_begins_at_the_moment_asked_for(void **state) {
    (void)state;
    s3hls_segment s = {.start_ms = NOON_MS, .duration_ms = 4000, .sequence = S, .timeline = S};
    s3hls_playlist_config cfg;
    s3hls_playlist_config_init(&cfg);
    const struct {
        int64_t start_ms;
        const char *line;
    } cases[] = {
        {NOON_MS + 2030, "\n#EXT-X-START:TIME-OFFSET=2.030,PRECISE=YES\n"},
        {NOON_MS + 3999, "\n#EXT-X-START:TIME-OFFSET=3.999,PRECISE=YES\n"},
        {NOON_MS, NULL},
        {NOON_MS - 1, NULL},
        {NOON_MS + 4000, NULL},
        {0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text;
        cfg.start_ms = cases[i].start_ms;
        assert_int_equal(s3hls_playlist_write(&cfg, &s, 1, &text, NULL), S3HLS_OK);
        if (cases[i].line)
            assert_non_null(strstr(text, cases[i].line));
        else
            assert_null(strstr(text, "EXT-X-START"));
        free(text);
    }
}

static void bandwidth_is_that_of_neighbours(void **state) {
    (void)state;
    s3hls_segment s[] = {
        {.duration_ms = 4000, .size = 500000},  /* 1 Mbit/s */
        {.duration_ms = 4000, .size = 1000000}, /* 2 */
        {.duration_ms = 500, .size = 1000000},  /* 16, but too short to count alone: 3.6 with */
        {.duration_ms = 4000, .size = 0},       /* not known */
    };
    uint64_t peak, average;
    s3hls_playlist_bandwidth(s, 4, 4000, &peak, &average);
    assert_int_equal(peak, 3555555);
    assert_int_equal(average, 2352941);
    s3hls_playlist_bandwidth(s, 1, 4000, &peak, &average);
    assert_int_equal(peak, 1000000);
    s3hls_playlist_bandwidth(s, 1, 1000, &peak, &average); /* longer than the target says */
    assert_int_equal(peak, 1000000);
    s3hls_playlist_bandwidth(s + 3, 1, 4000, &peak, &average);
    assert_int_equal(peak, 1);
}

static void a_multivariant_playlist_says_what_is_known(void **state) {
    (void)state;
    s3hls_timeline t = {S, 4000, 1920, 1080, 29970, "avc1.640028", "ts"};
    s3hls_variant v[] = {{"live.m3u8", 2000000, 1000000, &t, 1}, {"sub/live.m3u8", 5, 4, NULL, 1}};
    char *text;
    size_t size;
    assert_int_equal(s3hls_playlist_write_multivariant(v, 2, &text, &size, NULL), S3HLS_OK);
    assert_string_equal(text, "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n"
                              "#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1000000,"
                              "CODECS=\"avc1.640028\",RESOLUTION=1920x1080,FRAME-RATE=29.970\n"
                              "live.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=5,AVERAGE-BANDWIDTH=4\n"
                              "sub/live.m3u8\n");
    assert_int_equal(size, strlen(text));
    free(text);
    v[1].independent = 0;
    assert_int_equal(s3hls_playlist_write_multivariant(v, 2, &text, &size, NULL), S3HLS_OK);
    assert_null(strstr(text, "INDEPENDENT"));
    free(text);
    strcpy(t.codecs, "avc1\",X=\"");
    assert_int_equal(s3hls_playlist_write_multivariant(v, 1, &text, NULL, NULL), S3HLS_OK);
    assert_null(strstr(text, "CODECS"));
    free(text);
    v[0].url = "a\nb";
    assert_int_equal(s3hls_playlist_write_multivariant(v, 1, &text, NULL, NULL), S3HLS_E_INVALID);
    assert_int_equal(s3hls_playlist_write_multivariant(v, 0, &text, NULL, NULL), S3HLS_E_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_grows_at_its_end_only),
        cmocka_unit_test(a_clock_that_ran_ahead_makes_nothing_late),
        cmocka_unit_test(a_live_list_never_takes_back_what_it_said),
        cmocka_unit_test(a_list_that_waits_does_not_end),
        cmocka_unit_test(a_range_begins_at_the_moment_asked_for),
        cmocka_unit_test(bandwidth_is_that_of_neighbours),
        cmocka_unit_test(a_multivariant_playlist_says_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
