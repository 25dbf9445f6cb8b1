/* SPDX-License-Identifier: MIT-0 */
/* Credentials from an HTTP endpoint: AWS IoT Core with a device certificate, a container's, an
 * instance's. */
#include "base/date.h"
#include "s3/authorities.h"
#include "s3/credentials.h"
#include "s3/crypto.h"
#include "s3/errors.h"
#include "s3/headers.h"
#include "s3/http.h"
#include "s3/libcurl.h"
#include "s3/tls.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { ANSWER_MAX = 16 * 1024, TOKEN_MAX = 8192 };

/* The address and how to request it. */
typedef struct endpoint {
    s3hls_env env;
    s3hls__multi multi;
    _Atomic bool interrupted;
    char *url, *thing_name, *certificate, *key,
        *ca_file;             /* IoT Core; url: container and instance too */
    char *token, *token_file; /* container */
    uint32_t timeout_ms, connect_timeout_ms;
    int64_t server_clock_s; /* the server's clock minus the monotonic one; 0: not known yet, or not
                               needed */
    bool asking;            /* for the server's time, without verified dates */
} endpoint;

/* ---- one request */

/* Allocated once and never moved, so that wiping it leaves no copy. */
typedef struct answer {
    char body[ANSWER_MAX + 1]; /* plus a NUL */
    size_t size;
    long http_status;
    bool refused_dates; /* a certificate is not valid yet, or no longer, by the clock in use */
    s3hls__headers headers;
} answer;

static size_t note_header(char *line, size_t unit, size_t count, void *arg) {
    answer *a = arg;
    s3hls__headers_note(&a->headers, line, unit * count);
    return unit * count;
}

static size_t write_body(char *data, size_t unit, size_t count, void *arg) {
    answer *a = arg;
    size_t size = unit * count;
    if (size > ANSWER_MAX - a->size)
        return 0; /* aborts the transfer */
    memcpy(a->body + a->size, data, size);
    a->size += size;
    return size;
}

static void wipe_answer(answer *a) {
    s3hls__wipe(a->body, sizeof a->body);
}

/* Run one transfer until it ends or is interrupted. */
static CURLcode run(endpoint *e, CURL *easy) {
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    int active = 1, queued;
    if (curl_multi_add_handle(e->multi.curl, easy) != CURLM_OK)
        return CURLE_OUT_OF_MEMORY;
    while (active && !e->interrupted) {
        active = s3hls__multi_perform(&e->multi);
        if (active)
            s3hls__multi_wait(&e->multi, 1000);
    }
    for (CURLMsg *m; (m = curl_multi_info_read(e->multi.curl, &queued));)
        if (m->msg == CURLMSG_DONE)
            code = m->data.result;
    s3hls__easy_quit(easy);
    curl_multi_remove_handle(e->multi.curl, easy);
    return code;
}

static int64_t monotonic_s(const endpoint *e) {
    return s3hls__env_now_us(&e->env) / 1000000;
}

/* Without a clock the dates of certificates cannot be verified before the first answer. */
static bool lacks_time(const endpoint *e) {
    return !e->server_clock_s && (e->asking || !s3hls__env_wall_is_set(&e->env));
}

static CURLcode prepare_tls(CURL *easy, void *context, void *arg) {
    const endpoint *e = arg;
    if (e->server_clock_s)
        s3hls__tls_set_time(context, e->server_clock_s + monotonic_s(e));
    else if (lacks_time(e))
        s3hls__tls_skip_dates(easy, context);
    return e->ca_file ? s3hls__authorities_add_system(easy, context) : CURLE_OK;
}

static void learn_time(endpoint *e, const answer *a) {
    int64_t date_s = s3hls__headers_date(&a->headers, S3HLS__HEADER_DATE);
    if (lacks_time(e) && date_s >= S3HLS__EARLIEST_WALL_S)
        e->server_clock_s = date_s - monotonic_s(e);
}

static void set_up(CURL *easy, const endpoint *e, answer *a) {
    s3hls__easy_set_up(easy);
    curl_easy_setopt(easy, CURLOPT_NOBODY, (long)e->asking);
    if ((e->ca_file || e->server_clock_s || lacks_time(e)) && s3hls__tls_is_openssl()) {
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, prepare_tls);
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, e);
    }
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)e->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)e->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, note_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, a);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, a);
}

