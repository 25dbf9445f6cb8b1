/* SPDX-License-Identifier: MIT-0 */
/* doctor: tests everything that recording to a store and playback require, one check at a time.
 * Each failed check reports how to fix it. */
#include "doctor.h"
#include "options.h"
#include "s3hls/layout.h"
#include "text.h"
#include "tool.h"
#include "when.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

static const char *set_origin(void *ctx, const char *value) {
    ((doctor *)ctx)->origin = value;
    return strstr(value, "://") ? NULL : "not an origin; give https://player.example";
}

/* ---- output */

void doctor_report(doctor *d, verdict v, const char *check, const char *remedy, const char *format,
                   ...) {
    static const char *const words[] = {"ok", "warn", "FAIL"};
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    d->failures += v == FAIL;
    if (d->json) {
        printf("{\"check\":\"%s\",\"verdict\":\"%s\",\"message\":", check, words[v]);
        text_print_json(stdout, message);
        printf(",\"remedy\":");
        text_print_json(stdout, remedy);
        puts("}");
        return;
    }
    printf("%-4s  %-12s  ", words[v], check);
    text_print(stdout, message);
    if (remedy[0]) {
        printf("\n%20s", "");
        text_print(stdout, remedy);
    }
    puts("");
}

void doctor_report_error(doctor *d, verdict v, const char *check, const char *remedy, int status,
                         const s3hls_s3_error *e) {
    char http[96] = "";
    if (e->http_status)
        snprintf(http, sizeof http, ": HTTP %ld %s", e->http_status, e->code);
    bool more = e->message[0] && strcmp(e->message, s3hls_strerror(status)) != 0;
    doctor_report(d, v, check, remedy, "%s (%s)%s%s%s", s3hls_strerror(status),
                  s3hls_status_name(status), http, more ? ": " : "", more ? e->message : "");
}

static int64_t now_us(const doctor *d) {
    return d->common.env.wall_us(d->common.env.ctx);
}

/* ---- keys */

static void check_credentials(doctor *d) {
    s3hls_credentials_info info;
    char from[160], until[32] = "", id[8] = "";
    if (d->common.profile)
        snprintf(from, sizeof from, "profile %.100s", d->common.profile);
    else
        snprintf(from, sizeof from, "%s",
                 getenv("AWS_ACCESS_KEY_ID") ? "the environment" : "the usual places");
    s3hls_credentials_describe(d->common.credentials, &info);
    size_t size = strlen(info.access_key_id);
    snprintf(id, sizeof id, "%s", info.access_key_id + (size > 4 ? size - 4 : 0));
    const char *kind = info.temporary ? "temporary" : "long-lived";
    int64_t left_s = info.expires_unix_s - now_us(d) / 1000000;
    time_format(info.expires_unix_s * 1000000, until, sizeof until);
    if (!info.expires_unix_s)
        doctor_report(d, OK, "credentials", "", "from %s: %s, key ending in %s", from, kind, id);
    else
        doctor_report(d, left_s <= 0 ? FAIL : OK, "credentials",
                      left_s <= 0 ? "Get new ones; a provider of credentials renews them by itself."
                                  : "",
                      "from %s: %s, key ending in %s, %s %s", from, kind, id,
                      left_s <= 0 ? "expired" : "valid until", until);
}

/* ---- connection: one request checks all of it */

bool doctor_is_encrypted(const doctor *d) {
    return !d->common.s3.endpoint || strncmp(d->common.s3.endpoint, "https://", 8) == 0;
}

