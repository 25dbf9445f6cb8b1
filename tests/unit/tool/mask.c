/* SPDX-License-Identifier: MIT-0 */
/* A password in an address is masked, whatever it contains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../tools/s3hls/mask.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_BYTES = 512 };

static const char *masked(const char *address) {
    static char text[ADDRESS_BYTES];
    snprintf(text, sizeof text, "%s", address);
    address_mask(text, strlen(text));
    return text;
}

static void passwords_are_masked_up_to_the_last_at(void **state) {
    (void)state;
    assert_string_equal(masked("rtsp://me:secret@cam/live"), "rtsp://me:******@cam/live");
    assert_string_equal(masked("rtsp://me:a#b@cam/live"), "rtsp://me:***@cam/live");
    assert_string_equal(masked("rtsp://me:a?b@cam/live"), "rtsp://me:***@cam/live");
    assert_string_equal(masked("rtsp://me:a/b@cam/live"), "rtsp://me:***@cam/live");
    assert_string_equal(masked("rtsp://me:a@b@cam/live"), "rtsp://me:***@cam/live");
    assert_string_equal(masked("rtsp://me:a:b@cam/live"), "rtsp://me:***@cam/live");
    assert_string_equal(masked("rtsp://me:a b@cam/live"), "rtsp://me:***@cam/live");
    assert_string_equal(masked("rtsp://me:12/b@cam/live"), "rtsp://me:****@cam/live");
    assert_string_equal(masked("rtsp://me:a@b/c@cam/live"), "rtsp://me:*****@cam/live");
    assert_string_equal(masked("--input=rtsp://me:a://b@cam/"), "--input=rtsp://me:*****@cam/");
    assert_string_equal(masked("rtsps://me:ab@[::1]:322/"), "rtsps://me:**@[::1]:322/");
}

static void secrets_in_a_query_are_masked(void **state) {
    static const char *const names[] = {
        "password",        "PWD",  "passwd", "pass",     "psw",     "token",         "access_token",
        "X-Amz-Signature", "auth", "key",    "loginpas", "api_key", "user_password", "secret"};
    char address[ADDRESS_BYTES], want[ADDRESS_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(address, sizeof address, "http://cam/s.cgi?user=me&%s=a/b?c#d&n=1", names[i]);
        snprintf(want, sizeof want, "http://cam/s.cgi?user=me&%s=*******&n=1", names[i]);
        assert_string_equal(masked(address), want);
    }
    assert_string_equal(masked("rtsp://cam/user=me&password=ab&channel=1"),
                        "rtsp://cam/user=me&password=**&channel=1");
    assert_string_equal(masked("rtsp://cam/user=me_password=ab_channel=1.sdp"),
                        "rtsp://cam/user=me_password=****************");
    assert_string_equal(masked("http://cam/?pwd=ab"), "http://cam/?pwd=**");
    assert_string_equal(masked("http://cam/?pwd=ab: refused"), "http://cam/?pwd=*** refused");
}

static void what_holds_no_password_stays(void **state) {
    static const char *const addresses[] = {"rtsp://cam:554/live",
                                            "rtsp://[fe80::1]:554/live",
                                            "rtsp://me@cam/live",
                                            "file:///var/rec/cam-1",
                                            "s3://bucket/cam",
                                            "rtsp://cam/live?channel=1&subtype=0&monkey=1",
                                            "clip.h264",
                                            "me:secret@host",
                                            "--to",
                                            "",
                                            "http://cam/?bypass=1&n=a=b",
                                            "rtsp://:554/"};
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        assert_string_equal(masked(addresses[i]), addresses[i]);
}

static void addresses_are_masked_within_a_line(void **state) {
    char line[] =
        "from 'rtsp://me:a/b@cam/' to tcp://127.0.0.1:554?timeout=1, http://c/?pwd=ab x@y";
    (void)state;
    address_mask_all(line);
    assert_string_equal(
        line, "from 'rtsp://me:***@cam/' to tcp://127.0.0.1:554?timeout=1, http://c/?pwd=** x@y");
}

static void every_argument_is_hidden_and_copied(void **state) {
    char tool[] = "s3hls", input[] = "rtsp://me:a/b@cam/", to[] = "--endpoint=https://me:cd@s3/";
    char *argv[] = {tool, input, to, NULL};
    (void)state;
    char **copy = address_hide_arguments(3, argv);
    assert_non_null(copy);
    assert_string_equal(copy[1], "rtsp://me:a/b@cam/");
    assert_string_equal(copy[2], "--endpoint=https://me:cd@s3/");
    assert_null(copy[3]);
    assert_string_equal(input, "rtsp://me:***@cam/");
    assert_string_equal(to, "--endpoint=https://me:**@s3/");
    address_free_arguments(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_masked_up_to_the_last_at),
        cmocka_unit_test(secrets_in_a_query_are_masked),
        cmocka_unit_test(what_holds_no_password_stays),
        cmocka_unit_test(addresses_are_masked_within_a_line),
        cmocka_unit_test(every_argument_is_hidden_and_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
