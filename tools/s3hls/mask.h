/* SPDX-License-Identifier: MIT-0 */
/* Masks passwords and other secrets in addresses, for messages and for the process list. */
#ifndef TOOL_MASK_H
#define TOOL_MASK_H

#include <stddef.h>

/* Replace possible passwords by asterisks, in place: from the first colon up to the last @, and
 * the values of parameters with the name of a secret ("pwd="). Text without "://" is left as it is.
 * @param size  length of the address within text */
void address_mask(char *text, size_t size);

/* Masks each address in a line of text. An address ends at a space or a quotation mark. */
void address_mask_all(char *line);

/* @return a copy with its password masked, to be freed; NULL: out of memory. */
char *address_masked(const char *address);

/* Copy argv, and mask every password in argv itself, which ps displays. @return the copy; NULL: out
 * of memory. */
char **address_hide_arguments(int argc, char **argv);
void address_free_arguments(char **copy);

#endif
