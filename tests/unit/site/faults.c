/* SPDX-License-Identifier: MIT-0 */
/* Each fault of a file is reported with its position, the fault, and what is valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file.h"
#include <time.h>

#define DEFAULTS                                                                                   \
    "Allowed: segment, segment-max, audio, container, drop, transport, input-ca, "                 \
    "input-insecure, pool-share, spool-share, storage-class, sse, kms-key, no-overwrite, tags, "   \
    "metadata, publish, retention\n"
#define CAMERA                                                                                     \
    "Allowed: input, segment, segment-max, audio, container, drop, transport, input-ca, "          \
    "input-insecure, pool-share, spool-share, storage-class, sse, kms-key, no-overwrite, tags, "   \
    "metadata, publish, retention\n"
#define TOP                                                                                        \
    "Allowed: store, region, endpoint, ca, credentials, addressing, checksum, file-mode, spool, "  \
    "pool, in-flight, serve, defaults, cameras\n"
#define NAME "a camera's name is 1 to 64 letters, digits, '.', '_' and '-', and not . or ..\n"
#define INPUT                                                                                      \
    "input is missing: give it an address such as rtsp://user:password@10.0.0.5/main, or a file\n"
#define LONG "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

static const struct {
    const char *yaml, *want;
} ROWS[] = {
    {"", "the file is empty\n"},
    {"# nothing\n", "the file is empty\n"},
    {"~\n", "1:1: the file is empty\n"},
    {"--- \n", "2:1: the file is empty\n"},
    {"hello\n", "1:1: the file must contain settings, such as { store: ... }\n"},
    {"- a\n", "1:1: the file must contain settings, such as { store: ... }\n"},
    {"store: /rec\n", "1:1: cameras is missing: cameras: { NAME: { input: ADDRESS } }\n"},
    {"cameras: { a: { input: rtsp://h/ } }\n",
     "1:1: store is missing: give it s3://bucket/prefix, or a directory\n"},
    {"store: /rec\ncameras:\n",
     "2:9: cameras must contain 1 to 4096 cameras, each as NAME: { input: ADDRESS }\n"},
    {"store: /rec\ncameras: {}\n",
     "2:10: cameras must contain 1 to 4096 cameras, each as NAME: { input: ADDRESS }\n"},
    {"store: /rec\ncameras: [a]\n",
     "2:10: cameras must contain 1 to 4096 cameras, each as NAME: { input: ADDRESS }\n"},
    {"store: /rec\ncameras: { a: }\n", "2:12: cameras.a." INPUT},
    {"store: /rec\ncameras: { a: rtsp://h/ }\n",
     "2:15: cameras.a must contain settings, such as { input: ... }\n"},
    {"store: /rec\ncameras: { a: [x] }\n",
     "2:15: cameras.a must contain settings, such as { input: ... }\n"},
    {"store: /rec\ncameras: { a: { segment: 4s } }\n", "2:12: cameras.a." INPUT},
    {"store: /rec\ncameras: { a: { input: rtsp://h/, segmnt: 4s } }\n",
     "2:35: cameras.a: \"segmnt\" is not a setting here; did you mean \"segment\"? " CAMERA},
    {"store: /rec\ncameras: { a: { input: rtsp://h/, Segment: 4s } }\n",
     "2:35: cameras.a: \"Segment\" is not a setting here; did you mean \"segment\"? " CAMERA},
    {"store: /rec\ncameras: { a: { input: rtsp://h/, region: x } }\n",
     "2:35: cameras.a: \"region\" is not a setting here; it belongs to the top of the "
     "file. " CAMERA},
    {"store: /rec\nsegment: 4s\ncameras: { a: { input: rtsp://h/ } }\n",
     "2:1: \"segment\" is not a setting here; it belongs to defaults, or to a camera. " TOP},
    {"store: /rec\ndir: 4s\ncameras: { a: { input: rtsp://h/ } }\n",
     "2:1: \"dir\" is not a setting here; it belongs to spool. " TOP},
    {"store: /rec\nbitrate: 4s\ncameras: { a: { input: rtsp://h/ } }\n",
     "2:1: \"bitrate\" is not a setting here. " TOP},
    {"store: /rec\ndefaults: { input: rtsp://h/ }\ncameras: { a: { input: rtsp://h/ } }\n",
     "2:13: defaults: \"input\" is not a setting here; it belongs to a camera. " DEFAULTS},
    {"store: /rec\ncameras: { a: { input: rtsp://h/, <<: { segment: 4s } } }\n",
     "2:35: cameras.a: \"<<\" is not a setting here; common settings are written under "
     "defaults. " CAMERA},
    {"store: /rec\ncameras: { a: { input: rtsp://h/, ? [x] : 4s } }\n",
     "2:37: cameras.a: \"\" is not a setting here. " CAMERA},
    {"store: /rec\ncameras: { a: { input: rtsp://h/, segment: 500ms, audio: of, container: mp4, "
     "drop: all, transport: quic, publish: maybe, retention: 1h, pool-share: 0, spool-share: 101%, "
     "segment-max: 1K } }\n",
     "2:44: cameras.a.segment: \"500ms\" is not a duration from 1s to 60s\n"
     "2:58: cameras.a.audio: \"of\" is not auto, off, copy or aac; did you mean \"off\"?\n"
     "2:73: cameras.a.container: \"mp4\" is not auto, ts or fmp4; did you mean \"fmp4\"?\n"
     "2:84: cameras.a.drop: \"all\" is not newest or oldest\n"
     "2:100: cameras.a.transport: \"quic\" is not tcp, udp or auto\n"
     "2:115: cameras.a.publish: \"maybe\" is not true or false\n"
     "2:133: cameras.a.retention: \"1h\" is not a number of whole days from 1d to 36500d, or off\n"
     "2:149: cameras.a.pool-share: \"0\" is not a share from 1% to 100%\n"
     "2:165: cameras.a.spool-share: \"101%\" is not a share from 1% to 100%\n"
     "2:184: cameras.a.segment-max: \"1K\" is not a size from 64K to 4G\n"},
    {"store: /rec\ncameras: { a: { input: rtsp://h/, segment: [4s], audio: , tags: x, metadata: { "
     "a: [b] } } }\n",
     "2:44: cameras.a.segment: it must be one value: a duration from 1s to 60s\n"
     "2:57: cameras.a.audio: it has no value; give auto, off, copy or aac\n"
     "2:65: cameras.a.tags: it is not { NAME: VALUE, ... } with up to 10 names of up to 128 "
     "characters, all different, and values of up to 256\n"
     "2:80: cameras.a.metadata: it must contain names with one value each\n"},
    {"store: /rec\ncameras: { a: { input: rtsp://h/, segment: 4s, segment: 5s } }\n",
     "2:48: cameras.a.segment: it is stated twice, first in line 2\n"},
    {"store: /rec\nstore: /rec\ncameras: { a: { input: rtsp://h/ } }\n",
     "2:1: store: it is stated twice, first in line 1\n"},
    {"store: /rec\ncameras:\n  a: { input: rtsp://h/ }\n  b: { input: rtsp://h/2 }\n  a: { input: "
     "rtsp://h/3 }\n",
     "5:3: cameras.a: it is stated twice, first in line 3\n"},
    {"store: /rec\n---\nstore: /rec\n",
     "2:1: a second document begins here; a site is one document\n"},
    {"store: /rec\ncameras: { a: { input: rtsp://h/ }\n",
     "3:1: not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'\n"},
    {"store: /rec\ncameras:\n\ta: { input: rtsp://h/ }\n",
     "3:1: not valid YAML: while scanning for the next token, found character that cannot start "
     "any token; indent with spaces, not with tabs\n"},
    {"store: @rec\n", "1:8: not valid YAML: while scanning for the next token, found character "
                      "that cannot start any token; put the value into quotation marks\n"},
    {"store: *x\n", "1:8: not valid YAML: found undefined alias\n"},
    {"store: /rec\ncameras: {a: &x {b: *x}}\n",
     "2:11: cameras.a." INPUT "2:18: cameras.a: \"b\" is not a setting here. " CAMERA},
    {"store: /rec\ncameras: &x {a: *x}\n",
     "2:14: cameras.a: \"a\" is not a setting here. " CAMERA "2:14: cameras.a." INPUT},
    {"&r store: /rec\ncameras: *r\n",
     "1:1: cameras must contain 1 to 4096 cameras, each as NAME: { input: ADDRESS }\n"},
    {"store: \"/r\\0c\"\ncameras: { a: { input: \"rtsp\\0\" } }\n",
     "1:8: store: it contains a NUL byte\n"
     "2:24: cameras.a.input: it contains a NUL byte\n"},
    {"store: http://bucket\ncameras: { a: { input: rtsp://h/ } }\n",
     "1:8: store: \"http://bucket\" is not a store: s3://bucket/prefix, or a directory\n"},
    {"store: s3://B_ucket/x\ncameras: { a: { input: rtsp://h/ } }\n",
     "1:8: store: \"s3://B_ucket/x\" is not a store: s3://bucket/prefix, or a directory\n"},
    {"store: s3://bucket/../x\ncameras: { a: { input: rtsp://h/ } }\n",
     "1:8: store: \"s3://bucket/../x\" is not a store: s3://bucket/prefix, or a directory\n"},
    {"store: s3://bucket/\nregion: EU\nendpoint: https://me:secret@h\ncameras: { a: { input: "
     "rtsp://h/ } }\n",
     "3:11: endpoint: the value is not https://host[:port][/path], without a user, not encoded\n"},
    {"store: s3://bucket/\nregion: EU\ncameras: { a: { input: rtsp://h/ } }\n",
     "2:1: region: AWS writes its regions in lower case\n"},
    {"store: /\ncameras: { a: { input: rtsp://h/ } }\n",
     "1:8: store: \"/\" is not a store: s3://bucket/prefix, or a directory\n"},
    {"store: /rec\nspool: { max: 1G }\ncameras: { a: { input: rtsp://h/ } }\n",
     "2:1: spool.dir is missing: give it a directory\n"},
    {"store: /rec\nserve: { listen: 0.0.0.0:8080, tls-cert: /etc/passwd }\ncameras: { a: { input: "
     "rtsp://h/ } }\n",
     "2:1: serve: tls-cert and tls-key are required together\n"
     "2:1: serve.listen: other machines can reach this address: give tokens, or listen on "
     "127.0.0.1\n"},
    {"store: /rec\nserve: { listen: 8080 }\ncameras: { a: { input: rtsp://h/ } }\n",
     "2:18: serve.listen: \"8080\" is not an address and port such as 127.0.0.1:8080 or "
     "[::1]:8080\n"},
    {"store: /rec\ncredentials: { access-key-id: A }\ncameras: { a: { input: rtsp://h/ } }\n",
     "2:1: credentials: access-key-id and secret-access-key are required together\n"},
    {"store: /rec\ncredentials: { profile: A, iot: { endpoint: x } }\ncameras: { a: { input: "
     "rtsp://h/ } }\n",
     "2:1: credentials.iot: endpoint, role-alias, cert and key are required\n"
     "2:1: credentials: give a profile, iot, or keys, not several of them\n"},
    {"store: /rec\ncameras: { a: { input: 'rtsps://h/', transport: udp, kms-key: x, segment-max: "
     "3G, spool-share: 5% } }\n",
     "2:12: cameras.a.input: rtsps:// carries the video in its TLS connection, which UDP would "
     "not\n"
     "2:12: cameras.a.kms-key: it requires sse: aws:kms\n"
     "2:12: cameras.a.spool-share: the site has no spool; add spool: { dir: DIR }\n"
     "2:12: cameras.a.segment-max: it is larger than the camera's share of the pool, 262144 KiB\n"},
    {"store: /rec\npool: 600K\ncameras:\n  a: { input: rtsp://h/1, pool-share: 50% }\n  b: { "
     "input: "
     "rtsp://h/2 }\n  c: { input: rtsp://h/3, pool-share: 45% }\n",
     "4:3: warning: cameras.a: its share of the pool is 288 KiB; a segment of 4 s at 2 Mbit/s has "
     "1 "
     "MiB\n"
     "5:3: cameras.b: its share of the pool is 16 KiB; it must be 256 KiB or more: give the site a "
     "larger pool, or the camera a pool-share\n"},
    {"store: /rec\ncameras: { a: { input: '-' }, b: {input: \"rtsp://me:secret@h/\\n\"} }\n",
     "2:24: cameras.a.input: the value is not an address such as "
     "rtsp://user:password@10.0.0.5/main, or a file\n"
     "2:42: cameras.b.input: the value is not an address such as "
     "rtsp://user:password@10.0.0.5/main, or a file\n"},
    {"store: /rec\ndefaults: { pool-share: 60% }\ncameras: { a: { input: rtsp://h/1 }, b: { input: "
     "rtsp://h/2 } }\n",
     "3:10: cameras: the pool-shares add up to 120%; they must not exceed 100%\n"},
    {"store: /rec\ncameras: { a: { input: rtsp://h/1, pool-share: 100 }, b: { input: rtsp://h/2 } "
     "}\n",
     "2:10: cameras: the pool-shares add up to 100%, which leaves nothing for the cameras without "
     "one\n"},
    {"store: /rec\ndefaults: { tags: { a: b, a: c } }\ncameras: { a: { input: rtsp://h/1 }}\n",
     "2:19: defaults.tags: it is not { NAME: VALUE, ... } with up to 10 names of up to 128 "
     "characters, all different, and values of up to 256\n"},
    {"store: /rec\ndefaults: { metadata: { 'a b': c } , sse: x, storage-class: 'a b'}\ncameras: { "
     "a: { input: rtsp://h/1 }}\n",
     "2:23: defaults.metadata: it is not { NAME: VALUE, ... } with up to 8 names and values of "
     "visible ASCII, 2,048 bytes in all\n"
     "2:43: defaults.sse: \"x\" is not AES256 or aws:kms\n"
     "2:61: defaults.storage-class: \"a b\" is not a storage class such as STANDARD_IA\n"},

    {"store: /rec\ncameras:\n  ..: { input: rtsp://h/ }\n  '2026': { input: rtsp://h/2 }\n"
     "  timelines: { input: rtsp://h/3 }\n  a/b: { input: rtsp://h/4 }\n  '': { input: rtsp://h/5 "
     "}\n"
     "  .tmp-x: { input: rtsp://h/6 }\n  " LONG "n: { input: rtsp://h/7 }\n  ? [x]\n  : { input: "
     "rtsp://h/8 }\n  \"a\\0b\": { input: rtsp://h/9 }\n  " LONG ": { input: rtsp://h/10 }\n",
     "3:3: cameras: \"..\": " NAME
     "4:3: cameras: \"2026\": the folders of recordings have such names; add a letter\n"
     "5:3: cameras: \"timelines\": the folders of recordings have such names; add a letter\n"
     "6:3: cameras: \"a/b\": " NAME "7:3: cameras: \"\": " NAME
     "8:3: cameras: \".tmp-x\": files that are being written have such names\n"
     "9:3: cameras: \"" LONG "\": " NAME "10:5: cameras: \"\": " NAME "12:3: cameras: \"\": " NAME},
    {"store: /rec\nca: /nowhere.pem\npool: 5G\nin-flight: 65\nfile-mode: 0477\nchecksum: crc32\n"
     "addressing: x\nspool: { max: 1G }\ncameras: { a: { input: rtsp://h/ } }\n",
     "2:5: ca: the file cannot be read: No such file or directory\n"
     "3:7: pool: \"5G\" is not a size from 256K to 4G\n"
     "4:12: in-flight: \"65\" is not a number from 1 to 64\n"
     "5:12: file-mode: \"0477\" is not a mode of files from 0600 to 0777, of which the owner has 6 "
     "at least\n"
     "6:11: checksum: \"crc32\" is not auto, crc32c, md5 or none; did you mean \"crc32c\"?\n"
     "7:13: addressing: \"x\" is not auto, path or virtual-host\n"},
    /* an alias: each fault of its value once */
    {"store: /rec\nx: &x { segment: 1ms }\ncameras: { a: *x, b: *x }\n",
     "2:1: \"x\" is not a setting here. " TOP
     "2:18: cameras.a.segment: \"1ms\" is not a duration from 1s to 60s\n"
     "3:12: cameras.a." INPUT "3:19: cameras.b." INPUT},
};

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