/* Set the strings that libcurl copies. If it lacks memory for one, libcurl would continue with
 * other settings: a proxy, the system's authorities instead of the given one, GET instead of
 * PUT. */
static bool set_texts(CURL *easy, const endpoint *e, const char *method, const char *url) {
    bool token = e->key && strncmp(e->key, "pkcs11:", 7) == 0;
    return !curl_easy_setopt(easy, CURLOPT_URL, url) &&
           !curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method) &&
           !curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") && /* never send credentials via a proxy */
           s3hls__authorities_set(easy, e->ca_file) &&
           (!e->certificate || !curl_easy_setopt(easy, CURLOPT_SSLCERT, e->certificate)) &&
           (!e->key || !curl_easy_setopt(easy, CURLOPT_SSLKEY, e->key)) &&
           (!token || !curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "ENG"));
}

static int status_of(CURLcode code, long http_status) {
    if (code == CURLE_WRITE_ERROR) /* too long for credentials */
        return S3HLS_E_PROTOCOL;
    return code ? s3hls__s3_status_of_transfer((int)code)
                : s3hls__s3_status_of_answer(http_status, "");
}

/* Send a GET, or an empty PUT; header: "name: value", or NULL. The caller wipes the response. */
static int ask(endpoint *e, const char *method, const char *url, const char *header, answer *a) {
    memset(a, 0, sizeof *a);
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = header ? curl_slist_append(NULL, header) : NULL;
    int rc = S3HLS_E_NOMEM;
    if (easy && (headers || !header) && set_texts(easy, e, method, url)) {
        set_up(easy, e, a);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        CURLcode code = run(e, easy);
        learn_time(e, a);
        a->refused_dates = code == CURLE_PEER_FAILED_VERIFICATION && s3hls__tls_refused_dates(easy);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &a->http_status);
        rc = status_of(code, a->http_status);
        if (rc && !e->interrupted && !e->asking)
            s3hls__log(&e->env, S3HLS_LOG_WARN, "s3", "asking %s for keys: HTTP %ld: %s", url,
                       a->http_status, code ? curl_easy_strerror(code) : s3hls_strerror(rc));
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return rc;
}

/* A certificate is not valid yet, or no longer, by a clock that nothing confirms: ask the server
 * for the time without verified dates, on a connection that is used for nothing else.
 * @return false: its time is not known, or the dates were verified by it */
static bool ask_for_time(endpoint *e, const char *url, answer *a) {
    if (e->server_clock_s || s3hls__env_wall_is_synchronised(&e->env))
        return false;
    e->asking = true;
    ask(e, "HEAD", url, NULL, a);
    e->asking = false;
    return e->server_clock_s != 0;
}

/* ---- responses */

/* Parse "2018-01-18T09:18:06Z", with or without a fraction. */
static bool parse_time(const char *text, int64_t *unix_s) {
    int64_t us;
    const char *zone = text ? s3hls__date_parse(text, &us) : NULL;
    if (!zone || strcmp(zone, "Z") != 0)
        return false;
    *unix_s = us / 1000000;
    return *unix_s > 0;
}

static bool take_string(json_t *object, const char *name, char *to, size_t max) {
    json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    bool ok = s3hls__key_copy(to, max, text, true);
    if (text)
        s3hls__wipe((char *)text, json_string_length(value));
    return ok;
}

