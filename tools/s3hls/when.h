/* SPDX-License-Identifier: MIT-0 */
#ifndef TOOL_WHEN_H
#define TOOL_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ISO 8601 in UTC ("2026-11-23", "2026-11-23T03:12", "2026-11-23T03:12:00.5Z") or UNIX seconds
 * ("1795403520.5") to microseconds. @return false: neither. */
bool time_parse(const char *text, int64_t *us);

/* "2026-11-23T03:12:00.500Z"; text: 32 bytes. */
void time_format(int64_t us, char *text, size_t size);

#endif
