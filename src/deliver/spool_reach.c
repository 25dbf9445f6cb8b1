/* SPDX-License-Identifier: MIT-0 */
/* Finds the spool's folder and its entries: at open, and each time the disk is checked again. */
#include "base/disk.h"
#include "deliver/spool_inside.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the folder that the path resolves to */

s3hls__spool_folder *s3hls__spool_folder_of(s3hls__spool *s, const s3hls__spool_entry *entry) {
    const s3hls__spool_entry *found = s3hls__spool_find(s, entry);
    int at = found ? found->folder : s->current;
    return at >= 0 && s->folders[at].fd >= 0 ? &s->folders[at] : NULL;
}

static bool is_used(const s3hls__spool *s, int folder) {
    for (size_t i = 0; i < s->index.count; i++)
        if (s->index.entries[i].folder == folder)
            return true;
    return false;
}

/* Release folders without entries. @return a free index; -1: none. */
static int free_folder(s3hls__spool *s) {
    int free = -1;
    for (int i = 0; i < S3HLS__SPOOL_FOLDERS_MAX; i++) {
        if (i != s->current && s->folders[i].fd >= 0 && !is_used(s, i))
            s3hls__spool_folder_close(&s->folders[i]);
        if (s->folders[i].fd < 0 && free < 0)
            free = i;
    }
    return free;
}

/* Log changes only: an unusable disk is retried continually. */
static void log_status(s3hls__spool *s, int rc, const char *why) {
    bool changed = rc != s->status;
    s->status = rc;
    if (!changed && (rc || !why[0]))
        return;
    if (rc)
        s3hls__log(&s->env, S3HLS_LOG_WARN, "record",
                   "spool %s/%s cannot be used: %s; memory alone, until it can", s->dir, s->name,
                   why[0] ? why : s3hls_strerror(rc));
    else
        s3hls__log(&s->env, why[0] ? S3HLS_LOG_WARN : S3HLS_LOG_INFO, "record",
                   "spool %s/%s is used%s%s", s->dir, s->name, why[0] ? "; but " : "", why);
}

static int read_folder(s3hls__spool *s, bool again);

/* The path resolves to a new folder, or to a folder for the first time. */
static int enter_folder(s3hls__spool *s) {
    char why[S3HLS__SPOOL_WHY_BYTES] = "";
    s3hls__spool_folder f = {.fd = -1};
    int at = free_folder(s);
    int rc = at < 0 ? S3HLS_E_STATE : s3hls__spool_folder_open(&f, &s->place, why);
    if (at < 0)
        snprintf(why, sizeof why, "segments lie in %d folders that it led to before",
                 S3HLS__SPOOL_FOLDERS_MAX);
    if (rc && s->current >= 0)
        return rc; /* the previous folder remains in use */
    log_status(s, rc, why);
    if (rc)
        return rc;
    s->folders[at] = f;
    s->current = at;
    return read_folder(s, false);
}

/* Make sure that a current folder exists and was read. */
int s3hls__spool_reach(s3hls__spool *s) {
    return s->current >= 0 ? S3HLS_OK : enter_folder(s);
}

int s3hls__spool_status(const s3hls__spool *s) {
    return s->status;
}

/* ---- reading a folder's names */

typedef struct scan {
    s3hls__spool_folder *folder;
    size_t known; /* sorted entries; those after them were just found */
    size_t segments;
    bool again; /* the folder was read earlier */
    int status;
} scan;

static void note_unread(s3hls__spool *s, const char *name) {
    if (!s->logged_unread)
        s3hls__log(&s->env, S3HLS_LOG_WARN, "record",
                   "%s/%s/%s cannot be read: %s; it stays there and is tried again", s->dir,
                   s->name, name, strerror(errno));
    s->unread = s->logged_unread = true;
}

/* A known file was found again in the folder that the path resolves to now. */
static void adopt(s3hls__spool *s, s3hls__spool_entry *known, uint64_t size) {
    if (known->segment.size == size && !known->busy)
        known->folder = s->current;
}

static void add_whole(s3hls__spool *s, scan *c, s3hls__spool_entry *entry, uint64_t size) {
    s3hls__spool_entry *known = s3hls__spool_index_find(&s->index, entry, c->known);
    if (known) {
        adopt(s, known, size);
        return;
    }
    c->status = s3hls__spool_index_reserve(&s->index);
    if (c->status)
        return;
    entry->segment.size = size;
    entry->folder = s->current;
    s3hls__spool_index_append(&s->index, entry); /* sorted when all are appended */
    c->segments += s3hls__spool_is_segment(entry);
    s->found(s->found_ctx, entry, true);
}

