/* SPDX-License-Identifier: MIT-0 */
#include "s3hls/event.h"

const char *s3hls_event_name(int type) {
    switch (type) {
#define S3HLS__XX(name, number, text)                                                              \
    case number:                                                                                   \
        return text;
        S3HLS_EVENT_MAP(S3HLS__XX)
#undef S3HLS__XX
    default:
        return "unknown";
    }
}
