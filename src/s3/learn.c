/* SPDX-License-Identifier: MIT-0 */
/* Information that a client learns from responses: the time and the region. */
#include "s3/client.h"
#include <string.h>

static int64_t monotonic_s(const s3hls__s3_client *c) {
    return c->env.monotonic_us(c->env.ctx) / 1000000;
}

int64_t s3hls__s3_now_s(const s3hls__s3_client *c) {
    int64_t server_clock_s = c->server_clock_s;
    return server_clock_s ? server_clock_s + monotonic_s(c) : s3hls__env_wall_s(&c->env);
}

int64_t s3hls__s3_client_clock_offset_s(const s3hls__s3_client *c) {
    return s3hls__s3_now_s(c) - s3hls__env_wall_s(&c->env);
}

bool s3hls__s3_learn_clock(s3hls__s3_client *c, const s3hls_s3_error *e, int64_t signed_s) {
    enum { SAME_S = 5 };
    int64_t wrong_by_s = e->server_unix_s - signed_s;
    if (e->server_unix_s < S3HLS__EARLIEST_WALL_S)
        return false;
    c->server_clock_s = e->server_unix_s - monotonic_s(c);
    s3hls__log(&c->env, S3HLS_LOG_WARN, "s3",
               "the server's clock is %lld s from the time signed with: signing by the server's",
               (long long)wrong_by_s);
    return wrong_by_s > SAME_S || wrong_by_s < -SAME_S;
}

bool s3hls__s3_learn_region(s3hls__s3_client *c, const char *region) {
    char *copy;
    if (!region[0] || !s3hls__uri_region_ok(region) || strcmp(region, c->region) == 0 ||
        !(copy = s3hls__env_strdup(&c->env, region)))
        return false;
    s3hls__log(&c->env, S3HLS_LOG_WARN, "s3", "the bucket's region is %s, not %s: following",
               region, c->region);
    s3hls__env_free(&c->env, c->region);
    c->region = copy;
    if (!c->own_endpoint && s3hls__s3_set_endpoint(c, NULL) == S3HLS_OK)
        s3hls__s3_place_name(&c->home, c->bucket);
    return true;
}
