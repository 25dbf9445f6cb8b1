/* SPDX-License-Identifier: MIT-0 */
/* Memory may run out at any allocation, and no secret stays in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file.h"
#include <malloc.h>

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

static const char YAML[] =
    "store: s3://bucket\nca: site.yaml\nspool: { dir: spool }\nserve: { tokens: site.yaml }\n"
    "credentials: { profile: p }\n"
    "defaults: { tags: { a: 'x$$' }, metadata: { m: n } }\n"
    "cameras:\n  a: { input: 'rtsp://me:${SITE_S}@h/', tags: { b: c } }\n  b: { input: clip.mp4 "
    "}\n";

static long until_failure, blocks;

static void *reallocate(void *ctx, void *p, size_t size) {
    (void)ctx;
    if (size && until_failure-- == 0)
        return NULL;
    blocks += (!p && size) - (p && !size);
    if (!size) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

static void memory_may_run_out(void **state) {
    s3hls_env env = s3hls_env_default();
    s3hls__site_origin origin = {.path = file.path, .env = &env};
    s3hls__site *s = NULL;
    int rc = S3HLS_E_NOMEM;
    (void)state;
    setenv("SITE_S", "s", 1);
    env.reallocate = reallocate;
    write_bytes(file.path, YAML, strlen(YAML));
    for (long n = 0; rc; n++) {
        until_failure = n;
        blocks = 0;
        rc = s3hls__site_open(&s, &origin);
        if (rc && (rc != S3HLS_E_NOMEM || s))
            fail_msg("allocation %ld: %d", n, rc);
        if (!rc)
            assert_true(n > 20 && until_failure >= 0); /* none was refused */
        s3hls__site_close(&s);
        assert_int_equal(blocks, 0);
    }
}

static unsigned frees_with_secret;

static void *look_at_freed(void *ctx, void *p, size_t size) {
    (void)ctx;
    if (p && !size && memmem(p, malloc_usable_size(p), "S3CRET", 6))
        frees_with_secret++;
    if (size)
        return realloc(p, size);
    free(p);
    return NULL;
}

/* libyaml's own memory is not ours to wipe. */
static void secrets_are_wiped(void **state) {
    static const char yaml[] =
        "store: /rec\ncameras: { a: { input: 'rtsp://S3CRET:${SITE_S}@h/' } }\n";
    s3hls_env env = s3hls_env_default();
    s3hls__site_origin origin = {.path = file.path, .env = &env};
    s3hls__site *s;
    (void)state;
    setenv("SITE_S", "S3CRET", 1);
    env.reallocate = look_at_freed;
    write_bytes(file.path, yaml, strlen(yaml));
    assert_int_equal(s3hls__site_open(&s, &origin), S3HLS_OK);
    assert_non_null(strstr(s->cameras[0].source.address, "S3CRET:S3CRET@"));
    s3hls__site_close(&s);
    assert_int_equal(frees_with_secret, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_may_run_out, begin, end),
        cmocka_unit_test_setup_teardown(secrets_are_wiped, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
