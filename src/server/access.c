/* SPDX-License-Identifier: MIT-0 */
#include "server/access.h"
#include "base/config.h"
#include "layout/key.h"
#include "s3hls/archive.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

enum {
    DIGEST_BYTES = 32,
    TOKENS_MAX = 1024,
    TOKEN_BYTES_MIN = 16, /* a shorter token can be guessed */
    LINE_MAX_BYTES = 4096,
    PAYLOAD_MAX = 400
};

/* Only the digest of a token is kept. Digests of equal length are compared in constant time. */
typedef struct token {
    uint8_t digest[DIGEST_BYTES];
    uint8_t share_key[DIGEST_BYTES]; /* signs its share links */
    char *cameras, *name;
} token;

struct s3hls__access {
    s3hls_env env;
    bool open_to_all;
    token *tokens;
    size_t count;
};

/* ---- the file */

static bool digest(const char *data, size_t size, uint8_t out[DIGEST_BYTES]) {
    return EVP_Digest(data, size, out, NULL, EVP_sha256(), NULL) == 1;
}

static bool hmac(const void *key, size_t key_size, const char *text, uint8_t out[DIGEST_BYTES]) {
    return HMAC(EVP_sha256(), key, (int)key_size, (const uint8_t *)text, strlen(text), out, NULL);
}

/* @return NULL, or the fault of the line. */
static const char *add_token(s3hls__access *a, char *line) {
    char *rest = NULL, *secret = strtok_r(line, " \t\r\n", &rest);
    if (!secret || secret[0] == '#')
        return NULL;
    const char *cameras = strtok_r(NULL, " \t\r\n", &rest), *name = strtok_r(NULL, "\r\n", &rest);
    if (!cameras)
        return "a token needs the cameras it opens, or *";
    if (strlen(secret) < TOKEN_BYTES_MIN)
        return "a token has 16 characters or more";
    if (a->count == TOKENS_MAX)
        return "more than 1024 tokens";
    token *tokens = s3hls__env_realloc(&a->env, a->tokens, (a->count + 1) * sizeof *tokens);
    if (!tokens)
        return "out of memory";
    a->tokens = tokens;
    token *t = &tokens[a->count++];
    t->cameras = s3hls__env_strdup(&a->env, cameras);
    t->name = s3hls__env_strdup(&a->env, name ? name + strspn(name, " \t") : "token");
    bool ok = t->cameras && t->name && digest(secret, strlen(secret), t->digest) &&
              hmac(secret, strlen(secret), "s3hls share link", t->share_key);
    OPENSSL_cleanse(secret, strlen(secret));
    return ok ? NULL : "out of memory";
}

static int read_lines(s3hls__access *a, FILE *f, const char *file) {
    char line[LINE_MAX_BYTES];
    const char *wrong = NULL;
    unsigned number = 0;
    while (!wrong && fgets(line, sizeof line, f)) {
        number++;
        wrong = strlen(line) + 1 == sizeof line ? "longer than 4094 bytes" : add_token(a, line);
    }
    OPENSSL_cleanse(line, sizeof line);
    if (wrong)
        s3hls__log(&a->env, S3HLS_LOG_ERROR, "server", "%s, line %u: %s", file, number, wrong);
    else if (a->count == 0)
        s3hls__log(&a->env, S3HLS_LOG_ERROR, "server", "%s holds no token", file);
    return wrong || a->count == 0 ? S3HLS_E_MALFORMED : S3HLS_OK;
}

static int read_file(s3hls__access *a, const char *file) {
    FILE *f = fopen(file, "re");
    struct stat st;
    if (!f) {
        s3hls__log(&a->env, S3HLS_LOG_ERROR, "server", "%s: %s", file, strerror(errno));
        return S3HLS_E_IO;
    }
    if (fstat(fileno(f), &st) == 0 && st.st_mode & (S_IRWXG | S_IRWXO))
        s3hls__log(&a->env, S3HLS_LOG_WARN, "server", "%s: others may read it; chmod 600", file);
    int rc = read_lines(a, f, file);
    fclose(f);
    return rc;
}

int s3hls__access_open(s3hls__access **out, const char *file, const s3hls_env *env) {
    s3hls__access *a = s3hls__env_alloc(env, sizeof *a);
    *out = a;
    if (!a)
        return S3HLS_E_NOMEM;
    a->env = *env;
    a->open_to_all = file == NULL;
    int rc = file ? read_file(a, file) : S3HLS_OK;
    if (rc)
        s3hls__access_close(out);
    return rc;
}

