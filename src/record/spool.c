/* SPDX-License-Identifier: MIT-0 */
#include "record/spool.h"
#include "archive/key.h"
#include "record/spool_file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_BYTES = 32 * 1024, NAME_BYTES = S3HLS_KEY_MAX + 16 };
static const char TEMPORARY[] = ".tmp-", DAMAGED[] = "damaged-", SESSION[] = "session";

struct s3hls__spool {
    s3hls_env env;
    char path[PATH_MAX];
    int folder; /* descriptor, locked; -1: the disk cannot be used (now) */
    s3hls__crc32c_table table;

    s3hls__spool_entry *entries; /* in order of recording */
    size_t count, capacity;
    uint64_t segments, bytes; /* of them, and of their objects */
    uint64_t floor, reserved;

    /* what is being read */
    int file;
    uint64_t size; /* of the object */
    char tags[S3HLS__SPOOL_TAGS_MAX + 1];
    uint64_t buffer_at; /* place of what buffer holds */
    size_t buffer_size;
    uint8_t buffer[BUFFER_BYTES];
};

/* ---- names */

int s3hls__spool_key(const s3hls__spool_entry *entry, char key[S3HLS_KEY_MAX]) {
    int n = entry->media ? s3hls_segment_key_format(&entry->segment, key, S3HLS_KEY_MAX)
                         : s3hls__timeline_key(entry->segment.timeline, key, S3HLS_KEY_MAX);
    return n < 0 ? n : S3HLS_OK;
}

static int name_of(const s3hls__spool_entry *entry, char name[S3HLS_KEY_MAX]) {
    int rc = s3hls__spool_key(entry, name);
    for (char *c = name; !rc && *c; c++)
        if (*c == '/')
            *c = '_';
    return rc;
}

/* @return false: a name that is not ours. */
static bool parse_name(const char *name, s3hls__spool_entry *entry) {
    char key[NAME_BYTES], again[S3HLS_KEY_MAX];
    size_t size = strlen(name);
    memset(entry, 0, sizeof *entry);
    if (size >= sizeof key)
        return false;
    memcpy(key, name, size + 1);
    if (sscanf(key, "timelines_%" SCNu64 ".json", &entry->segment.timeline) != 1) {
        for (char *c = key; *c; c++)
            if (*c == '_')
                *c = '/';
        entry->media = s3hls_segment_key_parse(key, size, &entry->segment) == S3HLS_OK;
        if (!entry->media || entry->segment.seed_name)
            return false;
    }
    return name_of(entry, again) == S3HLS_OK && strcmp(again, name) == 0;
}

/* A destination as the name of a folder. @return false: too long for one. */
static bool encode_destination(const char *destination, char *name, size_t size) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t n = 0;
    for (const char *c = destination; *c; c++) {
        bool keep = strchr(plain, *c) != NULL;
        if (n + 4 > size)
            return false;
        n += (size_t)snprintf(name + n, size - n, keep ? "%c" : "%%%02X", (unsigned char)*c);
    }
    return true;
}

/* ---- the index */

