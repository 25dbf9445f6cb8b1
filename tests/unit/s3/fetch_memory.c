/* SPDX-License-Identifier: MIT-0 */
/* Memory runs out at any one moment while keys are fetched, ours, libcurl's or the JSON parser's:
 * a status each time, nothing leaks, and the next fetch succeeds. */
#include "unit.h"

#include "canned_server.h"
#include "failing_memory.h"
#include "s3/credentials.h"
#include <jansson.h>
#include <stdio.h>

static void log_nothing(void *ctx, s3hls_log_level level, const char *component,
                        const char *message) {
    (void)ctx, (void)level, (void)component;
    assert_null(strstr(message, "SECRET"));
}

static const s3hls_env env = {
    .reallocate = reallocate, .log = log_nothing, .log_level = S3HLS_LOG_DEBUG};

/* From open to close. @return the status of open, or of the first fetch. */
static int fetch_once(void) {
    s3hls_credentials_provider *p;
    int rc = s3hls_credentials_open_container(&p, &env);
    if (rc) {
        assert_int_equal(rc, S3HLS_E_NOMEM);
        return rc;
    }
    rc = s3hls__credentials_wait(p, NULL, 5000);
    if (rc) {
        s3hls__keys keys;
        until_failure = -1;
        assert_int_equal(s3hls__credentials_wait(p, NULL, 5000), S3HLS_OK);
        assert_int_equal(s3hls__credentials_get(p, &keys), S3HLS_OK);
        assert_string_equal(keys.secret_access_key, "SECRET");
        s3hls__keys_wipe(&keys);
    }
    s3hls_credentials_close(&p);
    return rc;
}

static void every_allocation_of_a_fetch_may_fail(void **state) {
    (void)state;
    static const canned keys = {
        .answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"AccessKeyId\":\"ID\","
                  "\"SecretAccessKey\":\"SECRET\",\"Token\":\"TOKEN\","
                  "\"Expiration\":\"2100-01-01T00:00:00Z\"}",
        .close = true};
    canned_server *server = calloc(1, sizeof *server);
    long failed = 0;
    canned_start(server, &keys, 1);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server->endpoint, 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "SECRET-too", 1);
    assert_int_equal(fetch_once(), S3HLS_OK); /* what libcurl and OpenSSL keep is made first */
    long kept = out;
    asked = 0;
    assert_int_equal(fetch_once(), S3HLS_OK);
    assert_int_equal(out, kept);
    long all = asked;
    for (long n = 0; n < all; n++) {
        until_failure = n;
        int rc = fetch_once();
        until_failure = -1;
        failed += rc != S3HLS_OK;
        if (out != kept)
            fail_msg("allocation %ld of %ld: %ld not given back", n, all, out - kept);
    }
    print_message("%ld allocations, each failed: %ld times there were no keys at first\n", all,
                  failed);
    assert_in_range(failed, 1, all);
    canned_stop(server);
    free(server);
}

int main(void) {
    if (!fail_memory_of_all())
        return 1;
    json_set_alloc_funcs(get, give);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_fetch_may_fail),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return rc;
}