/* @return false: the endpoint is unreachable; stop. */
static bool check_connection(doctor *d, int status, const s3hls_s3_error *e) {
    const char *endpoint = d->common.s3.endpoint ? d->common.s3.endpoint : "AWS";
    if (status == S3HLS_E_RESOLVE) {
        doctor_report_error(d, FAIL, "host", "Check --endpoint, --region and the name server.",
                            status, e);
        return false;
    }
    doctor_report(d, OK, "host", "", "%s", endpoint);
    if (status == S3HLS_E_TLS) {
        doctor_report(d, OK, "connection", "", "the server answers");
        doctor_report_error(
            d, FAIL, "tls",
            "Name the server's certificate authority with --ca, or remedy the server's chain; "
            "check the host name and this machine's clock.",
            status, e);
        return false;
    }
    if (!e->http_status) {
        doctor_report_error(
            d, FAIL, "connection",
            "Is the server up, are host and port right, does a firewall let it through?", status,
            e);
        return false;
    }
    doctor_report(d, OK, "connection", "", "the server answers");
    if (doctor_is_encrypted(d))
        doctor_report(d, OK, "tls", "", "the certificate is trusted");
    else
        doctor_report(d, WARN, "tls", "Give https://, unless the network is trusted.",
                      "not encrypted");
    return true;
}

static void check_clock(doctor *d, int64_t server_s) {
    int64_t ahead_s = now_us(d) / 1000000 - server_s, off_s = llabs(ahead_s);
    if (!server_s)
        doctor_report(d, WARN, "clock", "Compare it by hand.", "the answer has no date");
    else
        doctor_report(d,
                      off_s > 900   ? FAIL
                      : off_s > 300 ? WARN
                                    : OK,
                      "clock",
                      off_s > 300 ? "Set this machine's clock, by NTP; S3 allows 15 minutes." : "",
                      "%" PRId64 " s %s the server's", off_s, ahead_s < 0 ? "behind" : "ahead of");
}

static void check_region(doctor *d, const char *region) {
    const char *ours = d->common.s3.region ? d->common.s3.region : "us-east-1";
    char remedy[128];
    snprintf(remedy, sizeof remedy, "Set --region %s, or AWS_REGION.", region);
    if (strcmp(region, ours) == 0)
        doctor_report(d, OK, "region", "", "%s", region);
    else if (d->common.s3.endpoint)
        doctor_report(d, OK, "region", "", "%s; the server calls it %s", ours, region);
    else
        doctor_report(d, FAIL, "region", remedy, "the bucket is in %s, not in %s", region, ours);
}

/* @return false: stop. */
static bool check_bucket(doctor *d) {
    s3hls_s3_error e = {0};
    char region[64];
    int rc = s3hls_s3_location(d->bucket, region, sizeof region, &e);
    if (!check_connection(d, rc, &e))
        return false;
    check_clock(d, e.server_unix_s);
    if (rc == S3HLS_E_CLOCK)
        return false;
    if (rc == S3HLS_E_CREDENTIALS) {
        doctor_report_error(d, FAIL, "keys",
                            "Are both keys, and the token, right and of this account?", rc, &e);
        return false;
    }
    doctor_report(d, OK, "keys", "", "the server knows them");
    if (rc == S3HLS_E_NO_BUCKET) {
        doctor_report_error(d, FAIL, "bucket", "Create it, or correct its name.", rc, &e);
        return false;
    }
    if (rc && rc != S3HLS_E_ACCESS && rc != S3HLS_E_UNSUPPORTED && rc != S3HLS_E_NOT_FOUND) {
        doctor_report_error(d, FAIL, "bucket",
                            "Is this an S3 server, and the bucket's own region set?", rc, &e);
        return rc != S3HLS_E_REGION;
    }
    doctor_report(d, OK, "bucket", "", "%s", d->name);
    if (rc)
        doctor_report(d, WARN, "region", "Allow s3:GetBucketLocation to have it checked.",
                      "unknown: %s", s3hls_strerror(rc));
    else
        check_region(d, region);
    return true;
}

/* ---- permissions */

static const char probe[] = DOCTOR_PROBE;

typedef struct answer {
    size_t size;
    bool differs;
} answer;

static int compare(void *ctx, const uint8_t *data, size_t size) {
    answer *a = ctx;
    a->differs |= a->size + size > sizeof probe - 1 || memcmp(probe + a->size, data, size) != 0;
    a->size += size;
    return a->differs;
}

static int find_probe(void *ctx, const s3hls_s3_object *object) {
    (void)object;
    *(bool *)ctx = true;
    return 1;
}