/* @return false: it cannot be read now. */
static bool look_into(s3hls__spool *s, scan *c, const char *name, s3hls__spool_entry *entry) {
    s3hls__spool_kind kind;
    s3hls__spool_trailer t;
    int fd = s3hls__spool_folder_read(c->folder, name, &kind);
    if (kind == S3HLS__SPOOL_FOREIGN) {
        if (!c->again)
            s3hls__log(&s->env, S3HLS_LOG_WARN, "record",
                       "%s/%s/%s is not a file of this user: left alone, not sent", s->dir, s->name,
                       name);
        return true;
    }
    if (fd < 0 && kind != S3HLS__SPOOL_NO_FILE)
        return kind == S3HLS__SPOOL_ABSENT;
    errno = 0;
    bool whole = fd >= 0 && s3hls__spool_file_look(fd, &t), failed = !whole && errno != 0;
    if (fd >= 0)
        close(fd);
    if (failed)
        return false;
    if (whole) {
        add_whole(s, c, entry, t.size);
    } else {
        bool aside = s3hls__spool_set_aside(s, c->folder, name);
        if (aside || !c->again) /* a read-only disk keeps the name: reported once */
            s->found(s->found_ctx, entry, false);
    }
    return true;
}

static void add_file(s3hls__spool *s, scan *c, const char *name) {
    s3hls__spool_entry entry;
    const s3hls__spool_entry *known;
    if (!s3hls__spool_parse_name(name, &entry)) {
        if (!c->again)
            s3hls__log(&s->env, S3HLS_LOG_WARN, "record", "%s/%s/%s is none of ours: left alone",
                       s->dir, s->name, name);
        return;
    }
    known = s3hls__spool_index_find(&s->index, &entry, c->known);
    if (known && known->folder == s->current)
        return;
    s3hls__spool_raise_floor(s, entry.segment.sequence + 1);
    s3hls__spool_raise_floor(s, entry.segment.timeline + 1);
    if (!look_into(s, c, name, &entry))
        note_unread(s, name);
}

static void scan_name(s3hls__spool *s, scan *c, const char *name) {
    if (strncmp(name, S3HLS__SPOOL_TEMPORARY, sizeof S3HLS__SPOOL_TEMPORARY - 1) == 0)
        s3hls__spool_folder_remove(c->folder, name);
    else if (name[0] != '.' && strcmp(name, S3HLS__SPOOL_SESSION) != 0 &&
             strncmp(name, S3HLS__SPOOL_DAMAGED, sizeof S3HLS__SPOOL_DAMAGED - 1) != 0)
        add_file(s, c, name);
}

/* Read the entries of the current folder that are not known yet. */
static int read_folder(s3hls__spool *s, bool again) {
    scan c = {.folder = &s->folders[s->current], .known = s->index.count, .again = again};
    int fd = openat(c.folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        s->unread = true;
        return s3hls__disk_status(errno);
    }
    s->unread = false;
    s3hls__spool_read_session(s, c.folder);
    const struct dirent *d;
    while (errno = 0, !c.status && (d = readdir(dir)))
        scan_name(s, &c, d->d_name);
    s->unread = s->unread || c.status || errno;
    closedir(dir);
    s3hls__spool_index_sort(&s->index);
    if (c.segments)
        s3hls__log(&s->env, S3HLS_LOG_INFO, "record", "spool %s/%s holds %zu segments", s->dir,
                   s->name, c.segments);
    s->logged_unread = s->logged_unread && s->unread;
    return c.status;
}

/* ---- periodic checks */

/* Move a segment from an earlier folder to the current one, where the next recorder finds it.
 * @return false: it could not be moved. */
static bool move_entry(s3hls__spool *s, s3hls__spool_entry *entry) {
    s3hls__spool_folder *from = &s->folders[entry->folder];
    s3hls__spool_trailer t;
    char name[S3HLS_KEY_MAX];
    int rc = s3hls__spool_name(entry, name);
    if (!rc)
        s->file = s3hls__spool_open_whole(s, from, name, entry->segment.size, &t, &rc);
    if (rc)
        return false; /* a damaged or missing file is reported when it is to be sent */
    s->size = t.size;
    s3hls__spool_source source = {s3hls__spool_body, s, s->size, s->tags};
    rc = s3hls__spool_write_file(s, name, &source, NULL);
    s3hls__spool_read_end(s);
    if (rc)
        return false;
    s3hls__spool_folder_remove(from, name);
    entry->folder = s->current;
    return true;
}

static void move_entries(s3hls__spool *s, uint64_t max_bytes) {
    size_t moved = 0, failed = 0;
    for (size_t i = 0; s->file < 0 && i < s->index.count && failed < 8; i++) {
        s3hls__spool_entry *e = &s->index.entries[i];
        if (e->folder == s->current || e->busy)
            continue;
        if (e->segment.size > max_bytes)
            break;
        max_bytes -= e->segment.size;
        bool done = move_entry(s, e);
        moved += done;
        failed += !done;
    }
    if (moved)
        s3hls__log(&s->env, S3HLS_LOG_INFO, "record", "%zu segments moved to where %s leads now",
                   moved, s->dir);
    if (failed && !s->logged_unmoved)
        s3hls__log(&s->env, S3HLS_LOG_WARN, "record",
                   "segments lie in a folder that %s led to before, and cannot be moved", s->dir);
    s->logged_unmoved = failed > 0;
}

void s3hls__spool_look(s3hls__spool *s, uint64_t max_bytes) {
    if (s->current >= 0 && s3hls__spool_folder_is_at(&s->folders[s->current], &s->place)) {
        if (s->unread)
            read_folder(s, true);
    } else {
        enter_folder(s);
    }
    if (s->current >= 0)
        move_entries(s, max_bytes);
    free_folder(s);
}
