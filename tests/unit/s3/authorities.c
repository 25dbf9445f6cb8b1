/* SPDX-License-Identifier: MIT-0 */
/* Which authorities are trusted: the system's and the given file's, both as they are now. Two
 * servers, each with a certificate of its own authority. */
#include "unit.h"

#include "folder.h"
#include "s3/credentials.h"
#include "s3hls/store.h"
#include "tls_server.h"
#include <unistd.h>

static char folder[64], system_ca[128], own_ca[128], foreign_ca[128], rotated[128];
static tls_server of_system, own, expired;

static void copy(const char *from, const char *to) {
    char command[600];
    snprintf(command, sizeof command, "cp %s %s.new && mv %s.new %s", from, to, to, to);
    assert_int_equal(system(command), 0);
}

static void make_certificates(const char *name, char ca[128]) {
    char command[600];
    snprintf(command, sizeof command, "%s %s/%s", CERTIFICATES_SH, folder, name);
    if (system(command) != 0)
        exit(1);
    snprintf(ca, 128, "%s/%s/ca.pem", folder, name);
}

typedef struct bench {
    world world;
    s3hls_env env;
    s3hls_s3_options options;
    s3hls_s3_error error;
} bench;

static int64_t clock_off_us; /* how wrong the device's clock is */

static int64_t now_us(void *ctx) {
    (void)ctx;
    return s3hls_env_default().wall_us(NULL) + clock_off_us;
}

#define DAY_US INT64_C(86400000000)

static void open_bench(bench *b, const char *ca_file) {
    memset(b, 0, sizeof *b);
    world_init(&b->world);
    b->env = world_env(&b->world);
    b->env.wall_us = now_us;
    b->options.ca_file = ca_file;
    assert_int_equal(s3hls_credentials_open_static(&b->options.credentials,
                                                   &(s3hls_credentials){"ID", "s", NULL, 0},
                                                   &b->env),
                     S3HLS_OK);
}

static void close_bench(bench *b) {
    s3hls_credentials_close(&b->options.credentials);
    assert_int_equal(b->world.out, 0);
}

static int get_from(bench *b, const tls_server *server) {
    s3hls_s3 *s3;
    s3hls_s3_object object;
    b->options.endpoint = server->endpoint;
    assert_int_equal(s3hls_s3_open(&s3, "bucket", &b->options, &b->env), S3HLS_OK);
    int rc = s3hls_s3_head(s3, "k", &object, &b->error);
    s3hls_s3_close(&s3);
    return rc;
}

static void a_given_file_adds_to_the_system(void **state) {
    (void)state;
    bench b;
    open_bench(&b, NULL);
    assert_int_equal(get_from(&b, &of_system), S3HLS_OK);
    assert_int_equal(get_from(&b, &own), S3HLS_E_TLS);
    close_bench(&b);
    open_bench(&b, own_ca);
    assert_int_equal(get_from(&b, &own), S3HLS_OK);
    assert_int_equal(get_from(&b, &of_system), S3HLS_OK);
    close_bench(&b);
    open_bench(&b, foreign_ca);
    assert_int_equal(get_from(&b, &own), S3HLS_E_TLS);
    assert_int_equal(get_from(&b, &of_system), S3HLS_OK);
    close_bench(&b);
}

/* One client, whose file is replaced below it, as a long recording has it. */
static void a_rotated_file_is_read_again(void **state) {
    (void)state;
    bench b;
    s3hls_s3 *s3;
    s3hls_s3_object object;
    copy(foreign_ca, rotated);
    open_bench(&b, rotated);
    b.options.endpoint = own.endpoint;
    assert_int_equal(s3hls_s3_open(&s3, "bucket", &b.options, &b.env), S3HLS_OK);
    assert_int_equal(s3hls_s3_head(s3, "k", &object, &b.error), S3HLS_E_TLS);
    unlink(rotated);
    assert_int_equal(s3hls_s3_head(s3, "k", &object, &b.error), S3HLS_E_TLS);
    assert_non_null(strstr(b.error.message, rotated));
    copy(own_ca, rotated);
    assert_int_equal(s3hls_s3_head(s3, "k", &object, &b.error), S3HLS_OK);
    s3hls_s3_close(&s3);
    close_bench(&b);
}

