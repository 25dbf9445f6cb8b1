/* SPDX-License-Identifier: MIT-0 */
#include "deliver/delivery.h"
#include <stdio.h>
#include <string.h>

static void add_header(s3hls__delivery *d, const char *name, const char *value) {
    d->headers[d->put.header_count++] = (s3hls_header){name, value};
}

static void set_headers(s3hls__delivery *d) {
    const s3hls__object *object = &d->box->object;
    const s3hls__tags *kept = d->slot ? d->slot->tags : d->copy ? d->copy->tags : NULL;
    const char *tags = s3hls__delivery_is_spooled(d) ? s3hls__spool_tags(d->box->spool)
                       : kept                        ? kept->text
                                                     : "";
    d->put = (s3hls_s3_put_options){.content_type = s3hls__spool_content_type(&d->entry),
                                    .headers = d->headers};
    for (size_t i = 0; i < object->header_count; i++)
        if (s3hls__spool_is_segment(&d->entry) ||
            strcmp(object->headers[i].name, "if-none-match") != 0)
            add_header(d, object->headers[i].name, object->headers[i].value);
    if (tags[0])
        add_header(d, "x-amz-tagging", tags);
}

static void start(s3hls__delivery *d, s3hls__op_kind kind) {
    void (*done)(s3hls__op * op) = d->op.done;
    d->op = (s3hls__op){.request = {.kind = kind,
                                    .key = d->key,
                                    .body = d->slot   ? s3hls__slot_body
                                            : d->copy ? s3hls__timeline_copy_body
                                                      : s3hls__spool_body,
                                    .body_ctx = d->slot   ? (void *)d->slot
                                                : d->copy ? (void *)d->copy
                                                          : d->box->spool,
                                    .body_size = d->entry.segment.size,
                                    .put = &d->put,
                                    .fresh = d->box->health.state != S3HLS_DELIVERY_OK,
                                    .patient = kind == S3HLS__OP_PUT},
                        .done = done,
                        .user = d};
}

void s3hls__delivery_begin(s3hls__delivery *d, s3hls__outbox *box, s3hls__slot *slot,
                           s3hls__timeline_copy *copy, const s3hls__spool_entry *entry,
                           void (*done)(s3hls__op *op)) {
    d->box = box;
    d->slot = slot;
    d->copy = copy;
    d->entry = *entry;
    d->comparing = d->ours = false;
    d->aborted[0] = 0;
    d->begun_us = box->env.monotonic_us(box->env.ctx);
    s3hls__spool_key(&d->entry, d->key);
    set_headers(d);
    d->op.done = done;
    start(d, S3HLS__OP_PUT);
    s3hls__store_start(box->store, &d->op);
}

static int note_object(void *ctx, const s3hls_s3_object *object) {
    s3hls__delivery *d = ctx;
    d->ours = object->size == d->entry.segment.size &&
              (!d->box->object.etag_is_md5 || s3hls__s3_etag_fits(&d->op, object->etag));
    return 0;
}

bool s3hls__delivery_compare(s3hls__delivery *d) {
    if (d->comparing || !d->box->object.no_overwrite || d->op.result.status != S3HLS_E_EXISTS)
        return false;
    d->comparing = true;
    start(d, S3HLS__OP_HEAD);
    d->op.request.on_object = note_object;
    d->op.request.sink_ctx = d;
    s3hls__store_start(d->box->store, &d->op);
    return true;
}
