/* SPDX-License-Identifier: MIT-0 */
#include "base/disk.h"
#include "deliver/spool_inside.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- contents */

s3hls__spool_entry *s3hls__spool_find(s3hls__spool *s, const s3hls__spool_entry *like) {
    return s3hls__spool_index_find(&s->index, like, s->index.count);
}

s3hls__spool_entry *s3hls__spool_oldest(s3hls__spool *s, int64_t now_us) {
    return s3hls__spool_index_oldest(&s->index, now_us);
}

int64_t s3hls__spool_next_due_us(const s3hls__spool *s, int64_t now_us) {
    return s3hls__spool_index_next_due_us(&s->index, now_us);
}

s3hls__spool_entry *s3hls__spool_oldest_object(s3hls__spool *s, int64_t now_us) {
    return s3hls__spool_index_oldest_object(&s->index, now_us);
}

s3hls__spool_entry *s3hls__spool_oldest_segment(s3hls__spool *s) {
    return s3hls__spool_index_oldest_segment(&s->index);
}

uint64_t s3hls__spool_bytes(const s3hls__spool *s) {
    return s->index.bytes;
}

uint64_t s3hls__spool_segments(const s3hls__spool *s) {
    return s->index.segments;
}

bool s3hls__spool_empty(const s3hls__spool *s) {
    return s->index.count == 0;
}

/* ---- a timeline's object is kept as long as its segments */

void s3hls__spool_note_delivered(s3hls__spool *s, const s3hls__spool_entry *object) {
    s3hls__spool_entry *found = s3hls__spool_find(s, object);
    if (!found)
        return;
    found->busy = false;
    found->delivered = true;
    if (!s3hls__spool_index_has_segments(&s->index, found->segment.timeline))
        s3hls__spool_remove(s, found);
}

void s3hls__spool_doubt(s3hls__spool *s) {
    for (size_t i = 0; s->index.objects && i < s->index.count; i++)
        s->index.entries[i].delivered = false;
}

static void remove_object_of(s3hls__spool *s, s3hls__key_kind kind, uint64_t timeline) {
    s3hls__spool_entry *object =
        s3hls__spool_find(s, &(s3hls__spool_entry){.kind = kind, .segment.timeline = timeline});
    if (object && object->delivered && !object->busy &&
        !s3hls__spool_index_has_segments(&s->index, timeline))
        s3hls__spool_remove(s, object);
}

/* ---- writing */

static void log_unsynced(s3hls__spool *s) {
    if (!s->logged_unsynced)
        s3hls__log(&s->env, S3HLS_LOG_WARN, "record",
                   "spool %s/%s: its names cannot be synced (%s): a loss of power may lose the "
                   "newest",
                   s->dir, s->name, strerror(errno));
    s->logged_unsynced = true;
}

int s3hls__spool_write_file(s3hls__spool *s, const char *name, const s3hls__spool_source *source,
                            const char *text) {
    s3hls__spool_folder *f = &s->folders[s->current];
    char temporary[32];
    bool synced;
    int fd = s3hls__spool_folder_create(f, &s->place, s->env.random(s->env.ctx), temporary);
    if (fd < 0)
        return s3hls__disk_status(errno);
    bool written = text ? s3hls__file_write(fd, text, strlen(text))
                        : s3hls__spool_file_write(fd, &s->table, source->size, source->tags,
                                                  source->body, source->ctx);
    int rc = s3hls__spool_folder_commit(f, fd, written, temporary, name, &synced);
    if (!rc && !synced)
        log_unsynced(s); /* complete, and found by the next recorder: spooled */
    return rc;
}

/* Retry in the folder that the path now resolves to, if the previous folder was removed. */
static int write_named(s3hls__spool *s, const char *name, const s3hls__spool_source *source,
                       const char *text) {
    int rc = s3hls__spool_reach(s);
    if (!rc)
        rc = s3hls__spool_write_file(s, name, source, text);
    if (rc != S3HLS_E_NOT_FOUND || s->current < 0 ||
        s3hls__spool_folder_is_at(&s->folders[s->current], &s->place))
        return rc;
    s->current = -1;
    rc = s3hls__spool_reach(s);
    return rc ? rc : s3hls__spool_write_file(s, name, source, text);
}

