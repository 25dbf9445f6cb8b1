/* SPDX-License-Identifier: MIT-0 */
#include "site/cameras.h"
#include "base/pool.h"
#include "layout/key.h"
#include "site/settings.h"
#include "store/backend.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names */

/* @return NULL, or why the name is not valid. */
static const char *wrong_with(const char *name) {
    char folder[S3HLS__SITE_NAME_MAX + 2];
    size_t size = strlen(name);
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (size == 0 || size > S3HLS__SITE_NAME_MAX || strspn(name, allowed) != size ||
        strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return "a camera's name is 1 to 64 letters, digits, '.', '_' and '-', and not . or ..";
    snprintf(folder, sizeof folder, "%s/", name);
    if (s3hls__folder_is_of_recording(folder))
        return "the folders of recordings have such names; add a letter";
    if (strncmp(name, S3HLS__TEMPORARY_PREFIX, strlen(S3HLS__TEMPORARY_PREFIX)) == 0)
        return "files that are being written have such names";
    return NULL;
}

static const yaml_node_pair_t *pair_of(const s3hls__site_reader *r, size_t i) {
    return &r->nodes[S3HLS__SITE_CAMERAS]->data.mapping.pairs.start[i];
}

static yaml_node_t *name_node(s3hls__site_reader *r, size_t i) {
    return yaml_document_get_node(&r->document, pair_of(r, i)->key);
}

static s3hls__site_mark mark_of(s3hls__site_reader *r, const s3hls__site_camera *c) {
    return s3hls__site_mark_of(&name_node(r, (size_t)(c - r->site->cameras))->start_mark);
}

static void set_where(s3hls__site_reader *r, const char *name) {
    snprintf(r->where, sizeof r->where, "cameras.%.*s.", S3HLS__SITE_NAME_MAX, name);
}

/* ---- one camera */

static int never_stopped(void *ctx) {
    (void)ctx;
    return 0;
}

static void check_source(s3hls__site_reader *r, const s3hls__site_camera *c) {
    char why[S3HLS_SOURCE_WHY_BYTES] = "";
    s3hls_source_config source = c->source;
    source.stopped = never_stopped; /* the caller's function is required */
    int rc = s3hls_source_check(&source, why);
    if (rc == S3HLS_E_NOMEM)
        r->out_of_memory = true;
    else if (rc)
        s3hls__site_add_error(&r->reports, mark_of(r, c), "%sinput: %s", r->where, why);
}

static void check_together(s3hls__site_reader *r, const s3hls__site_camera *c) {
    const s3hls_object_options *object = &c->recorder.object;
    const char *encryption = object->encryption;
    if (object->kms_key_id && (!encryption || strcmp(encryption, "aws:kms") != 0))
        s3hls__site_add_error(&r->reports, mark_of(r, c), "%skms-key: it requires sse: aws:kms",
                              r->where);
    if (c->spool_share_percent && !r->site->spool_dir)
        s3hls__site_add_error(&r->reports, mark_of(r, c),
                              "%sspool-share: the site has no spool; add spool: { dir: DIR }",
                              r->where);
}

/* Set what follows from the site and from other settings. */
static void complete(s3hls__site_reader *r, s3hls__site_camera *c) {
    const s3hls__site *site = r->site;
    size_t size = site->store ? strlen(site->store) + strlen(c->name) + 2 : 0;
    char *destination = size ? s3hls__site_alloc(r, size) : NULL;
    if (destination)
        snprintf(destination, size, "%s/%s", site->store, c->name);
    c->recorder.destination = destination;
    c->recorder.s3 = site->s3;
    c->recorder.spool_dir = site->spool_dir;
    /* the codec may change while a camera is unreachable: only AAC fits any container */
    c->source.audio_in_ts =
        c->recorder.container == S3HLS_CONTAINER_TS || strstr(c->source.address, "://") != NULL;
}

/* c has the defaults. */
static void read_camera(s3hls__site_reader *r, size_t i, s3hls__site_camera *c) {
    const yaml_node_t *name = name_node(r, i);
    const char *text = (const char *)name->data.scalar.value;
    unsigned errors = r->reports.errors;
    r->where[0] = 0;
    c->line = (unsigned)name->start_mark.line + 1;
    if (name->type != YAML_SCALAR_NODE || strlen(text) != name->data.scalar.length)
        text = "";
    c->name = s3hls__site_keep(r, text, strlen(text));
    if (!c->name)
        return;
    const char *wrong = wrong_with(text);
    if (wrong)
        s3hls__site_add_error(&r->reports, mark_of(r, c), "cameras: \"%.*s\": %s",
                              S3HLS__SITE_NAME_MAX, text, wrong);
    set_where(r, text);
    const yaml_node_t *settings = yaml_document_get_node(&r->document, pair_of(r, i)->value);
    s3hls__site_read_settings(r, s3hls__site_camera_input, c, settings);
    bool mapping = settings->type == YAML_MAPPING_NODE || s3hls__site_is_null(settings);
    if (mapping && !s3hls__site_key(r, settings, "input", NULL))
        s3hls__site_add_error(&r->reports, mark_of(r, c), "%sinput is missing: give it %s",
                              r->where, s3hls__site_camera_input->is);
    if (r->reports.errors != errors || s3hls__site_stopped(r) || !c->source.address)
        return;
    complete(r, c);
    check_source(r, c);
    check_together(r, c);
}

/* ---- all cameras */

static int by_input(const void *one, const void *other) {
    const s3hls__site_camera *a = *(s3hls__site_camera *const *)one,
                             *b = *(s3hls__site_camera *const *)other;
    int order = strcmp(a->source.address, b->source.address);
    return order ? order : a < b ? -1 : a > b;
}

static int by_name(const void *one, const void *other) {
    const s3hls__site_camera *a = *(s3hls__site_camera *const *)one,
                             *b = *(s3hls__site_camera *const *)other;
    int order = strcmp(a->name, b->name);
    return order ? order : a < b ? -1 : a > b;
}

/* Cameras of one name would have one destination. */
static void check_names(s3hls__site_reader *r) {
    const s3hls__site_camera **sorted = r->site->by_name;
    qsort(sorted, r->site->camera_count, sizeof *sorted, by_name);
    for (size_t i = 1; i < r->site->camera_count && !s3hls__site_stopped(r); i++)
        if (sorted[i]->name[0] && strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            s3hls__site_add_error(&r->reports, mark_of(r, sorted[i]),
                                  "cameras.%.64s: it is stated twice, first in line %u",
                                  sorted[i]->name, sorted[i - 1]->line);
}

static void warn_of_inputs(s3hls__site_reader *r) {
    size_t count = r->site->camera_count;
    const s3hls__site_camera **sorted = s3hls__site_alloc(r, count * sizeof *sorted);
    if (!sorted)
        return;
    memcpy(sorted, r->site->by_name, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_input);
    for (size_t i = 1; i < count; i++)
        if (strcmp(sorted[i - 1]->source.address, sorted[i]->source.address) == 0)
            s3hls__site_add_warning(&r->reports, mark_of(r, sorted[i]),
                                    "cameras.%.64s.input: it is the same as that of %.64s",
                                    sorted[i]->name, sorted[i - 1]->name);
}

/* Cameras without a stated share divide what the others leave. */
static void share(s3hls__site_reader *r, const char *key, size_t offset) {
    s3hls__site_camera *all = r->site->cameras;
    uint64_t stated = 0, others = 0;
    uint32_t percent;
    for (size_t i = 0; i < r->site->camera_count; i++) {
        memcpy(&percent, (char *)&all[i] + offset, sizeof percent);
        stated += percent;
        others += !percent;
    }
    s3hls__site_mark at = s3hls__site_mark_of(&r->nodes[S3HLS__SITE_CAMERAS]->start_mark);
    if (stated > 100)
        s3hls__site_add_error(&r->reports, at,
                              "cameras: the %ss add up to %u%%; they must not exceed 100%%", key,
                              (unsigned)stated);
    else if (stated == 100 && others)
        s3hls__site_add_error(&r->reports, at,
                              "cameras: the %ss add up to 100%%, which leaves nothing for the "
                              "cameras without one",
                              key);
    for (size_t i = 0; i < r->site->camera_count && stated <= 100; i++) {
        memcpy(&percent, (char *)&all[i] + offset, sizeof percent);
        double part = percent ? percent / 100.0 : (double)(100 - stated) / 100 / (double)others;
        if (offset == offsetof(s3hls__site_camera, pool_share_percent))
            all[i].recorder.pool_quota_bytes =
                (uint64_t)((double)r->site->uploader.pool_bytes * part);
        else
            all[i].recorder.spool_max_bytes = (uint64_t)((double)r->site->spool_max_bytes * part);
    }
}

/* What a recorder requires of its quota, and what is too little for most cameras. */
static void check_shares(s3hls__site_reader *r) {
    static const uint64_t LEAST_BYTES = 256 << 10, FEW_BYTES = 1 << 20;
    const s3hls__site_camera *c = r->site->cameras, *end = c + r->site->camera_count;
    unsigned warned = 0; /* once is enough */
    for (; c < end && !s3hls__site_stopped(r); c++) {
        uint64_t quota = c->recorder.pool_quota_bytes & ~(uint64_t)(S3HLS__BLOCK_BYTES - 1);
        unsigned kib = (unsigned)(quota >> 10);
        if (!c->recorder.pool_quota_bytes) /* the shares are invalid */
            continue;
        if (quota < LEAST_BYTES)
            s3hls__site_add_error(
                &r->reports, mark_of(r, c),
                "cameras.%s: its share of the pool is %u KiB; it must be 256 KiB "
                "or more: give the site a larger pool, or the camera a pool-share",
                c->name, kib);
        else if (c->recorder.segment_max_bytes > quota)
            s3hls__site_add_error(&r->reports, mark_of(r, c),
                                  "cameras.%s.segment-max: it is larger than the camera's share of "
                                  "the pool, %u KiB",
                                  c->name, kib);
        else if (quota < FEW_BYTES && !warned++)
            s3hls__site_add_warning(&r->reports, mark_of(r, c),
                                    "cameras.%s: its share of the pool is %u KiB; a segment of 4 s "
                                    "at 2 Mbit/s has 1 MiB",
                                    c->name, kib);
    }
}

static bool open_cameras(s3hls__site_reader *r, const yaml_node_t *node) {
    s3hls__site *site = r->site;
    s3hls__site_mark at = s3hls__site_mark_of(&node->start_mark);
    bool mapping = node->type == YAML_MAPPING_NODE;
    size_t count =
        mapping ? (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start) : 0;
    if (!count || count > S3HLS__SITE_CAMERAS_MAX) {
        s3hls__site_add_error(&r->reports, at,
                              "cameras must contain 1 to %d cameras, each as NAME: %s",
                              S3HLS__SITE_CAMERAS_MAX, "{ input: ADDRESS }");
        return false;
    }
    site->cameras = s3hls__site_alloc(r, count * sizeof *site->cameras);
    site->by_name = s3hls__site_alloc(r, count * sizeof *site->by_name);
    return site->cameras && site->by_name;
}

void s3hls__site_read_cameras(s3hls__site_reader *r) {
    s3hls__site *site = r->site;
    const yaml_node_t *node = r->nodes[S3HLS__SITE_CAMERAS];
    s3hls__site_camera defaults = {.name = NULL};
    s3hls_source_config_init(&defaults.source);
    s3hls_recorder_config_init(&defaults.recorder);
    defaults.source.audio = S3HLS_SOURCE_AUDIO_AUTO;
    snprintf(r->where, sizeof r->where, "defaults.");
    if (r->nodes[S3HLS__SITE_DEFAULTS])
        s3hls__site_read_settings(r, s3hls__site_camera_common, &defaults,
                                  r->nodes[S3HLS__SITE_DEFAULTS]);
    if (!node || !open_cameras(r, node))
        return;
    size_t count = (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    for (; site->camera_count < count && !s3hls__site_stopped(r); site->camera_count++) {
        s3hls__site_camera *c = &site->cameras[site->camera_count];
        *c = defaults;
        site->by_name[site->camera_count] = c;
        read_camera(r, site->camera_count, c);
    }
    if (r->out_of_memory)
        return;
    check_names(r);
    share(r, "pool-share", offsetof(s3hls__site_camera, pool_share_percent));
    share(r, "spool-share", offsetof(s3hls__site_camera, spool_share_percent));
    check_shares(r);
    if (!r->reports.errors)
        warn_of_inputs(r);
}