void s3hls__access_close(s3hls__access **access) {
    s3hls__access *a = *access;
    if (!a)
        return;
    s3hls_env env = a->env;
    for (size_t i = 0; i < a->count; i++) {
        s3hls__env_free(&env, a->tokens[i].cameras);
        s3hls__env_free(&env, a->tokens[i].name);
        OPENSSL_cleanse(&a->tokens[i], sizeof a->tokens[i]);
    }
    s3hls__env_free(&env, a->tokens);
    s3hls__env_free(&env, a);
    *access = NULL;
}

/* ---- grants */

static s3hls__problem problem(unsigned status, const char *detail) {
    return (s3hls__problem){status, detail};
}

/* Match a list such as "cam-1,site-*". An entry that ends with '*' opens all cameras whose ids
 * begin with it. */
static bool names_open(const char *names, const char *camera) {
    for (const char *p = names; *p; p += strcspn(p, ","), p += *p == ',') {
        size_t n = strcspn(p, ",");
        if (n && p[n - 1] == '*' ? strncmp(p, camera, n - 1) == 0
                                 : strlen(camera) == n && memcmp(p, camera, n) == 0)
            return true;
    }
    return false;
}

static void grant_of(const s3hls__access *a, size_t i, s3hls__grant *grant) {
    *grant = (s3hls__grant){.name = a->tokens[i].name,
                            .cameras = a->tokens[i].cameras,
                            .proven = true,
                            .expires_s = INT64_MAX,
                            .from_ms = INT64_MIN,
                            .to_ms = INT64_MAX,
                            .token = i};
}

/* Every token is compared, so that the duration reveals nothing. */
static bool find_token(const s3hls__access *a, const char *secret, s3hls__grant *grant) {
    uint8_t asked[DIGEST_BYTES];
    bool found = false;
    if (!digest(secret, strlen(secret), asked))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (CRYPTO_memcmp(asked, a->tokens[i].digest, sizeof asked) == 0 && !found) {
            grant_of(a, i, grant);
            found = true;
        }
    return found;
}

/* ---- share links: "BEGIN-END-EXPIRES-CAMERA" and its HMAC-SHA-256, each in base64url, a dot
 * between them. Times in ms and s; the key is derived from the token, so that revoking it revokes
 * the link. */

/* @return length, without padding; out: 4 bytes for each 3 of the input, and a NUL. */
static size_t base64url(const uint8_t *data, size_t size, char *out) {
    size_t n = (size_t)EVP_EncodeBlock((uint8_t *)out, data, (int)size);
    for (size_t i = 0; i < n; i++)
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
    while (n && out[n - 1] == '=')
        out[--n] = 0;
    return n;
}

