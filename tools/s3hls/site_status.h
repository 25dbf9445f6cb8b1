/* SPDX-License-Identifier: MIT-0 */
/* The status of a site's cameras: as JSON, for any program, through a socket; and as a table. */
#ifndef TOOL_SITE_STATUS_H
#define TOOL_SITE_STATUS_H

#include "gateway/gateway.h"
#include <stdio.h>

/* Write {"cameras": [...]} and a line end. */
void site_status_write(FILE *to, s3hls__gateway *gateway);
/* Print what site_status_write() has written as a table. @return false: it is not that. */
bool site_status_print(FILE *to, const char *json, size_t size);

typedef struct site_socket site_socket;
/* The socket's path if none is given: in $RUNTIME_DIRECTORY, else /run/s3hls. Static. */
const char *site_socket_path(void);
/* Answer each connection with the status, on a thread of its own. An old socket of that path is
 * replaced, unless a process answers there.
 * @return 0
 *   an errno: it cannot be opened there; EADDRINUSE: another process answers */
int site_socket_open(site_socket **out, const char *path, s3hls__gateway *gateway);
void site_socket_close(site_socket **socket);
/* Connect, and read all that is answered. @return 0, or an errno; *text is to be freed */
int site_socket_read(const char *path, char **text, size_t *size);

#endif
