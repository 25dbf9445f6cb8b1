/* SPDX-License-Identifier: MIT-0 */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H

#include <stdio.h>

/* Print external text to a terminal, escaped by s3hls_printable(). */
void text_print(FILE *to, const char *text);
/* The same as a JSON string, with its quotes. */
void text_print_json(FILE *to, const char *text);

#endif