/* Clients on one transport do not share a connection that only one of them would trust. */
static void trust_is_not_shared(void **state) {
    (void)state;
    bench b;
    s3hls_store *trusting, *other;
    open_bench(&b, own_ca);
    b.options.endpoint = own.endpoint;
    assert_int_equal(s3hls_store_open(&trusting, "s3://bucket/a", &b.options, &b.env), S3HLS_OK);
    b.options.ca_file = NULL;
    assert_int_equal(s3hls_store_open_beside(&other, "s3://bucket/b", trusting, &b.options),
                     S3HLS_OK);
    assert_int_equal(s3hls_store_remove(trusting, "k", &b.error), S3HLS_OK);
    assert_int_equal(s3hls_store_remove(other, "k", &b.error), S3HLS_E_TLS);
    s3hls_store_close(&other);
    s3hls_store_close(&trusting);
    close_bench(&b);
}

static int fetch_from(bench *b, const tls_server *server, const char *ca_file) {
    char certificate[128], key[128];
    snprintf(certificate, sizeof certificate, "%s/own/server.pem", folder);
    snprintf(key, sizeof key, "%s/own/server.key", folder);
    s3hls_iot_options iot = {.endpoint = server->endpoint + strlen("https://"),
                             .role_alias = "camera",
                             .certificate = certificate,
                             .key = key,
                             .ca_file = ca_file};
    s3hls_credentials_provider *keys;
    assert_int_equal(s3hls_credentials_open_iot(&keys, &iot, &b->env), S3HLS_OK);
    int rc = s3hls__credentials_wait(keys, NULL, 5000);
    s3hls_credentials_close(&keys);
    return rc;
}

static void keys_are_fetched_under_the_same_trust(void **state) {
    (void)state;
    bench b;
    open_bench(&b, NULL);
    assert_int_equal(fetch_from(&b, &of_system, NULL), S3HLS_OK);
    assert_int_equal(fetch_from(&b, &of_system, own_ca), S3HLS_OK);
    assert_int_equal(fetch_from(&b, &own, own_ca), S3HLS_OK);
    assert_int_equal(fetch_from(&b, &own, NULL), S3HLS_E_TLS);
    assert_int_equal(fetch_from(&b, &own, foreign_ca), S3HLS_E_TLS);
    close_bench(&b);
}

static void a_file_without_certificates_is_named(void **state) {
    (void)state;
    bench b;
    s3hls_s3 *s3;
    char garbage[128];
    snprintf(garbage, sizeof garbage, "%s/garbage.pem", folder);
    static const char *const contents[] = {
        "", "no certificate\n",
        "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"};
    for (size_t i = 0; i < 3; i++) {
        FILE *file = fopen(garbage, "w");
        fputs(contents[i], file);
        fclose(file);
        open_bench(&b, garbage);
        assert_int_equal(s3hls_s3_open(&s3, "bucket", &b.options, &b.env), S3HLS_E_INVALID);
        assert_non_null(strstr(b.world.log, garbage));
        close_bench(&b);
    }
    unlink(garbage);
    open_bench(&b, garbage);
    assert_int_equal(s3hls_s3_open(&s3, "bucket", &b.options, &b.env), S3HLS_E_IO);
    assert_non_null(strstr(b.world.log, garbage));
    close_bench(&b);
}

/* 0: at 1970, the clock is not set. */
static const int64_t WRONG_CLOCKS[] = {0, -400 * DAY_US, -40 * DAY_US, 400 * DAY_US};

static int64_t wrong_clock_us(size_t i) {
    return WRONG_CLOCKS[i] ? WRONG_CLOCKS[i] : -s3hls_env_default().wall_us(NULL);
}

/* The chain and the name are verified in any case; the dates by the server's time. */
static void a_wrong_clock_is_replaced_by_the_servers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof WRONG_CLOCKS / sizeof *WRONG_CLOCKS; i++) {
        bench b;
        clock_off_us = wrong_clock_us(i);
        open_bench(&b, own_ca);
        assert_int_equal(get_from(&b, &own), S3HLS_OK);
        close_bench(&b);
        open_bench(&b, foreign_ca);
        assert_int_equal(get_from(&b, &own), S3HLS_E_TLS);
        close_bench(&b);
        clock_off_us = 0;
    }
}

