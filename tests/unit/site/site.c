/* SPDX-License-Identifier: MIT-0 */
/* The settings of a file reach the configurations of cameras, and readings are compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file.h"
#include <time.h>

static site_file file, other;

static int begin(void **state) {
    (void)state;
    begin_file(&file);
    begin_file(&other);
    return 0;
}

static int end(void **state) {
    (void)state;
    end_file(&file);
    end_file(&other);
    return 0;
}

static void expect_site(const char *yaml) {
    if (read_yaml(&file, yaml) != S3HLS_OK || file.reports)
        fail_msg("%s\n%s", yaml, file.text);
}

static void the_example(void **state) {
    (void)state;
    setenv("FRONT_DOOR_PASSWORD", "p@w", 1);
    expect_site("store: s3://bucket/site-a/\n"
                "region: eu-central-1\n"
                "spool: { dir: /var/spool/s3hls, max: 64G }\n"
                "pool: 256M\n"
                "serve: { listen: 127.0.0.1:8080 }\n"
                "defaults: { segment: 4s, audio: auto }\n"
                "cameras:\n"
                "  front-door: { input: \"rtsp://user:${FRONT_DOOR_PASSWORD}@10.0.0.5/main\" }\n"
                "  yard:       { input: \"rtsp://10.0.0.6/h265\", segment: 6s, audio: off }\n");
    const s3hls__site *s = file.site;
    const s3hls__site_camera *c = s->cameras;
    assert_string_equal(s->store, "s3://bucket/site-a");
    assert_string_equal(s->s3.region, "eu-central-1");
    assert_string_equal(s->spool_dir, "/var/spool/s3hls");
    assert_int_equal(s->spool_max_bytes, UINT64_C(64) << 30);
    assert_int_equal(s->uploader.pool_bytes, 256 << 20);
    assert_true(s->serves);
    assert_string_equal(s->server.listen, "127.0.0.1:8080");
    assert_string_equal(s->server.urls[0], s->store);
    assert_int_equal(s->server.url_count, 1);
    assert_string_equal(s->server.s3.region, "eu-central-1");
    assert_int_equal(s->camera_count, 2);
    assert_string_equal(c[0].name, "front-door");
    assert_int_equal(c[0].line, 8);
    assert_string_equal(c[0].source.address, "rtsp://user:p%40w@10.0.0.5/main");
    assert_string_equal(c[0].recorder.destination, "s3://bucket/site-a/front-door");
    assert_string_equal(c[0].recorder.s3.region, "eu-central-1");
    assert_string_equal(c[0].recorder.spool_dir, "/var/spool/s3hls");
    assert_int_equal(c[0].recorder.spool_max_bytes, UINT64_C(32) << 30);
    assert_int_equal(c[0].recorder.pool_quota_bytes, 128 << 20);
    assert_int_equal(c[0].recorder.segment_duration_ms, 4000);
    assert_int_equal(c[0].source.audio, S3HLS_SOURCE_AUDIO_AUTO);
    assert_true(c[0].source.audio_in_ts);
    assert_int_equal(c[0].source.struct_size, sizeof c[0].source);
    assert_int_equal(c[0].recorder.struct_size, sizeof c[0].recorder);
    assert_int_equal(c[1].recorder.segment_duration_ms, 6000);
    assert_int_equal(c[1].source.audio, S3HLS_SOURCE_AUDIO_OFF);
    assert_ptr_equal(s3hls__site_find(s, "yard"), &c[1]);
    assert_null(s3hls__site_find(s, "front"));
}

/* All settings, each with a value that is not its default. */
static const char EVERYTHING[] =
    "store: rec\nendpoint: http://127.0.0.1:9000/gate\nregion: R_1\nca: f\naddressing: path\n"
    "checksum: md5\nfile-mode: 0640\nspool: { dir: spool, max: 10G }\npool: 1G\nin-flight: 8\n"
    "credentials: { access-key-id: AKID, secret-access-key: \"s\", session-token: t }\n"
    "serve: { listen: '[::]:0', tokens: f, tls-cert: f, tls-key: f, media: proxy, max-connections: "
    "10, lists-per-minute: 7 }\n"
    "defaults: { segment: 10s, tags: { a: b }, publish: yes }\n"
    "cameras:\n"
    "  a: { input: clip.mp4, segment: 1.5s, segment-max: 8M, audio: aac, container: ts, drop: "
    "oldest,\n"
    "       transport: auto, input-ca: f, input-insecure: true, pool-share: 50%, spool-share: 25,\n"
    "       storage-class: STANDARD_IA, sse: aws:kms, kms-key: k, no-overwrite: on,\n"
    "       tags: { x: 'y z' }, metadata: { m: n }, publish: off, retention: 30d }\n"
    "  b: { input: ./clip.mp4 }\n"
    "  c: { input: 'rtsp://h/' }\n";

