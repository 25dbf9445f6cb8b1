/* SPDX-License-Identifier: MIT-0 */
#include "layout/timeline.h"
#include "archive/archive.h"
#include "base/strbuf.h"

int s3hls_archive_timeline(s3hls_archive *archive, uint64_t timeline, s3hls_timeline *out,
                           s3hls_s3_error *error) {
    char key[S3HLS_KEY_MAX];
    s3hls__strbuf b;
    if (!archive || !out)
        return S3HLS_E_INVALID;
    s3hls_timeline_key_format(timeline, key, sizeof key);
    s3hls__strbuf_init(&b, &archive->env, S3HLS__TIMELINE_BYTES);
    int rc = s3hls_store_get(archive->store, key, 0, UINT64_MAX, s3hls__strbuf_collect, &b, error);
    if (b.status)
        rc = b.status == S3HLS_E_TOO_LARGE ? S3HLS_E_MALFORMED : b.status;
    if (rc == S3HLS_OK)
        rc = b.data ? s3hls__timeline_parse(b.data, b.size, out) : S3HLS_E_MALFORMED;
    if (rc == S3HLS_OK && out->timeline != timeline)
        rc = S3HLS_E_MALFORMED;
    s3hls__strbuf_deinit(&b);
    return rc;
}
