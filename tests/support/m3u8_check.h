/* SPDX-License-Identifier: MIT-0 */
/* The rules of HLS playlists that can be read off the text (RFC 8216 4.3, 6.2; its second edition),
 * written apart from what writes playlists. */
#ifndef TESTS_SUPPORT_M3U8_CHECK_H
#define TESTS_SUPPORT_M3U8_CHECK_H

#include <stdio.h>

/* Check one media playlist. Complaints go to out (may be NULL). @return how many. */
int m3u8_check(const char *text, FILE *out);

/* Two polls of one live playlist, the older first (6.2.2). @return complaints. */
int m3u8_check_polls(const char *older, const char *newer, FILE *out);

#endif
