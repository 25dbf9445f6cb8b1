/* SPDX-License-Identifier: MIT-0 */
/* What watching costs: an hour of a page over a hundred recording cameras, in simulated time, over
 * an S3 server that counts its LISTs. The server is libmicrohttpd's; its listings are reckoned from
 * the simulated time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "layout/timeline.h"
#include "s3hls/credentials.h"
#include "server/views.h"
#include <arpa/inet.h>
#include <microhttpd.h>

enum {
    CAMERAS = 100,
    SEGMENT_MS = 4000,
    UPLOAD_MS = 300, /* from a segment's end until it is listed */
    AGE_S = 7000,    /* the cameras have recorded for so long when a test begins */
    PAGE_KEYS = 1000
};

static const int64_t BEGIN_S = 1782820800; /* 2026-06-30T12:00:00Z */

typedef struct world {
    _Atomic int64_t now_ms;
    _Atomic int lists, names_lists; /* names_lists: of the folder of all cameras */
    bool silent;                    /* the cameras stopped 2,000 s before the test began */
    struct MHD_Daemon *s3;
    s3hls_credentials_provider *credentials;
    s3hls__catalog *catalog;
    s3hls__workspace *workspace;
    s3hls__answer_account account;
    char endpoint[40];
} world;

static int64_t wall_us(void *ctx) {
    return ((world *)ctx)->now_ms * 1000;
}

/* ---- S3 */

typedef struct listing {
    world *w;
    const char *prefix, *after;
    bool by_folder;
    char last_folder[64];
    size_t keys;
    bool truncated;
    char last[128];
    s3hls__strbuf text;
} listing;

/* @return false: the page is full. */
static bool add_key(listing *l, const char *key, int64_t modified_s) {
    size_t prefix_size = strlen(l->prefix);
    if (strncmp(key, l->prefix, prefix_size) != 0 || strcmp(key, l->after) <= 0)
        return true;
    const char *slash = l->by_folder ? strchr(key + prefix_size, '/') : NULL;
    char folder[64] = "";
    if (slash) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash + 1 - key), key);
        if (strcmp(folder, l->last_folder) == 0)
            return true;
        strcpy(l->last_folder, folder);
    }
    if (l->keys == PAGE_KEYS) {
        l->truncated = true;
        return false;
    }
    char date[40];
    time_t t = (time_t)modified_s;
    struct tm tm;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S.000Z", gmtime_r(&t, &tm));
    if (slash)
        s3hls__strbuf_addf(&l->text, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>",
                           folder);
    else
        s3hls__strbuf_addf(&l->text,
                           "<Contents><Key>%s</Key><LastModified>%s</LastModified><Size>9</Size>"
                           "<ETag>\"e\"</ETag></Contents>",
                           key, date);
    snprintf(l->last, sizeof l->last, "%s", slash ? folder : key);
    l->keys++;
    return true;
}

/* The first segment that a listing can be about, by the time in its prefix or start. */
static int64_t first_segment(const listing *l, size_t camera_size) {
    const char *from = strcmp(l->after, l->prefix) > 0 ? l->after : l->prefix;
    int year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0;
    if (strlen(from) <= camera_size || sscanf(from + camera_size, "%d/%d/%d/%d/%d/%d", &year,
                                              &month, &day, &hour, &minute, &second) < 4)
        return 0;
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    int64_t n = (timegm(&tm) - BEGIN_S) * 1000 / SEGMENT_MS - 2;
    return n > 0 ? n : 0;
}

