/* SPDX-License-Identifier: MIT-0 */
#include "s3/run.h"
#include "s3/credentials.h"
#include <stdio.h>
#include <string.h>

enum { KEYS_WAIT_MS = 10000 };

static void note_end(s3hls__op *op) {
    *(bool *)op->user = true;
}

static void run_once(const s3hls__runner *r, s3hls__op *op) {
    bool ended = false;
    op->done = note_end;
    op->user = &ended;
    r->start(r->ctx, op);
    while (!ended)
        s3hls__http_step(r->http, 1000);
}

static void name_keys(s3hls_credentials_provider *provider, char id[S3HLS_ACCESS_KEY_MAX + 1]) {
    s3hls__keys keys;
    s3hls__credentials_get(provider, &keys);
    strcpy(id, keys.access_key_id);
    s3hls__keys_wipe(&keys);
}

static int wait_for_keys(s3hls_credentials_provider *keys) {
    return keys ? s3hls__credentials_wait(keys, NULL, KEYS_WAIT_MS) : S3HLS_OK;
}

int s3hls__run_wait(s3hls_credentials_provider *keys) {
    return wait_for_keys(keys) ? S3HLS_E_CREDENTIALS : S3HLS_OK;
}

int s3hls__run(const s3hls__runner *r, s3hls__op *op) {
    char used[S3HLS_ACCESS_KEY_MAX + 1];
    int why = wait_for_keys(r->keys);
    if (why) {
        memset(&op->result, 0, sizeof op->result);
        op->result.status = S3HLS_E_CREDENTIALS;
        snprintf(op->result.message, sizeof op->result.message, "no keys from %s: %s",
                 r->keys->source, s3hls_strerror(why));
        return op->result.status;
    }
    if (r->keys)
        name_keys(r->keys, used);
    run_once(r, op);
    if (op->result.status == S3HLS_E_CREDENTIALS && !op->transport.partly_reported && r->keys &&
        s3hls__credentials_renews(r->keys) &&
        s3hls__credentials_wait(r->keys, used, KEYS_WAIT_MS) == S3HLS_OK)
        run_once(r, op);
    return op->result.status;
}