int s3hls__spool_write(s3hls__spool *s, const s3hls__spool_entry *entry,
                       const s3hls__spool_source *source) {
    char name[S3HLS_KEY_MAX];
    s3hls__spool_entry copy = *entry;
    int rc = s3hls__spool_name(entry, name);
    if (!rc)
        rc = s3hls__spool_index_reserve(&s->index);
    if (!rc)
        rc = s3hls__spool_reach(s);
    if (!rc && s3hls__spool_find(s, entry))
        return S3HLS_E_EXISTS;
    if (!rc)
        rc = write_named(s, name, source, NULL);
    if (rc)
        return rc;
    copy.segment.size = source->size;
    copy.folder = s->current;
    copy.busy = copy.delivered = false;
    s3hls__spool_index_insert(&s->index, &copy);
    return S3HLS_OK;
}

void s3hls__spool_remove(s3hls__spool *s, const s3hls__spool_entry *entry) {
    char name[S3HLS_KEY_MAX];
    s3hls__spool_entry copy = *entry; /* entry may point into memory that moves */
    s3hls__spool_folder *f = s3hls__spool_folder_of(s, &copy);
    s3hls__spool_index_forget(&s->index, &copy);
    if (f && s3hls__spool_name(&copy, name) == S3HLS_OK && s3hls__spool_folder_remove(f, name))
        s3hls__log(&s->env, S3HLS_LOG_WARN, "record", "%s stays in the spool: %s", name,
                   strerror(errno));
    if (!s3hls__spool_is_segment(&copy))
        return;
    remove_object_of(s, S3HLS__KEY_TIMELINE, copy.segment.timeline);
    remove_object_of(s, S3HLS__KEY_INIT, copy.segment.timeline);
}

/* ---- reading back */

bool s3hls__spool_set_aside(s3hls__spool *s, const s3hls__spool_folder *f, const char *name) {
    char aside[S3HLS__SPOOL_NAME_BYTES + sizeof S3HLS__SPOOL_DAMAGED];
    snprintf(aside, sizeof aside, "%s%s", S3HLS__SPOOL_DAMAGED, name);
    s3hls__log(&s->env, S3HLS_LOG_ERROR, "record", "%s/%s/%s is damaged: kept as %s, not sent",
               s->dir, s->name, name, aside);
    bool renamed = renameat(f->fd, name, f->fd, aside) == 0;
    if (!renamed)
        s3hls__log(&s->env, S3HLS_LOG_WARN, "record", "%s could not be renamed", name);
    return renamed;
}

int s3hls__spool_open_whole(s3hls__spool *s, const s3hls__spool_folder *f, const char *name,
                            uint64_t size, s3hls__spool_trailer *t, int *rc) {
    s3hls__spool_kind kind;
    int fd = s3hls__spool_folder_read(f, name, &kind);
    if (fd < 0) {
        *rc = kind == S3HLS__SPOOL_FILE || kind == S3HLS__SPOOL_UNKNOWN ? S3HLS_E_IO
              : kind == S3HLS__SPOOL_NO_FILE                            ? S3HLS_E_MALFORMED
                                                                        : S3HLS_E_NOT_FOUND;
        return -1;
    }
    s->buffer_size = 0;
    errno = 0;
    *rc = S3HLS_OK;
    if (!s3hls__spool_file_look(fd, t) || t->size != size ||
        !s3hls__spool_file_check(fd, &s->table, t, s->buffer, sizeof s->buffer) ||
        !s3hls__file_read(fd, s->tags, t->tags_size, t->size)) {
        *rc = errno ? S3HLS_E_IO : S3HLS_E_MALFORMED; /* a disk error, or an incomplete file */
        close(fd);
        return -1;
    }
    s->tags[t->tags_size] = 0;
    return fd;
}

int s3hls__spool_read(s3hls__spool *s, const s3hls__spool_entry *entry) {
    char name[S3HLS_KEY_MAX];
    s3hls__spool_entry copy = *entry;
    s3hls__spool_folder *f = s3hls__spool_folder_of(s, entry);
    s3hls__spool_trailer t;
    int rc = f ? s3hls__spool_name(entry, name) : S3HLS_E_IO;
    if (rc)
        return rc;
    int fd = s3hls__spool_open_whole(s, f, name, copy.segment.size, &t, &rc);
    if (rc == S3HLS_E_MALFORMED)
        s3hls__spool_set_aside(s, f, name);
    if (rc == S3HLS_E_MALFORMED || rc == S3HLS_E_NOT_FOUND)
        s3hls__spool_index_forget(&s->index, &copy);
    if (fd >= 0) {
        s->file = fd;
        s->size = t.size;
    }
    return rc;
}

/* Compare the file with a body, piece by piece. */
static bool is_like(int fd, const s3hls__spool_source *source) {
    uint8_t piece[4096];
    for (uint64_t at = 0; at < source->size;) {
        s3hls_span span = source->body(source->ctx, at);
        size_t n = span.size < sizeof piece ? span.size : sizeof piece;
        if (n == 0 || !s3hls__file_read(fd, piece, n, at) || memcmp(piece, span.data, n) != 0)
            return false;
        at += n;
    }
    return true;
}