static bool base64url_decode(const char *text, size_t size, char *out, size_t out_size) {
    char padded[S3HLS__SHARE_MAX + 4];
    if (size == 0 || size % 4 == 1 || size >= S3HLS__SHARE_MAX || size / 4 * 3 + 3 >= out_size)
        return false;
    for (size_t i = 0; i < size; i++)
        padded[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    memset(padded + size, '=', 3);
    int n = EVP_DecodeBlock((uint8_t *)out, (const uint8_t *)padded, (int)((size + 3) / 4 * 4));
    if (n < 0)
        return false;
    out[n - (int)((4 - size % 4) % 4)] = 0;
    return true;
}

/* Decode a link. Each link has exactly one spelling: the decoded payload must encode to the same
 * text. */
static bool read_link(const char *share, char *payload, size_t payload_size, const char **proof) {
    char again[S3HLS__SHARE_MAX + 4];
    size_t size = strcspn(share, ".");
    *proof = share + size + (share[size] == '.');
    if (!base64url_decode(share, size, payload, payload_size))
        return false;
    size_t n = base64url((const uint8_t *)payload, strlen(payload), again);
    return n == size && memcmp(again, share, n) == 0;
}

static bool read_payload(const char *text, s3hls__grant *grant) {
    int used = 0;
    return sscanf(text, "%" SCNd64 "-%" SCNd64 "-%" SCNd64 "-%n", &grant->from_ms, &grant->to_ms,
                  &grant->expires_s, &used) == 3 &&
           used > 0 &&
           (size_t)snprintf(grant->camera, sizeof grant->camera, "%s", text + used) <
               sizeof grant->camera;
}

static s3hls__problem check_share(const s3hls__access *a, const char *share, int64_t now_s,
                                  s3hls__grant *grant) {
    static const char refused[] = "the share link is not valid";
    char payload[PAYLOAD_MAX], proof[DIGEST_BYTES / 3 * 4 + 8];
    uint8_t mac[DIGEST_BYTES];
    const char *given;
    bool found = false;
    if (!read_link(share, payload, sizeof payload, &given))
        return problem(401, refused);
    for (size_t i = 0; i < a->count; i++) {
        if (!hmac(a->tokens[i].share_key, DIGEST_BYTES, payload, mac))
            continue;
        size_t n = base64url(mac, sizeof mac, proof);
        if (strlen(given) == n && CRYPTO_memcmp(proof, given, n) == 0 && !found) {
            grant_of(a, i, grant);
            found = true;
        }
    }
    if (!found || !read_payload(payload, grant) || !names_open(grant->cameras, grant->camera))
        return problem(401, refused);
    grant->share = share;
    return now_s < grant->expires_s ? problem(0, NULL) : problem(401, "the share link has expired");
}

int s3hls__share_format(const s3hls__access *a, const s3hls__grant *grant, const s3hls__request *r,
                        int64_t expires_s, char share[S3HLS__SHARE_MAX]) {
    char payload[PAYLOAD_MAX];
    uint8_t mac[DIGEST_BYTES];
    if (a->open_to_all)
        return S3HLS_E_STATE;
    if (grant->share)
        return S3HLS_E_ACCESS;
    int n = snprintf(payload, sizeof payload, "%" PRId64 "-%" PRId64 "-%" PRId64 "-%s", r->from_ms,
                     r->to_ms, expires_s, r->camera);
    if (n < 0 || (size_t)n >= sizeof payload ||
        ((size_t)n + 2) / 3 * 4 + DIGEST_BYTES / 3 * 4 + 8 > S3HLS__SHARE_MAX ||
        !hmac(a->tokens[grant->token].share_key, DIGEST_BYTES, payload, mac))
        return S3HLS_E_TOO_LARGE;
    size_t size = base64url((const uint8_t *)payload, (size_t)n, share);
    share[size++] = '.';
    base64url(mac, sizeof mac, share + size);
    return S3HLS_OK;
}

s3hls__problem s3hls__access_check(const s3hls__access *a, const char *authorization,
                                   const char *share, int64_t now_s, s3hls__grant *grant) {
    *grant = (s3hls__grant){.name = "",
                            .cameras = "*",
                            .from_ms = INT64_MIN,
                            .to_ms = INT64_MAX,
                            .expires_s = INT64_MAX};
    if (a->open_to_all)
        return problem(0, NULL);
    if (authorization) {
        size_t scheme = strcspn(authorization, " ");
        if (scheme != 6 || strncasecmp(authorization, "Bearer", 6) != 0 ||
            !find_token(a, authorization + scheme + strspn(authorization + scheme, " "), grant))
            return problem(401, "the token is not known");
        return problem(0, NULL);
    }
    if (share[0])
        return check_share(a, share, now_s, grant);
    return problem(401, "a token is needed: Authorization: Bearer TOKEN");
}

bool s3hls__grant_opens(const s3hls__grant *grant, const char *camera) {
    return grant->share ? strcmp(camera, grant->camera) == 0 : names_open(grant->cameras, camera);
}

/* The segment overlaps the link's range. */
static bool overlaps(const s3hls__grant *grant, const char *key) {
    enum { SDK_LONGEST_MS = 10000 }; /* as in s3hls_archive_list() */
    s3hls_segment s;
    s3hls__key_kind kind = s3hls__key_parse(key, strlen(key), &s);
    if (kind != S3HLS__KEY_SEGMENT) /* an initialisation segment shows no picture */
        return kind == S3HLS__KEY_INIT;
    int64_t end_ms = s.start_ms + (s.sdk_name ? SDK_LONGEST_MS : s.duration_ms);
    return s.start_ms < grant->to_ms && end_ms > grant->from_ms;
}

/* The link's range contains the requested range or object. */
static bool contains(const s3hls__grant *grant, const s3hls__request *r, int64_t now_ms) {
    if (r->has_range)
        return r->from_ms >= grant->from_ms && r->to_ms <= grant->to_ms;
    return now_ms >= grant->from_ms && now_ms < grant->to_ms;
}

s3hls__problem s3hls__grant_covers(const s3hls__grant *grant, const s3hls__request *r,
                                   int64_t now_ms) {
    if (r->camera[0] && !s3hls__grant_opens(grant, r->camera))
        return problem(403, "this camera is not opened by what you have shown");
    if (!grant->share || !r->camera[0])
        return problem(0, NULL);
    bool covered =
        r->route == S3HLS__ROUTE_MEDIA ? overlaps(grant, r->name) : contains(grant, r, now_ms);
    return covered ? problem(0, NULL) : problem(403, "the share link does not cover this time");
}
