/* SPDX-License-Identifier: MIT-0 */
/* Messages of libavformat: the first error of an attempt is kept as its reason, and at -vv the
 * lines are logged. Passwords in them are masked. */
#ifndef TOOL_AV_MESSAGES_H
#define TOOL_AV_MESSAGES_H

#include "s3hls/env.h"

/* @param env  receives the lines in its log; valid as long as libavformat is used. NULL: no log. */
void av_messages_open(const s3hls_env *env);

/* Return and forget the first error on this thread since the last call, without a newline; "":
 * none. Valid until the next call. */
const char *av_messages_take_error(void);

#endif