static bool check_put(doctor *d, const char *key) {
    s3hls_span body = {(const uint8_t *)probe, sizeof probe - 1};
    s3hls_s3_error e = {0};
    char remedy[1300];
    const s3hls_env *env = &d->common.env;
    int64_t begun_us = env->monotonic_us(env->ctx);
    int rc = s3hls_store_put(d->store, key, &body, 1, NULL, &e);
    int64_t took_ms = (env->monotonic_us(env->ctx) - begun_us) / 1000;
    snprintf(remedy, sizeof remedy, "Allow s3:PutObject on arn:aws:s3:::%s/%s*.", d->name,
             d->prefix);
    if (rc)
        doctor_report_error(d, FAIL, "put", d->bucket ? remedy : "Make the directory writable.", rc,
                            &e);
    else
        doctor_report(d, OK, "put", "", "%s in %" PRId64 " ms",
                      d->bucket ? "stored" : "written and synced", took_ms);
    return rc == S3HLS_OK;
}

static void check_get(doctor *d, const char *key, bool there) {
    s3hls_s3_error e = {0};
    answer a = {0};
    int rc = s3hls_store_get(d->store, key, 0, UINT64_MAX, compare, &a, &e);
    const char *remedy = d->bucket ? "Allow s3:GetObject on the same objects, for whoever plays."
                                   : "Make the directory readable.";
    if (!there && rc == S3HLS_E_NOT_FOUND)
        doctor_report(d, OK, "get", "", "allowed");
    else if (!there && rc)
        doctor_report_error(d, WARN, "get", remedy, rc, &e);
    else if (a.differs || (!rc && a.size != sizeof probe - 1))
        doctor_report(d, FAIL, "get", "The store changes what it holds: do not use it.",
                      "other bytes than were put");
    else if (rc)
        doctor_report_error(d, FAIL, "get", remedy, rc, &e);
    else
        doctor_report(d, OK, "get", "", "the same bytes");
}

static void check_list(doctor *d, const char *key, bool there) {
    s3hls_s3_error e = {0};
    bool found = false;
    char remedy[160];
    int rc = s3hls_store_list(d->store, key, NULL, find_probe, &found, &e);
    snprintf(remedy, sizeof remedy,
             "Allow s3:ListBucket on arn:aws:s3:::%s: playlists are made from listings.", d->name);
    if (rc && rc != S3HLS_E_CANCELLED)
        doctor_report_error(d, FAIL, "list", d->bucket ? remedy : "Make the directory readable.",
                            rc, &e);
    else if (there && !found)
        doctor_report(d, FAIL, "list", "The store lists late: do not use it for live playlists.",
                      "what was put is not listed");
    else
        doctor_report(d, OK, "list", "", "allowed");
}

static void check_remove(doctor *d, const char *key) {
    s3hls_s3_error e = {0};
    int rc = s3hls_store_remove(d->store, key, &e);
    if (rc)
        doctor_report_error(
            d, WARN, "remove",
            "Recording does not need it; a lifecycle rule removes what was put here.", rc, &e);
    else
        doctor_report(d, OK, "remove", "", "allowed");
}

static void check_rights(doctor *d) {
    char key[64];
    snprintf(key, sizeof key, ".s3hls-doctor-%016" PRIx64, d->common.env.random(d->common.env.ctx));
    if (d->bucket)
        doctor_check_checksum(d, key);
    bool there = check_put(d, key);
    check_get(d, key, there);
    check_list(d, key, there);
    if (there && d->bucket)
        doctor_check_server(d, key);
    if (there)
        check_remove(d, key);
}

/* ---- bucket configuration */

/* call: aws s3api subcommand; what: its option that takes the rules; status: result of reading the
 * existing rules. */
static void aws_command(const doctor *d, char *text, size_t size, const char *call,
                        const char *what, const char *json, int status) {
    const char *endpoint = d->common.s3.endpoint;
    snprintf(text, size, "%saws s3api %s --bucket %s%s%s --%s '%s'",
             status ? "" : "Add to the rules (this alone would replace them): ", call, d->name,
             endpoint ? " --endpoint-url " : "", endpoint ? endpoint : "", what, json);
}