static void each_fault_is_reported_with_its_position(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        int rc = read_yaml(&file, ROWS[i].yaml);
        if (rc != S3HLS_E_MALFORMED || file.site || strcmp(file.text, ROWS[i].want) != 0)
            fail_msg("%s\nis %d:\n%s\nnot:\n%s", ROWS[i].yaml, rc, file.text, ROWS[i].want);
    }
}

static void expect(int rc, int want_rc, const char *want) {
    assert_int_equal(rc, want_rc);
    assert_string_equal(file.text, want);
    assert_null(file.site);
}

static void files_that_cannot_be_read(void **state) {
    static char large[(1 << 20) + 1];
    (void)state;
    expect(read_again(&file), S3HLS_E_NOT_FOUND,
           "the file cannot be read: No such file or directory\n");
    memset(large, '#', sizeof large);
    expect(read_bytes(&file, large, sizeof large), S3HLS_E_TOO_LARGE,
           "the file cannot be read: it is too large\n");
    expect(read_bytes(&file, large, sizeof large - 1), S3HLS_E_MALFORMED, "the file is empty\n");
    expect(read_bytes(&file, "store: /r\xff\n", 11), S3HLS_E_MALFORMED,
           "1:10: not valid YAML: invalid leading UTF-8 octet\n");
    expect(read_bytes(&file, "store: /rec\n\0", 13), S3HLS_E_MALFORMED,
           "2:1: not valid YAML: control characters are not allowed\n");
    snprintf(file.path, sizeof file.path, "%s", file.folder);
    expect(read_again(&file), S3HLS_E_IO, "the file cannot be read: it is a directory\n");
}

