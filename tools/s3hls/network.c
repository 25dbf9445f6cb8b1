/* SPDX-License-Identifier: MIT-0 */
#include "network.h"
#include "s3hls/status.h"

int network_open(AVFormatContext **format, const char *url, const AVInputFormat *as) {
    AVDictionary *options = NULL;
    av_dict_set(&options, "rtsp_transport", "tcp", 0);
    av_dict_set(&options, "timeout", "10000000", 0); /* of a network, us */
    int rc = avformat_open_input(format, url, as, &options);
    av_dict_free(&options);
    return rc;
}

int network_status(int code, char why[256]) {
    av_strerror(code, why, 256);
    switch (code) {
    case AVERROR(ENOENT):
    case AVERROR_HTTP_NOT_FOUND:
        return S3HLS_E_NOT_FOUND;
    case AVERROR(EACCES):
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
        return S3HLS_E_ACCESS;
    case AVERROR(ECONNREFUSED):
    case AVERROR(EHOSTUNREACH):
        return S3HLS_E_CONNECT;
    case AVERROR(ETIMEDOUT):
        return S3HLS_E_TIMEOUT;
    case AVERROR(ENOMEM):
        return S3HLS_E_NOMEM;
    case AVERROR_INVALIDDATA:
        return S3HLS_E_MALFORMED;
    default:
        return S3HLS_E_IO;
    }
}
