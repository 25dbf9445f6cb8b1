/* SPDX-License-Identifier: MIT-0 */
/* Print a playlist of the last hour and after: play_range s3://bucket/camera */
#include <s3hls/archive.h>
#include <s3hls/playlist.h>
#include <stdio.h>
#include <time.h>

static int presign(void *store, const char *key, char **url) {
    return s3hls_store_url(store, key, 3600, url);
}

int main(int argc, char **argv) {
    s3hls_archive *archive = NULL;
    s3hls_segment_list list = {NULL, 0, 0};
    char *text = NULL;
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    int rc = s3hls_archive_open(&archive, argc > 1 ? argv[1] : "file:///tmp/camera", NULL, NULL);
    if (!rc)
        rc = s3hls_archive_list(archive, now_ms - 3600000, INT64_MAX, &list, NULL);
    if (!rc) {
        s3hls_playlist_config cfg;
        s3hls_playlist_config_init(&cfg);
        cfg.url = presign;
        cfg.url_ctx = s3hls_archive_store(archive);
        rc = s3hls_playlist_write(&cfg, list.segments, list.count, &text, NULL);
    }
    if (text)
        fputs(text, stdout);
    else
        fprintf(stderr, "%s\n", s3hls_strerror(rc));
    s3hls_free(NULL, text);
    s3hls_segment_list_deinit(&list, NULL);
    s3hls_archive_close(&archive);
    return rc != S3HLS_OK;
}