static void check_lifecycle(doctor *d) {
    s3hls_s3_error e = {0};
    s3hls_s3_lifecycle rules = {0};
    char json[1400], remedy[2000], segments[sizeof d->prefix + 1];
    snprintf(segments, sizeof segments, "%s" S3HLS_SEGMENTS_PREFIX, d->prefix);
    int rc = s3hls_s3_get_lifecycle(d->bucket, segments, &rules, &e);
    snprintf(json, sizeof json,
             "{\"Rules\":[{\"ID\":\"recordings\",\"Status\":\"Enabled\",\"Filter\":{\"Prefix\":"
             "\"%s\"},\"Expiration\":{\"Days\":30}}]}",
             d->prefix);
    aws_command(d, remedy, sizeof remedy, "put-bucket-lifecycle-configuration",
                "lifecycle-configuration", json, rc);
    if (rc == S3HLS_E_ACCESS)
        doctor_report(d, WARN, "lifecycle",
                      "Allow s3:GetLifecycleConfiguration to have it checked.",
                      "not allowed to ask");
    else if (rc && rc != S3HLS_E_NOT_FOUND)
        doctor_report_error(d, WARN, "lifecycle", "Look at the bucket's lifecycle rules by hand.",
                            rc, &e);
    else if (rules.expire_days)
        doctor_report(d, OK, "lifecycle", "", "recordings are deleted after %" PRIu32 " days",
                      rules.expire_days);
    else
        doctor_report(d, WARN, "lifecycle", remedy, "recordings are kept for ever%s",
                      rules.conditional ? ", but for those that rules by tag or size cover" : "");
}

static void check_cors(doctor *d) {
    s3hls_s3_error e = {0};
    s3hls_s3_cors cors = {0};
    const char *origin = d->origin ? d->origin : "*";
    verdict bad = d->origin ? FAIL : WARN;
    char json[600], remedy[1200];
    int rc = s3hls_s3_get_cors(d->bucket, origin, &cors, &e);
    snprintf(json, sizeof json,
             "{\"CORSRules\":[{\"AllowedOrigins\":[\"%.200s\"],\"AllowedMethods\":[\"GET\","
             "\"HEAD\"],\"AllowedHeaders\":[\"range\"],\"ExposeHeaders\":[\"etag\"]}]}",
             origin);
    aws_command(d, remedy, sizeof remedy, "put-bucket-cors", "cors-configuration", json, rc);
    const char *who = d->origin ? d->origin : "any origin";
    if (rc == S3HLS_E_ACCESS)
        doctor_report(d, WARN, "cors", "Allow s3:GetBucketCORS to have it checked.",
                      "not allowed to ask");
    else if (rc && rc != S3HLS_E_NOT_FOUND)
        doctor_report_error(d, WARN, "cors", "Look at the bucket's CORS rules by hand.", rc, &e);
    else if (rc)
        doctor_report(d, bad, "cors", remedy, "no rules: web players cannot read");
    else if (!cors.get)
        doctor_report(d, bad, "cors", remedy, "pages from %s cannot read%s", who,
                      d->origin ? "" : "; --origin asks for yours");
    else if (!cors.head || !cors.range || !cors.etag)
        doctor_report(d, WARN, "cors", remedy, "pages from %s can GET, but not%s%s%s", who,
                      cors.head ? "" : " HEAD", cors.range ? "" : " send Range",
                      cors.etag ? "" : " read ETag");
    else
        doctor_report(d, OK, "cors", "", "pages from %s can read", who);
}

/* ---- directories */

static void check_space(doctor *d, const char *path) {
    struct statvfs fs;
    if (statvfs(path, &fs)) {
        doctor_report(d, FAIL, "space", "Is the disk mounted, and the path right?", "%s: %s", path,
                      strerror(errno));
        return;
    }
    uint64_t mib = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
    doctor_report(d,
                  mib < 16    ? FAIL
                  : mib < 256 ? WARN
                              : OK,
                  "space", mib < 256 ? "Free some space." : "", "%" PRIu64 " MiB left", mib);
}

