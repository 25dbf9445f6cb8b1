/* SPDX-License-Identifier: MIT-0 */
/* Where a client sends its requests: host and path form of its bucket. */
#include "s3/client.h"
#include <stdio.h>
#include <string.h>

int s3hls__s3_set_endpoint(s3hls__s3_client *c, const char *endpoint) {
    char aws[128];
    if (!endpoint) {
        const char *suffix = strncmp(c->region, "cn-", 3) == 0 ? ".cn" : "";
        snprintf(aws, sizeof aws, "https://s3.%s.amazonaws.com%s", c->region, suffix);
        endpoint = aws;
    }
    return s3hls__uri_parse_endpoint(endpoint, &c->home.endpoint);
}

void s3hls__s3_place_name(s3hls__place *p, const char *bucket) {
    snprintf(p->host, sizeof p->host, "%s%s%s", p->bucket_in_host ? bucket : "",
             p->bucket_in_host ? "." : "", p->endpoint.host);
}

bool s3hls__s3_place_at(s3hls__place *place, const s3hls__s3_client *c, const char *address) {
    char url[400];
    size_t bucket_size = strlen(c->bucket);
    const char *scheme_end = strstr(address, "://");
    const char *host = scheme_end ? scheme_end + 3 : address;
    bool tls = scheme_end ? strncmp(address, "https:", 6) == 0 : c->home.endpoint.tls;
    if (scheme_end && !tls && strncmp(address, "http:", 5) != 0)
        return false;
    size_t size = strcspn(host, "/?#");
    bool in_host = size > bucket_size + 1 && memcmp(host, c->bucket, bucket_size) == 0 &&
                   host[bucket_size] == '.';
    if (in_host) {
        host += bucket_size + 1;
        size -= bucket_size + 1;
    }
    int n = snprintf(url, sizeof url, "%s://%.*s", tls ? "https" : "http", (int)size, host);
    s3hls__place there = {.bucket_in_host = in_host};
    if (n >= (int)sizeof url || (c->home.endpoint.tls && !tls) ||
        s3hls__uri_parse_endpoint(url, &there.endpoint) || (in_host && there.endpoint.literal))
        return false;
    s3hls__s3_place_name(&there, c->bucket);
    if (strcmp(there.host, place->host) == 0)
        return false;
    *place = there;
    return true;
}