static void expect_path(const char *path, const char *name) {
    size_t size = strlen(file.folder);
    assert_memory_equal(path, file.folder, size);
    assert_string_equal(path + size, name);
}

static void write_everything(const site_file *f) {
    char path[128];
    snprintf(path, sizeof path, "%s/f", f->folder);
    write_bytes(path, "x", 1);
}

static void every_setting_has_an_effect(void **state) {
    (void)state;
    write_everything(&file);
    assert_int_equal(read_yaml(&file, EVERYTHING), S3HLS_OK);
    const s3hls__site *s = file.site;
    const s3hls__site_camera *a = s->cameras, *b = a + 1;
    assert_memory_equal(s->store, "file:///", 8);
    expect_path(s->store + 7, "/rec");
    assert_string_equal(s->s3.endpoint, "http://127.0.0.1:9000/gate");
    assert_string_equal(s->s3.region, "R_1");
    expect_path(s->s3.ca_file, "/f");
    assert_int_equal(s->s3.addressing, S3HLS_ADDRESSING_PATH);
    assert_int_equal(s->s3.checksum, S3HLS_CHECKSUM_MD5);
    assert_true(s->checksum_given);
    assert_int_equal(s->s3.file_mode, 0640);
    expect_path(s->spool_dir, "/spool");
    assert_int_equal(s->uploader.pool_bytes, 1 << 30);
    assert_int_equal(s->uploader.max_in_flight, 8);
    assert_string_equal(s->keys.access_key_id, "AKID");
    assert_string_equal(s->keys.secret_access_key, "s");
    assert_string_equal(s->keys.session_token, "t");
    expect_path(s->server.token_file, "/f");
    expect_path(s->server.tls_cert_file, "/f");
    expect_path(s->server.tls_key_file, "/f");
    assert_int_equal(s->server.media, S3HLS_MEDIA_PROXY);
    assert_int_equal(s->server.max_connections, 10);
    assert_int_equal(s->server.lists_per_minute, 7);
    expect_path(a->source.address, "/clip.mp4");
    expect_path(b->source.address, "/clip.mp4");
    assert_int_equal(a->recorder.segment_duration_ms, 1500);
    assert_int_equal(b->recorder.segment_duration_ms, 10000);
    assert_int_equal(a->recorder.segment_max_bytes, 8 << 20);
    assert_int_equal(a->source.audio, S3HLS_SOURCE_AUDIO_AAC);
    assert_int_equal(a->recorder.container, S3HLS_CONTAINER_TS);
    assert_true(a->source.audio_in_ts);
    assert_false(b->source.audio_in_ts);
    assert_int_equal(a->recorder.drop, S3HLS_DROP_OLDEST);
    assert_int_equal(a->source.transport, S3HLS_RTSP_AUTO);
    expect_path(a->source.ca_file, "/f");
    assert_int_equal(a->source.insecure, 1);
    assert_int_equal(a->recorder.pool_quota_bytes, 512 << 20);
    assert_int_equal(b->recorder.pool_quota_bytes, 256 << 20);
    assert_int_equal(a->recorder.spool_max_bytes, (UINT64_C(10) << 30) / 4);
    assert_int_equal(b->recorder.spool_max_bytes, (UINT64_C(10) << 30) / 8 * 3);
    assert_string_equal(a->recorder.object.storage_class, "STANDARD_IA");
    assert_string_equal(a->recorder.object.encryption, "aws:kms");
    assert_string_equal(a->recorder.object.kms_key_id, "k");
    assert_int_equal(a->recorder.object.no_overwrite, 1);
    assert_int_equal(a->recorder.object.tag_count, 1);
    assert_string_equal(a->recorder.object.tags[0].name, "x");
    assert_string_equal(a->recorder.object.tags[0].value, "y z");
    assert_string_equal(b->recorder.object.tags[0].name, "a");
    assert_int_equal(a->recorder.object.metadata_count, 1);
    assert_int_equal(b->recorder.object.metadata_count, 0);
    assert_int_equal(a->publish, 0);
    assert_int_equal(b->publish, 1);
    assert_int_equal(a->retention_days, 30);
    assert_int_equal(b->retention_days, 0);
}

