/* SPDX-License-Identifier: MIT-0 */
/* A password in the address of an input reaches the camera as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input/address.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_encoded(const char *address, const char *password, const char *want) {
    const char *wrong;
    char *encoded = s3hls__input_address_encode(address, password, &wrong);
    if (!encoded)
        fail_msg("%s: %s", address, wrong);
    assert_string_equal(encoded, want);
    free(encoded);
}

static void reserved_characters_are_encoded(void **state) {
    (void)state;
    expect_encoded("rtsp://me:a#b@cam/live", NULL, "rtsp://me:a%23b@cam/live");
    expect_encoded("rtsp://me:a?b@cam/live", NULL, "rtsp://me:a%3Fb@cam/live");
    expect_encoded("rtsp://me:a/b@cam:554/live", NULL, "rtsp://me:a%2Fb@cam:554/live");
    expect_encoded("rtsp://me:a@b@cam/live", NULL, "rtsp://me:a%40b@cam/live");
    expect_encoded("rtsp://me:a:b@cam/live", NULL, "rtsp://me:a%3Ab@cam/live");
    expect_encoded("rtsp://me:a b@[::1]:554/x", NULL, "rtsp://me:a%20b@[::1]:554/x");
    expect_encoded("rtsp://me:100%@cam", NULL, "rtsp://me:100%25@cam");
    expect_encoded("rtsp://me:4%0Xs@cam/", NULL, "rtsp://me:4%250Xs@cam/");
    expect_encoded("rtsp://me:a%2Fb@cam/", NULL, "rtsp://me:a%2Fb@cam/");
    expect_encoded("rtsp://me:\xc3\xa4@cam/", NULL, "rtsp://me:%C3%A4@cam/");
    expect_encoded("rtsp://me@home@cam/live", NULL, "rtsp://me%40home@cam/live");
}

static void what_is_right_stays_as_it_is(void **state) {
    static const char *const addresses[] = {"rtsp://cam/live",
                                            "rtsp://cam:554/live?x=a@b",
                                            "rtsp://me:pw@cam/live@2",
                                            "rtsp://10.0.0.2:554/a@b",
                                            "rtsps://me:p!$&'()*+,;=w@cam/",
                                            "clip.h264",
                                            "-",
                                            "rtsp://me:@cam/",
                                            "rtsp://me@cam/",
                                            "http://cam/a?b=c#d@e:f/g",
                                            "udp://@239.0.0.1:1234",
                                            "rtsp:///"};
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        expect_encoded(addresses[i], NULL, addresses[i]);
    expect_encoded("RTSPS://me:Pw@Cam/Live", NULL, "rtsps://me:Pw@Cam/Live");
}

static void what_is_not_clear_is_refused(void **state) {
    const char *wrong = NULL;
    (void)state;
    assert_null(s3hls__input_address_encode("rtsp://me:a#b@c/d@cam/live", NULL, &wrong));
    assert_non_null(strstr(wrong, "%40"));
}

static void a_password_from_elsewhere_is_put_in(void **state) {
    const char *wrong = NULL;
    (void)state;
    expect_encoded("rtsp://me@cam/live", "a%41/@b", "rtsp://me:a%2541%2F%40b@cam/live");
    assert_null(s3hls__input_address_encode("rtsp://me:x@cam/live", "a", &wrong));
    assert_non_null(strstr(wrong, "already"));
    assert_null(s3hls__input_address_encode("rtsp://cam/live", "a", &wrong));
    assert_non_null(strstr(wrong, "user"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reserved_characters_are_encoded),
        cmocka_unit_test(what_is_right_stays_as_it_is),
        cmocka_unit_test(what_is_not_clear_is_refused),
        cmocka_unit_test(a_password_from_elsewhere_is_put_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
