/* SPDX-License-Identifier: MIT-0 */
#include "s3hls/time.h"
#include "base/date.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool parse_unix(const char *text, int64_t *us) {
    int64_t seconds = 0, fraction;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && p - text < 12; p++)
        seconds = seconds * 10 + (*p - '0');
    bool any = p > text;
    p = s3hls__date_parse_fraction(p, &fraction);
    *us = seconds * 1000000 + fraction;
    return any && *p == 0 && seconds < S3HLS__DATE_END_S;
}

/* "2026-11-23T03:12", with or without Z; a date alone has none. */
static bool parse_date(const char *text, int64_t *us) {
    const char *p = s3hls__date_parse(text, us);
    return p && (*p == 0 || (strcmp(p, "Z") == 0 && p - text > 10));
}

int s3hls_time_parse(const char *text, int64_t *us) {
    int64_t value = 0;
    if (!text || !us)
        return S3HLS_E_INVALID;
    bool ok = strchr(text, '-') ? parse_date(text, &value) : parse_unix(text, &value);
    *us = value;
    return ok ? S3HLS_OK : S3HLS_E_MALFORMED;
}

void s3hls_time_format(int64_t us, char *text, size_t size) {
    char whole[S3HLS__DATE_TEXT_BYTES];
    s3hls__date_format(us / 1000, whole);
    snprintf(text, size, "%s", whole);
}
