/* SPDX-License-Identifier: MIT-0 */
/* Tokens and share links: what they open, and what they do not. */
#include "server/access.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_S INT64_C(1795403520)

typedef struct world {
    s3hls_env env;
    char file[64], logged[512];
    s3hls__access *access;
} world;

static void keep_log(void *ctx, s3hls_log_level level, const char *component, const char *message) {
    (void)level, (void)component;
    snprintf(((world *)ctx)->logged, sizeof((world *)ctx)->logged, "%s", message);
}

static int open_file(world *w, const char *text) {
    int fd = mkstemp(strcpy(w->file, "/tmp/s3hls-tokens-XXXXXX"));
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    int rc = s3hls__access_open(&w->access, w->file, &w->env);
    unlink(w->file);
    return rc;
}

static int setup(void **state) {
    static world w;
    memset(&w, 0, sizeof w);
    w.env = s3hls_env_default();
    w.env.ctx = &w;
    w.env.log = keep_log;
    w.env.log_level = S3HLS_LOG_WARN;
    assert_int_equal(open_file(&w, "# who may look\n\n"
                                   "all-the-cameras-1 * the owner\n"
                                   "one-camera-token1\tcam-1 \n"
                                   "a-site-and-one-more site-a/*,cam-2 guard\n"),
                     S3HLS_OK);
    *state = &w;
    return 0;
}

static int teardown(void **state) {
    s3hls__access_close(&((world *)*state)->access);
    return 0;
}

static s3hls__request about(const char *target) {
    s3hls__request r;
    assert_int_equal(s3hls__request_parse(&r, target).status, 0);
    return r;
}

static unsigned check(world *w, const char *authorization, const char *share, s3hls__grant *grant) {
    return s3hls__access_check(w->access, authorization, share, NOW_S, grant).status;
}

static void tokens_open_their_cameras(void **state) {
    s3hls__grant grant;
    assert_int_equal(check(*state, "Bearer all-the-cameras-1", "", &grant), 0);
    assert_string_equal(grant.name, "the owner");
    assert_true(s3hls__grant_opens(&grant, "anything/at all"));
    assert_int_equal(check(*state, "bearer  one-camera-token1", "", &grant), 0);
    assert_true(s3hls__grant_opens(&grant, "cam-1"));
    assert_false(s3hls__grant_opens(&grant, "cam-10"));
    assert_false(s3hls__grant_opens(&grant, "cam-"));
    assert_int_equal(check(*state, "Bearer a-site-and-one-more", "", &grant), 0);
    assert_true(s3hls__grant_opens(&grant, "site-a/door"));
    assert_true(s3hls__grant_opens(&grant, "cam-2"));
    assert_false(s3hls__grant_opens(&grant, "site-b/door"));
    s3hls__request r = about("/hls/cam-1/live.m3u8");
    assert_int_equal(s3hls__grant_covers(&grant, &r, NOW_S * 1000).status, 403);
}

static void nothing_else_opens(void **state) {
    static const char *const wrong[] = {
        "",
        "Bearer",
        "Bearer ",
        "Bearer all-the-cameras-",
        "Bearer all-the-cameras-12",
        "Basic all-the-cameras-1",
        "all-the-cameras-1",
        "Bearer #",
        "Bearer *",
    };
    s3hls__grant grant;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(check(*state, wrong[i], "", &grant), 401);
    assert_int_equal(check(*state, NULL, "", &grant), 401);
}

static void bad_files_are_refused(void **state) {
    static const char *const files[] = {"", "# nothing\n", "too-short *\n",
                                        "a-token-without-camera\n"};
    world w = *(world *)*state;
    w.env.ctx = &w;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        assert_int_equal(open_file(&w, files[i]), S3HLS_E_MALFORMED);
        assert_null(w.access);
        assert_null(strstr(w.logged, "a-token-without")); /* a log holds no token */
    }
    assert_int_equal(s3hls__access_open(&w.access, "/nowhere/tokens", &w.env), S3HLS_E_IO);
}

