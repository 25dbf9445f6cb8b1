/* SPDX-License-Identifier: MIT-0 */
#include "archive/folder.h"
#include "s3/listing.h"
#include <string.h>

/* s3hls_s3_list_fn */
static int on_object(void *ctx, const s3hls_s3_object *object) {
    s3hls__folder *f = ctx;
    if (object->key[strlen(object->key) - 1] != '/')
        return ++f->files == S3HLS__FOLDER_FILES_MAX;
    f->status = s3hls__names_add(&f->found, object->key, "");
    return f->status;
}

void s3hls__folder_init(s3hls__folder *f, const char *name, const s3hls_env *env) {
    *f = (s3hls__folder){.name = name, .found = {.env = env}};
    f->op = s3hls__op_list(name, NULL, on_object, f, &s3hls__s3_lister);
    f->op.request.by_folder = true;
}

int s3hls__folder_status(const s3hls__folder *f) {
    int rc = f->op.result.status;
    return f->status ? f->status : rc == S3HLS_E_CANCELLED ? S3HLS_OK : rc;
}

int s3hls__folder_list(s3hls_store *store, const char *name, const s3hls_env *env,
                       s3hls__names *found, s3hls_s3_error *error) {
    s3hls__folder f;
    s3hls__folder_init(&f, name, env);
    s3hls__store_run(store, &f.op, error);
    s3hls__names_sort(&f.found);
    *found = f.found;
    return s3hls__folder_status(&f);
}
