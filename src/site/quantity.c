/* SPDX-License-Identifier: MIT-0 */
#include "site/quantity.h"
#include <string.h>
#include <strings.h>

static const double LIMIT = 1e15; /* below it, a double holds every integer */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Parse a decimal number without sign and exponent. @return the text after it; NULL: there is none
 */
static const char *parse_number(const char *text, double *value) {
    const char *at = text;
    bool digits = is_digit(text[0]) || (text[0] == '.' && is_digit(text[1]));
    *value = 0;
    for (; is_digit(*at); at++)
        *value = *value < LIMIT ? *value * 10 + (*at - '0') : LIMIT;
    if (*at == '.')
        at++;
    for (double unit = 0.1; at > text && is_digit(*at); at++, unit /= 10)
        *value += unit * (*at - '0');
    return digits ? at : NULL;
}

static bool round_to_integer(double value, uint64_t *out) {
    *out = value < LIMIT ? (uint64_t)(value + 0.5) : 0;
    return value < LIMIT;
}

bool s3hls__quantity_parse_size(const char *text, uint64_t *bytes) {
    static const char units[] = "KMGT";
    double value;
    const char *unit = parse_number(text, &value), *found = NULL;
    *bytes = 0;
    if (!unit)
        return false;
    if (unit[0]) {
        found = strchr(units, unit[0] & ~0x20);
        if (!found || !*found || unit[1])
            return false;
    }
    for (const char *u = units; found && u <= found; u++)
        value *= 1024;
    return round_to_integer(value, bytes);
}

bool s3hls__quantity_parse_duration(const char *text, uint64_t *ms) {
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    double value;
    const char *unit = parse_number(text, &value);
    *ms = 0;
    for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++)
        if (strcasecmp(unit, units[i].name) == 0)
            return round_to_integer(value * units[i].ms, ms);
    return false;
}

bool s3hls__quantity_parse_count(const char *text, uint64_t max, uint64_t *count) {
    double value;
    const char *end = parse_number(text, &value);
    bool ok = end && !*end && !strchr(text, '.') && value <= (double)max;
    *count = ok ? (uint64_t)value : 0;
    return ok;
}