static bool list_camera(listing *l, int camera) {
    char key[160], name[S3HLS_KEY_MAX];
    int size = snprintf(key, sizeof key, "cam-%03d/", camera);
    int64_t end_ms = l->w->now_ms, timeline = BEGIN_S;
    if (l->w->silent && end_ms > (BEGIN_S + AGE_S - 2000) * 1000)
        end_ms = (BEGIN_S + AGE_S - 2000) * 1000;
    for (int64_t n = first_segment(l, (size_t)size);; n++) {
        int64_t start_ms = BEGIN_S * 1000 + n * SEGMENT_MS + camera * 37;
        int64_t arrival_ms = start_ms + SEGMENT_MS + UPLOAD_MS;
        if (arrival_ms > end_ms)
            break;
        s3hls_segment s = {.start_ms = start_ms,
                           .duration_ms = SEGMENT_MS,
                           .sequence = (uint64_t)(BEGIN_S + n),
                           .timeline = (uint64_t)timeline};
        s3hls_segment_key_format(&s, name, sizeof name);
        snprintf(key + size, sizeof key - (size_t)size, "%s", name);
        if (!add_key(l, key, arrival_ms / 1000))
            return false;
        if (l->by_folder) /* the year's folder, and nothing else of it */
            break;
    }
    snprintf(key + size, sizeof key - (size_t)size, "timelines/%lld.json", (long long)timeline);
    return add_key(l, key, BEGIN_S);
}

static enum MHD_Result send_text(struct MHD_Connection *c, unsigned status, char *text,
                                 size_t size) {
    struct MHD_Response *r = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result queued = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return queued;
}

static enum MHD_Result answer_list(world *w, struct MHD_Connection *c) {
    const char *argument[4] = {"prefix", "delimiter", "start-after", "continuation-token"};
    for (int i = 0; i < 4; i++) {
        const char *value = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, argument[i]);
        argument[i] = value ? value : "";
    }
    listing l = {.w = w,
                 .prefix = argument[0],
                 .by_folder = argument[1][0],
                 .after = argument[3][0] ? argument[3] : argument[2]};
    int camera = 0;
    w->lists++;
    w->names_lists += l.by_folder && !l.prefix[0];
    s3hls__strbuf_init(&l.text, &w->account.env, 1 << 20);
    s3hls__strbuf_add_str(&l.text, "<ListBucketResult>");
    if (sscanf(l.prefix, "cam-%3d/", &camera) == 1)
        list_camera(&l, camera);
    else
        for (camera = 0; camera < CAMERAS && list_camera(&l, camera); camera++) {
        }
    s3hls__strbuf_addf(&l.text, "<IsTruncated>%s</IsTruncated>", l.truncated ? "true" : "false");
    if (l.truncated)
        s3hls__strbuf_addf(&l.text, "<NextContinuationToken>%s</NextContinuationToken>", l.last);
    s3hls__strbuf_add_str(&l.text, "</ListBucketResult>");
    char *text = NULL;
    size_t size = l.text.size;
    assert_int_equal(s3hls__strbuf_take(&l.text, &text), S3HLS_OK);
    enum MHD_Result sent = send_text(c, 200, text, size);
    s3hls__env_free(&w->account.env, text);
    return sent;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context) {
    (void)method, (void)version, (void)upload, (void)upload_size, (void)context;
    if (MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "list-type"))
        return answer_list(cls, c);
    char text[512];
    s3hls_timeline t = {(uint64_t)BEGIN_S, SEGMENT_MS, 640, 360, 25000, "avc1.64001f", "ts"};
    if (!strstr(url, "/timelines/"))
        return send_text(c, 404, text, 0);
    return send_text(c, 200, text, (size_t)s3hls__timeline_format(&t, text, sizeof text));
}

/* ---- the server's side */

