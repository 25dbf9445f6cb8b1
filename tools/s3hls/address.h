/* SPDX-License-Identifier: MIT-0 */
/* Addresses of inputs, which may contain a password. */
#ifndef TOOL_ADDRESS_H
#define TOOL_ADDRESS_H

/* Copy an address out of argv and replace its password in argv by asterisks, because ps and
 * messages show argv.
 * @return the address as it was given, to be freed; NULL: out of memory. */
char *address_take(char *argument);

#endif
