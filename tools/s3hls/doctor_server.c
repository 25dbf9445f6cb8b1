/* SPDX-License-Identifier: MIT-0 */
/* Checks S3 features that some servers do not support, one at a time. */
#include "doctor.h"
#include "text.h"
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 96, KEY_BYTES = 1200, LISTED_MAX = 8, PROBES = 4 };

static int put_probe(s3hls_store *store, const char *key, const s3hls_header *header,
                     s3hls_s3_error *e) {
    s3hls_span body = {(const uint8_t *)DOCTOR_PROBE, sizeof DOCTOR_PROBE - 1};
    s3hls_s3_put_options options = {.headers = header, .header_count = header ? 1 : 0};
    return s3hls_store_put(store, key, &body, 1, &options, e);
}

/* The server rejects the feature, not the credentials. */
static bool is_refusal(int status) {
    return status == S3HLS_E_INVALID || status == S3HLS_E_UNSUPPORTED;
}

/* ---- checksums */

static int try_checksum(const doctor *d, const char *key, s3hls_checksum kind,
                        s3hls_payload payload, s3hls_s3_error *e) {
    s3hls_s3_options options = d->common.s3;
    s3hls_store *store;
    options.checksum = kind;
    options.payload = payload;
    int rc = s3hls_store_open(&store, d->url, &options, &d->common.env);
    if (rc)
        return rc;
    rc = put_probe(store, key, NULL, e);
    s3hls_store_close(&store);
    return rc;
}

/* The recorder would send a checksum: over https, or if configured. */
static bool sends_crc32c(const doctor *d) {
    return d->common.s3.checksum == S3HLS_CHECKSUM_CRC32C ||
           (d->common.s3.checksum == S3HLS_CHECKSUM_AUTO && doctor_is_encrypted(d));
}

static void report_refused_checksum(doctor *d, const char *key, int status,
                                    s3hls_s3_error *refusal) {
    s3hls_s3_error e = {0};
    bool md5 = try_checksum(d, key, S3HLS_CHECKSUM_MD5, S3HLS_PAYLOAD_AUTO, &e) == S3HLS_OK;
    bool none = try_checksum(d, key, S3HLS_CHECKSUM_NONE, S3HLS_PAYLOAD_SIGNED, &e) == S3HLS_OK;
    char remedy[200];
    snprintf(remedy, sizeof remedy,
             "Give --checksum none, or AWS_REQUEST_CHECKSUM_CALCULATION=%s%s.", "when_required",
             md5 ? "; --checksum md5 is taken, too" : "");
    if (!none && !md5)
        return; /* not a checksum problem: the put check reports it */
    bool sent = sends_crc32c(d);
    doctor_report_error(d, sent ? FAIL : WARN, "checksum", remedy, status, refusal);
    if (!sent)
        return;
    d->common.s3.checksum = none ? S3HLS_CHECKSUM_NONE : S3HLS_CHECKSUM_MD5;
    doctor_open(d);
}

void doctor_check_checksum(doctor *d, const char *key) {
    s3hls_s3_error e = {0};
    s3hls_payload payload = doctor_is_encrypted(d) ? S3HLS_PAYLOAD_UNSIGNED : S3HLS_PAYLOAD_SIGNED;
    int rc = try_checksum(d, key, S3HLS_CHECKSUM_CRC32C, payload, &e);
    if (rc == S3HLS_OK)
        doctor_report(d, OK, "checksum", "", "x-amz-checksum-crc32c is taken");
    else if (is_refusal(rc))
        report_refused_checksum(d, key, rc, &e);
}

/* ---- headers */

static void check_header(doctor *d, const char *key, const char *check, const s3hls_header *header,
                         const char *option) {
    s3hls_s3_error e = {0};
    char remedy[160];
    int rc = put_probe(d->store, key, header, &e);
    snprintf(remedy, sizeof remedy, "Leave out %s: this server does not take %s.", option,
             header->name);
    if (rc)
        doctor_report_error(d, WARN, check, remedy, rc, &e);
    else
        doctor_report(d, OK, check, "", "%s is taken", header->name);
}