static void check_directory_clock(doctor *d) {
    char now[32];
    bool set = now_us(d) > INT64_C(1704067200000000); /* 2024 */
    time_format(now_us(d), now, sizeof now);
    doctor_report(d, set ? OK : FAIL, "clock",
                  set ? "" : "Set this machine's clock: names come from it.", "%s", now);
}

/* ---- the whole */

static int examine_directory(doctor *d, const char *command, const char *url) {
    int rc = s3hls_store_open(&d->store, url, NULL, &d->common.env);
    if (rc) {
        complain(command, url, rc, NULL);
        return EXIT_USAGE;
    }
    check_directory_clock(d);
    check_rights(d); /* creates the directory if it is missing */
    check_space(d, url + strlen("file://"));
    return d->failures ? EXIT_FAILED : EXIT_DONE;
}

/* Split "s3://bucket/prefix/" into "bucket" and "prefix/", as a store prepends it to keys. */
static void split_url(doctor *d, const char *url) {
    const char *bucket = url + strlen("s3://");
    size_t size = strcspn(bucket, "/");
    const char *prefix = bucket + size + strspn(bucket + size, "/");
    size_t prefix_size = strlen(prefix);
    while (prefix_size && prefix[prefix_size - 1] == '/')
        prefix_size--;
    snprintf(d->name, sizeof d->name, "%.*s", (int)size, bucket);
    snprintf(d->prefix, sizeof d->prefix, "%.*s%s", (int)prefix_size, prefix,
             prefix_size ? "/" : "");
}

int doctor_open(doctor *d) {
    s3hls_store_close(&d->store);
    s3hls_s3_close(&d->bucket);
    int rc = s3hls_store_open(&d->store, d->url, &d->common.s3, &d->common.env);
    return rc ? rc : s3hls_s3_open(&d->bucket, d->name, &d->common.s3, &d->common.env);
}

static int examine_bucket(doctor *d, const char *command, const char *url) {
    d->url = url;
    split_url(d, url);
    int rc = doctor_open(d);
    if (rc) {
        complain(command, url, rc, NULL);
        return rc == S3HLS_E_INVALID ? EXIT_USAGE : EXIT_FAILED;
    }
    check_credentials(d);
    if (check_bucket(d)) {
        check_rights(d);
        check_lifecycle(d);
        check_cors(d);
    }
    return d->failures ? EXIT_FAILED : EXIT_DONE;
}

int doctor_examine(doctor *d, const char *command, const char *url) {
    return strncmp(url, "file://", 7) == 0 ? examine_directory(d, command, url)
                                           : examine_bucket(d, command, url);
}

void doctor_close(doctor *d) {
    s3hls_s3_close(&d->bucket);
    s3hls_store_close(&d->store);
}

int command_doctor(int argc, char **argv) {
    static const option_kind kinds[] = {
        OPTION("--origin", "URL",
               "where the page with the player comes from: https://player.example", set_origin),
        OPTION_FLAG("--json", "a line of JSON for each check", doctor, json),
        OPTION_END,
    };
    doctor d = {0};
    command_line line = {
        .command = "doctor",
        .arguments = "URL [--origin URL] [--json]",
        .explanation =
            "Tries all that recording and playback need: credentials, the way to the server, its\n"
            "certificate, the clock, the bucket and its region, put, get, list and remove of a "
            "small\n"
            "object, each header that not every server takes, paging, lifecycle and CORS rules; of "
            "a\n"
            "directory, writing, syncing and space. What does not work comes with its remedy and "
            "the\n"
            "option to use; nothing is changed. Exit status 1: something failed.\n\n"
            "  s3hls doctor s3://bucket/cam-1 --origin https://player.example",
        .options = kinds,
        .ctx = &d,
        .common = &d.common,
        .positional_max = 1};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    const char *url = line.positional[0];
    if (common_options_open(&line, url, &code))
        code = doctor_examine(&d, "doctor", url);
    else
        doctor_report(
            &d, FAIL, "credentials",
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write ~/.aws/credentials, or "
            "name a --profile of it.",
            "none found");
    doctor_close(&d);
    common_options_close(&d.common);
    return code;
}
