/* SPDX-License-Identifier: MIT-0 */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H

#include <stdio.h>

/* What comes from outside, to a terminal: as s3hls_printable() makes it. */
void text_print(FILE *to, const char *text);
/* The same as a string of JSON, with its quotes. */
void text_print_json(FILE *to, const char *text);

#endif
