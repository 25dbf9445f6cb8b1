/* SPDX-License-Identifier: MIT-0 */
/* The file of a site, with its faults printed. */
#ifndef TOOL_SITE_FILE_H
#define TOOL_SITE_FILE_H

#include "options.h"
#include "site/site.h"

/* Read a site. Each fault and remark is printed on standard error: FILE:LINE:COLUMN: message.
 * @param common  its region, endpoint and CA apply where the file states none
 * @return EXIT_DONE, or EXIT_FAILED; *out is NULL then. */
int site_file_open(s3hls__site **out, const char *command, const char *path,
                   const common_options *common);

/* Print a report about a file. An s3hls__site_report_fn; ctx: the file's name. */
void site_file_print(void *path, const s3hls__site_report *report);

#endif
