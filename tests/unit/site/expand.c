/* SPDX-License-Identifier: MIT-0 */
/* Values from the environment and from files reach the settings as they are, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file.h"
#include "input/address.h"

static site_file file;

static int begin(void **state) {
    (void)state;
    begin_file(&file);
    return 0;
}

static int end(void **state) {
    (void)state;
    end_file(&file);
    return 0;
}

static const char *const PASSWORDS[] = {"plain", "a@b",    "a/b?c#d", "a:b",
                                        "100%",  "%41",    "a b",     "\xc3\xa4",
                                        "$x",    "{y: z}", "', x: '", "a\nb"};
enum { PASSWORDS_COUNT = sizeof PASSWORDS / sizeof *PASSWORDS };

/* What a camera receives: libavformat undoes the percent-encoding once. */
static void expect_password(const char *address, const char *password) {
    const char *wrong = NULL;
    char *encoded = s3hls__input_address_encode(address, NULL, &wrong);
    s3hls__input_address_parts parts;
    char got[256];
    size_t size = 0;
    if (!encoded || !s3hls__input_address_split(encoded, &parts))
        fail_msg("%s: %s", password, wrong);
    const char *at = memchr(parts.user, ':', parts.user_size);
    assert_non_null(at);
    for (at++; at < parts.user + parts.user_size - 1; at++) {
        unsigned c = (unsigned char)*at;
        if (c == '%') {
            assert_int_equal(sscanf(at + 1, "%2x", &c), 1);
            at += 2;
        }
        got[size++] = (char)c;
    }
    got[size] = 0;
    assert_string_equal(got, password);
    assert_memory_equal(parts.host, "10.0.0.5", 8);
    free(encoded);
}

static void a_password_reaches_the_camera_as_it_is(void **state) {
    (void)state;
    for (int i = 0; i < PASSWORDS_COUNT; i++) {
        setenv("SITE_PASSWORD", PASSWORDS[i], 1);
        assert_int_equal(read_yaml(&file, "store: /rec\ncameras:\n  a: { input: \"rtsp://me:"
                                          "${SITE_PASSWORD}@10.0.0.5/main\" }\n"),
                         S3HLS_OK);
        expect_password(file.site->cameras[0].source.address, PASSWORDS[i]);
    }
}

static void user_and_password_may_be_one_value(void **state) {
    (void)state;
    setenv("SITE_LOGIN", "me:a:b@c/d", 1);
    assert_int_equal(
        read_yaml(&file,
                  "store: /rec\ncameras:\n  a: { input: \"rtsp://${SITE_LOGIN}@10.0.0.5/\" }\n"),
        S3HLS_OK);
    expect_password(file.site->cameras[0].source.address, "a:b@c/d");
    assert_memory_equal(file.site->cameras[0].source.address, "rtsp://me:", 10);
}

static void a_file_is_a_value_without_its_last_newline(void **state) {
    static const struct {
        const char *content, *password;
    } rows[] = {{"p/w", "p/w"}, {"p@w\n", "p@w"}, {"pw\r\n", "pw"}, {"pw\n\n", "pw\n"}, {"", ""}};
    char path[96];
    (void)state;
    snprintf(path, sizeof path, "%s/secret", file.folder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_bytes(path, rows[i].content, strlen(rows[i].content));
        assert_int_equal(read_yaml(&file, "store: /rec\ncameras:\n  a: { input: \"rtsp://me:"
                                          "${file:secret}@10.0.0.5/main\" }\n"),
                         S3HLS_OK);
        expect_password(file.site->cameras[0].source.address, rows[i].password);
    }
}

