/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "s3/headers.h"
#include <string.h>

static void note(s3hls__headers *h, const char *const *lines) {
    memset(h, 0, sizeof *h);
    for (; *lines; lines++)
        s3hls__headers_note(h, *lines, strlen(*lines));
}

static void names_have_no_case_and_values_no_space(void **state) {
    (void)state;
    s3hls__headers h;
    note(&h, (const char *const[]){
                 "HTTP/1.1 200 OK\r\n", "eTaG:\t \"x\" \r\n", "X-AMZ-Request-Id:7\r\n",
                 "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "Location:\r\n", NULL});
    assert_string_equal(s3hls__headers_get(&h, S3HLS__HEADER_ETAG), "\"x\"");
    assert_string_equal(s3hls__headers_get(&h, S3HLS__HEADER_REQUEST_ID), "7");
    assert_string_equal(s3hls__headers_get(&h, S3HLS__HEADER_LOCATION), "");
    assert_null(s3hls__headers_get(&h, S3HLS__HEADER_REGION));
    assert_int_equal(s3hls__headers_date(&h, S3HLS__HEADER_DATE), 784111777);
    assert_int_equal(s3hls__headers_date(&h, S3HLS__HEADER_LAST_MODIFIED), 0);
    assert_false(h.whole);
}

static void interim_answers_and_trailers_do_not_count(void **state) {
    (void)state;
    s3hls__headers h;
    note(&h, (const char *const[]){"HTTP/1.1 100 Continue\r\n", "ETag: \"interim\"\r\n", "\r\n",
                                   "HTTP/1.1 200 OK\r\n", "Date: today\r\n", NULL});
    assert_null(s3hls__headers_get(&h, S3HLS__HEADER_ETAG));
    assert_false(h.whole);
    assert_int_equal(s3hls__headers_date(&h, S3HLS__HEADER_DATE), 0);
    note(&h, (const char *const[]){"HTTP/1.1 200 OK\r\n", "\r\n", "ETag: \"trailer\"\r\n", NULL});
    assert_null(s3hls__headers_get(&h, S3HLS__HEADER_ETAG));
    assert_true(h.whole);
}

static void long_values_are_cut(void **state) {
    (void)state;
    s3hls__headers h;
    char line[600] = "location:";
    memset(line + 9, 'a', sizeof line - 10);
    note(&h, (const char *const[]){line, NULL});
    assert_int_equal(strlen(s3hls__headers_get(&h, S3HLS__HEADER_LOCATION)),
                     S3HLS__HEADER_BYTES - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_no_case_and_values_no_space),
        cmocka_unit_test(interim_answers_and_trailers_do_not_count),
        cmocka_unit_test(long_values_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