static int set_up(void **state) {
    world *w = *state = calloc(1, sizeof *w);
    const char *urls[] = {"s3://bucket"};
    s3hls_server_config cfg;
    w->now_ms = (BEGIN_S + AGE_S) * 1000;
    w->account.env = s3hls_env_default();
    w->account.env.ctx = w;
    w->account.env.wall_us = w->account.env.monotonic_us = wall_us;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    w->s3 = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, w,
                             MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_END);
    assert_non_null(w->s3);
    snprintf(w->endpoint, sizeof w->endpoint, "http://127.0.0.1:%u",
             MHD_get_daemon_info(w->s3, MHD_DAEMON_INFO_BIND_PORT)->port);
    const s3hls_credentials keys = {.access_key_id = "id", .secret_access_key = "secret"};
    assert_int_equal(s3hls_credentials_open_static(&w->credentials, &keys, NULL), S3HLS_OK);
    s3hls_server_config_init(&cfg);
    cfg.urls = urls;
    cfg.url_count = 1;
    cfg.media = S3HLS_MEDIA_PROXY;
    cfg.s3.endpoint = w->endpoint;
    cfg.s3.region = "us-east-1";
    cfg.s3.credentials = w->credentials;
    assert_int_equal(s3hls__catalog_open(&w->catalog, &cfg, &w->account.env), S3HLS_OK);
    w->workspace = s3hls__workspace_open(w->catalog);
    assert_non_null(w->workspace);
    return 0;
}

static int tear_down(void **state) {
    world *w = *state;
    s3hls__workspace_close(w->workspace);
    s3hls__catalog_close(&w->catalog);
    s3hls_credentials_close(&w->credentials);
    MHD_stop_daemon(w->s3);
    assert_int_equal(w->account.bytes, 0);
    free(w);
    return 0;
}

/* The answer to a request of somebody who may see everything: its body. */
static const char *ask(world *w, const char *target) {
    static char body[64 * 1024];
    s3hls__request r;
    const s3hls__grant all = {.name = "", .cameras = "*", .from_ms = INT64_MIN, .to_ms = INT64_MAX};
    assert_int_equal(s3hls__request_parse(&r, target).status, 0);
    s3hls__answer *a = s3hls__view_make(w->workspace, &w->account, &r, &all);
    assert_non_null(a);
    if (a->status != 200)
        fail_msg("%s: %u %.*s", target, a->status, (int)a->size, a->body);
    assert_in_range(a->size, 1, sizeof body - 1);
    memcpy(body, a->body, a->size);
    body[a->size] = 0;
    s3hls__answer_release(a);
    return body;
}

