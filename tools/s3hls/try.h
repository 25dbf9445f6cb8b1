/* SPDX-License-Identifier: MIT-0 */
/* Tries a site: each of its cameras, and its store. */
#ifndef TOOL_TRY_H
#define TOOL_TRY_H

#include "options.h"
#include "site/site.h"

/* Print a line for each result, with a remedy where there is one.
 * @return EXIT_DONE; EXIT_FAILED: something cannot be recorded or stored. */
int try_site(const s3hls__site *site, const common_options *common, bool json);

#endif