/* Field names of the three sources. */
typedef struct field_names {
    const char *id, *secret, *token, *expiration;
} field_names;
static const field_names IOT = {"accessKeyId", "secretAccessKey", "sessionToken", "expiration"};
static const field_names METADATA = {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"};

static int read_keys(const answer *a, const char *inside, const field_names *names,
                     s3hls__keys *keys) {
    json_error_t error;
    json_t *root = json_loadb(a->body, a->size, 0, &error);
    if (!root && !error.text[0]) /* jansson has a message for every error except lack of memory */
        return S3HLS_E_NOMEM;
    json_t *object = inside ? json_object_get(root, inside) : root;
    /* read and wipe each field, even if another one is invalid */
    bool ok = take_string(object, names->id, keys->access_key_id, S3HLS_ACCESS_KEY_MAX);
    ok = take_string(object, names->secret, keys->secret_access_key, S3HLS_SECRET_KEY_MAX) && ok;
    ok = take_string(object, names->token, keys->session_token, S3HLS_SESSION_TOKEN_MAX) && ok;
    const char *end = json_string_value(json_object_get(object, names->expiration));
    ok = ok && parse_time(end, &keys->expires_unix_s);
    json_decref(root);
    return ok ? S3HLS_OK : S3HLS_E_PROTOCOL;
}

static int fetch_keys(endpoint *e, const char *url, const char *header, const char *inside,
                      const field_names *names, s3hls__keys *keys, int64_t *source_unix_s) {
    answer a;
    int rc = ask(e, "GET", url, header, &a);
    if (a.refused_dates && ask_for_time(e, url, &a))
        rc = ask(e, "GET", url, header, &a);
    if (!rc && (rc = read_keys(&a, inside, names, keys)) == S3HLS_E_PROTOCOL)
        s3hls__log(&e->env, S3HLS_LOG_WARN, "s3", "%s: the answer holds no keys", url);
    *source_unix_s = s3hls__headers_date(&a.headers, S3HLS__HEADER_DATE);
    wipe_answer(&a);
    return rc;
}

/* ---- making one */

static void close_endpoint(void *ctx) {
    endpoint *e = ctx;
    s3hls_env env = e->env;
    char *strings[] = {e->url,     e->thing_name, e->certificate, e->key,
                       e->ca_file, e->token,      e->token_file};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        if (strings[i])
            s3hls__wipe(strings[i], strlen(strings[i]));
        s3hls__env_free(&env, strings[i]);
    }
    s3hls__multi_close(&e->multi);
    s3hls__env_free(&env, e);
}

static void interrupt(void *ctx) {
    endpoint *e = ctx;
    e->interrupted = true;
    s3hls__multi_wake(&e->multi);
}

static endpoint *open_endpoint(const s3hls_env *env, const char *url) {
    s3hls_env resolved = s3hls__env_resolve(env);
    endpoint *e = s3hls__env_alloc(&resolved, sizeof *e);
    if (!e)
        return NULL;
    e->env = resolved;
    e->connect_timeout_ms = 10000;
    e->timeout_ms = 20000;
    e->url = s3hls__env_strdup(&e->env, url);
    if (e->url && s3hls__multi_open(&e->multi) == S3HLS_OK)
        return e;
    close_endpoint(e);
    return NULL;
}

static int start(s3hls_credentials_provider **out, const char *source, endpoint *e,
                 int (*fetch)(void *ctx, s3hls__keys *keys, int64_t *source_unix_s)) {
    s3hls__fetcher fetcher = {
        .ctx = e, .fetch = fetch, .interrupt = interrupt, .close = close_endpoint};
    s3hls_env env = e->env;
    return s3hls__credentials_open_fetched(out, source, &fetcher, &env);
}

/* ---- AWS IoT Core: GET /role-aliases/ALIAS/credentials by the device's certificate */

static int fetch_iot(void *ctx, s3hls__keys *keys, int64_t *source_unix_s) {
    endpoint *e = ctx;
    char header[300];
    snprintf(header, sizeof header, "x-amzn-iot-thingname: %s", e->thing_name ? e->thing_name : "");
    return fetch_keys(e, e->url, e->thing_name ? header : NULL, "credentials", &IOT, keys,
                      source_unix_s);
}

/* Only letters, digits and the given characters: nothing with a meaning in a URL or a header. */
static bool plain(const char *s, const char *also) {
    size_t n = s ? strlen(s) : 0;
    for (size_t i = 0; i < n; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", s[i]) &&
            !strchr(also, s[i]))
            return false;
    return n > 0 && n <= 253;
}

static const char *iot_wrong(const s3hls_iot_options *o) {
    if (!plain(o->endpoint, ".-:"))
        return "endpoint must be host[:port]";
    if (!plain(o->role_alias, "=,@-_"))
        return "role_alias must be 1 to 128 of letters, digits and =,@-_";
    if (o->thing_name && !plain(o->thing_name, ":-_"))
        return "thing_name must be 1 to 128 of letters, digits and :-_";
    return o->certificate && o->key ? NULL : "certificate and key are needed";
}