static void elsewhere_values_are_inserted_as_they_are(void **state) {
    (void)state;
    setenv("SITE_A", "x/y?z=1", 1);
    setenv("SITE_URL", "rtsp://me:p%40w@10.0.0.5/main", 1);
    setenv("SITE_YAML", "off }\n  b: { input: x }", 1);
    setenv("SITE_NESTED", "${SITE_A}", 1);
    assert_int_equal(read_yaml(&file,
                               "store: /rec\n"
                               "defaults: { tags: { a: '$$${SITE_A}$$', b: '${SITE_NESTED}' } }\n"
                               "cameras:\n"
                               "  a: { input: 'rtsp://10.0.0.5/${SITE_A}&m=a@b' }\n"
                               "  b: { input: '${SITE_URL}' }\n"
                               "  c: { input: 'rtsp://me:pw@10.0.0.5/${SITE_A}' }\n"),
                     S3HLS_OK);
    const s3hls__site_camera *c = file.site->cameras;
    assert_string_equal(c[0].source.address, "rtsp://10.0.0.5/x/y?z=1&m=a@b");
    assert_string_equal(c[1].source.address, "rtsp://me:p%40w@10.0.0.5/main");
    assert_string_equal(c[2].source.address, "rtsp://me:pw@10.0.0.5/x/y?z=1");
    assert_string_equal(c[0].recorder.object.tags[0].value, "$x/y?z=1$");
    assert_string_equal(c[0].recorder.object.tags[1].value, "${SITE_A}");
    assert_int_equal(read_yaml(&file, "store: /rec\ncameras:\n  a: { input: rtsp://h/, audio: "
                                      "'${SITE_YAML}' }\n"),
                     S3HLS_E_MALFORMED);
    assert_string_equal(file.text,
                        "3:33: cameras.a.audio: the value is not auto, off, copy or aac\n");
}

static void faults_name_the_variable_or_the_file(void **state) {
    static const struct {
        const char *value, *want;
    } rows[] = {
        {"${SITE_UNSET}", "the variable SITE_UNSET is not set"},
        {"$SITE", "$ must be followed by {NAME}, {file:PATH} or another $; write $$ for a dollar "
                  "sign"},
        {"a$",
         "$ must be followed by {NAME}, {file:PATH} or another $; write $$ for a dollar sign"},
        {"${SITE", "${ has no } after it; write $$ for a dollar sign"},
        {"${}", "${ } must contain the name of a variable, or file: and a path; write $$ for a "
                "dollar sign"},
        {"${1A}", "${ } must contain the name of a variable, or file: and a path; write $$ for a "
                  "dollar sign"},
        {"${A-b}", "${ } must contain the name of a variable, or file: and a path; write $$ for a "
                   "dollar sign"},
        {"${file:}", "${ } must contain the name of a variable, or file: and a path; write $$ for "
                     "a dollar sign"},
        {"${file:/nowhere/pw}", "the file /nowhere/pw cannot be used: No such file or directory"},
        {"${file:/}", "the file / cannot be used: it is a directory"},
        {"${file:/dev/zero}", "the file /dev/zero cannot be used: it is not a regular file"},
        {"${file:large}", "the file large cannot be used: it is too large"},
        {"${file:nul}", "the file nul cannot be used: it contains a NUL byte"}};
    char yaml[256], want[256], path[96];
    static const char large[70000];
    (void)state;
    snprintf(path, sizeof path, "%s/large", file.folder);
    write_bytes(path, large, sizeof large);
    snprintf(path, sizeof path, "%s/nul", file.folder);
    write_bytes(path, "a\0b", 3);
    unsetenv("SITE_UNSET");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(yaml, sizeof yaml, "store: /rec\ncameras: { a: { input: '%s' } }\n",
                 rows[i].value);
        snprintf(want, sizeof want, "2:24: cameras.a.input: %s\n", rows[i].want);
        assert_int_equal(read_yaml(&file, yaml), S3HLS_E_MALFORMED);
        assert_string_equal(file.text, want);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_password_reaches_the_camera_as_it_is, begin, end),
        cmocka_unit_test_setup_teardown(user_and_password_may_be_one_value, begin, end),
        cmocka_unit_test_setup_teardown(a_file_is_a_value_without_its_last_newline, begin, end),
        cmocka_unit_test_setup_teardown(elsewhere_values_are_inserted_as_they_are, begin, end),
        cmocka_unit_test_setup_teardown(faults_name_the_variable_or_the_file, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
