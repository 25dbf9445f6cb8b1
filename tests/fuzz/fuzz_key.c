/* SPDX-License-Identifier: MIT-0 */
/* A name that is read is written back the same, byte for byte. Timeline objects are read within
 * their bounds. */
#include "layout/key.h"
#include "layout/timeline.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    s3hls_segment segment;
    s3hls_timeline timeline;
    char key[S3HLS_KEY_MAX];
    s3hls__timeline_parse((const char *)data, size, &timeline);
    s3hls__key_kind kind = s3hls__key_parse((const char *)data, size, &segment);
    if (kind == S3HLS__KEY_FOREIGN)
        return 0;
    int n = s3hls__key_format(kind, &segment, key, sizeof key);
    if (n < 0 || (size_t)n != size || memcmp(key, data, size) != 0)
        abort();
    return 0;
}
