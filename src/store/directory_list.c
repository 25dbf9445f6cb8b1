/* SPDX-License-Identifier: MIT-0 */
/* A directory listed as S3 lists a bucket: all keys below it, in ascending order of bytes. */
#include "base/names.h"
#include "s3/uri.h"
#include "store/backend.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct walk {
    const s3hls__op *op;
    const s3hls_env *env;
    s3hls_s3_error *error;
    char start_after[S3HLS__KEY_BYTES_MAX + 2]; /* "" where there is none */
    size_t root_size;                           /* of path, with its slash: a key begins there */
    char path[PATH_MAX];
} walk;

static int failed(walk *w, const char *what) {
    w->error->status = errno == EACCES   ? S3HLS_E_ACCESS
                       : errno == ENOMEM ? S3HLS_E_NOMEM
                                         : S3HLS_E_IO;
    snprintf(w->error->message, sizeof w->error->message, "cannot %s %.160s: %s", what, w->path,
             strerror(errno));
    return w->error->status;
}

/* Links are not followed: what lies elsewhere is not in the store. */
static bool is_folder(walk *w, size_t size, const struct dirent *entry, bool *file) {
    unsigned char type = entry->d_type;
    if (type == DT_UNKNOWN) {
        struct stat st;
        snprintf(w->path + size, sizeof w->path - size, "%s", entry->d_name);
        if (lstat(w->path, &st) == 0)
            type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_LNK;
        w->path[size] = 0;
    }
    *file = type == DT_REG;
    return type == DT_DIR;
}

/* Names in one folder; a folder's own ends with a slash, so that names sort as whole keys do. */
static int read_names(walk *w, size_t size, s3hls__names *n) {
    DIR *dir = opendir(w->path);
    if (!dir)
        return errno == ENOENT || errno == ENOTDIR ? S3HLS_OK : failed(w, "list");
    int rc = S3HLS_OK;
    for (const struct dirent *entry; !rc && (entry = readdir(dir));) {
        const char *name = entry->d_name;
        bool file, folder = is_folder(w, size, entry, &file);
        bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        bool temporary =
            strncmp(name, S3HLS__TEMPORARY_PREFIX, strlen(S3HLS__TEMPORARY_PREFIX)) == 0;
        if ((file || folder) && !dots && !temporary)
            rc = s3hls__names_add(n, name, folder ? "/" : "");
    }
    closedir(dir);
    s3hls__names_sort(n);
    return rc;
}

/* Can a key that begins with this folder's match the prefix and come after start_after? */
static bool folder_matters(const walk *w, const char *key) {
    size_t size = strlen(key), prefix_size = strlen(w->op->key);
    size_t common = size < prefix_size ? size : prefix_size;
    return memcmp(key, w->op->key, common) == 0 && strncmp(key, w->start_after, size) >= 0;
}

static bool file_matters(const walk *w, const char *key) {
    return strncmp(key, w->op->key, strlen(w->op->key)) == 0 && strcmp(key, w->start_after) > 0;
}

/* A folder is told by its first file, and the others are passed over. */
static bool name_folder(walk *w, s3hls_s3_object *object) {
    const char *slash = w->op->by_folder ? strchr(object->key + strlen(w->op->key), '/') : NULL;
    size_t size = slash ? (size_t)(slash - object->key) + 1 : 0;
    if (!slash || size >= sizeof w->start_after)
        return false;
    memcpy(w->start_after, object->key, size);
    w->start_after[size] = 0;
    *object = (s3hls_s3_object){w->start_after, 0, 0, ""};
    return true;
}

static int report(walk *w) {
    struct stat st;
    if (stat(w->path, &st)) /* gone since: not there */
        return S3HLS_OK;
    s3hls_s3_object object = {w->path + w->root_size, (uint64_t)st.st_size, st.st_mtime, ""};
    bool folder = name_folder(w, &object);
    int stopped = w->op->on_object(w->op->sink_ctx, &object);
    if (folder)
        w->start_after[strlen(w->start_after) - 1] = '/' + 1;
    return stopped ? S3HLS_E_CANCELLED : S3HLS_OK;
}

static int walk_folder(walk *w, size_t size) {
    s3hls__names n = {.env = w->env};
    int rc = read_names(w, size, &n);
    for (size_t i = 0; i < n.count && !rc; i++) {
        size_t name_size = strlen(n.items[i]);
        if (size + name_size >= sizeof w->path)
            continue;
        memcpy(w->path + size, n.items[i], name_size + 1);
        const char *key = w->path + w->root_size;
        if (n.items[i][name_size - 1] == '/')
            rc = folder_matters(w, key) ? walk_folder(w, size + name_size) : S3HLS_OK;
        else if (file_matters(w, key))
            rc = report(w);
        w->path[size] = 0;
    }
    s3hls__names_deinit(&n);
    return rc;
}

int s3hls__directory_list(const char *root, const s3hls__op *op, const s3hls_env *env,
                          s3hls_s3_error *error) {
    walk w = {.op = op, .env = env, .error = error};
    int n = snprintf(w.path, sizeof w.path, "%s/", root);
    if (n < 0 || (size_t)n >= sizeof w.path)
        return S3HLS_E_TOO_LARGE;
    if (op->start_after && strlen(op->start_after) >= sizeof w.start_after)
        return S3HLS_E_INVALID;
    strcpy(w.start_after, op->start_after ? op->start_after : "");
    w.root_size = (size_t)n;
    return walk_folder(&w, w.root_size);
}
