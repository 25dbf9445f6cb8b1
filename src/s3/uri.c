/* SPDX-License-Identifier: MIT-0 */
#include "s3/uri.h"
#include "base/printable.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void s3hls__uri_encode(s3hls__strbuf *out, const char *s, size_t size, bool keep_slash) {
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < size; i++) {
        char c = s[i];
        if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash))
            s3hls__strbuf_add_char(out, c);
        else
            s3hls__strbuf_add(out, (char[]){'%', hex[(uint8_t)c >> 4], hex[c & 15]}, 3);
    }
}

static int hex_value(char c) {
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int s3hls__uri_decode(char *s, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        char c = s[i] == '+' ? ' ' : s[i];
        if (c == '%') {
            int high = i + 2 < size ? hex_value(s[i + 1]) : -1;
            int low = i + 2 < size ? hex_value(s[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0)
                return S3HLS_E_MALFORMED;
            c = (char)(high << 4 | low);
            i += 2;
        }
        s[n++] = c;
    }
    s[n] = 0;
    return (int)n;
}

static bool is_dot_part(const char *part, size_t size) {
    return (size == 1 || size == 2) && part[0] == '.' && part[size - 1] == '.';
}

bool s3hls__uri_prefix_ok(const char *prefix, size_t size) {
    if (size > S3HLS__KEY_BYTES_MAX)
        return false;
    size_t part = 0;
    for (size_t i = 0, n; i < size; i += n) {
        n = s3hls__utf8_printable((const uint8_t *)prefix + i, size - i);
        if (n == 0)
            return false;
        if (prefix[i] == '/') {
            if (is_dot_part(prefix + part, i - part))
                return false;
            part = i + 1;
        }
    }
    return !is_dot_part(prefix + part, size - part);
}

bool s3hls__uri_key_ok(const char *key, size_t size) {
    return size > 0 && key[0] != '/' && s3hls__uri_prefix_ok(key, size);
}

static bool is_bucket(const char *bucket, size_t size) {
    if (size < 3 || size > S3HLS__BUCKET_BYTES_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = bucket[i];
        bool inner = i > 0 && i + 1 < size && (c == '-' || (c == '.' && bucket[i - 1] != '.'));
        if (!inner && !is_digit(c) && !(c >= 'a' && c <= 'z'))
            return false;
    }
    return true;
}

bool s3hls__uri_bucket_ok(const char *bucket) {
    return is_bucket(bucket, strlen(bucket));
}

bool s3hls__uri_bucket_tolerable(const char *bucket) {
    size_t n = 0;
    while (is_alnum(bucket[n]) || (bucket[n] && strchr("._:-", bucket[n])))
        n++;
    return n >= 1 && n <= S3HLS__BUCKET_BYTES_MAX && bucket[n] == 0 && !is_dot_part(bucket, n);
}

bool s3hls__uri_region_ok(const char *region) {
    size_t n = 0;
    while (is_alnum(region[n]) || region[n] == '-' || region[n] == '_')
        n++;
    return n >= 1 && n <= 63 && region[n] == 0;
}

/* Compare without case; word is in lower case. */
static bool begins_with(const char *text, const char *word) {
    for (; *word; text++, word++)
        if ((*text >= 'A' && *text <= 'Z' ? *text + 'a' - 'A' : *text) != *word)
            return false;
    return true;
}

static bool has_blank(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return true;
    return false;
}

static bool has_capital(const char *text) {
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            return true;
    return false;
}

const char *s3hls__uri_region_fault(const char *region, bool aws) {
    if (has_blank(region))
        return "it holds a blank or a line end";
    if (!s3hls__uri_region_ok(region))
        return "a region is 1 to 63 of letters, digits, - and _";
    return aws && has_capital(region) ? "AWS writes its regions in lower case" : NULL;
}

const char *s3hls__uri_bucket_fault(const char *bucket, bool aws) {
    if (has_blank(bucket))
        return "it holds a blank or a line end";
    if (aws ? s3hls__uri_bucket_ok(bucket) : s3hls__uri_bucket_tolerable(bucket))
        return NULL;
    if (aws && s3hls__uri_bucket_tolerable(bucket))
        return "AWS takes 3 to 63 of a-z, 0-9, - and ., a letter or digit at both ends; capitals, "
               "_ "
               "and : need a server of your own (endpoint), by path";
    return "a bucket's name is 1 to 63 of letters, digits, and . _ : -";
}

const char *s3hls__uri_endpoint_fault(const char *url) {
    s3hls__endpoint unused;
    const char *host = strstr(url, "://");
    if (s3hls__uri_parse_endpoint(url, &unused) == S3HLS_OK)
        return NULL;
    if (has_blank(url))
        return "it holds a blank or a line end";
    if (!host)
        return "it has no scheme: write https://host[:port][/path]";
    if (!begins_with(url, "http:") && !begins_with(url, "https:"))
        return "its scheme is neither https nor http";
    host += 3;
    size_t size = strcspn(host, "/?#");
    if (memchr(host, '@', size))
        return "it names a user: keys are given apart";
    if (strpbrk(host, "?#%"))
        return "it holds ?, # or %: write https://host[:port][/path], not encoded";
    return host[size] && host[size + 1] ? "its host, port or path is malformed"
                                        : "its host or port is malformed";
}

int s3hls__uri_parse_s3(const char *url, s3hls__s3_location *out) {
    memset(out, 0, sizeof *out);
    if (!url || strncmp(url, "s3://", 5) != 0)
        return S3HLS_E_INVALID;
    const char *bucket = url + 5;
    size_t bucket_size = strcspn(bucket, "/");
    if (!is_bucket(bucket, bucket_size))
        return S3HLS_E_INVALID;
    const char *prefix = bucket + bucket_size + strspn(bucket + bucket_size, "/");
    size_t prefix_size = strlen(prefix);
    while (prefix_size > 0 && prefix[prefix_size - 1] == '/')
        prefix_size--;
    if (!s3hls__uri_prefix_ok(prefix, prefix_size))
        return S3HLS_E_INVALID;
    memcpy(out->bucket, bucket, bucket_size);
    out->prefix = prefix;
    out->prefix_size = prefix_size;
    return S3HLS_OK;
}

/* Labels of [A-Za-z0-9_-] with 1 to 63 characters. The last one is not a number, which would be
 * read as part of an IPv4 address (WHATWG URL 3.5). */
static bool is_host_name(const char *host) {
    size_t label = 0, digits = 0;
    for (const char *p = host;; p++) {
        if (*p == '.' || *p == 0) {
            if (label == 0 || label > 63)
                return false;
            if (*p == 0)
                return digits < label;
            label = digits = 0;
        } else if (is_alnum(*p) || *p == '-' || *p == '_') {
            label++;
            digits += is_digit(*p);
        } else {
            return false;
        }
    }
}

/* Parse ":port" or an empty string. @return false: malformed. Without a port, *port is
 * unchanged. */
static bool parse_port(const char *s, size_t size, unsigned *port) {
    if (size == 0)
        return true;
    if (size < 2 || size > 6 || s[0] != ':')
        return false;
    *port = 0;
    for (size_t i = 1; i < size; i++) {
        if (!is_digit(s[i]))
            return false;
        *port = *port * 10 + (unsigned)(s[i] - '0');
    }
    return *port >= 1 && *port <= 65535;
}

/* Normalise a host: lower case, and the shortest form of an IPv6 address. */
static bool canonical_host(char *host, size_t capacity, bool in_brackets, bool *literal) {
    struct in6_addr address;
    *literal = true;
    if (in_brackets) {
        char text[INET6_ADDRSTRLEN];
        if (inet_pton(AF_INET6, host, &address) != 1)
            return false;
        inet_ntop(AF_INET6, &address, text, sizeof text);
        snprintf(host, capacity, "[%s]", text);
        return true;
    }
    if (inet_pton(AF_INET, host, &address) == 1)
        return true;
    *literal = false;
    for (char *p = host; *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 'a' - 'A') : *p;
    return is_host_name(host);
}

/* Copy "/path/" as "/path". Slashes alone give an empty path. */
static bool copy_path(const char *text, char path[S3HLS__PATH_BYTES_MAX + 1]) {
    size_t size = strlen(text);
    while (size && text[size - 1] == '/')
        size--;
    if (size == 0)
        return true;
    if (size > S3HLS__PATH_BYTES_MAX || strpbrk(text, "?#%") ||
        !s3hls__uri_key_ok(text + 1, size - 1))
        return false;
    memcpy(path, text, size);
    return true;
}

int s3hls__uri_parse_endpoint(const char *url, s3hls__endpoint *out) {
    memset(out, 0, sizeof *out);
    out->tls = begins_with(url, "https://");
    if (!out->tls && !begins_with(url, "http://"))
        return S3HLS_E_INVALID;
    const char *host = url + (out->tls ? 8 : 7), *end = host + strcspn(host, "/");
    if (!copy_path(end, out->path))
        return S3HLS_E_INVALID;
    bool in_brackets = host[0] == '[';
    host += in_brackets;
    size_t size = strcspn(host, in_brackets ? "]/" : ":/");
    if (size > S3HLS__HOST_BYTES_MAX || (in_brackets && host[size] != ']'))
        return S3HLS_E_INVALID;
    const char *rest = host + size + in_brackets;
    unsigned own = out->tls ? 443 : 80, port = own;
    memcpy(out->host, host, size);
    if (!parse_port(rest, (size_t)(end - rest), &port) ||
        !canonical_host(out->host, sizeof out->host, in_brackets, &out->literal))
        return S3HLS_E_INVALID;
    size = strlen(out->host);
    if (port != own)
        snprintf(out->host + size, sizeof out->host - size, ":%u", port);
    return S3HLS_OK;
}