static bool readable(const s3hls_env *env, const char *path) {
    if (strncmp(path, "pkcs11:", 7) == 0 || access(path, R_OK) == 0)
        return true;
    s3hls__log(env, S3HLS_LOG_ERROR, "s3", "%s cannot be read", path);
    return false;
}

int s3hls_credentials_open_iot(s3hls_credentials_provider **out, const s3hls_iot_options *o,
                               const s3hls_env *given) {
    s3hls_env env = s3hls__env_resolve(given);
    char url[640];
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    const char *wrong = o ? iot_wrong(o) : "options are NULL";
    if (wrong) {
        s3hls__log(&env, S3HLS_LOG_ERROR, "s3", "iot: %s", wrong);
        return S3HLS_E_INVALID;
    }
    if (!readable(&env, o->certificate) || !readable(&env, o->key))
        return S3HLS_E_IO;
    int rc = s3hls__authorities_check(o->ca_file, &env);
    if (rc)
        return rc;
    snprintf(url, sizeof url, "https://%s/role-aliases/%s/credentials", o->endpoint, o->role_alias);
    endpoint *e = open_endpoint(&env, url);
    if (!e)
        return S3HLS_E_NOMEM;
    e->thing_name = s3hls__env_strdup(&env, o->thing_name);
    e->certificate = s3hls__env_strdup(&env, o->certificate);
    e->key = s3hls__env_strdup(&env, o->key);
    e->ca_file = s3hls__env_strdup(&env, o->ca_file);
    if (o->timeout_ms)
        e->timeout_ms = o->timeout_ms;
    if (!e->certificate || !e->key || (o->thing_name && !e->thing_name) ||
        (o->ca_file && !e->ca_file)) {
        close_endpoint(e);
        return S3HLS_E_NOMEM;
    }
    return start(out, "AWS IoT Core", e, fetch_iot);
}

/* ---- containers: URL and token from the environment */

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static bool read_token(const endpoint *e, char token[TOKEN_MAX]) {
    token[0] = 0;
    if (e->token_file) {
        FILE *file = fopen(e->token_file, "re");
        size_t n = file ? fread(token, 1, TOKEN_MAX - 1, file) : 0;
        if (file)
            fclose(file);
        token[n] = 0;
        token[strcspn(token, "\r\n")] = 0;
        return n > 0;
    }
    if (e->token)
        snprintf(token, TOKEN_MAX, "%s", e->token);
    return true;
}

static int fetch_container(void *ctx, s3hls__keys *keys, int64_t *source_unix_s) {
    endpoint *e = ctx;
    char token[TOKEN_MAX], header[TOKEN_MAX + 32];
    int rc = S3HLS_E_IO;
    if (read_token(e, token)) {
        snprintf(header, sizeof header, "Authorization: %s", token);
        rc = fetch_keys(e, e->url, token[0] ? header : NULL, NULL, &METADATA, keys, source_unix_s);
    }
    s3hls__wipe(token, sizeof token);
    s3hls__wipe(header, sizeof header);
    return rc;
}

static bool is_here(const char *host) {
    static const char *const names[] = {"localhost", "[::1]", "169.254.170.2", "169.254.170.23",
                                        "[fd00:ec2::23]"};
    struct in_addr ip;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(host, names[i]) == 0)
            return true;
    return inet_pton(AF_INET, host, &ip) == 1 && ntohl(ip.s_addr) >> 24 == 127;
}

/* Require https, or an address on this machine (loopback, or the endpoint of containers). The URL
 * is parsed by libcurl, which also sends the request. @return S3HLS_OK, S3HLS_E_INVALID,
 * S3HLS_E_NOMEM. */
static int check_private(const char *url) {
    char *scheme = NULL, *host = NULL;
    CURLU *parts = curl_url();
    CURLUcode code = parts ? curl_url_set(parts, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;
    if (!code)
        code = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
    if (!code)
        code = curl_url_get(parts, CURLUPART_HOST, &host, 0);
    bool ok =
        !code && (strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && is_here(host)));
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parts);
    return code == CURLUE_OUT_OF_MEMORY ? S3HLS_E_NOMEM : ok ? S3HLS_OK : S3HLS_E_INVALID;
}

