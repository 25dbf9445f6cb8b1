/* SPDX-License-Identifier: MIT-0 */
/* Targets and headers: what is asked for, and what is refused. */
#include "server/request.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static s3hls__request r;

static unsigned parse(const char *target) {
    return s3hls__request_parse(&r, target).status;
}

static void finds_every_route(void **state) {
    static const struct {
        const char *target;
        s3hls__route route;
        const char *camera, *name;
    } cases[] = {
        {"/", S3HLS__ROUTE_PAGE, "", ""},
        {"/app.js?v=2", S3HLS__ROUTE_PAGE, "", "app.js"},
        {"/fonts/a.woff2", S3HLS__ROUTE_PAGE, "", "fonts/a.woff2"},
        {"/api/cameras", S3HLS__ROUTE_CAMERAS, "", ""},
        {"/api/cameras/cam-1/days?month=2026-11", S3HLS__ROUTE_DAYS, "cam-1", ""},
        {"/api/cameras/a%2Fb%20c/timeline?from=1&to=2", S3HLS__ROUTE_TIMELINE, "a/b c", ""},
        {"/api/cameras/c/share?start=1&end=2&expires=60", S3HLS__ROUTE_SHARE, "c", ""},
        {"/hls/c/master.m3u8", S3HLS__ROUTE_MASTER, "c", ""},
        {"/hls/c/live.m3u8?_HLS_msn=4", S3HLS__ROUTE_LIVE, "c", ""},
        {"/hls/c/range.m3u8?start=1&end=2", S3HLS__ROUTE_RANGE, "c", ""},
        {"/media/c/2026/11/23/03/12/00.000-4000-17-17.ts", S3HLS__ROUTE_MEDIA, "c",
         "2026/11/23/03/12/00.000-4000-17-17.ts"},
        {"/clip/c.mp4?start=1&end=2", S3HLS__ROUTE_CLIP, "c", ""},
        {"/clip/c.mp4.mp4?start=1&end=2", S3HLS__ROUTE_CLIP, "c.mp4", ""},
        {"/hls//live.m3u8", S3HLS__ROUTE_PAGE, "", "hls//live.m3u8"}, /* no file of the page */
        {"/clip/.mp4?start=1&end=2", S3HLS__ROUTE_PAGE, "", "clip/.mp4"},
        {"/healthz", S3HLS__ROUTE_HEALTH, "", ""},
        {"/metrics", S3HLS__ROUTE_METRICS, "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parse(cases[i].target), 0);
        assert_int_equal(r.route, cases[i].route);
        assert_string_equal(r.camera, cases[i].camera);
        assert_string_equal(r.name, cases[i].name);
    }
}

static void refuses_what_is_no_address(void **state) {
    static const struct {
        const char *target;
        unsigned status;
    } cases[] = {
        {"", 400},
        {"*", 400},
        {"http://host/", 400},
        {"/%", 400},
        {"/%zz", 400},
        {"/%00", 400},
        {"/hls/../live.m3u8", 400},
        {"/hls/%2e%2e/live.m3u8", 400},
        {"/hls/a%2F..%2Fb/live.m3u8", 400},
        {"/hls/%0d%0aX:1/live.m3u8", 400},
        {"/hls/%2Fetc/live.m3u8", 400},
        {"/media/c/../../etc/passwd", 404},
        {"/media/c/2026/11/23/03/12/..%2f..%2fx.ts", 404},
        {"/media/c/timelines/1.json", 404},
        {"/media/c/2026/11/31/03/12/00.000-4000-17-17.ts", 404},
        {"/media/c/2026/11/23/03/12/00.000-04000-17-17.ts", 404},
        {"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", 404},
        {"/hls/c/live.m3u8?target=0", 400},
        {"/hls/c/live.m3u8?target=4.5", 400},
        {"/hls/c/live.m3u8?target=86401", 400},
        {"/hls/c/live.m3u8?share=%", 400},
        {"/hls/c/live.m3u8?share=%0a", 400},
        {"/hls/c/live.m3u8?share=a.b%0d%0a%23EXT-X-KEY", 400},
        {"/hls/c/live.m3u8?share=%0aa.b", 400},
        {"/hls/c/live.m3u8?share=a.b%22", 400},
        {"/hls/c/live.m3u8?share=a.b.c", 400},
        {"/hls/c/live.m3u8?share=a+b", 400},
        {"/hls/c/live.m3u8?share=a%26start=1", 400},
    };
    char *camera = test_malloc(400), *target = test_malloc(S3HLS__TARGET_MAX + 2);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (parse(cases[i].target) != cases[i].status)
            fail_msg("%s", cases[i].target);
    memset(target, 'a', S3HLS__TARGET_MAX + 1);
    target[0] = '/';
    target[S3HLS__TARGET_MAX + 1] = 0;
    assert_int_equal(parse(target), 414);
    memset(camera, 'a', 399);
    memcpy(camera, "/hls/", 5);
    strcpy(camera + 5 + S3HLS__CAMERA_MAX, "/live.m3u8");
    parse(camera);
    assert_int_equal(r.route, S3HLS__ROUTE_NONE);
    strcpy(camera + 4 + S3HLS__CAMERA_MAX, "/live.m3u8");
    parse(camera);
    assert_int_equal(r.route, S3HLS__ROUTE_LIVE);
    test_free(camera);
    test_free(target);
}

static void reads_times_and_bounds_ranges(void **state) {
    (void)state;
    assert_int_equal(parse("/hls/c/range.m3u8?start=2026-11-23T03:12:00Z&end=1795403580.5"), 0);
    assert_true(r.has_range);
    assert_int_equal(r.from_ms, INT64_C(1795403520000));
    assert_int_equal(r.to_ms, INT64_C(1795403580500));
    assert_int_equal(parse("/api/cameras/c/days?month=2026-12"), 0);
    assert_int_equal(r.to_ms - r.from_ms, INT64_C(31) * 86400000);
    assert_int_equal(parse("/hls/c/live.m3u8"), 0);
    assert_false(r.has_range);
    assert_int_equal(parse("/hls/c/range.m3u8"), 400);
    assert_int_equal(parse("/hls/c/range.m3u8?start=1"), 400);
    assert_int_equal(parse("/hls/c/range.m3u8?start=2&end=2"), 400);
    assert_int_equal(parse("/hls/c/range.m3u8?start=3&end=2"), 400);
    assert_int_equal(parse("/hls/c/range.m3u8?start=soon&end=2"), 400);
    assert_int_equal(parse("/hls/c/range.m3u8?start=-5&end=2"), 400);
    assert_int_equal(parse("/hls/c/range.m3u8?start=0&end=86400"), 0);
    assert_int_equal(parse("/hls/c/range.m3u8?start=0&end=86400.001"), 400);
    assert_int_equal(parse("/hls/c/range.m3u8?start=2016-01-01&end=2026-01-01"), 400);
    assert_int_equal(parse("/clip/c.mp4?start=0&end=7200"), 0);
    assert_int_equal(parse("/clip/c.mp4?start=0&end=7201"), 400);
    assert_int_equal(parse("/api/cameras/c/timeline?from=0&to=2764800"), 0);
    assert_int_equal(parse("/api/cameras/c/timeline?from=0&to=2764801"), 400);
    assert_int_equal(parse("/api/cameras/c/days?month=2026-13"), 400);
    assert_int_equal(parse("/api/cameras/c/days?month=26-1"), 400);
    assert_int_equal(parse("/api/cameras/c/days"), 400);
    assert_int_equal(parse("/api/cameras/c/share?start=1&end=2&expires=0"), 400);
    assert_int_equal(parse("/api/cameras/c/share?start=1&end=2&expires=2592001"), 400);
    assert_int_equal(parse("/api/cameras/c/share?start=1&end=2"), 0);
    assert_int_equal(r.expires_s, 86400);
}

static void reads_range_headers(void **state) {
    static const struct {
        const char *header;
        unsigned status;
        uint64_t first, last;
    } cases[] = {
        {NULL, 200, 0, 0},          {"bytes=0-9", 206, 0, 9},
        {"bytes=90-", 206, 90, 99}, {"bytes=-1", 206, 99, 99},
        {"bytes=-500", 206, 0, 99}, {"bytes=99-500", 206, 99, 99},
        {"Bytes=0-0", 206, 0, 0},   {"bytes=100-", 416, 0, 0},
        {"bytes=-0", 416, 0, 0},    {"bytes=9-0", 200, 0, 0},
        {"bytes=-", 200, 0, 0},     {"bytes=0-1,4-5", 200, 0, 0},
        {"bytes=0x0-1", 200, 0, 0}, {"bytes=99999999999999999999-", 200, 0, 0},
        {"lines=0-1", 200, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t first = 0, last = 0;
        unsigned status;
        bool part = s3hls__range_parse(cases[i].header, 100, &first, &last, &status);
        assert_int_equal(status, cases[i].status);
        assert_int_equal(part, status == 206);
        if (part) {
            assert_int_equal(first, cases[i].first);
            assert_int_equal(last, cases[i].last);
        }
    }
    uint64_t first, last;
    unsigned status;
    assert_false(s3hls__range_parse("bytes=0-", 0, &first, &last, &status));
    assert_int_equal(status, 416);
}

static void compares_entity_tags(void **state) {
    (void)state;
    assert_true(s3hls__etag_matches("\"a\"", "\"a\""));
    assert_true(s3hls__etag_matches("W/\"a\"", "\"a\""));
    assert_true(s3hls__etag_matches("\"b\", W/\"a\" , \"c\"", "\"a\""));
    assert_true(s3hls__etag_matches("*", "\"a\""));
    assert_false(s3hls__etag_matches(NULL, "\"a\""));
    assert_false(s3hls__etag_matches("", "\"a\""));
    assert_false(s3hls__etag_matches("\"ab\"", "\"a\""));
    assert_false(s3hls__etag_matches("\"a\"b", "\"a\""));
}

static void reads_accept_encoding(void **state) {
    (void)state;
    assert_true(s3hls__accepts_gzip("gzip"));
    assert_true(s3hls__accepts_gzip("br, GZIP;q=0.5"));
    assert_true(s3hls__accepts_gzip("*"));
    assert_false(s3hls__accepts_gzip(NULL));
    assert_false(s3hls__accepts_gzip("br"));
    assert_false(s3hls__accepts_gzip("gzip;q=0"));
    assert_false(s3hls__accepts_gzip("xgzip"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_route),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(reads_times_and_bounds_ranges),
        cmocka_unit_test(reads_range_headers),
        cmocka_unit_test(compares_entity_tags),
        cmocka_unit_test(reads_accept_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
