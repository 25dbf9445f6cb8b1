/* SPDX-License-Identifier: MIT-0 */
#include "units.h"
#include <string.h>

bool units_next(const uint8_t **p, const uint8_t *end, uint8_t *header) {
    const uint8_t *at = *p;
    while (end - at > 3 && (at = memchr(at, 0, (size_t)(end - at) - 3))) {
        if (at[1] == 0 && at[2] == 1) {
            *header = at[3];
            *p = at + 4;
            return true;
        }
        at++;
    }
    return false;
}

uint8_t units_slice(const uint8_t *p, size_t size) {
    uint8_t header;
    for (const uint8_t *at = p; units_next(&at, p + size, &header);)
        if ((header & 31) == UNIT_SLICE || (header & 31) == UNIT_IDR)
            return header;
    return 0;
}

bool units_have_sps(const uint8_t *p, size_t size) {
    uint8_t header;
    for (const uint8_t *at = p; units_next(&at, p + size, &header);)
        if ((header & 31) == UNIT_SPS)
            return true;
    return false;
}