static int occurrences(const char *text, const char *what) {
    int n = 0;
    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

/* An hour of a page: names each 30 s, states of `in_sight` cameras each 5 s, one camera watched
 * live. @return how many looks at the live playlist did not show what the store had for 3 s. */
static int watch_an_hour(world *w, int in_sight) {
    char states[64], timeline[128];
    int behind = 0;
    snprintf(states, sizeof states, "/api/cameras?first=0&count=%d", in_sight);
    snprintf(timeline, sizeof timeline, "/api/cameras/cam-003/timeline?from=%lld&to=%lld",
             (long long)BEGIN_S, (long long)BEGIN_S + 21600);
    for (int s = 0; s < 3600; s++, w->now_ms += 1000) {
        if (s % 30 == 0)
            assert_int_equal(occurrences(ask(w, "/api/cameras"), "\"id\""), CAMERAS);
        if (s % 5 == 0)
            ask(w, states);
        if (s % 5 == 0)
            ask(w, timeline);
        if (s % 4)
            continue;
        int64_t n = (w->now_ms - 3000 - UPLOAD_MS - BEGIN_S * 1000 - 3 * 37) / SEGMENT_MS - 1;
        char sequence[32];
        snprintf(sequence, sizeof sequence, "-%lld-", (long long)(BEGIN_S + n));
        behind += !strstr(ask(w, "/hls/cam-003/live.m3u8"), sequence);
    }
    return behind;
}

static void a_page_over_100_cameras_takes_4000_lists_an_hour_at_most(void **state) {
    world *w = *state;
    int behind = watch_an_hour(w, 20);
    print_message("%d LISTs in an hour, %d of names; live list behind in %d of 900 looks\n",
                  w->lists, w->names_lists, behind);
    assert_in_range(w->lists, 900, 4000);
    assert_in_range(w->names_lists, 100, 125);
    assert_in_range(behind, 0, 45);
    assert_int_equal(occurrences(ask(w, "/api/cameras?first=0&count=20"), "\"live\":true"), 20);
    s3hls__catalog_figures figures;
    s3hls__catalog_stats(w->catalog, &figures);
    assert_int_equal(figures.lists, w->lists);
}

/* RFC 8216 6.3.4: a player asks about once a segment; here four viewers do, one after the other. */
static void a_watched_camera_takes_3_lists_for_2_segments_at_most(void **state) {
    world *w = *state;
    ask(w, "/hls/cam-003/live.m3u8");
    w->lists = 0;
    for (int s = 0; s < 3600; s++, w->now_ms += 1000)
        ask(w, "/hls/cam-003/live.m3u8");
    print_message("%d LISTs in an hour of 900 segments\n", w->lists);
    assert_in_range(w->lists, 900 - 60, 1350);
}

static void all_of_them_in_sight_take_no_more(void **state) {
    world *w = *state;
    watch_an_hour(w, CAMERAS);
    print_message("%d LISTs in an hour\n", w->lists);

    assert_in_range(w->lists, 900, 4000);
    assert_int_equal(occurrences(ask(w, "/api/cameras?first=0&count=100"), "\"live\":true"),
                     CAMERAS);
}

static void silent_cameras_are_looked_at_less_and_less(void **state) {
    world *w = *state;
    w->silent = true;
    for (int s = 0; s < 3600; s += 5, w->now_ms += 5000)
        ask(w, "/api/cameras?first=0&count=5");
    print_message("%d LISTs in an hour, %d of names\n", w->lists, w->names_lists);
    assert_in_range(w->lists - w->names_lists, 20, 250);
    assert_int_equal(occurrences(ask(w, "/api/cameras?first=0&count=5"), "\"live\":false"), 5);
    assert_int_equal(occurrences(ask(w, "/api/cameras?first=0&count=5"), "\"newest\""), 5);
}

static void names_come_first(void **state) {
    world *w = *state;
    assert_int_equal(occurrences(ask(w, "/api/cameras"), "\"id\""), CAMERAS);
    assert_in_range(w->lists, 1, 1 + 16);
    ask(w, "/api/cameras");
    assert_in_range(w->lists, 1, 1 + 16);
    w->now_ms += 600000;
    w->lists = 0;
    for (int i = 0; i < 10; i++, w->now_ms += 80000)
        ask(w, "/api/cameras");
    w->lists = 0;
    w->now_ms += 600000;
    ask(w, "/api/cameras"); /* each folder was looked into by now */
    assert_int_equal(w->lists, 1);
}

static void names_that_nobody_has_cost_one_list_a_second_at_most(void **state) {
    world *w = *state;
    s3hls_archive *archive;
    char name[32];
    ask(w, "/api/cameras");
    w->now_ms += 600000;
    w->lists = 0;
    for (int i = 0; i < 2000; i++, w->now_ms += 50) {
        snprintf(name, sizeof name, "nobody-%d", i);
        assert_int_equal(s3hls__workspace_archive(w->workspace, name, &archive, NULL, NULL),
                         S3HLS_E_NOT_FOUND);
    }
    assert_in_range(w->lists, 1, 100 + 100); /* 100 s, and folders that were not looked into */
    assert_int_equal(s3hls__workspace_archive(w->workspace, "cam-007", &archive, NULL, NULL),
                     S3HLS_OK);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(names_come_first),
        TEST(names_that_nobody_has_cost_one_list_a_second_at_most),
        TEST(silent_cameras_are_looked_at_less_and_less),
        TEST(a_page_over_100_cameras_takes_4000_lists_an_hour_at_most),
        TEST(a_watched_camera_takes_3_lists_for_2_segments_at_most),
        TEST(all_of_them_in_sight_take_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
