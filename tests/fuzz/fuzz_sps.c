/* SPDX-License-Identifier: MIT-0 */
/* Parameter sets, slice headers, SEI and order counts of anything: the first byte splits SPS from
 * slice. */
#include "codec/h264_syntax.h"
#include "codec/h265_syntax.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void h265(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size) {
    static s3hls__h265_poc poc;
    s3hls__h265_sps sps;
    s3hls__h265_pps pps = {.id = 0};
    s3hls__h265_slice slice;
    uint8_t id;
    int rc = s3hls__h265_parse_sps(a, a_size, &sps);
    if (rc == S3HLS_OK && (sps.width == 0 || sps.height == 0 || sps.max_reorder_pictures > 16))
        abort();
    s3hls__h265_parse_vps(b, b_size, &id);
    s3hls__h265_parse_pps(b, b_size, &pps);
    s3hls__h265_slice_pps_id(b, b_size);
    if (rc == S3HLS_OK && !s3hls__h265_parse_slice(b, b_size, &sps, &pps, &slice))
        s3hls__h265_poc_next(&poc, &sps, &slice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    static s3hls__h264_poc poc;
    s3hls__h264_sps sps;
    s3hls__h264_pps pps;
    s3hls__h264_slice slice;
    size_t first = 1 + data[0] % (size - 1);
    uint8_t *a = malloc(first), *b = malloc(size - first);
    memcpy(a, data + 1, first - 1);
    memcpy(b, data + first, size - first);
    int rc = s3hls__h264_parse_sps(a, first - 1, &sps);
    if (rc == S3HLS_OK && (sps.width == 0 || sps.height == 0 || sps.max_reorder_frames > 16))
        abort();
    s3hls__h264_parse_pps(b, size - first, &pps);
    s3hls__h264_recovery_point(b, size - first);
    s3hls__h264_slice_pps_id(b, size - first);
    if (rc == S3HLS_OK && !s3hls__h264_parse_slice(b, size - first, &sps, &pps, &slice))
        s3hls__h264_poc_next(&poc, &sps, &slice);
    h265(a, first - 1, b, size - first);
    free(a);
    free(b);
    return 0;
}