bool s3hls__spool_holds(s3hls__spool *s, const s3hls__spool_entry *entry,
                        const s3hls__spool_source *source) {
    char name[S3HLS_KEY_MAX];
    s3hls__spool_kind kind;
    const s3hls__spool_entry *found = s3hls__spool_find(s, entry);
    s3hls__spool_folder *f = s3hls__spool_folder_of(s, entry);
    if (!found || !f || found->segment.size != source->size || s3hls__spool_name(entry, name))
        return false;
    int fd = s3hls__spool_folder_read(f, name, &kind);
    bool like = fd >= 0 && is_like(fd, source);
    if (fd >= 0)
        close(fd);
    return like;
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
        size_t n = s->size - offset < S3HLS__SPOOL_BUFFER_BYTES ? (size_t)(s->size - offset)
                                                                : S3HLS__SPOOL_BUFFER_BYTES;
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
    char text[32];
    if (sequence < s->reserved)
        return S3HLS_OK;
    snprintf(text, sizeof text, "%" PRIu64 "\n", sequence + AHEAD);
    int rc = s3hls__spool_reach(s);
    if (!rc && sequence >= s->reserved)
        rc = write_named(s, S3HLS__SPOOL_SESSION, NULL, text);
    if (!rc && sequence >= s->reserved)
        s->reserved = sequence + AHEAD;
    return rc;
}

/* Numbering continues from here. A number that no recording reaches is not ours, and would leave no
 * numbers to continue with. */
void s3hls__spool_raise_floor(s3hls__spool *s, uint64_t number) {
    if (number > s->floor && number < UINT64_C(1) << 48)
        s->floor = number;
}

void s3hls__spool_read_session(s3hls__spool *s, const s3hls__spool_folder *f) {
    char text[32] = "";
    s3hls__spool_kind kind;
    int fd = s3hls__spool_folder_read(f, S3HLS__SPOOL_SESSION, &kind);
    s->reserved = 0;
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    uint64_t number = n > 0 ? strtoull(text, NULL, 10) : 0;
    if (number < UINT64_C(1) << 48)
        s->reserved = number;
    s3hls__spool_raise_floor(s, number);
}

/* ---- open */

/* Encode a destination as a folder name. @return false: too long. */
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

int s3hls__spool_open(s3hls__spool **out, const s3hls__spool_config *cfg, const s3hls_env *env) {
    *out = NULL;
    s3hls__spool *s = s3hls__env_alloc(env, sizeof *s);
    if (!s)
        return S3HLS_E_NOMEM;
    s->env = *env;
    s->index.env = &s->env;
    s->file = s->current = -1;
    s->found = cfg->found;
    s->found_ctx = cfg->ctx;
    for (int i = 0; i < S3HLS__SPOOL_FOLDERS_MAX; i++)
        s->folders[i].fd = -1;
    s3hls__crc32c_init(&s->table);
    s->place = (s3hls__spool_place){s->dir, s->name, s3hls__disk_file_mode(cfg->file_mode),
                                    s3hls__disk_folder_mode(cfg->file_mode)};
    int n = snprintf(s->dir, sizeof s->dir, "%s", cfg->dir);
    int rc = S3HLS_E_INVALID;
    if (encode_destination(cfg->destination, s->name, sizeof s->name) &&
        n + strlen(s->name) + 1 < sizeof s->dir - NAME_MAX)
        rc = s3hls__spool_reach(s);
    if (rc == S3HLS_E_INVALID || rc == S3HLS_E_STATE || rc == S3HLS_E_NOMEM) {
        s3hls__log(env, S3HLS_LOG_ERROR, "record", "spool %s for %s: %s", cfg->dir,
                   cfg->destination,
                   rc == S3HLS_E_STATE ? "another recorder has it open"
                                       : "the name is too long, or memory is out");
        s3hls__spool_close(&s);
        return rc;
    }
    *out = s;
    return S3HLS_OK;
}

void s3hls__spool_close(s3hls__spool **spool) {
    s3hls__spool *s = spool ? *spool : NULL;
    if (!s)
        return;
    s3hls_env env = s->env;
    s3hls__spool_read_end(s);
    for (int i = 0; i < S3HLS__SPOOL_FOLDERS_MAX; i++)
        s3hls__spool_folder_close(&s->folders[i]);
    s3hls__env_free(&env, s->index.entries);
    s3hls__env_free(&env, s);
    *spool = NULL;
}