static void share_links_open_what_they_say(void **state) {
    world *w = *state;
    char share[S3HLS__SHARE_MAX];
    s3hls__grant owner, grant;
    s3hls__request r = about("/api/cameras/cam-1/share?start=1000&end=2000");
    check(w, "Bearer one-camera-token1", "", &owner);
    assert_int_equal(s3hls__share_format(w->access, &owner, &r, NOW_S + 10, share), S3HLS_OK);
    assert_int_equal(check(w, NULL, share, &grant), 0);
    assert_true(s3hls__grant_opens(&grant, "cam-1"));
    assert_false(s3hls__grant_opens(&grant, "cam-2"));

    static const struct {
        const char *target;
        unsigned status;
    } cases[] = {
        {"/hls/cam-1/range.m3u8?start=1000&end=2000", 0},
        {"/hls/cam-1/range.m3u8?start=1500&end=1600", 0},
        {"/hls/cam-1/range.m3u8?start=999&end=1600", 403},
        {"/hls/cam-1/range.m3u8?start=1500&end=2001", 403},
        {"/hls/cam-2/range.m3u8?start=1500&end=1600", 403},
        {"/hls/cam-1/live.m3u8", 403},
        {"/media/cam-1/1970/01/01/00/16/38.000-4000-998-998.ts", 0}, /* reaches into the range */
        {"/media/cam-1/1970/01/01/00/33/21.000-4000-998-998.ts", 403},
        {"/media/cam-1/1970/01/01/00/16/35.999-4000-998-998.ts", 403}, /* ends before it */
        {"/media/cam-1/1970/01/01/00/16/36.000-4000-998-998.ts", 403},
        {"/media/cam-1/1970/01/01/00/16/36.001-4000-998-998.ts", 0},
        {"/media/cam-1/1970/01/01/00/14/41.000-4000-998-998.ts", 403},
        {"/media/cam-1/1970/01/01/00/33/19.999-4000-998-998.ts", 0},
        {"/media/cam-1/1970/01/01/00/33/20.000-4000-998-998.ts", 403}, /* begins where it ends */
        {"/media/cam-1/1970/01/01/00/16/30.ts", 403},                  /* of 10 s at most */
        {"/media/cam-1/1970/01/01/00/16/31.ts", 0}, /* the listing knows how long it is */
        {"/media/cam-1/1970/01/01/00/33/20.ts", 403},
        {"/media/cam-10/1970/01/01/00/20/00.000-4000-998-998.ts", 403},
        {"/media/cam-1%2Fx/1970/01/01/00/20/00.000-4000-998-998.ts", 403},
        {"/hls/cam-1/master.m3u8", 403},
        {"/hls/cam-1/master.m3u8?start=1500&end=1600", 0},
        {"/clip/cam-1.mp4?start=1500&end=1600", 0},
        {"/clip/cam-1.mp4?start=999&end=1600", 403},
        {"/api/cameras/cam-1/timeline?from=999&to=1600", 403},
        {"/api/cameras/cam-1/timeline?from=1000&to=2000", 0},
        {"/api/cameras/cam-1/days?month=1970-01", 403},
        {"/api/cameras", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        r = about(cases[i].target);
        assert_int_equal(s3hls__grant_covers(&grant, &r, NOW_S * 1000).status, cases[i].status);
    }
    assert_int_equal(s3hls__share_format(w->access, &grant, &r, NOW_S + 10, share), S3HLS_E_ACCESS);
}

static void share_links_expire_and_cannot_be_changed(void **state) {
    world *w = *state;
    char share[S3HLS__SHARE_MAX];
    s3hls__grant owner, grant;
    s3hls__request r = about("/api/cameras/cam-1/share?start=1000&end=2000");
    check(w, "Bearer all-the-cameras-1", "", &owner);
    assert_int_equal(s3hls__share_format(w->access, &owner, &r, NOW_S, share), S3HLS_OK);
    assert_int_equal(check(w, NULL, share, &grant), 401);
    assert_int_equal(s3hls__share_format(w->access, &owner, &r, NOW_S + 1, share), S3HLS_OK);
    assert_int_equal(check(w, NULL, share, &grant), 0);
    for (size_t i = 0; share[i]; i++) {
        char was = share[i];
        share[i] = was == 'A' ? 'B' : 'A';
        if (i + 1 < strlen(share)) /* the last character has bits that mean nothing */
            assert_int_equal(check(w, NULL, share, &grant), 401);
        share[i] = was;
    }
    for (size_t i = strlen(share); i-- > 0;) {
        share[i] = 0;
        assert_int_equal(check(w, NULL, share, &grant), 401);
    }
}

/* A playlist repeats the link: it has one spelling, of harmless characters. */
static void a_link_has_one_spelling(void **state) {
    world *w = *state;
    char share[S3HLS__SHARE_MAX], other[S3HLS__SHARE_MAX + 8];
    static const char *const before[] = {"\n", " ", "\r\n#EXT-X-KEY\n", "\t"};
    static const char *const after[] = {"\n", "\r\n#EXT-X-KEY", ".", "=", "\""};
    s3hls__grant owner, grant;
    s3hls__request r = about("/api/cameras/cam-1/share?start=1000&end=2000");
    check(w, "Bearer all-the-cameras-1", "", &owner);
    assert_false(owner.expires_s < INT64_MAX);
    assert_int_equal(s3hls__share_format(w->access, &owner, &r, NOW_S + 7, share), S3HLS_OK);
    assert_int_equal(check(w, NULL, share, &grant), 0);
    assert_true(grant.proven);
    assert_int_equal(grant.expires_s, NOW_S + 7);
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        snprintf(other, sizeof other, "%s%s", before[i], share);
        assert_int_equal(check(w, NULL, other, &grant), 401);
    }
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        char *dot = strchr(share, '.');
        snprintf(other, sizeof other, "%.*s%s%s", (int)(dot - share), share, after[i], dot);
        assert_int_equal(check(w, NULL, other, &grant), 401);
    }
}