static char *repeat(const char *before, const char *text, unsigned count, const char *after) {
    size_t size = strlen(text);
    char *all = malloc(strlen(before) + size * count + strlen(after) + 1), *to;
    to = stpcpy(all, before);
    while (count--)
        to = stpcpy(to, text);
    strcpy(to, after);
    return all;
}

/* Files that would take much time or memory are refused early. */
static void large_structures_are_refused(void **state) {
    static const struct {
        const char *before, *text;
        unsigned count;
        const char *after, *want;
    } rows[] = {
        {"a: ", "[", 20000, "", "1:23: the file is nested too deeply\n"},
        {"", "a: {", 20000, "", "1:80: the file is nested too deeply\n"},
        {"a: [", "x,", 500000, "]", "1:199999: the file has more values than any site\n"},
        {"a: [", "&a x,", 200000, "]", "1:5005: the file has too many anchors\n"},
        {"a: [&a x,", "*a,", 300000, "]", "1:299998: the file has more values than any site\n"},
        {"store: ", "x", 1000000, "\n", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *yaml = repeat(rows[i].before, rows[i].text, rows[i].count, rows[i].after);
        clock_t begun = clock();
        assert_int_equal(read_yaml(&file, yaml), S3HLS_E_MALFORMED);
        assert_true(clock() - begun < 5 * CLOCKS_PER_SEC);
        if (rows[i].want)
            assert_string_equal(file.text, rows[i].want);
        free(yaml);
    }
    assert_string_equal(file.text,
                        "1:1: cameras is missing: cameras: { NAME: { input: ADDRESS } }\n"
                        "1:8: store: it is too long\n");
}

/* Ten levels of aliases, each twice the one before. */
static void aliases_are_not_expanded(void **state) {
    char yaml[4096] = "store: /rec\nx0: &x0 { segment: 1ms }\n";
    size_t size = strlen(yaml);
    (void)state;
    for (int i = 1; i < 30; i++)
        size += (size_t)snprintf(yaml + size, sizeof yaml - size, "x%d: &x%d [*x%d, *x%d]\n", i, i,
                                 i - 1, i - 1);
    snprintf(yaml + size, sizeof yaml - size, "cameras: { a: *x29, b: *x0 }\n");
    clock_t begun = clock();
    assert_int_equal(read_yaml(&file, yaml), S3HLS_E_MALFORMED);
    assert_true(clock() - begun < CLOCKS_PER_SEC);
}

static void at_most_20_errors_are_reported(void **state) {
    char *yaml =
        repeat("store: /rec\ncameras:\n", "  a: { input: rtsp://h/, segment: x }\n", 1000, "");
    (void)state;
    assert_int_equal(read_yaml(&file, yaml), S3HLS_E_MALFORMED);
    assert_int_equal(file.reports, S3HLS__SITE_REPORTS_MAX);
    assert_non_null(strstr(file.text,
                           "\n21:35: cameras.a.segment: \"x\" is not a duration from 1s to "
                           "60s\nthere are more errors, which are not shown\n"));
    free(yaml);
}

/* Neither an input nor what was inserted is ever printed. */
static void secrets_are_not_printed(void **state) {
    static const char *const yamls[] = {
        "store: /rec\ncameras: { a: { input: \"rtsp://me:S3CRET@h/\\n\" } }\n",
        "store: /rec\ncameras: { a: { input: \"rtsp://me:S3CRET@h/\\0\" } }\n",
        "store: /rec\ncameras: { a: rtsp://me:S3CRET@h/ }\n",
        "store: /rec\ncameras: { a: [rtsp://me:S3CRET@h/] }\n",
        "store: /rec\ncameras: { a: { input: [rtsp://me:S3CRET@h/] } }\n",
        "store: /rec\ncameras: { a: { input: 'rtsps://me:S3CRET@h/', transport: udp } }\n",
        "store: /rec\ncameras: { a: { input: 'rtsp://me:S3CRET@b/@c/' } }\n",
        "store: /rec\ncameras: { a: { input: 'rtsp://h/', segment: '${SITE_SECRET}' } }\n",
        "store: /rec\ncameras: { a: { input: 'rtsp://h/', audio: '${SITE_SECRET}' } }\n",
        "store: 'http://me:S3CRET@h/'\ncameras: { a: { input: 'rtsp://h/' } }\n",
        "store: s3://b/\nendpoint: 'https://me:S3CRET@h/'\ncameras: {}\n",
        "store: s3://b/\ncredentials: { secret-access-key: \"S3CRET\\n\" }\n",
        "store: s3://b/\ncredentials: { secret-access-key: [S3CRET] }\n",
        "store: '${SITE_SECRET}://'\ncameras: { a: { input: 'rtsp://h/' } }\n"};
    (void)state;
    setenv("SITE_SECRET", "S3CRET", 1);
    for (size_t i = 0; i < sizeof yamls / sizeof *yamls; i++) {
        read_yaml(&file, yamls[i]);
        if (strstr(file.text, "S3CRET"))
            fail_msg("%s: %s", yamls[i], file.text);
    }
}

static void control_characters_are_not_printed(void **state) {
    (void)state;
    assert_int_equal(read_yaml(&file,
                               "store: /rec\n\"\\e[2J\": x\ncameras: { a: { input: rtsp://h/, "
                               "segment: \"\\e[2J\" } }\n"),
                     S3HLS_E_MALFORMED);
    assert_null(strchr(file.text, '\033'));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_fault_is_reported_with_its_position, begin, end),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_read, begin, end),
        cmocka_unit_test_setup_teardown(large_structures_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(aliases_are_not_expanded, begin, end),
        cmocka_unit_test_setup_teardown(at_most_20_errors_are_reported, begin, end),
        cmocka_unit_test_setup_teardown(secrets_are_not_printed, begin, end),
        cmocka_unit_test_setup_teardown(control_characters_are_not_printed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
