/* SPDX-License-Identifier: MIT-0 */
#include "s3hls/sigv4.h"
#include "base/date.h"
#include "base/strbuf.h"
#include "s3/crypto.h"
#include "s3/uri.h"
#include <stdio.h>
#include <string.h>

enum {
    MAX_HEADERS = 32,
    MAX_QUERY = 32,
    TEXT_MAX = 64 * 1024 /* of each text: a token of 4,096 bytes takes at most 12 KiB encoded */
};

/* ---- pieces */

static bool hmac(const uint8_t *key, size_t key_size, const char *text,
                 uint8_t out[S3HLS__SHA256_BYTES]) {
    return s3hls__hmac_sha256(key, key_size, text, strlen(text), out);
}

/* Format UNIX seconds as "20130524T000000Z". */
static void format_date(int64_t unix_s, char text[17]) {
    char iso[S3HLS__DATE_TEXT_BYTES], *to = text;
    s3hls__date_format(unix_s * 1000, iso);
    for (const char *p = iso; *p != '.'; p++)
        if (*p != '-' && *p != ':')
            *to++ = *p;
    memcpy(to, "Z", 2);
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int compare_names(const char *a, const char *b) {
    while (*a && lower(*a) == lower(*b))
        a++, b++;
    return (unsigned char)lower(*a) - (unsigned char)lower(*b);
}

static bool no_controls(const char *s) {
    for (; *s; s++)
        if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
            return false;
    return true;
}

/* ---- canonical request */

typedef struct signing {
    const s3hls_sigv4_request *request;
    const s3hls_credentials *keys;
    const s3hls_env *env;
    s3hls_header headers[MAX_HEADERS]; /* sorted by name; equal names keep their order */
    size_t header_count;
    s3hls_query query[MAX_QUERY];
    size_t query_count;
    char amz_date[17];
    char scope[128];
    char credential[S3HLS_ACCESS_KEY_MAX + 130];
    char expires[12];
    s3hls__strbuf signed_headers;
} signing;

static void add_header(signing *s, const char *name, const char *value) {
    size_t at = s->header_count++;
    while (at > 0 && compare_names(s->headers[at - 1].name, name) > 0) {
        s->headers[at] = s->headers[at - 1];
        at--;
    }
    s->headers[at] = (s3hls_header){name, value};
}

static const char *service_of(const s3hls_sigv4_request *r) {
    return r->service ? r->service : "s3";
}

static int check(const s3hls_sigv4_request *r, const s3hls_credentials *keys) {
    if (!r || !keys || !keys->access_key_id || !keys->secret_access_key || !r->method || !r->path ||
        r->path[0] != '/' || !r->payload_hash || !r->region || r->unix_s < 0 ||
        r->unix_s >= S3HLS__DATE_END_S || r->header_count > MAX_HEADERS - 3 ||
        r->query_count > MAX_QUERY - 6)
        return S3HLS_E_INVALID;
    if (strlen(keys->access_key_id) > S3HLS_ACCESS_KEY_MAX ||
        strlen(keys->secret_access_key) > S3HLS_SECRET_KEY_MAX ||
        (keys->session_token && strlen(keys->session_token) > S3HLS_SESSION_TOKEN_MAX) ||
        strlen(r->region) + strlen(service_of(r)) > 80)
        return S3HLS_E_INVALID;
    bool host = false, clean = no_controls(keys->access_key_id) && no_controls(r->method) &&
                               no_controls(r->path) && no_controls(r->payload_hash) &&
                               no_controls(r->region) && no_controls(service_of(r)) &&
                               (!keys->session_token || no_controls(keys->session_token));
    for (size_t i = 0; i < r->header_count; i++) {
        const s3hls_header *h = &r->headers[i];
        if (!h->name || !h->name[0] || strpbrk(h->name, " \t:") || !no_controls(h->name) ||
            !h->value || !no_controls(h->value))
            return S3HLS_E_INVALID;
        host |= compare_names(h->name, "host") == 0;
    }
    for (size_t i = 0; i < r->query_count; i++)
        if (!r->query[i].name)
            return S3HLS_E_INVALID;
    return host && clean ? S3HLS_OK : S3HLS_E_INVALID;
}

static void begin(signing *s, const s3hls_sigv4_request *r, const s3hls_credentials *keys,
                  const s3hls_env *env) {
    memset(s, 0, sizeof *s);
    s->request = r;
    s->keys = keys;
    s->env = env;
    format_date(r->unix_s, s->amz_date);
    snprintf(s->scope, sizeof s->scope, "%.8s/%s/%s/aws4_request", s->amz_date, r->region,
             service_of(r));
    snprintf(s->credential, sizeof s->credential, "%s/%s", keys->access_key_id, s->scope);
    for (size_t i = 0; i < r->header_count; i++)
        add_header(s, r->headers[i].name, r->headers[i].value);
    for (; s->query_count < r->query_count; s->query_count++)
        s->query[s->query_count] = r->query[s->query_count];
}

static bool has_token(const signing *s) {
    return s->keys->session_token && s->keys->session_token[0];
}

/* Join the lower-case names, without duplicates, with ';'. */
static void join_signed_headers(signing *s) {
    s3hls__strbuf_init(&s->signed_headers, s->env, TEXT_MAX);
    for (size_t i = 0; i < s->header_count; i++) {
        if (i > 0 && compare_names(s->headers[i].name, s->headers[i - 1].name) == 0)
            continue;
        if (i > 0)
            s3hls__strbuf_add_char(&s->signed_headers, ';');
        for (const char *c = s->headers[i].name; *c; c++)
            s3hls__strbuf_add_char(&s->signed_headers, lower(*c));
    }
}

/* Add a value without leading and trailing blanks, and with runs of blanks reduced to one. */
static void add_trimmed(s3hls__strbuf *b, const char *value) {
    bool blank = false, any = false;
    for (; *value; value++) {
        if (*value == ' ' || *value == '\t') {
            blank = true;
            continue;
        }
        if (blank && any)
            s3hls__strbuf_add_char(b, ' ');
        s3hls__strbuf_add_char(b, *value);
        blank = false;
        any = true;
    }
}

static void add_canonical_headers(s3hls__strbuf *b, const signing *s) {
    for (size_t i = 0; i < s->header_count; i++) {
        bool again = i > 0 && compare_names(s->headers[i].name, s->headers[i - 1].name) == 0;
        bool more = i + 1 < s->header_count &&
                    compare_names(s->headers[i].name, s->headers[i + 1].name) == 0;
        for (const char *c = s->headers[i].name; *c && !again; c++)
            s3hls__strbuf_add_char(b, lower(*c));
        s3hls__strbuf_add_char(b, again ? ',' : ':');
        add_trimmed(b, s->headers[i].value);
        if (!more)
            s3hls__strbuf_add_char(b, '\n');
    }
}

/* Encode the parameters and sort them by name and value. They are few enough for insertion sort. */
static int canonical_query(signing *s, char **out) {
    char *parts[MAX_QUERY] = {0};
    s3hls__strbuf b;
    int rc = S3HLS_OK;
    size_t n = 0;
    for (; n < s->query_count && !rc; n++) {
        const char *value = s->query[n].value ? s->query[n].value : "";
        s3hls__strbuf_init(&b, s->env, TEXT_MAX);
        s3hls__uri_encode(&b, s->query[n].name, strlen(s->query[n].name), false);
        s3hls__strbuf_add_char(&b, '\1'); /* below any character: shorter names sort first */
        s3hls__uri_encode(&b, value, strlen(value), false);
        char *part;
        rc = s3hls__strbuf_take(&b, &part);
        size_t at = n;
        for (; !rc && at > 0 && strcmp(parts[at - 1], part) > 0; at--)
            parts[at] = parts[at - 1];
        parts[at] = part;
    }
    s3hls__strbuf_init(&b, s->env, TEXT_MAX);
    for (size_t i = 0; i < n && parts[i]; i++) {
        *strchr(parts[i], '\1') = '=';
        if (i > 0)
            s3hls__strbuf_add_char(&b, '&');
        s3hls__strbuf_add_str(&b, parts[i]);
        s3hls__env_free(s->env, parts[i]);
    }
    int taken = s3hls__strbuf_take(&b, out);
    return rc ? rc : taken;
}

static int canonical_request(signing *s, s3hls_sigv4_result *out) {
    const s3hls_sigv4_request *r = s->request;
    s3hls__strbuf b;
    s3hls__strbuf_init(&b, s->env, TEXT_MAX);
    s3hls__uri_encode(&b, r->path, strlen(r->path), true);
    int rc = s3hls__strbuf_take(&b, &out->encoded_path);
    if (!rc)
        rc = canonical_query(s, &out->query_string);
    if (rc)
        return rc;
    s3hls__strbuf_init(&b, s->env, TEXT_MAX);
    s3hls__strbuf_addf(&b, "%s\n%s\n%s\n", r->method, out->encoded_path, out->query_string);
    add_canonical_headers(&b, s);
    s3hls__strbuf_addf(&b, "\n%s\n%s", s->signed_headers.data, r->payload_hash);
    return s3hls__strbuf_take(&b, &out->canonical_request);
}

/* HMAC over date, region, service and "aws4_request", then over the string to sign. */
static int sign_string(signing *s, s3hls_sigv4_result *out) {
    char secret[4 + S3HLS_SECRET_KEY_MAX + 1], date[9], digest_hex[2 * S3HLS__SHA256_BYTES + 1];
    uint8_t digest[S3HLS__SHA256_BYTES];
    s3hls__strbuf b;
    if (!s3hls__digest(S3HLS__SHA256, out->canonical_request, strlen(out->canonical_request),
                       digest))
        return S3HLS_E_NOMEM;
    s3hls__to_hex(digest, sizeof digest, digest_hex);
    s3hls__strbuf_init(&b, s->env, TEXT_MAX);
    s3hls__strbuf_addf(&b, "AWS4-HMAC-SHA256\n%s\n%s\n%s", s->amz_date, s->scope, digest_hex);
    int rc = s3hls__strbuf_take(&b, &out->string_to_sign);
    if (rc)
        return rc;
    snprintf(secret, sizeof secret, "AWS4%s", s->keys->secret_access_key);
    snprintf(date, sizeof date, "%.8s", s->amz_date);
    bool ok = hmac((const uint8_t *)secret, strlen(secret), date, digest) &&
              hmac(digest, sizeof digest, s->request->region, digest) &&
              hmac(digest, sizeof digest, service_of(s->request), digest) &&
              hmac(digest, sizeof digest, "aws4_request", digest) &&
              hmac(digest, sizeof digest, out->string_to_sign, digest);
    s3hls__to_hex(digest, sizeof digest, out->signature);
    s3hls__wipe(secret, sizeof secret);
    s3hls__wipe(digest, sizeof digest);
    return ok ? S3HLS_OK : S3HLS_E_NOMEM;
}

static int finish(signing *s, s3hls_sigv4_result *out, int rc) {
    memcpy(out->amz_date, s->amz_date, sizeof out->amz_date);
    s3hls__strbuf_deinit(&s->signed_headers);
    if (rc)
        s3hls_sigv4_result_deinit(out, s->env);
    return rc;
}

/* ---- the two forms */

int s3hls_sigv4_sign(const s3hls_sigv4_request *request, const s3hls_credentials *keys,
                     const s3hls_env *env, s3hls_sigv4_result *result) {
    s3hls_env e = s3hls__env_resolve(env);
    signing s;
    memset(result, 0, sizeof *result);
    int rc = check(request, keys);
    if (rc)
        return rc;
    begin(&s, request, keys, &e);
    add_header(&s, "x-amz-date", s.amz_date);
    if (request->payload_header)
        add_header(&s, "x-amz-content-sha256", request->payload_hash);
    if (has_token(&s))
        add_header(&s, "x-amz-security-token", keys->session_token);
    join_signed_headers(&s);
    rc = s.signed_headers.status;
    if (!rc)
        rc = canonical_request(&s, result);
    if (!rc)
        rc = sign_string(&s, result);
    if (!rc) {
        s3hls__strbuf b;
        s3hls__strbuf_init(&b, &e, TEXT_MAX);
        s3hls__strbuf_addf(&b, "AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=%s, Signature=%s",
                           s.credential, s.signed_headers.data, result->signature);
        rc = s3hls__strbuf_take(&b, &result->authorization);
    }
    return finish(&s, result, rc);
}

static void add_query(signing *s, const char *name, const char *value) {
    s->query[s->query_count++] = (s3hls_query){name, value};
}

static int append_signature(signing *s, s3hls_sigv4_result *out) {
    s3hls__strbuf b;
    s3hls__strbuf_init(&b, s->env, TEXT_MAX);
    s3hls__strbuf_addf(&b, "%s&X-Amz-Signature=%s", out->query_string, out->signature);
    s3hls__env_free(s->env, out->query_string);
    return s3hls__strbuf_take(&b, &out->query_string);
}

int s3hls_sigv4_presign(const s3hls_sigv4_request *request, const s3hls_credentials *keys,
                        uint32_t expires_s, const s3hls_env *env, s3hls_sigv4_result *result) {
    s3hls_env e = s3hls__env_resolve(env);
    signing s;
    memset(result, 0, sizeof *result);
    int rc = check(request, keys);
    if (rc || expires_s < 1 || expires_s > S3HLS_PRESIGN_MAX_S)
        return rc ? rc : S3HLS_E_INVALID;
    begin(&s, request, keys, &e);
    join_signed_headers(&s);
    snprintf(s.expires, sizeof s.expires, "%u", (unsigned)expires_s);
    add_query(&s, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    add_query(&s, "X-Amz-Credential", s.credential);
    add_query(&s, "X-Amz-Date", s.amz_date);
    add_query(&s, "X-Amz-Expires", s.expires);
    add_query(&s, "X-Amz-SignedHeaders", s.signed_headers.data ? s.signed_headers.data : "");
    if (has_token(&s))
        add_query(&s, "X-Amz-Security-Token", keys->session_token);
    rc = s.signed_headers.status;
    if (!rc)
        rc = canonical_request(&s, result);
    if (!rc)
        rc = sign_string(&s, result);
    if (!rc)
        rc = append_signature(&s, result);
    return finish(&s, result, rc);
}

void s3hls_sigv4_result_deinit(s3hls_sigv4_result *result, const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    s3hls__env_free(&e, result->canonical_request);
    s3hls__env_free(&e, result->string_to_sign);
    s3hls__env_free(&e, result->authorization);
    s3hls__env_free(&e, result->encoded_path);
    s3hls__env_free(&e, result->query_string);
    memset(result, 0, sizeof *result);
}