static void expired_certificates_are_refused_by_every_clock(void **state) {
    (void)state;
    const int64_t off_us[] = {0, -s3hls_env_default().wall_us(NULL), -40 * DAY_US};
    for (size_t i = 0; i < sizeof off_us / sizeof *off_us; i++) {
        bench b;
        s3hls_s3 *s3;
        s3hls_s3_object object;
        clock_off_us = off_us[i];
        open_bench(&b, own_ca);
        b.options.endpoint = expired.endpoint;
        assert_int_equal(s3hls_s3_open(&s3, "bucket", &b.options, &b.env), S3HLS_OK);
        int first = s3hls_s3_head(s3, "k", &object, &b.error);
        assert_true(first == S3HLS_E_TLS || i == 1); /* the first answer replaces a missing clock */
        assert_int_equal(s3hls_s3_head(s3, "k", &object, &b.error), S3HLS_E_TLS);
        s3hls_s3_close(&s3);
        close_bench(&b);
        clock_off_us = 0;
    }
}

static void keys_are_fetched_with_a_missing_or_wrong_clock(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof WRONG_CLOCKS / sizeof *WRONG_CLOCKS; i++) {
        bench b;
        clock_off_us = wrong_clock_us(i);
        open_bench(&b, NULL);
        assert_int_equal(fetch_from(&b, &own, own_ca), S3HLS_OK);
        assert_int_equal(fetch_from(&b, &of_system, NULL), S3HLS_OK);
        assert_int_equal(fetch_from(&b, &own, foreign_ca), S3HLS_E_TLS);
        close_bench(&b);
        clock_off_us = 0;
    }
}

/* Also by a clock that is wrong, where it is asked for the time. Without a clock the keys arrive
 * with the time. */
static void keys_are_not_fetched_by_expired_certificates(void **state) {
    (void)state;
    const int64_t off_us[] = {0, -40 * DAY_US, 400 * DAY_US};
    for (size_t i = 0; i < sizeof off_us / sizeof *off_us; i++) {
        bench b;
        clock_off_us = off_us[i];
        open_bench(&b, NULL);
        assert_int_equal(fetch_from(&b, &expired, own_ca), S3HLS_E_TLS);
        close_bench(&b);
        clock_off_us = 0;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_clock_is_replaced_by_the_servers),
        cmocka_unit_test(a_given_file_adds_to_the_system),
        cmocka_unit_test(a_rotated_file_is_read_again),
        cmocka_unit_test(trust_is_not_shared),
        cmocka_unit_test(keys_are_fetched_under_the_same_trust),
        cmocka_unit_test(expired_certificates_are_refused_by_every_clock),
        cmocka_unit_test(keys_are_fetched_with_a_missing_or_wrong_clock),
        cmocka_unit_test(keys_are_not_fetched_by_expired_certificates),
        cmocka_unit_test(a_file_without_certificates_is_named),
    };
    char path[128];
    snprintf(folder, sizeof folder, "/tmp/s3hls-authorities-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    make_certificates("system", system_ca);
    make_certificates("own", own_ca);
    make_certificates("foreign", foreign_ca);
    snprintf(rotated, sizeof rotated, "%s/rotated.pem", folder);
    setenv("SSL_CERT_FILE", system_ca, 1);
    snprintf(path, sizeof path, "%s/system", folder);
    tls_server_start(&of_system, path);
    snprintf(path, sizeof path, "%s/own", folder);
    tls_server_start(&own, path);
    char command[400];
    snprintf(command, sizeof command, "cd %s && cp -r own old && mv old/expired.pem old/server.pem",
             folder);
    if (system(command) != 0)
        return 1;
    snprintf(path, sizeof path, "%s/old", folder);
    tls_server_start(&expired, path);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    tls_server_stop(&of_system);
    tls_server_stop(&own);
    tls_server_stop(&expired);
    remove_folder(folder);
    return rc;
}
