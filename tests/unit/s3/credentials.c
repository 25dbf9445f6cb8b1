/* SPDX-License-Identifier: MIT-0 */
#include "unit.h"

#include "s3/credentials.h"
#include "s3hls/s3.h"
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_keys(s3hls_credentials_provider *p, const char *id, const char *secret,
                        const char *token) {
    s3hls__keys keys;
    s3hls__credentials_get(p, &keys);
    assert_string_equal(keys.access_key_id, id);
    assert_string_equal(keys.secret_access_key, secret);
    assert_string_equal(keys.session_token, token);
    s3hls__keys_wipe(&keys);
    assert_string_equal(keys.secret_access_key, "");
}

static void given_keys_are_checked_and_copied(void **state) {
    (void)state;
    char id[130] = "", secret[130] = "", token[4098] = "";
    memset(id, 'i', 128);
    memset(secret, 's', 128);
    memset(token, 't', 4096);
    s3hls_credentials keys = {id, secret, token, 77};
    s3hls_credentials_provider *p;
    assert_int_equal(s3hls_credentials_open_static(&p, &keys, NULL), S3HLS_OK);
    s3hls__keys got;
    s3hls__credentials_get(p, &got);
    assert_string_equal(got.session_token, token);
    assert_int_equal(got.expires_unix_s, 77);
    id[0] = 'x';
    s3hls__credentials_get(p, &got);
    assert_int_equal(got.access_key_id[0], 'i');

    id[128] = 'i'; /* each too long by one */
    assert_int_equal(s3hls_credentials_set(p, &keys), S3HLS_E_INVALID);
    id[128] = 0;
    secret[128] = 's';
    assert_int_equal(s3hls_credentials_set(p, &keys), S3HLS_E_INVALID);
    secret[128] = 0;
    token[4096] = 't';
    assert_int_equal(s3hls_credentials_set(p, &keys), S3HLS_E_INVALID);
    static const s3hls_credentials bad[] = {
        {NULL, "s", NULL, 0},  {"", "s", NULL, 0},      {"i", NULL, NULL, 0}, {"i", "", NULL, 0},
        {"i\n", "s", NULL, 0}, {"i", "s\x80", NULL, 0}, {"i", "s", "t\r", 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s3hls_credentials_provider *q = p;
        assert_int_equal(s3hls_credentials_open_static(&q, &bad[i], NULL), S3HLS_E_INVALID);
        assert_null(q);
        assert_int_equal(s3hls_credentials_set(p, &bad[i]), S3HLS_E_INVALID);
    }
    s3hls__credentials_get(p, &got);
    assert_int_equal(strlen(got.session_token), 4096); /* the old keys stay */
    assert_int_equal(s3hls_credentials_set(p, &(s3hls_credentials){"i", "s", NULL, 0}), S3HLS_OK);
    assert_keys(p, "i", "s", "");
    s3hls_credentials_close(&p);
    assert_null(p);
    s3hls_credentials_close(&p);
    s3hls_credentials_close(NULL);
}

static void a_provider_lives_as_long_as_its_last_user(void **state) {
    (void)state;
    world w;
    world_init(&w);
    s3hls_env env = world_env(&w);
    s3hls_credentials_provider *p, *q;
    assert_int_equal(
        s3hls_credentials_open_static(&p, &(s3hls_credentials){"i", "s", NULL, 0}, &env), S3HLS_OK);
    q = s3hls__credentials_retain(p);
    s3hls_credentials_close(&p);
    assert_keys(q, "i", "s", "");
    assert_int_equal(w.out, 1);
    s3hls_credentials_close(&q);
    assert_int_equal(w.out, 0);
    w.until_failure = 0;
    assert_int_equal(
        s3hls_credentials_open_static(&p, &(s3hls_credentials){"i", "s", NULL, 0}, &env),
        S3HLS_E_NOMEM);
    assert_null(p);
}

/* ---- environment and files, in a folder of the test's own */

static char folder[] = "/tmp/s3hls-credentials-XXXXXX", file[64];

static void write_file(const char *text) {
    FILE *f = fopen(file, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int make_folder(void **state) {
    (void)state;
    static const char *const names[] = {"AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_PROFILE",
                                        "AWS_SHARED_CREDENTIALS_FILE",
                                        "AWS_CONFIG_FILE",
                                        "AWS_REQUEST_CHECKSUM_CALCULATION"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    strcpy(strrchr(folder, '-'), "-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    setenv("HOME", folder, 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    snprintf(file, sizeof file, "%s/.aws", folder);
    mkdir(file, 0700);
    strcat(file, "/credentials");
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(file);
    *strrchr(file, '/') = 0;
    rmdir(file);
    return rmdir(folder);
}

static void the_environment_is_read(void **state) {
    (void)state;
    s3hls_credentials_provider *p;
    assert_int_equal(s3hls_credentials_open_environment(&p, NULL), S3HLS_E_CREDENTIALS);
    assert_null(p);
    setenv("AWS_ACCESS_KEY_ID", "ID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "", 1);
    assert_int_equal(s3hls_credentials_open_environment(&p, NULL), S3HLS_E_CREDENTIALS);
    setenv("AWS_SECRET_ACCESS_KEY", "SECRET", 1);
    assert_int_equal(s3hls_credentials_open_environment(&p, NULL), S3HLS_OK);
    assert_keys(p, "ID", "SECRET", "");
    s3hls_credentials_close(&p);
    setenv("AWS_SESSION_TOKEN", "TOKEN", 1);
    assert_int_equal(s3hls_credentials_open_default(&p, NULL), S3HLS_OK);
    assert_keys(p, "ID", "SECRET", "TOKEN");
    s3hls_credentials_close(&p);
}

static void profiles_are_read_however_they_are_written(void **state) {
    (void)state;
    s3hls_credentials_provider *p;
    write_file("# a comment\n"
               "aws_access_key_id = outside\n"
               "[ default ]\r\n"
               "; another\r\n"
               "  aws_access_key_id=AKID   \r\n"
               "aws_secret_access_key\t=\tab/c+d==\t# mine\r\n"
               "region = eu-central-1\r\n"
               "\r\n"
               "[other]\n"
               "aws_access_key_id = OTHER\n"
               "aws_secret_access_key = o#;x\n"
               "aws_session_token = tok\n"
               "[half]\n"
               "aws_access_key_id = HALF"); /* and no line end */
    assert_int_equal(s3hls_credentials_open_profile(&p, NULL, NULL, NULL), S3HLS_OK);
    assert_keys(p, "AKID", "ab/c+d==", "");
    s3hls_credentials_close(&p);
    assert_int_equal(s3hls_credentials_open_profile(&p, file, "other", NULL), S3HLS_OK);
    assert_keys(p, "OTHER", "o#;x", "tok");
    s3hls_credentials_close(&p);
    setenv("AWS_PROFILE", "other", 1);
    assert_int_equal(s3hls_credentials_open_default(&p, NULL), S3HLS_OK);
    assert_keys(p, "OTHER", "o#;x", "tok");
    s3hls_credentials_close(&p);
    setenv("AWS_PROFILE", "half", 1);
    assert_int_equal(s3hls_credentials_open_default(&p, NULL), S3HLS_E_CREDENTIALS);
    assert_int_equal(s3hls_credentials_open_profile(&p, NULL, "none", NULL), S3HLS_E_CREDENTIALS);
    assert_null(p);
}

/* A line end that a file or a secret store left in a variable is no part of a key. */
static void blanks_around_a_variable_are_left_out(void **state) {
    (void)state;
    s3hls_credentials_provider *p;
    world w;
    world_init(&w);
    s3hls_env env = world_env(&w);
    setenv("AWS_ACCESS_KEY_ID", "ID\n", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "  SECRET\r\n", 1);
    setenv("AWS_SESSION_TOKEN", "TOKEN ", 1);
    assert_int_equal(s3hls_credentials_open_environment(&p, &env), S3HLS_OK);
    assert_keys(p, "ID", "SECRET", "TOKEN");
    s3hls_credentials_close(&p);
    assert_non_null(strstr(w.log, "AWS_ACCESS_KEY_ID has blanks"));
    assert_non_null(strstr(w.log, "AWS_SECRET_ACCESS_KEY has blanks"));
    assert_null(strstr(w.log, "SECRET\n"));
    memset(w.log, 0, sizeof w.log);
    const s3hls_credentials keys = {"ID", "SE CRET\n", NULL, 0};
    assert_int_equal(s3hls_credentials_open_static(&p, &keys, &env), S3HLS_E_INVALID);
    assert_non_null(strstr(w.log, "secret access key"));
    assert_null(strstr(w.log, "CRET"));
    assert_int_equal(w.out, 0);
}

static void sections_are_found_however_they_are_written(void **state) {
    (void)state;
    static const char *const heads[] = {
        "[default] # mine",        "[default];mine", "\xef\xbb\xbf[default]", "[ profile default ]",
        "[profile\tdefault]  # x", "[\"default\"]",  "[profile 'default']",   "  [default]",
    };
    s3hls_credentials_provider *p;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        for (int crlf = 0; crlf < 2; crlf++) {
            char text[512];
            const char *end = crlf ? "\r\n" : "\n";
            snprintf(text, sizeof text,
                     "%s%sAWS_Access_Key_Id = ID # old%ss3 =%s  aws_access_key_id = nested%s"
                     "aws_secret_access_key=SECRET\t;x%saws_session_token = # none%s"
                     "[profile other]%saws_access_key_id = OTHER%s",
                     heads[i], end, end, end, end, end, end, end, end);
            write_file(text);
            if (s3hls_credentials_open_profile(&p, NULL, NULL, NULL))
                fail_msg("%s", heads[i]);
            assert_keys(p, "ID", "SECRET", "");
            s3hls_credentials_close(&p);
        }
    static const char *const others[] = {"[defaults]", "[profiledefault]", "[default",
                                         "[]",         "[profile]",        "[profile \"default]"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s\naws_access_key_id=I\naws_secret_access_key=S\n",
                 others[i]);
        write_file(text);
        if (s3hls_credentials_open_profile(&p, NULL, NULL, NULL) != S3HLS_E_CREDENTIALS)
            fail_msg("%s", others[i]);
    }
}

static void keys_may_be_in_the_config_file(void **state) {
    (void)state;
    char config[300];
    s3hls_credentials_provider *p;
    snprintf(config, sizeof config, "%s/config", folder);
    setenv("AWS_CONFIG_FILE", config, 1);
    FILE *f = fopen(config, "w");
    fputs("[default]\nregion=x\n[profile cam] # here\naws_access_key_id=ID\n"
          "aws_secret_access_key=S\nrequest_checksum_calculation = WHEN_REQUIRED ; B2\n",
          f);
    fclose(f);
    assert_int_equal(s3hls_credentials_open_profile(&p, NULL, "cam", NULL), S3HLS_OK);
    assert_keys(p, "ID", "S", "");
    s3hls_credentials_close(&p);
    assert_int_equal(s3hls_credentials_open_profile(&p, NULL, NULL, NULL), S3HLS_E_CREDENTIALS);
    s3hls_checksum checksum;
    assert_int_equal(s3hls_s3_checksum_configured(NULL, &checksum), S3HLS_OK);
    assert_int_equal(checksum, S3HLS_CHECKSUM_AUTO);
    assert_int_equal(s3hls_s3_checksum_configured("cam", &checksum), S3HLS_OK);
    assert_int_equal(checksum, S3HLS_CHECKSUM_NONE);
    setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "When_Supported", 1);
    assert_int_equal(s3hls_s3_checksum_configured("cam", &checksum), S3HLS_OK);
    assert_int_equal(checksum, S3HLS_CHECKSUM_AUTO);
    setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "never", 1);
    assert_int_equal(s3hls_s3_checksum_configured("cam", &checksum), S3HLS_E_INVALID);
    unlink(config);
}

static void files_that_cannot_serve_say_why(void **state) {
    (void)state;
    s3hls_credentials_provider *p;
    assert_int_equal(s3hls_credentials_open_profile(&p, NULL, NULL, NULL), S3HLS_E_NOT_FOUND);
    assert_int_equal(s3hls_credentials_open_default(&p, NULL), S3HLS_E_CREDENTIALS);
    assert_int_equal(s3hls_credentials_open_profile(&p, folder, NULL, NULL), S3HLS_E_IO);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
    assert_int_equal(s3hls_credentials_open_profile(&p, NULL, NULL, NULL), S3HLS_E_NOT_FOUND);
    unsetenv("AWS_SHARED_CREDENTIALS_FILE");
    /* a token cut short would be a riddle to whoever reads the server's answer */
    static char text[16384];
    static const int sizes[] = {4096, 4097, 9000};
    for (size_t i = 0; i < 3; i++) {
        strcpy(text, "[default]\naws_access_key_id=i\naws_secret_access_key=s\naws_session_token=");
        memset(text + strlen(text), 't', (size_t)sizes[i]);
        write_file(text);
        assert_int_equal(s3hls_credentials_open_profile(&p, NULL, NULL, NULL),
                         i == 0 ? S3HLS_OK : S3HLS_E_INVALID);
        s3hls_credentials_close(&p);
        memset(text, 0, sizeof text);
    }
}

static void the_tail_of_a_long_line_is_no_line(void **state) {
    (void)state;
    static char text[6000];
    strcpy(text, "[default]\naws_access_key_id=i\naws_secret_access_key=s\nnote=");
    memset(text + strlen(text), ' ', 5000);
    strcat(text, "aws_access_key_id=other\naws_session_token=t\n");
    write_file(text);
    s3hls_credentials_provider *p;
    assert_int_equal(s3hls_credentials_open_profile(&p, NULL, NULL, NULL), S3HLS_OK);
    assert_keys(p, "i", "s", "t");
    s3hls_credentials_close(&p);
}

/* ---- replaced while they are read */

typedef struct shared {
    s3hls_credentials_provider *provider;
    _Atomic int stop;
    int torn, reads;
} shared;

static void *read_on(void *arg) {
    shared *s = arg;
    while (!s->stop || !s->reads) {
        s3hls__keys k;
        s3hls__credentials_get(s->provider, &k);
        char letter = k.access_key_id[0];
        s->torn += k.secret_access_key[99] != letter || k.session_token[3999] != letter;
        s->reads++;
    }
    return NULL;
}

static void replacing_is_atomic(void **state) {
    (void)state;
    char text[2][4001] = {"", ""};
    memset(text[0], 'a', 4000);
    memset(text[1], 'b', 4000);
    s3hls_credentials keys[2];
    for (int i = 0; i < 2; i++)
        keys[i] = (s3hls_credentials){text[i] + 3900, text[i] + 3900, text[i], 0};
    shared s = {0};
    assert_int_equal(s3hls_credentials_open_static(&s.provider, &keys[0], NULL), S3HLS_OK);
    pthread_t thread;
    pthread_create(&thread, NULL, read_on, &s);
    for (int i = 0; i < 2000; i++)
        s3hls_credentials_set(s.provider, &keys[i & 1]);
    s.stop = 1;
    pthread_join(thread, NULL);
    assert_int_equal(s.torn, 0);
    s3hls_credentials_close(&s.provider);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_keys_are_checked_and_copied),
        cmocka_unit_test(a_provider_lives_as_long_as_its_last_user),
        cmocka_unit_test_setup_teardown(the_environment_is_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(profiles_are_read_however_they_are_written, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(blanks_around_a_variable_are_left_out, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(sections_are_found_however_they_are_written, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(keys_may_be_in_the_config_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(files_that_cannot_serve_say_why, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_tail_of_a_long_line_is_no_line, make_folder,
                                        remove_folder),
        cmocka_unit_test(replacing_is_atomic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
