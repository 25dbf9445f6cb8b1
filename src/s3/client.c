/* SPDX-License-Identifier: MIT-0 */
#include "s3/client.h"
#include "s3/authorities.h"
#include "s3/credentials.h"
#include "s3hls/version.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_aws(const char *endpoint) {
    return !endpoint || strstr(endpoint, ".amazonaws.com");
}

/* Log a malformed setting: control characters and line ends are escaped, and text before the host
 * that may be a password is removed. */
static int malformed(const s3hls__s3_client *c, const char *part, const char *value,
                     const char *fault) {
    char shown[200];
    const char *user = strrchr(value, '@');
    snprintf(shown, sizeof shown, "%s", user ? user : value);
    for (char *p = shown; *p; p++)
        *p = (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p;
    s3hls__log(&c->env, S3HLS_LOG_ERROR, "s3", "%s \"%s\": %s", part, shown, fault);
    return S3HLS_E_INVALID;
}

/* A wildcard certificate covers one label: a bucket name with a dot cannot be part of the host name
 * over TLS. */
static bool bucket_fits_into_host(const s3hls__s3_client *c, const s3hls_s3_options *o) {
    if (o->addressing != S3HLS_ADDRESSING_AUTO)
        return o->addressing == S3HLS_ADDRESSING_VIRTUAL;
    return !o->endpoint && !strchr(c->bucket, '.');
}

/* An endpoint may contain the bucket, as consoles show it: "bucket.s3.region.example". The bucket
 * is removed here, and added again for each request. */
static bool take_bucket_off(s3hls__s3_client *c, const s3hls_s3_options *o) {
    char *host = c->home.endpoint.host;
    size_t size = strlen(c->bucket);
    if (c->home.endpoint.literal || strncmp(host, c->bucket, size) != 0 || host[size] != '.')
        return false;
    const char *rest = host + size + 1;
    if (strncmp(rest, "s3.", 3) != 0 && strncmp(rest, "s3-", 3) != 0 &&
        o->addressing != S3HLS_ADDRESSING_VIRTUAL)
        return false;
    memmove(host, rest, strlen(rest) + 1);
    return o->addressing == S3HLS_ADDRESSING_VIRTUAL ||
           (o->addressing == S3HLS_ADDRESSING_AUTO && !strchr(c->bucket, '.'));
}

/* Set endpoint, bucket and region. A malformed one is logged by name. */
static int configure_place(s3hls__s3_client *c, const s3hls_s3_options *o) {
    bool aws = is_aws(o->endpoint);
    const char *fault = o->endpoint ? s3hls__uri_endpoint_fault(o->endpoint) : NULL;
    if (fault)
        return malformed(c, "endpoint", o->endpoint, fault);
    if ((fault = s3hls__uri_region_fault(c->region, aws)))
        return malformed(c, "region", c->region, fault);
    bool in_host = bucket_fits_into_host(c, o);
    if ((fault = s3hls__uri_bucket_fault(c->bucket, aws || in_host)))
        return malformed(c, "bucket", c->bucket, fault);
    s3hls__s3_set_endpoint(c, o->endpoint);
    c->own_endpoint = o->endpoint != NULL;
    c->home.bucket_in_host = take_bucket_off(c, o) || in_host;
    if (c->home.bucket_in_host && c->home.endpoint.literal)
        return malformed(c, "endpoint", c->home.endpoint.host,
                         "no bucket can be put before an address: use path addressing");
    s3hls__s3_place_name(&c->home, c->bucket);
    return S3HLS_OK;
}

/* The body is always protected: by its signature, or by a checksum that the server verifies. */
static void choose_integrity(s3hls__s3_client *c, const s3hls_s3_options *o) {
    c->sign_payload = o->payload == S3HLS_PAYLOAD_SIGNED ||
                      (o->payload == S3HLS_PAYLOAD_AUTO &&
                       (!c->home.endpoint.tls || o->checksum == S3HLS_CHECKSUM_NONE));
    c->checksum = o->checksum;
    if (o->checksum == S3HLS_CHECKSUM_AUTO)
        c->checksum = c->sign_payload ? S3HLS_CHECKSUM_NONE : S3HLS_CHECKSUM_CRC32C;
}

static int configure(s3hls__s3_client *c, const char *bucket, const char *prefix,
                     const s3hls_s3_options *o) {
    const s3hls_env *env = &c->env;
    c->bucket = s3hls__env_strdup(env, bucket);
    c->prefix = s3hls__env_strdup(env, prefix ? prefix : "");
    c->region = s3hls__env_strdup(env, o->region ? o->region : "us-east-1");
    c->user_agent = s3hls__env_strdup(env, o->user_agent ? o->user_agent : "s3hls/" S3HLS_VERSION);
    c->ca_file = s3hls__env_strdup(env, o->ca_file);
    if (!c->bucket || !c->prefix || !c->region || !c->user_agent || (o->ca_file && !c->ca_file))
        return S3HLS_E_NOMEM;
    int rc = configure_place(c, o);
    if (rc)
        return rc;
    rc = s3hls__authorities_check(c->ca_file, env);
    if (rc)
        return rc;
    choose_integrity(c, o);
    c->connect_timeout_ms = o->connect_timeout_ms ? o->connect_timeout_ms : 10000;
    c->stall_timeout_ms = o->stall_timeout_ms ? o->stall_timeout_ms : 20000;
    if (o->credentials)
        c->credentials = s3hls__credentials_retain(o->credentials);
    else
        return s3hls_credentials_open_default(&c->credentials, env);
    return S3HLS_OK;
}

int s3hls__s3_client_open(s3hls__s3_client **out, s3hls__http *http, const char *bucket,
                          const char *prefix, const s3hls_s3_options *options,
                          const s3hls_env *env) {
    static const s3hls_s3_options defaults;
    s3hls_env e = s3hls__env_resolve(env);
    *out = NULL;
    if (!bucket)
        return S3HLS_E_INVALID;
    s3hls__s3_client *c = s3hls__env_alloc(&e, sizeof *c);
    if (!c)
        return S3HLS_E_NOMEM;
    c->env = e;
    c->http = http;
    c->habits = &c->own_habits;
    int rc = configure(c, bucket, prefix, options ? options : &defaults);
    if (rc)
        s3hls__s3_client_close(&c);
    *out = c;
    return rc;
}

void s3hls__s3_client_close(s3hls__s3_client **client) {
    s3hls__s3_client *c = client ? *client : NULL;
    if (!c)
        return;
    s3hls_env env = c->env;
    s3hls_credentials_close(&c->credentials);
    s3hls__env_free(&env, c->bucket);
    s3hls__env_free(&env, c->prefix);
    s3hls__env_free(&env, c->region);
    s3hls__env_free(&env, c->ca_file);
    s3hls__env_free(&env, c->user_agent);
    s3hls__env_free(&env, c);
    *client = NULL;
}

/* A server lists one bucket the same way for all clients. */
void s3hls__s3_client_share_habits(s3hls__s3_client *c, const s3hls__s3_client *other) {
    if (strcmp(c->bucket, other->bucket) == 0 && strcmp(c->home.host, other->home.host) == 0)
        c->habits = other->habits;
}

s3hls_credentials_provider *s3hls__s3_client_credentials(const s3hls__s3_client *c) {
    return c->credentials;
}
