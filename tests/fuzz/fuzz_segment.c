/* SPDX-License-Identifier: MIT-0 */
/* A segment that was read back: any bytes end in a report that is whole, alone and beside
 * themselves. */
#include "s3hls/verify.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    s3hls_segment segments[2] = {{.start_ms = 1000, .duration_ms = 1000, .sequence = 1},
                                 {.start_ms = 2000, .duration_ms = 1000, .sequence = 2}};
    s3hls_verify_report reports[2];
    size_t half = size / 188 / 2 * 188;
    int rc = s3hls_verify_segment(&segments[0], data, half, &reports[0]);
    s3hls_verify_segment(&segments[1], data + half, size - half, &reports[1]);
    s3hls_verify_neighbours(segments, reports, 2);
    for (int i = 0; i < 2; i++)
        if (!memchr(reports[i].message, 0, sizeof reports[i].message) ||
            (reports[i].faults != 0) != (reports[i].message[0] != 0) ||
            reports[i].track_count > S3HLS_VERIFY_TRACKS)
            abort();
    if ((rc != S3HLS_OK && rc != S3HLS_E_MALFORMED) || (half == 0 && rc == S3HLS_OK))
        abort();
    return 0;
}