static int compare(const s3hls__spool_entry *a, const s3hls__spool_entry *b) {
    const s3hls_segment *x = &a->segment, *y = &b->segment;
    if (x->timeline != y->timeline)
        return x->timeline < y->timeline ? -1 : 1;
    if (a->media != b->media)
        return a->media ? 1 : -1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static int compare_entries(const void *a, const void *b) {
    return compare(a, b);
}

/* Where an entry is, or would be. */
static size_t place_of(const s3hls__spool *s, const s3hls__spool_entry *entry) {
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&s->entries[middle], entry) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int make_room(s3hls__spool *s) {
    if (s->count < s->capacity)
        return S3HLS_OK;
    size_t capacity = s->capacity ? s->capacity * 2 : 64;
    void *entries = s3hls__env_realloc(&s->env, s->entries, capacity * sizeof *s->entries);
    if (!entries)
        return S3HLS_E_NOMEM;
    s->entries = entries;
    s->capacity = capacity;
    return S3HLS_OK;
}

static void count_segment(s3hls__spool *s, const s3hls__spool_entry *entry) {
    if (!entry->media)
        return;
    s->segments++;
    s->bytes += entry->segment.size;
}

static void insert(s3hls__spool *s, const s3hls__spool_entry *entry) {
    size_t at = place_of(s, entry);
    if (make_room(s) || !s->entries)
        return; /* there was room before the file was written */
    memmove(&s->entries[at + 1], &s->entries[at], (s->count - at) * sizeof *s->entries);
    s->entries[at] = *entry;
    s->count++;
    count_segment(s, entry);
}

s3hls__spool_entry *s3hls__spool_find(s3hls__spool *s, const s3hls__spool_entry *like) {
    size_t at = place_of(s, like);
    return at < s->count && compare(&s->entries[at], like) == 0 ? &s->entries[at] : NULL;
}

s3hls__spool_entry *s3hls__spool_oldest(s3hls__spool *s, int64_t now_us) {
    for (size_t i = 0; i < s->count; i++)
        if (!s->entries[i].busy && s->entries[i].not_before_us <= now_us)
            return &s->entries[i];
    return NULL;
}

static void forget(s3hls__spool *s, const s3hls__spool_entry *entry) {
    s3hls__spool_entry *found = s3hls__spool_find(s, entry);
    if (!found)
        return;
    if (found->media) {
        s->segments--;
        s->bytes -= found->segment.size;
    }
    s->count--;
    memmove(found, found + 1, (size_t)(&s->entries[s->count] - found) * sizeof *found);
}

uint64_t s3hls__spool_bytes(const s3hls__spool *s) {
    return s->bytes;
}

uint64_t s3hls__spool_segments(const s3hls__spool *s) {
    return s->segments;
}

bool s3hls__spool_empty(const s3hls__spool *s) {
    return s->count == 0;
}

/* ---- files */

static int status_of_errno(void) {
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return S3HLS_E_NOSPC;
    case EACCES:
    case EPERM:
    case EROFS:
        return S3HLS_E_ACCESS;
    case ENOENT:
        return S3HLS_E_NOT_FOUND;
    default:
        return S3HLS_E_IO;
    }
}

/* One folder, and its name in the one above, safe on the disk. */
static int make_folder(char *path) {
    if (mkdir(path, 0777))
        return errno == EEXIST ? 0 : -1;
    char *slash = strrchr(path, '/');
    if (!slash)
        return 0;
    *slash = 0;
    int above = open(slash == path ? "/" : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *slash = '/';
    int rc = above < 0 ? -1 : fsync(above);
    if (above >= 0)
        close(above);
    return rc;
}

static int make_folders(char *path) {
    for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
        *slash = 0;
        int rc = make_folder(path);
        *slash = '/';
        if (rc)
            return rc;
    }
    return make_folder(path);
}

/* @return S3HLS_OK; S3HLS_E_STATE: locked by another; another: the disk cannot be used. */
static int open_folder(s3hls__spool *s) {
    if (s->folder >= 0)
        return S3HLS_OK;
    int why = make_folders(s->path) ? errno : 0;
    if (why && why != EROFS)
        return status_of_errno();
    int fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        errno = why ? why : errno; /* that it cannot be made says more than that it is not there */
        return status_of_errno();
    }
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        int rc = errno == EWOULDBLOCK ? S3HLS_E_STATE : status_of_errno();
        close(fd);
        return rc;
    }
    s->folder = fd;
    return S3HLS_OK;
}

/* Between a file's creation and its name: one that fails leaves nothing. */
static int commit(s3hls__spool *s, int fd, bool written, const char *temporary, const char *name) {
    bool ok = written && fsync(fd) == 0;
    int rc = ok ? S3HLS_OK : status_of_errno();
    if (close(fd) && ok)
        rc = status_of_errno();
    if (!rc && renameat(s->folder, temporary, s->folder, name))
        rc = status_of_errno();
    if (rc)
        unlinkat(s->folder, temporary, 0);
    else if (fsync(s->folder))
        rc = status_of_errno();
    return rc;
}

