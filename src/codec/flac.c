/* SPDX-License-Identifier: MIT-0 */
#include "codec/flac.h"
#include <string.h>

/* Bytes of a number coded like UTF-8 (9.1.5). @return 0: malformed */
static size_t coded_number_size(uint8_t first) {
    size_t ones = 0;
    while (ones < 8 && first & 0x80 >> ones)
        ones++;
    return ones == 0 ? 1 : ones >= 2 && ones <= 7 ? ones : 0;
}

uint32_t s3hls__flac_samples(const uint8_t *p, size_t size) {
    enum { HEADER = 4, SYNC = 0xfff8 };
    if (size < HEADER + 1 || (p[0] << 8 | (p[1] & 0xfe)) != SYNC)
        return 0;
    unsigned code = p[2] >> 4;
    size_t number = coded_number_size(p[HEADER]), at = HEADER + number; /* of an explicit size */
    if (code == 0 || number == 0 || (code >= 6 && code <= 7 && at + code - 6 >= size))
        return 0;
    if (code == 1) /* Table 14 */
        return 192;
    if (code <= 5)
        return 144u << code;
    if (code == 6)
        return p[at] + 1u;
    if (code == 7) /* 65,536 is not a size: a STREAMINFO cannot state it */
        return ((p[at] << 8 | p[at + 1]) + 1u) & 0xffff;
    return 1u << code;
}

int s3hls__flac_describe(const uint8_t *info, size_t size, s3hls__audio_track *track) {
    enum { RATE_MAX = 96000 };
    if (size != S3HLS__FLAC_STREAMINFO)
        return S3HLS_E_MALFORMED;
    uint32_t rate = (uint32_t)info[10] << 12 | info[11] << 4 | info[12] >> 4;
    uint32_t channels = (info[12] >> 1 & 7) + 1u;
    if (rate == 0)
        return S3HLS_E_MALFORMED;
    if (channels > 2 || rate > RATE_MAX)
        return S3HLS_E_UNSUPPORTED;
    *track = (s3hls__audio_track){.codec = S3HLS__CODEC_FLAC,
                                  .codecs = "fLaC",
                                  .rate = rate,
                                  .channels = channels,
                                  .config_size = S3HLS__FLAC_STREAMINFO};
    memcpy(track->config, info, size);
    return S3HLS_OK;
}
