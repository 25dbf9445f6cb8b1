/* SPDX-License-Identifier: MIT-0 */
#include "server/files.h"
#include <string.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16 };

struct s3hls__files {
    s3hls_env env;
    s3hls__answer *answers[]; /* in the order of the table */
};

static const char *type_of(const char *name) {
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".txt", "text/plain; charset=utf-8"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
    };
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].ending, ending) == 0)
            return types[i].type;
    return "application/octet-stream";
}

static s3hls__answer *unpack(s3hls__answer_account *account, const s3hls__embedded_file *file) {
    const unsigned char *tail =
        file->gzip + file->gzip_size - 4; /* uncompressed size: RFC 1952 2.3.1 */
    size_t size = tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    char *body = s3hls__env_alloc(&account->env, size + 1);
    z_stream z = {.next_in = (Bytef *)file->gzip,
                  .avail_in = (uInt)file->gzip_size,
                  .next_out = (Bytef *)body,
                  .avail_out = (uInt)size};
    if (!body || inflateInit2(&z, GZIP_WINDOW) != Z_OK) {
        s3hls__env_free(&account->env, body);
        return NULL;
    }
    inflate(&z, Z_FINISH);
    inflateEnd(&z);
    s3hls__answer *a = s3hls__answer_text(account, type_of(file->name), body, size);
    if (a)
        a->revalidate = true;
    return a;
}

int s3hls__files_open(s3hls__files **out, s3hls__answer_account *account) {
    size_t count = s3hls__embedded_file_count;
    s3hls__files *f = s3hls__env_alloc(&account->env, sizeof *f + count * sizeof *f->answers);
    *out = f;
    if (!f)
        return S3HLS_E_NOMEM;
    f->env = account->env;
    for (size_t i = 0; i < count; i++)
        if (!(f->answers[i] = unpack(account, &s3hls__embedded_files[i]))) {
            s3hls__files_close(out);
            return S3HLS_E_NOMEM;
        }
    return S3HLS_OK;
}

void s3hls__files_close(s3hls__files **files) {
    s3hls__files *f = *files;
    if (!f)
        return;
    s3hls_env env = f->env;
    for (size_t i = 0; i < s3hls__embedded_file_count; i++)
        s3hls__answer_release(f->answers[i]);
    s3hls__env_free(&env, f);
    *files = NULL;
}

s3hls__answer *s3hls__files_find(const s3hls__files *f, const char *name) {
    if (!name[0])
        name = "index.html";
    for (size_t i = 0; i < s3hls__embedded_file_count; i++)
        if (strcmp(s3hls__embedded_files[i].name, name) == 0)
            return s3hls__answer_retain(f->answers[i]);
    return NULL;
}