static void warnings_leave_the_site_usable(void **state) {
    static const struct {
        const char *yaml, *want;
        mode_t mode;
    } rows[] = {
        {"store: /rec\npool: 1M\ncameras: { a: { input: rtsp://h/1 }, b: { input: rtsp://h/1 } }\n",
         "3:12: warning: cameras.a: its share of the pool is 512 KiB; a segment of 4 s at 2 Mbit/s "
         "has 1 MiB\n"
         "3:38: warning: cameras.b.input: it is the same as that of a\n",
         0600},
        {"store: /rec\ncameras: { a: { input: 'rtsp://me:pw@h/' } }\n",
         "warning: the file contains a password, and every user can read it; chmod 640, or ${NAME} "
         "or ${file:PATH} instead of the password\n",
         0644},
        {"store: /rec\ncredentials: { access-key-id: A, secret-access-key: s }\ncameras: { a: { "
         "input: 'rtsp://h/' } }\n",
         "warning: the file contains a password, and every user can read it; chmod 640, or ${NAME} "
         "or ${file:PATH} instead of the password\n",
         0644},
        {"store: /rec\ncameras: { a: { input: 'rtsp://me:pw@h/' } }\n", "", 0640},
        {"store: /rec\ncameras: { a: { input: 'rtsp://me:${SITE_X}@h/' } }\n", "", 0644},
        {"store: /rec\ncameras: { a: { input: 'rtsp://me@h/' } }\n", "", 0644}};
    (void)state;
    setenv("SITE_X", "x", 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_bytes(file.path, rows[i].yaml, strlen(rows[i].yaml));
        chmod(file.path, rows[i].mode);
        assert_int_equal(read_again(&file), S3HLS_OK);
        assert_string_equal(file.text, rows[i].want);
    }
}

/* ---- another reading */

static const char *camera_difference(const char *name) {
    const char *key = s3hls__site_camera_difference(s3hls__site_find(file.site, name),
                                                    s3hls__site_find(other.site, name));
    return key ? key : "";
}

/* EVERYTHING with one text replaced. */
static void read_changed(const char *from, const char *to) {
    char yaml[4096];
    const char *at = strstr(EVERYTHING, from);
    assert_non_null(at);
    snprintf(yaml, sizeof yaml, "%.*s%s%s", (int)(at - EVERYTHING), EVERYTHING, to,
             at + strlen(from));
    if (read_yaml(&other, yaml) != S3HLS_OK)
        fail_msg("%s", other.text);
}

static void each_setting_makes_a_difference(void **state) {
    static const struct {
        const char *from, *to, *site, *camera; /* difference of the site, and of camera a */
    } rows[] = {{"10s", "9s", "", ""},
                {"1.5s", "2s", "", "segment"},
                {"clip.mp4, segment", "/tmp/x.mp4, segment", "", "input"},
                {"segment-max: 8M", "segment-max: 9M", "", "segment-max"},
                {"audio: aac", "audio: copy", "", "audio"},
                {"container: ts", "container: fmp4", "", "container"},
                {"drop: oldest", "drop: newest", "", "drop"},
                {"transport: auto", "transport: tcp", "", "transport"},
                {"input-insecure: true", "input-insecure: false", "", "input-insecure"},
                {"pool-share: 50%", "pool-share: 51%", "", "pool-share"},
                {"spool-share: 25", "spool-share: 26", "", "spool-share"},
                {"STANDARD_IA", "GLACIER_IR", "", "storage-class"},
                {"kms-key: k", "kms-key: l", "", "kms-key"},
                {"no-overwrite: on", "no-overwrite: off", "", "no-overwrite"},
                {"'y z'", "'y'", "", "tags"},
                {"{ x: 'y z' }", "{ x: 'y z', z: '' }", "", "tags"},
                {"{ m: n }", "{ n: n }", "", "metadata"},
                {"publish: off", "publish: on", "", "publish"},
                {"30d", "31d", "", "retention"},
                {"store: rec", "store: /tmp/rec2", "store", "store"},
                {"/gate", "/gates", "endpoint", "endpoint"},
                {"R_1", "R_2", "region", "region"},
                {"addressing: path", "addressing: auto", "addressing", "addressing"},
                {"checksum: md5", "checksum: none", "checksum", "checksum"},
                {"0640", "0600", "file-mode", "file-mode"},
                {"dir: spool", "dir: /tmp/spool2", "spool", "spool"},
                {"max: 10G", "max: 11G", "spool", ""},
                {"pool: 1G", "pool: 2G", "pool", ""},
                {"in-flight: 8", "in-flight: 9", "in-flight", ""},
                {"session-token: t", "session-token: u", "credentials", ""},
                {"media: proxy", "media: auto", "serve", ""},
                {"  c: {", "  d: {", "", ""},
                {"  c: {", "  d: { input: x }\n  e: { input: x }\n  f: {", "", ""}};
    (void)state;
    end_file(&other); /* both readings are of one folder */
    other = (site_file){.site = NULL};
    strcpy(other.path, file.path);
    strcpy(other.folder, file.folder);
    write_everything(&file);
    assert_int_equal(read_yaml(&file, EVERYTHING), S3HLS_OK);
    read_changed("10s", "10s");
    assert_null(s3hls__site_difference(file.site, other.site));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_changed(rows[i].from, rows[i].to);
        const char *site = s3hls__site_difference(file.site, other.site);
        assert_string_equal(site ? site : "", rows[i].site);
        assert_string_equal(camera_difference("a"), rows[i].camera);
        bool all = rows[i].camera[0] && rows[i].site[0];
        if (strcmp(rows[i].from, "10s") == 0)
            assert_string_equal(camera_difference("b"), "segment");
        else
            assert_string_equal(camera_difference("b"), all ? rows[i].site : "");
    }
}

