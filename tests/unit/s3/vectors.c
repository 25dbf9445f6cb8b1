/* SPDX-License-Identifier: MIT-0 */
#include "vectors.h"
#include "unit.h"

#include "s3/crypto.h"
#include "s3/uri.h"
#include <jansson.h>
#include <stdio.h>
#include <time.h>

char *vector_read(const char *folder, const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be opened", path);
    char *text = calloc(1, 65536);
    size_t n = fread(text, 1, 65535, f);
    fclose(f);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        text[--n] = 0;
    return text;
}

int64_t vector_time(const char *text) {
    struct tm tm;
    memset(&tm, 0, sizeof tm);
    assert_non_null(
        strptime(text, strchr(text, '-') ? "%Y-%m-%dT%H:%M:%SZ" : "%Y%m%dT%H%M%SZ", &tm));
    return timegm(&tm);
}

size_t vector_split_query(char *text, s3hls_query query[VECTOR_QUERY_MAX]) {
    size_t n = 0;
    char *rest = NULL;
    for (char *p = strtok_r(text, "&", &rest); p; p = strtok_r(NULL, "&", &rest)) {
        assert_true(n < VECTOR_QUERY_MAX);
        char *value = strchr(p, '=');
        if (value) {
            *value++ = 0;
            assert_true(s3hls__uri_decode(value, strlen(value)) >= 0);
        }
        assert_true(s3hls__uri_decode(p, strlen(p)) >= 0);
        query[n++] = (s3hls_query){p, value};
    }
    return n;
}

/* Lines "name:value"; a line that begins with a blank goes on the one before (RFC 9112 5.2).
 * @return what follows the empty line */
static const char *split_headers(vector *v, char *text) {
    s3hls_sigv4_request *r = &v->request;
    while (text && *text && *text != '\n') {
        char *end = strchr(text, '\n');
        while (end && (end[1] == ' ' || end[1] == '\t')) {
            *end = ' ';
            end = strchr(end, '\n');
        }
        if (end)
            *end = 0;
        char *colon = strchr(text, ':');
        assert_non_null(colon);
        *colon = 0;
        assert_true(r->header_count < VECTOR_HEADERS_MAX);
        v->headers[r->header_count++] = (s3hls_header){text, colon + 1};
        text = end ? end + 1 : NULL;
    }
    return text && *text ? text + 1 : "";
}

void vector_open(vector *v, const char *folder) {
    memset(v, 0, sizeof *v);
    s3hls_sigv4_request *r = &v->request;
    char path[512];
    snprintf(path, sizeof path, "%s/context.json", folder);
    json_t *c = v->context = json_load_file(path, 0, NULL);
    assert_non_null(c);
    json_t *k = json_object_get(c, "credentials");
    v->keys.access_key_id = json_string_value(json_object_get(k, "access_key_id"));
    v->keys.secret_access_key = json_string_value(json_object_get(k, "secret_access_key"));
    if (!json_is_true(json_object_get(c, "omit_session_token")))
        v->keys.session_token = json_string_value(json_object_get(k, "token"));
    v->expires_s = (uint32_t)json_integer_value(json_object_get(c, "expiration_in_seconds"));
    v->normalize = json_is_true(json_object_get(c, "normalize"));
    r->region = json_string_value(json_object_get(c, "region"));
    r->service = json_string_value(json_object_get(c, "service"));
    r->unix_s = vector_time(json_string_value(json_object_get(c, "timestamp")));
    r->payload_header = json_is_true(json_object_get(c, "sign_body"));

    char *text = v->text = vector_read(folder, "request.txt");
    char *line_end = strchr(text, '\n'), *target = strchr(text, ' ') + 1;
    *line_end = 0;
    target[-1] = 0;
    *strstr(target, " HTTP/1.1") = 0;
    r->method = text;
    r->path = target;
    char *question = strchr(target, '?');
    if (question) {
        *question = 0;
        r->query_count = vector_split_query(question + 1, v->query);
    }
    r->query = v->query;
    r->headers = v->headers;
    const char *body = split_headers(v, line_end + 1);
    uint8_t digest[32];
    assert_true(s3hls__digest(S3HLS__SHA256, body, strlen(body), digest));
    s3hls__to_hex(digest, sizeof digest, v->payload_hash);
    r->payload_hash = v->payload_hash;
}

void vector_close(vector *v) {
    free(v->text);
    json_decref(v->context);
}
