/* SPDX-License-Identifier: MIT-0 */
/* A bucket removes recordings by a lifecycle rule. */
#include "s3/uri.h"
#include "s3hls/layout.h"
#include "s3hls/retention.h"
#include <stdio.h>

int s3hls_retention_prefix(const char *url, char prefix[1026]) {
    s3hls__s3_location at;
    int rc = s3hls__uri_parse_s3(url, &at);
    if (!rc && snprintf(prefix, 1026, "%.*s%s%s", (int)at.prefix_size, at.prefix,
                        at.prefix_size ? "/" : "", S3HLS_SEGMENTS_PREFIX) >= 1026)
        rc = S3HLS_E_INVALID;
    return rc;
}

/* Open the bucket and find the prefix of its camera's segments. */
static int open_bucket(s3hls_s3 **out, const char *url, const s3hls_s3_options *s3,
                       const s3hls_env *env, char prefix[1026], s3hls_s3_error *error) {
    s3hls__s3_location at;
    int rc = s3hls__uri_parse_s3(url, &at);
    *out = NULL;
    if (error)
        memset(error, 0, sizeof *error);
    if (!rc)
        rc = s3hls_retention_prefix(url, prefix);
    return rc ? rc : s3hls_s3_open(out, at.bucket, s3, env);
}

int s3hls_retention_get(const char *url, const s3hls_s3_options *s3, const s3hls_env *env,
                        s3hls_s3_lifecycle *rules, s3hls_s3_error *error) {
    char prefix[1026];
    s3hls_s3 *client;
    if (!rules)
        return S3HLS_E_INVALID;
    memset(rules, 0, sizeof *rules);
    int rc = open_bucket(&client, url, s3, env, prefix, error);
    if (!rc)
        rc = s3hls_s3_get_lifecycle(client, prefix, rules, error);
    s3hls_s3_close(&client);
    return rc;
}

int s3hls_retention_set(const char *url, uint32_t days, const s3hls_s3_options *s3,
                        const s3hls_env *env, s3hls_s3_error *error) {
    char prefix[1026];
    s3hls_s3 *client;
    int rc = open_bucket(&client, url, s3, env, prefix, error);
    if (!rc)
        rc = s3hls_s3_set_lifecycle(client, prefix, days, error);
    s3hls_s3_close(&client);
    return rc;
}
