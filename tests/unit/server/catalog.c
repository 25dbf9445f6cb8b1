/* SPDX-License-Identifier: MIT-0 */
/* Archives that are open: as many as fit, of cameras that exist. */
#include "server/catalog.h"
#include "folder.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { FIT = 256, UNKNOWN = 2000 };

static size_t allocated; /* calls */
static int64_t in_use;   /* blocks */

static void *counting(void *ctx, void *p, size_t size) {
    (void)ctx;
    allocated += size > 0;
    in_use += !p && size ? 1 : p && !size ? -1 : 0;
    if (size)
        return realloc(p, size);
    free(p);
    return NULL;
}

static void make_camera(const char *dir, int i) {
    char path[128];
    snprintf(path, sizeof path, "%s/cam-%03d", dir, i);
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/timelines");
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/1.json");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
}

static int open_archive(s3hls__workspace *workspace, const char *camera) {
    s3hls_archive *archive;
    return s3hls__workspace_archive(workspace, camera, &archive, NULL, NULL);
}

static void unknown_names_take_no_place(void **state) {
    char dir[] = "/tmp/s3hls-catalog-XXXXXX", url[64], name[32];
    const char *urls[] = {url};
    s3hls_env env = s3hls_env_default();
    s3hls_server_config config;
    s3hls__catalog *catalog;
    (void)state;
    env.reallocate = counting;
    assert_non_null(mkdtemp(dir));
    snprintf(url, sizeof url, "file://%s", dir);
    for (int i = 0; i <= FIT; i++)
        make_camera(dir, i);
    s3hls_server_config_init(&config);
    config.urls = urls;
    config.url_count = 1;
    assert_int_equal(s3hls__catalog_open(&catalog, &config, &env), S3HLS_OK);
    s3hls__workspace *workspace = s3hls__workspace_open(catalog);
    for (int i = 0; i < FIT; i++) {
        snprintf(name, sizeof name, "cam-%03d", i);
        assert_int_equal(open_archive(workspace, name), S3HLS_OK);
    }
    int64_t blocks = in_use;
    for (int i = 0; i < UNKNOWN; i++) {
        snprintf(name, sizeof name, "nobody-%d", i);
        assert_int_equal(open_archive(workspace, name), S3HLS_E_NOT_FOUND);
    }
    assert_in_range(in_use, 1, blocks + 10); /* nothing is kept of them */
    size_t before = allocated;
    for (int i = 0; i < FIT; i++) { /* all are open still */
        snprintf(name, sizeof name, "cam-%03d", i);
        assert_int_equal(open_archive(workspace, name), S3HLS_OK);
    }
    assert_int_equal(allocated, before);
    assert_int_equal(open_archive(workspace, "cam-256"),
                     S3HLS_OK); /* takes the place of the first */
    before = allocated;
    assert_int_equal(open_archive(workspace, "cam-001"), S3HLS_OK);
    assert_int_equal(allocated, before);
    assert_int_equal(open_archive(workspace, "cam-000"), S3HLS_OK);
    assert_true(allocated > before);
    s3hls__workspace_close(workspace);
    s3hls__catalog_close(&catalog);
    assert_int_equal(in_use, 0);
    remove_folder(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_names_take_no_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
