/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "folder.h"
#include "store/store.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct fixture {
    char dir[64], url[80];
    s3hls_store *store;
    s3hls_s3_error error;
    char text[65536];
    size_t size;
    char keys[4096];
} fixture;

/* A filesystem that cannot sync a folder, and says so by this errno; 0: it can. */
static int folder_sync_errno;

__attribute__((visibility("default"))) int fsync(int fd) {
    struct stat st;
    if (folder_sync_errno && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = folder_sync_errno;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

static int warnings;

static void count_warning(void *ctx, s3hls_log_level level, const char *component,
                          const char *message) {
    (void)ctx, (void)component, (void)message;
    warnings += level == S3HLS_LOG_WARN;
}

static int set_up(void **state) {
    fixture *f = *state = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/s3hls-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->url, sizeof f->url, "file://%s/", f->dir);
    const s3hls_env env = {.log = count_warning, .log_level = S3HLS_LOG_WARN};
    folder_sync_errno = warnings = 0;
    return s3hls_store_open(&f->store, f->url, NULL, &env);
}

static int tear_down(void **state) {
    fixture *f = *state;
    s3hls_store_close(&f->store);
    remove_folder(f->dir);
    free(f);
    return 0;
}

static int put(fixture *f, const char *key, const char *text) {
    s3hls_span body[2] = {
        {(const uint8_t *)text, strlen(text) / 2},
        {(const uint8_t *)text + strlen(text) / 2, strlen(text) - strlen(text) / 2}};
    return s3hls_store_put(f->store, key, body, 2, NULL, &f->error);
}

static int gather(void *ctx, const uint8_t *data, size_t size) {
    fixture *f = ctx;
    if (f->size + size >= sizeof f->text)
        return 1;
    memcpy(f->text + f->size, data, size);
    f->size += size;
    f->text[f->size] = 0;
    return 0;
}

static const char *get(fixture *f, const char *key, uint64_t first, uint64_t last) {
    f->size = 0;
    f->text[0] = 0;
    int rc = s3hls_store_get(f->store, key, first, last, gather, f, &f->error);
    return rc ? s3hls_status_name(rc) : f->text;
}

static int note_key(void *ctx, const s3hls_s3_object *object) {
    fixture *f = ctx;
    strcat(f->keys, object->key);
    strcat(f->keys, " ");
    return strcmp(object->key, "stop") == 0;
}

static const char *list(fixture *f, const char *prefix, const char *start_after) {
    f->keys[0] = 0;
    int rc = s3hls_store_list(f->store, prefix, start_after, note_key, f, &f->error);
    return rc ? s3hls_status_name(rc) : f->keys;
}

static void what_is_put_is_got(void **state) {
    fixture *f = *state;
    assert_int_equal(put(f, "a/b/c.txt", "hello, world"), S3HLS_OK);
    assert_string_equal(get(f, "a/b/c.txt", 0, UINT64_MAX), "hello, world");
    assert_string_equal(get(f, "a/b/c.txt", 7, 9), "wor");
    assert_string_equal(get(f, "a/b/c.txt", 7, 900), "world");
    assert_int_equal(put(f, "a/b/c.txt", "again"), S3HLS_OK);
    assert_string_equal(get(f, "a/b/c.txt", 0, UINT64_MAX), "again");
    assert_string_equal(get(f, "a/b", 0, UINT64_MAX), "S3HLS_E_NOT_FOUND");
    assert_string_equal(get(f, "none", 0, UINT64_MAX), "S3HLS_E_NOT_FOUND");
    assert_int_equal(put(f, "empty", ""), S3HLS_OK);
    assert_string_equal(get(f, "empty", 0, UINT64_MAX), "");
    assert_int_equal(s3hls_store_remove(f->store, "empty", NULL), S3HLS_OK);
    assert_int_equal(s3hls_store_remove(f->store, "empty", NULL), S3HLS_OK);
    assert_string_equal(get(f, "empty", 0, UINT64_MAX), "S3HLS_E_NOT_FOUND");
}

static void listings_ascend_by_whole_keys(void **state) {
    fixture *f = *state;
    static const char *const keys[] = {"b/x", "a-b", "a/0", "a/b-c", "a/b/c", "a.txt", "c"};
    for (size_t i = 0; i < 7; i++)
        put(f, keys[i], "x");
    assert_string_equal(list(f, NULL, NULL), "a-b a.txt a/0 a/b-c a/b/c b/x c ");
    assert_string_equal(list(f, "a/", NULL), "a/0 a/b-c a/b/c ");
    assert_string_equal(list(f, "a/b", NULL), "a/b-c a/b/c ");
    assert_string_equal(list(f, "", "a.txt"), "a/0 a/b-c a/b/c b/x c ");
    assert_string_equal(list(f, "", "a/b-c"), "a/b/c b/x c ");
    assert_string_equal(list(f, "", "a/b/"), "a/b/c b/x c ");
    assert_string_equal(list(f, "", "zzz"), "");
    assert_string_equal(list(f, "nothing", NULL), "");
    put(f, "stop", "x");
    assert_string_equal(list(f, NULL, NULL), "S3HLS_E_CANCELLED");
}

static void what_lies_elsewhere_is_not_in_the_store(void **state) {
    fixture *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/link", f->dir);
    assert_int_equal(symlink("/etc", path), 0);
    snprintf(path, sizeof path, "%s/.tmp-0123", f->dir);
    fclose(fopen(path, "w"));
    put(f, "own", "x");
    assert_string_equal(list(f, NULL, NULL), "own ");
    static const char *const bad[] = {"../x", "a/../../x", "./x",     "a/..", "a\nb",
                                      "",     "\xff",      "a//b",    "a/",   "own/",
                                      "/own", ".tmp-x",    ".tmp-x/y"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (put(f, bad[i], "x") == S3HLS_OK)
            fail_msg("%s was stored", bad[i]);
    assert_string_equal(list(f, NULL, NULL), "own ");
}

/* A link inside the directory leads neither a reader nor a writer out of it. */
static void links_are_not_followed(void **state) {
    fixture *f = *state;
    char elsewhere[] = "/tmp/s3hls-elsewhere-XXXXXX", file[64], path[128];
    assert_non_null(mkdtemp(elsewhere));
    snprintf(file, sizeof file, "%s/file", elsewhere);
    FILE *secret = fopen(file, "w");
    fputs("secret", secret);
    fclose(secret);
    snprintf(path, sizeof path, "%s/folder", f->dir);
    assert_int_equal(symlink(elsewhere, path), 0);
    snprintf(path, sizeof path, "%s/linked", f->dir);
    assert_int_equal(symlink(file, path), 0);

    assert_string_equal(get(f, "folder/file", 0, UINT64_MAX), "S3HLS_E_NOT_FOUND");
    assert_string_equal(get(f, "linked", 0, UINT64_MAX), "S3HLS_E_NOT_FOUND");
    assert_int_equal(put(f, "folder/new", "x"), S3HLS_E_IO);
    assert_int_equal(s3hls_store_remove(f->store, "folder/file", NULL), S3HLS_OK);
    assert_int_equal(put(f, "linked", "own"), S3HLS_OK); /* takes the link's place */
    assert_string_equal(get(f, "linked", 0, UINT64_MAX), "own");

    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_size, 6);
    unlink(file);
    assert_int_equal(rmdir(elsewhere), 0); /* nothing new in it */
}

/* Nor does one in the place of a folder that is opened as a store of its own. */
static void a_store_beside_another_is_reached_without_links(void **state) {
    fixture *f = *state;
    char path[128], below[160];
    s3hls_store *beside;
    put(f, "real/door/object", "x");
    snprintf(path, sizeof path, "%s/linked", f->dir);
    assert_int_equal(symlink("real", path), 0);
    snprintf(path, sizeof path, "%s/real/window", f->dir);
    assert_int_equal(symlink("door", path), 0);
    static const struct {
        const char *below, *keys;
    } cases[] = {
        {"real", "door/object "},  {"real/door", "object "}, {"linked", ""},
        {"linked/door", ""},       {"real/window", ""},      {"real/none", ""},
        {"", "real/door/object "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(below, sizeof below, "%s%s", f->url, cases[i].below);
        assert_int_equal(s3hls_store_open_beside(&beside, below, f->store, NULL), S3HLS_OK);
        fixture other = {.store = beside};
        assert_string_equal(list(&other, NULL, NULL), cases[i].keys);
        bool found = strcmp(cases[i].below, "real/door") == 0;
        assert_string_equal(get(&other, "object", 0, UINT64_MAX),
                            found ? "x" : "S3HLS_E_NOT_FOUND");
        s3hls_store_close(&beside);
    }
    /* an administrator's link is followed */
    snprintf(below, sizeof below, "%slinked", f->url);
    assert_int_equal(s3hls_store_open(&beside, below, NULL, NULL), S3HLS_OK);
    fixture other = {.store = beside};
    assert_string_equal(list(&other, NULL, NULL), "door/object ");
    s3hls_store_close(&beside);
}

static int note_size(void *ctx, const s3hls_s3_object *object) {
    *(uint64_t *)ctx = object->size;
    return 0;
}

static void what_is_no_object_is_not_found(void **state) {
    fixture *f = *state;
    char path[128];
    uint64_t size = 0;
    put(f, "a/object", "five!");
    snprintf(path, sizeof path, "%s/pipe", f->dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    static const char *const none[] = {"a", "pipe", "none", "a/object/below", "none/none"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        s3hls__op op = {
            .request = {
                .kind = S3HLS__OP_HEAD, .key = none[i], .on_object = note_size, .sink_ctx = &size}};
        assert_int_equal(s3hls__store_run(f->store, &op, NULL), S3HLS_E_NOT_FOUND);
        assert_string_equal(get(f, none[i], 0, UINT64_MAX), "S3HLS_E_NOT_FOUND");
    }
    s3hls__op op = {
        .request = {
            .kind = S3HLS__OP_HEAD, .key = "a/object", .on_object = note_size, .sink_ctx = &size}};
    assert_int_equal(s3hls__store_run(f->store, &op, NULL), S3HLS_OK);
    assert_int_equal(size, 5);
    assert_int_equal(s3hls_store_remove(f->store, "a", NULL), S3HLS_OK);
    assert_int_equal(s3hls_store_remove(f->store, "a/object/below", NULL), S3HLS_OK);
    assert_string_equal(list(f, NULL, NULL), "a/object ");
}

static void failures_name_the_place(void **state) {
    fixture *f = *state;
    assert_int_equal(put(f, "file", "x"), S3HLS_OK);
    assert_int_equal(put(f, "file/below", "x"), S3HLS_E_IO); /* a file where a folder should be */
    assert_non_null(strstr(f->error.message, "/file"));
    s3hls_store *store;
    assert_int_equal(s3hls_store_open(&store, "file:///proc/s3hls-none", NULL, NULL), S3HLS_OK);
    assert_int_not_equal(s3hls_store_put(store, "a", NULL, 0, NULL, &f->error), S3HLS_OK);
    assert_non_null(strstr(f->error.message, "/proc/s3hls-none"));
    s3hls_store_close(&store);
    static const char *const bad[] = {
        "",           "dir",   "/dir",      "file://dir",         "file:///",     "file:///a/../b",
        "http://x/y", "s3://", "s3://ab/x", "s3://bucket/a/../b", "s3://Bucket/x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (s3hls_store_open(&store, bad[i], NULL, NULL) != S3HLS_E_INVALID)
            fail_msg("%s was opened", bad[i]);
}

/* ---- in a process of its own, which may give up rights */

enum { HELD = 10, NOT_POSSIBLE_HERE };

static int status_of_child(fixture *f, int (*run)(fixture *f)) {
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(run(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int put_without_rights(fixture *f) {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534))
        return NOT_POSSIBLE_HERE;
    bool refused = put(f, "a/b", "x") == S3HLS_E_ACCESS &&
                   strstr(f->error.message, "/a/b: Permission denied; give this user access");
    return refused ? HELD : 0;
}

static int list_beside_closed_folders(fixture *f) {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534))
        return NOT_POSSIBLE_HERE;
    static const char all[] = "2026/06/30/12/00/00.ts lost+found.txt zoo/x ";
    bool goes_on = strcmp(list(f, "", NULL), all) == 0 && strcmp(list(f, "", NULL), all) == 0;
    bool logged_once = warnings == 2; /* .Trash and lost+found, each */
    bool its_own = strcmp(list(f, "lost+found/", NULL), "S3HLS_E_ACCESS") == 0 &&
                   strstr(f->error.message, "/lost+found/: Permission denied");
    return goes_on && logged_once && its_own ? HELD : 0;
}

static int list_a_closed_month(fixture *f) {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534))
        return NOT_POSSIBLE_HERE;
    bool reported = strcmp(list(f, "", NULL), "S3HLS_E_ACCESS") == 0 &&
                    strstr(f->error.message, "/2026/07/: Permission denied");
    return reported ? HELD : 0;
}

/* A folder of somebody else's beside recordings is passed over; a folder of recordings is not. */
static void a_closed_folder_does_not_end_a_listing(void **state) {
    fixture *f = *state;
    static const char *const keys[] = {".Trash/x", "2026/06/30/12/00/00.ts", "lost+found/x",
                                       "lost+found.txt", "zoo/x"};
    const s3hls_s3_options options = {.file_mode = 0644};
    s3hls_store *for_all;
    char path[128];
    chmod(f->dir, 0755);
    assert_int_equal(s3hls_store_open(&for_all, f->url, &options, NULL), S3HLS_OK);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_int_equal(s3hls_store_put(for_all, keys[i], NULL, 0, NULL, NULL), S3HLS_OK);
    snprintf(path, sizeof path, "%s/.Trash", f->dir);
    assert_int_equal(chmod(path, 0), 0);
    snprintf(path, sizeof path, "%s/lost+found", f->dir);
    assert_int_equal(chmod(path, 0), 0);
    int status = status_of_child(f, list_beside_closed_folders);
    if (status == NOT_POSSIBLE_HERE) {
        s3hls_store_close(&for_all);
        print_message("skipped: this user cannot become another\n");
        skip();
    }
    assert_int_equal(status, HELD);
    assert_int_equal(s3hls_store_put(for_all, "2026/07/01/x.ts", NULL, 0, NULL, NULL), S3HLS_OK);
    snprintf(path, sizeof path, "%s/2026/07", f->dir);
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(status_of_child(f, list_a_closed_month), HELD);
    s3hls_store_close(&for_all);
    chmod(path, 0700); /* so that it can be removed */
}

static void a_directory_without_rights_says_so(void **state) {
    fixture *f = *state;
    chmod(f->dir, 0500);
    int status = status_of_child(f, put_without_rights);
    chmod(f->dir, 0700);
    if (status == NOT_POSSIBLE_HERE) {
        print_message("skipped: this user cannot become another\n");
        skip();
    }
    assert_int_equal(status, HELD);
}

static int put_on_a_full_disk(fixture *f) {
    static uint8_t large[1 << 20];
    s3hls_span body = {large, sizeof large};
    bool full = unshare(CLONE_NEWNS) == 0 &&
                mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                mount("none", f->dir, "tmpfs", 0, "size=256k") == 0;
    if (!full)
        return NOT_POSSIBLE_HERE;
    bool told = put(f, "small", "old") == S3HLS_OK &&
                s3hls_store_put(f->store, "small", &body, 1, NULL, &f->error) == S3HLS_E_NOSPC &&
                strstr(f->error.message, "free some space");
    bool kept = strcmp(get(f, "small", 0, UINT64_MAX), "old") == 0;
    bool swept = put(f, "again", "x") == S3HLS_OK; /* what did not fit is not left behind */
    return told && kept && swept ? HELD : 0;
}

static void a_full_disk_keeps_the_old_object(void **state) {
    fixture *f = *state;
    int status = status_of_child(f, put_on_a_full_disk);
    if (status == NOT_POSSIBLE_HERE) {
        print_message("skipped: no right to mount a small disk\n");
        skip();
    }
    assert_int_equal(status, HELD);
}

static void folders_that_cannot_be_synced_are_no_failure(void **state) {
    fixture *f = *state;
    static const int codes[] = {EINVAL, ENOTSUP, ENOSYS, EBADF};
    s3hls_store *below;
    char url[128], key[32];
    for (size_t i = 0; i < 4; i++) {
        folder_sync_errno = codes[i];
        snprintf(key, sizeof key, "a/b%zu/c", i);
        assert_int_equal(put(f, key, "x"), S3HLS_OK);
        snprintf(url, sizeof url, "%snew%zu/root", f->url, i);
        assert_int_equal(s3hls_store_open(&below, url, NULL, NULL), S3HLS_OK);
        assert_int_equal(s3hls_store_put(below, key, NULL, 0, NULL, &f->error), S3HLS_OK);
        s3hls_store_close(&below);
    }
    folder_sync_errno = EIO;
    assert_int_equal(put(f, "a/b/c", "x"), S3HLS_E_IO);
}

static unsigned mode_of(const fixture *f, const char *key) {
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", f->dir, key);
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static void what_is_stored_is_private_unless_configured(void **state) {
    fixture *f = *state;
    mode_t before = umask(022);
    static const struct {
        uint32_t configured;
        unsigned file, folder;
    } cases[] = {{0, 0600, 0700},
                 {0600, 0600, 0700},
                 {0640, 0640, 0750},
                 {0644, 0644, 0755},
                 {0666, 0644, 0755}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s3hls_s3_options options = {.file_mode = cases[i].configured};
        s3hls_store *store;
        char url[128], key[32];
        snprintf(url, sizeof url, "%sroot%zu", f->url, i);
        assert_int_equal(s3hls_store_open(&store, url, &options, NULL), S3HLS_OK);
        assert_int_equal(s3hls_store_put(store, "a/b", NULL, 0, NULL, NULL), S3HLS_OK);
        s3hls_store_close(&store);
        snprintf(key, sizeof key, "root%zu/a/b", i);
        assert_int_equal(mode_of(f, key), cases[i].file);
        for (char *slash; (slash = strrchr(key, '/'));) {
            *slash = 0;
            assert_int_equal(mode_of(f, key), cases[i].folder);
        }
    }
    umask(before);
    static const uint32_t bad[] = {0400, 01644, 04755, 0066, 01000};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s3hls_s3_options options = {.file_mode = bad[i]};
        s3hls_store *store;
        assert_int_equal(s3hls_store_open(&store, f->url, &options, NULL), S3HLS_E_INVALID);
    }
}

/* A body that ends before its time, when a call was interrupted not long ago. */
static s3hls_span body_that_ends(void *ctx, uint64_t offset) {
    (void)ctx, (void)offset;
    errno = EINTR;
    return (s3hls_span){NULL, 0};
}

static void a_body_that_ends_early_ends_the_put(void **state) {
    fixture *f = *state;
    s3hls__op op = {
        .request = {.kind = S3HLS__OP_PUT, .key = "a", .body = body_that_ends, .body_size = 10}};
    alarm(10);
    assert_int_equal(s3hls__store_run(f->store, &op, &f->error), S3HLS_E_IO);
    alarm(0);
    assert_string_equal(list(f, NULL, NULL), "");
}

static void urls_open_in_players(void **state) {
    fixture *f = *state;
    char *url;
    assert_int_equal(s3hls_store_url(f->store, "a b/c.ts", 60, &url), S3HLS_OK);
    assert_non_null(strstr(url, f->dir));
    assert_non_null(strstr(url, "/a%20b/c.ts"));
    s3hls_free(NULL, url);
    s3hls_credentials keys = {"AKIDEXAMPLE", "secret", NULL, 0};
    s3hls_s3_options options = {.endpoint = "https://127.0.0.1:9000"};
    s3hls_store *store;
    s3hls_credentials_open_static(&options.credentials, &keys, NULL);
    assert_int_equal(s3hls_store_open(&store, "s3://bucket//cam 1/", &options, NULL), S3HLS_OK);
    assert_int_equal(s3hls_store_url(store, "x.ts", 60, &url), S3HLS_OK);
    static const char begin[] = "https://127.0.0.1:9000/bucket/cam%201/x.ts?X-Amz-Algorithm=";
    assert_memory_equal(url, begin, sizeof begin - 1);
    s3hls_free(NULL, url);
    s3hls_store_close(&store);
    s3hls_credentials_close(&options.credentials);
}

static int is_torn(const char *text, const char *a, const char *b) {
    return strcmp(text, a) != 0 && strcmp(text, b) != 0 && strcmp(text, "S3HLS_E_NOT_FOUND") != 0;
}

/* A reader beside a writer, and after it was killed at any instant, sees whole objects only. */
static void a_killed_writer_leaves_nothing_torn(void **state) {
    fixture *f = *state;
    static char a[20001], b[30001];
    int torn = 0;
    memset(a, 'a', sizeof a - 1);
    memset(b, 'b', sizeof b - 1);
    for (int round = 0; round < 30; round++) {
        pid_t child = fork();
        if (child == 0) {
            for (int i = 0;; i++)
                put(f, "object", i & 1 ? a : b);
        }
        while (round == 0 && strcmp(get(f, "object", 0, UINT64_MAX), "S3HLS_E_NOT_FOUND") == 0)
            usleep(1000); /* a busy disk: it has not written anything yet */
        for (int reads = 0; reads < 40 + 7 * round; reads++)
            torn += is_torn(get(f, "object", 0, UINT64_MAX), a, b);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        torn += is_torn(get(f, "object", 0, UINT64_MAX), a, b);
        assert_int_equal(torn, 0);
    }
    assert_string_equal(list(f, NULL, NULL), "object ");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_is_got),
        TEST(listings_ascend_by_whole_keys),
        TEST(what_lies_elsewhere_is_not_in_the_store),
        TEST(links_are_not_followed),
        TEST(a_store_beside_another_is_reached_without_links),
        TEST(what_is_no_object_is_not_found),
        TEST(failures_name_the_place),
        TEST(a_directory_without_rights_says_so),
        TEST(a_full_disk_keeps_the_old_object),
        TEST(a_closed_folder_does_not_end_a_listing),
        TEST(folders_that_cannot_be_synced_are_no_failure),
        TEST(what_is_stored_is_private_unless_configured),
        TEST(a_body_that_ends_early_ends_the_put),
        TEST(urls_open_in_players),
        TEST(a_killed_writer_leaves_nothing_torn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