static void a_thousand_cameras_are_read_at_once(void **state) {
    size_t size = 0, max = 1 << 20;
    char *yaml = malloc(max);
    (void)state;
    size = (size_t)snprintf(yaml, max, "store: /rec\npool: 4G\ncameras:\n");
    for (int i = 0; i < 1000; i++)
        size += (size_t)snprintf(yaml + size, max - size,
                                 "  camera-%d: { input: \"rtsp://10.0.%d.%d/main\" }\n", i, i / 250,
                                 i % 250);
    clock_t begun = clock();
    expect_site(yaml);
    assert_true(clock() - begun < 2 * CLOCKS_PER_SEC);
    assert_int_equal(file.site->camera_count, 1000);
    assert_ptr_equal(s3hls__site_find(file.site, "camera-999"), &file.site->cameras[999]);
    assert_int_equal(file.site->cameras[0].recorder.pool_quota_bytes, (UINT64_C(4) << 30) / 1000);
    free(yaml);
}

static void defaults_apply_where_the_file_states_nothing(void **state) {
    s3hls_s3_options defaults = {.region = "eu-north-1", .endpoint = "https://h", .ca_file = "/ca"};
    s3hls__site_origin origin = {.path = file.path, .defaults = &defaults};
    (void)state;
    expect_site("store: s3://bucket\nregion: eu-west-1\ncameras: { a: { input: rtsp://h/ } }\n");
    s3hls__site *s;
    assert_int_equal(s3hls__site_open(&s, &origin), S3HLS_OK);
    assert_string_equal(s->s3.region, "eu-west-1");
    assert_string_equal(s->cameras[0].recorder.s3.endpoint, "https://h");
    assert_string_equal(s->server.s3.ca_file, "/ca");
    assert_int_equal(s->s3.checksum, S3HLS_CHECKSUM_AUTO);
    assert_false(s->serves);
    assert_int_equal(s->uploader.pool_bytes, 256 << 20);
    assert_null(s->cameras[0].recorder.spool_dir);
    s3hls__site_close(&s);
    s3hls__site_close(&s);
    s3hls__site_close(NULL);
    setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required", 1);
    assert_int_equal(s3hls__site_open(&s, &origin), S3HLS_OK);
    assert_int_equal(s->cameras[0].recorder.s3.checksum, S3HLS_CHECKSUM_NONE);
    s3hls__site_close(&s);
    setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "x", 1);
    assert_int_equal(s3hls__site_open(&s, &origin), S3HLS_E_MALFORMED);
    unsetenv("AWS_REQUEST_CHECKSUM_CALCULATION");
}

static void credentials_are_those_of_the_site(void **state) {
    s3hls_credentials_provider *provider;
    s3hls_credentials_info info;
    (void)state;
    expect_site(
        "store: s3://bucket\ncredentials: { access-key-id: AKIDSITE, secret-access-key: x }\n"
        "cameras: { a: { input: rtsp://h/ } }\n");
    assert_int_equal(s3hls__site_open_credentials(file.site, &provider, NULL), S3HLS_OK);
    assert_int_equal(s3hls_credentials_describe(provider, &info), S3HLS_OK);
    assert_string_equal(info.access_key_id, "AKIDSITE");
    s3hls_credentials_close(&provider);
    expect_site("store: /rec\ncameras: { a: { input: rtsp://h/ } }\n");
    assert_int_equal(s3hls__site_open_credentials(file.site, &provider, NULL), S3HLS_OK);
    assert_null(provider);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_example, begin, end),
        cmocka_unit_test_setup_teardown(every_setting_has_an_effect, begin, end),
        cmocka_unit_test_setup_teardown(warnings_leave_the_site_usable, begin, end),
        cmocka_unit_test_setup_teardown(each_setting_makes_a_difference, begin, end),
        cmocka_unit_test_setup_teardown(a_thousand_cameras_are_read_at_once, begin, end),
        cmocka_unit_test_setup_teardown(defaults_apply_where_the_file_states_nothing, begin, end),
        cmocka_unit_test_setup_teardown(credentials_are_those_of_the_site, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