int s3hls_credentials_open_container(s3hls_credentials_provider **out, const s3hls_env *env) {
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
               *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
               *token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
               *token_file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    s3hls_env resolved = s3hls__env_resolve(env);
    char url[2048];
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    if (!relative && !full)
        return S3HLS_E_NOT_FOUND;
    int n = relative ? snprintf(url, sizeof url, "http://169.254.170.2%s", relative)
                     : snprintf(url, sizeof url, "%s", full);
    bool malformed = n >= (int)sizeof url || (relative && relative[0] != '/') ||
                     (token && (strlen(token) >= TOKEN_MAX || strpbrk(token, "\r\n")));
    int rc = malformed ? S3HLS_E_INVALID : check_private(url);
    if (rc == S3HLS_E_INVALID)
        s3hls__log(&resolved, S3HLS_LOG_ERROR, "s3",
                   "AWS_CONTAINER_CREDENTIALS_*: not an https address, nor one of this machine");
    if (rc)
        return rc;
    endpoint *e = open_endpoint(env, url);
    if (!e)
        return S3HLS_E_NOMEM;
    e->token = s3hls__env_strdup(&e->env, token_file ? NULL : token);
    e->token_file = s3hls__env_strdup(&e->env, token_file);
    if ((token_file && !e->token_file) || (!token_file && token && !e->token)) {
        close_endpoint(e);
        return S3HLS_E_NOMEM;
    }
    return start(out, "the container", e, fetch_container);
}

/* ---- instances: session token, role name, credentials (IMDSv2) */

static int ask_metadata(endpoint *e, const char *method, const char *path, const char *header,
                        answer *a, char line[256]) {
    char url[2048];
    if (snprintf(url, sizeof url, "%s%s", e->url, path) >= (int)sizeof url)
        return S3HLS_E_INVALID;
    int rc = ask(e, method, url, header, a);
    if (!rc)
        snprintf(line, 256, "%.*s", (int)strcspn(a->body, "\r\n"), a->body);
    return rc;
}

static int fetch_instance(void *ctx, s3hls__keys *keys, int64_t *source_unix_s) {
    static const char ROLES[] = "/latest/meta-data/iam/security-credentials/";
    endpoint *e = ctx;
    char token[256], role[256], header[300], url[2048];
    answer a;
    int rc = ask_metadata(e, "PUT", "/latest/api/token",
                          "X-aws-ec2-metadata-token-ttl-seconds: 300", &a, token);
    wipe_answer(&a);
    if (rc)
        return rc;
    snprintf(header, sizeof header, "X-aws-ec2-metadata-token: %s", token);
    rc = ask_metadata(e, "GET", ROLES, header, &a, role);
    wipe_answer(&a);
    if (!rc && !plain(role, "+=,.@-_"))
        rc = S3HLS_E_PROTOCOL;
    if (!rc && snprintf(url, sizeof url, "%s%s%s", e->url, ROLES, role) < (int)sizeof url)
        rc = fetch_keys(e, url, header, NULL, &METADATA, keys, source_unix_s);
    s3hls__wipe(token, sizeof token);
    s3hls__wipe(header, sizeof header);
    return rc;
}

int s3hls_credentials_open_instance(s3hls_credentials_provider **out, const s3hls_env *env) {
    const char *disabled = variable("AWS_EC2_METADATA_DISABLED"),
               *url = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    if (disabled && strcasecmp(disabled, "true") == 0)
        return S3HLS_E_NOT_FOUND;
    endpoint *e = open_endpoint(env, url ? url : "http://169.254.169.254");
    if (!e)
        return S3HLS_E_NOMEM;
    size_t size = strlen(e->url);
    if (size && e->url[size - 1] == '/')
        e->url[size - 1] = 0;
    e->connect_timeout_ms = 1000; /* link-local: it responds quickly or does not exist */
    e->timeout_ms = 5000;
    return start(out, "the instance's role", e, fetch_instance);
}

int s3hls__credentials_open_machine(s3hls_credentials_provider **out, const s3hls_env *env) {
    int rc = s3hls_credentials_open_container(out, env);
    return rc == S3HLS_E_NOT_FOUND ? s3hls_credentials_open_instance(out, env) : rc;
}