static void a_link_dies_with_its_token(void **state) {
    world *w = *state, other = *w;
    char share[S3HLS__SHARE_MAX];
    s3hls__grant owner, grant;
    s3hls__request r = about("/api/cameras/cam-1/share?start=1000&end=2000");
    check(w, "Bearer one-camera-token1", "", &owner);
    assert_int_equal(s3hls__share_format(w->access, &owner, &r, NOW_S + 10, share), S3HLS_OK);
    other.env.ctx = &other;
    assert_int_equal(open_file(&other, "all-the-cameras-1 *\n"), S3HLS_OK);
    assert_int_equal(check(&other, NULL, share, &grant), 401);
    s3hls__access_close(&other.access);
    /* nor does it open more than its token does by now */
    assert_int_equal(open_file(&other, "one-camera-token1 cam-2\n"), S3HLS_OK);
    assert_int_equal(check(&other, NULL, share, &grant), 401);
    s3hls__access_close(&other.access);
}

static void without_a_file_all_is_open(void **state) {
    world w = *(world *)*state;
    char share[S3HLS__SHARE_MAX];
    s3hls__grant grant;
    s3hls__request r = about("/hls/cam-1/live.m3u8");
    assert_int_equal(s3hls__access_open(&w.access, NULL, &w.env), S3HLS_OK);
    assert_int_equal(check(&w, NULL, "", &grant), 0);
    assert_int_equal(s3hls__grant_covers(&grant, &r, 0).status, 0);
    assert_int_equal(s3hls__share_format(w.access, &grant, &r, 1, share), S3HLS_E_STATE);
    s3hls__access_close(&w.access);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(tokens_open_their_cameras),
        TEST(nothing_else_opens),
        TEST(bad_files_are_refused),
        TEST(share_links_open_what_they_say),
        TEST(share_links_expire_and_cannot_be_changed),
        TEST(a_link_has_one_spelling),
        TEST(a_link_dies_with_its_token),
        TEST(without_a_file_all_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
