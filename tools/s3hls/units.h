/* SPDX-License-Identifier: MIT-0 */
/* NAL units of an Annex B byte stream, by their headers alone. Pure. */
#ifndef TOOL_UNITS_H
#define TOOL_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNIT_SLICE = 1, UNIT_IDR = 5, UNIT_SEI = 6, UNIT_SPS = 7, UNIT_PPS = 8 };

/* Find the next start code at or after *p; *p is moved after the NAL unit header that follows it.
 * @param header  receives the NAL unit's first byte
 * @return false: there is none before end. */
bool units_next(const uint8_t **p, const uint8_t *end, uint8_t *header);

/* @return the header of the first slice; 0: there is none. */
uint8_t units_slice(const uint8_t *p, size_t size);

bool units_have_sps(const uint8_t *p, size_t size);

#endif