static int create_temporary(s3hls__spool *s, char temporary[32]) {
    snprintf(temporary, 32, "%s%016" PRIx64, TEMPORARY, s->env.random(s->env.ctx));
    return openat(s->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

/* ---- writing */

int s3hls__spool_write(s3hls__spool *s, const s3hls__spool_entry *entry, const char *tags,
                       s3hls_span (*body)(void *ctx, uint64_t offset), void *body_ctx) {
    char name[S3HLS_KEY_MAX], temporary[32];
    int rc = name_of(entry, name);
    if (!rc)
        rc = open_folder(s);
    if (!rc)
        rc = make_room(s);
    if (rc)
        return rc;
    int fd = create_temporary(s, temporary);
    if (fd < 0) {
        rc = status_of_errno();
        close(
            s->folder); /* it may have been replaced, or mounted anew: looked at again next time */
        s->folder = -1;
        return rc;
    }
    bool written =
        s3hls__spool_file_write(fd, &s->table, entry->segment.size, tags, body, body_ctx);
    rc = commit(s, fd, written, temporary, name);
    if (!rc && !s3hls__spool_find(s, entry))
        insert(s, entry);
    return rc;
}

void s3hls__spool_remove(s3hls__spool *s, const s3hls__spool_entry *entry) {
    char name[S3HLS_KEY_MAX];
    s3hls__spool_entry copy = *entry; /* entry may point into what moves */
    forget(s, &copy);
    if (s->folder >= 0 && name_of(&copy, name) == S3HLS_OK && unlinkat(s->folder, name, 0) &&
        errno != ENOENT)
        s3hls__log(&s->env, S3HLS_LOG_WARN, "record", "%s stays in the spool: %s", name,
                   strerror(errno));
}

/* ---- reading back */

static void set_aside(s3hls__spool *s, const char *name) {
    char aside[NAME_BYTES + sizeof DAMAGED];
    snprintf(aside, sizeof aside, "%s%s", DAMAGED, name);
    s3hls__log(&s->env, S3HLS_LOG_ERROR, "record", "%s/%s is damaged: kept as %s, not sent",
               s->path, name, aside);
    if (renameat(s->folder, name, s->folder, aside))
        s3hls__log(&s->env, S3HLS_LOG_WARN, "record", "%s could not be renamed", name);
}

int s3hls__spool_read(s3hls__spool *s, const s3hls__spool_entry *entry) {
    char name[S3HLS_KEY_MAX];
    s3hls__spool_entry copy = *entry;
    s3hls__spool_trailer t;
    int rc = name_of(entry, name);
    if (!rc)
        rc = open_folder(s);
    if (rc)
        return rc;
    int fd = openat(s->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        rc = status_of_errno();
        if (rc == S3HLS_E_NOT_FOUND)
            forget(s, &copy);
        return rc;
    }
    s->buffer_size = 0;
    errno = 0;
    if (!s3hls__spool_file_look(fd, &t) || t.size != copy.segment.size ||
        !s3hls__spool_file_check(fd, &s->table, &t, s->buffer, sizeof s->buffer) ||
        !s3hls__file_read(fd, s->tags, t.tags_size, t.size)) {
        rc = errno ? S3HLS_E_IO : S3HLS_E_MALFORMED; /* the disk fails, or the file is not whole */
        close(fd);
        if (rc == S3HLS_E_MALFORMED) {
            forget(s, &copy);
            set_aside(s, name);
        }
        return rc;
    }
    s->tags[t.tags_size] = 0;
    s->file = fd;
    s->size = t.size;
    return S3HLS_OK;
}

const char *s3hls__spool_tags(const s3hls__spool *s) {
    return s->tags;
}

s3hls_span s3hls__spool_body(void *ctx, uint64_t offset) {
    s3hls__spool *s = ctx;
    s3hls_span span = {NULL, 0};
    if (offset >= s->size)
        return span;
    if (offset < s->buffer_at || offset >= s->buffer_at + s->buffer_size) {
        size_t n = s->size - offset < BUFFER_BYTES ? (size_t)(s->size - offset) : BUFFER_BYTES;
        s->buffer_size = s3hls__file_read(s->file, s->buffer, n, offset) ? n : 0;
        s->buffer_at = offset;
    }
    span.data = s->buffer + (offset - s->buffer_at);
    span.size = s->buffer_size - (size_t)(offset - s->buffer_at);
    return span;
}

void s3hls__spool_read_end(s3hls__spool *s) {
    if (s->file >= 0)
        close(s->file);
    s->file = -1;
    s->buffer_size = 0;
}

/* ---- numbers */

uint64_t s3hls__spool_floor(const s3hls__spool *s) {
    return s->floor;
}

int s3hls__spool_reserve(s3hls__spool *s, uint64_t sequence) {
    enum { AHEAD = 16 };
    char text[32], temporary[32];
    if (sequence < s->reserved)
        return S3HLS_OK;
    int rc = open_folder(s);
    int fd = rc ? -1 : create_temporary(s, temporary);
    if (fd < 0)
        return rc ? rc : status_of_errno();
    int n = snprintf(text, sizeof text, "%" PRIu64 "\n", sequence + AHEAD);
    rc = commit(s, fd, s3hls__file_write(fd, text, (size_t)n), temporary, SESSION);
    if (!rc)
        s->reserved = sequence + AHEAD;
    return rc;
}

/* Numbers go on from here; but one that no recording comes to is none of ours, and would leave no
 * room to count on. */
static void raise_floor(s3hls__spool *s, uint64_t number) {
    if (number > s->floor && number < UINT64_C(1) << 48)
        s->floor = number;
}

static void read_session(s3hls__spool *s) {
    char text[32] = "";
    int fd = openat(s->folder, SESSION, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n > 0)
        raise_floor(s, strtoull(text, NULL, 10));
    s->reserved = s->floor;
}

/* ---- open */

static void add_file(s3hls__spool *s, const char *name, s3hls__spool_damaged_fn damaged, void *ctx,
                     int *rc) {
    s3hls__spool_entry entry;
    s3hls__spool_trailer t;
    if (!parse_name(name, &entry)) {
        s3hls__log(&s->env, S3HLS_LOG_WARN, "record", "%s/%s is none of ours: left alone", s->path,
                   name);
        return;
    }
    raise_floor(s, entry.segment.sequence + 1);
    raise_floor(s, entry.segment.timeline + 1);
    int fd = openat(s->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && s3hls__spool_file_look(fd, &t) && (*rc = make_room(s)) == S3HLS_OK) {
        entry.segment.size = t.size;
        s->entries[s->count++] = entry; /* sorted when all are there */
        count_segment(s, &entry);
    } else if (!*rc) {
        set_aside(s, name);
        damaged(ctx, &entry);
    }
    if (fd >= 0)
        close(fd);
}

static int read_folder(s3hls__spool *s, s3hls__spool_damaged_fn damaged, void *ctx) {
    int rc = S3HLS_OK, fd = openat(s->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return status_of_errno();
    }
    read_session(s);
    for (struct dirent *d; !rc && (d = readdir(dir));) {
        if (strncmp(d->d_name, TEMPORARY, sizeof TEMPORARY - 1) == 0)
            unlinkat(s->folder, d->d_name, 0);
        else if (d->d_name[0] != '.' && strcmp(d->d_name, SESSION) != 0 &&
                 strncmp(d->d_name, DAMAGED, sizeof DAMAGED - 1) != 0)
            add_file(s, d->d_name, damaged, ctx, &rc);
    }
    closedir(dir);
    if (s->count)
        qsort(s->entries, s->count, sizeof *s->entries, compare_entries);
    return rc;
}

int s3hls__spool_open(s3hls__spool **out, const char *dir, const char *destination,
                      const s3hls_env *env, s3hls__spool_damaged_fn damaged, void *ctx) {
    char name[NAME_MAX + 1];
    *out = NULL;
    s3hls__spool *s = s3hls__env_alloc(env, sizeof *s);
    if (!s)
        return S3HLS_E_NOMEM;
    s->env = *env;
    s->folder = s->file = -1;
    s3hls__crc32c_init(&s->table);
    int rc = S3HLS_E_INVALID;
    if (encode_destination(destination, name, sizeof name) &&
        snprintf(s->path, sizeof s->path, "%s/%s", dir, name) < (int)sizeof s->path - NAME_MAX) {
        rc = open_folder(s);
        if (!rc)
            rc = read_folder(s, damaged, ctx);
    }
    if (rc == S3HLS_E_INVALID || rc == S3HLS_E_STATE || rc == S3HLS_E_NOMEM) {
        s3hls__log(env, S3HLS_LOG_ERROR, "record", "spool %s for %s: %s", dir, destination,
                   rc == S3HLS_E_STATE ? "another recorder has it open"
                                       : "the name is too long, or memory is out");
        s3hls__spool_close(&s);
        return rc;
    }
    if (rc)
        s3hls__log(env, S3HLS_LOG_WARN, "record", "spool %s cannot be used: %s; memory alone",
                   s->path, s3hls_strerror(rc));
    *out = s;
    return S3HLS_OK;
}

void s3hls__spool_close(s3hls__spool **spool) {
    s3hls__spool *s = spool ? *spool : NULL;
    if (!s)
        return;
    s3hls_env env = s->env;
    s3hls__spool_read_end(s);
    if (s->folder >= 0)
        close(s->folder);
    s3hls__env_free(&env, s->entries);
    s3hls__env_free(&env, s);
    *spool = NULL;
}