static void check_headers(doctor *d, const char *key) {
    static const struct {
        const char *check;
        s3hls_header header;
        const char *option;
    } headers[] = {
        {"tagging", {"x-amz-tagging", "s3hls=doctor"}, "--tag"},
        {"storage", {"x-amz-storage-class", "STANDARD"}, "--storage-class"},
        {"encryption", {"x-amz-server-side-encryption", "AES256"}, "--sse"},
        {"metadata", {"x-amz-meta-s3hls", "doctor"}, "--metadata"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        check_header(d, key, headers[i].check, &headers[i].header, headers[i].option);
}

/* The second PUT must be refused. A server that ignores the header overwrites the object. */
static void check_condition(doctor *d, const char *key) {
    static const s3hls_header once = {"if-none-match", "*"};
    s3hls_s3_error e = {0};
    int rc = put_probe(d->store, key, &once, &e);
    if (rc) {
        doctor_report_error(d, WARN, "if-none-match",
                            "Leave out --no-overwrite: this server does not take if-none-match.",
                            rc, &e);
        return;
    }
    rc = put_probe(d->store, key, &once, &e);
    if (rc == S3HLS_E_EXISTS)
        doctor_report(d, OK, "if-none-match", "", "a second PUT is refused: HTTP %ld",
                      e.http_status);
    else if (rc)
        doctor_report_error(d, WARN, "if-none-match",
                            "Leave out --no-overwrite: a second PUT should be answered 412.", rc,
                            &e);
    else
        doctor_report(d, WARN, "if-none-match",
                      "Do not rely on --no-overwrite: objects of the same name are replaced.",
                      "is ignored: a second PUT overwrote the first");
}

/* ---- listings */

typedef struct listed {
    char keys[LISTED_MAX][KEY_BYTES];
    size_t count, pages;
    bool ended;
} listed;

static int note_key(void *ctx, const s3hls_s3_object *object) {
    listed *l = ctx;
    if (l->count < LISTED_MAX)
        snprintf(l->keys[l->count++], KEY_BYTES, "%s", object->key);
    return 0;
}

/* List with one key per page, by token or by start-after. */
static int list_by_page(doctor *d, const char *prefix, uint32_t max_keys, bool by_token, listed *l,
                        s3hls_s3_error *e) {
    static s3hls_s3_page page;
    char token[sizeof page.next_token] = "";
    memset(l, 0, sizeof *l);
    int rc = S3HLS_OK;
    while (!rc && !l->ended && l->pages < LISTED_MAX) {
        size_t before = l->count;
        page = (s3hls_s3_page){.prefix = prefix, .max_keys = max_keys};
        page.token = by_token && l->pages ? token : NULL;
        page.start_after = !by_token && before ? l->keys[before - 1] : NULL;
        rc = s3hls_s3_list_page(d->bucket, &page, note_key, l, e);
        memcpy(token, page.next_token, sizeof token);
        l->pages++;
        l->ended = !page.truncated || (by_token && !token[0]) || l->count == before;
    }
    return rc;
}

/* All names are listed once, in ascending order. */
static bool is_complete(const listed *l, const char *prefix, size_t names) {
    bool ok = l->count == names && l->ended;
    for (size_t i = 0; i < l->count; i++)
        ok &= strncmp(l->keys[i], prefix, strlen(prefix)) == 0 &&
              (i == 0 || strcmp(l->keys[i - 1], l->keys[i]) < 0);
    return ok;
}

typedef struct order {
    char last[KEY_BYTES];
    bool broken;
} order;

static int note_order(void *ctx, const s3hls_s3_object *object) {
    order *o = ctx;
    o->broken |= strcmp(object->key, o->last) < 0;
    snprintf(o->last, sizeof o->last, "%s", object->key);
    return 0;
}

/* Existing objects show the listing order better than a few test names. */
static bool is_in_order(doctor *d) {
    static s3hls_s3_page page;
    s3hls_s3_error e;
    order o = {.last = ""};
    page = (s3hls_s3_page){.prefix = d->prefix};
    s3hls_s3_list_page(d->bucket, &page, note_order, &o, &e);
    return !o.broken;
}

static void check_paging(doctor *d, const char *key, size_t names) {
    static listed whole, by_token, by_key;
    s3hls_s3_error e = {0};
    char prefix[KEY_BYTES];
    snprintf(prefix, sizeof prefix, "%.1024s%s", d->prefix, key);
    int rc = list_by_page(d, prefix, 0, true, &whole, &e);
    if (!rc)
        rc = list_by_page(d, prefix, 1, true, &by_token, &e);
    bool token_ok = !rc && is_complete(&by_token, prefix, names);
    int key_rc = list_by_page(d, prefix, 1, false, &by_key, &e);
    bool key_ok = !key_rc && is_complete(&by_key, prefix, names);
    if (rc)
        doctor_report_error(d, FAIL, "paging", "Is this an S3 server with ListObjectsV2?", rc, &e);
    else if (!is_complete(&whole, prefix, names) || !is_in_order(d))
        doctor_report(
            d, whole.count < names ? FAIL : WARN, "paging",
            whole.count < names
                ? "Do not use it: playlists are made from listings."
                : "Nothing: each listing is read to its end, and sorted; it takes longer.",
            whole.count < names ? "what was put is not listed" : "keys come in no order");
    else if (token_ok && key_ok)
        doctor_report(d, OK, "paging", "", "by token and by start-after");
    else
        doctor_report(d, token_ok || key_ok ? WARN : FAIL, "paging",
                      token_ok || key_ok ? "Nothing: what works is used."
                                         : "Do not use it: playlists are made from listings.",
                      "%s",
                      token_ok ? "by token; start-after leaves keys out or is refused"
                      : key_ok ? "by start-after; continuation tokens lead astray"
                               : "neither by token nor by start-after");
}

/* ---- all of it */

void doctor_check_server(doctor *d, const char *key) {
    s3hls_s3_error e = {0};
    char names[PROBES][NAME_BYTES];
    for (int i = 0; i < PROBES; i++)
        snprintf(names[i], NAME_BYTES, "%.80s-%d", key, i);
    check_headers(d, names[0]);
    check_condition(d, names[1]);
    size_t there = 1;
    for (int i = 0; i < PROBES; i++)
        there += put_probe(d->store, names[i], NULL, &e) == S3HLS_OK;
    check_paging(d, key, there);
    for (int i = 0; i < PROBES; i++)
        s3hls_store_remove(d->store, names[i], &e);
}
