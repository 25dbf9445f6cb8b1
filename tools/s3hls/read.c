/* SPDX-License-Identifier: MIT-0 */
/* ls and playlist: list a time range of a store. */
#include "range.h"
#include "s3hls/playlist.h"
#include "tool.h"
#include "when.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct read_options {
    range_options range;
    bool json, relative, live;
    uint32_t presign_s; /* 0: not requested */
    const char *base;
} read_options;

/* ---- options */

static const char *set_presign(void *ctx, const char *value) {
    return parse_count(value, 1, S3HLS_PRESIGN_MAX_S, &((read_options *)ctx)->presign_s)
               ? NULL
               : "not a life; give 1 to 604800 seconds";
}

/* ---- ls */

static void print_segment(const s3hls_segment *s, int64_t gap_ms) {
    char key[S3HLS_KEY_MAX], at[32];
    s3hls_segment_key_format(s, key, sizeof key);
    time_format(s->start_ms * 1000, at, sizeof at);
    if (gap_ms > 0)
        printf("--- nothing for %.3f s\n", (double)gap_ms / 1e3);
    printf("%s  %8.3f s  %9" PRIu64 " bytes  %s\n", at, s->duration_ms / 1e3, s->size, key);
}

static void print_segment_json(const s3hls_segment *s, int64_t gap_ms) {
    static const char *const entries[] = {[S3HLS_ENTRY_IDR] = "idr",
                                          [S3HLS_ENTRY_RECOVERY] = "recovery",
                                          [S3HLS_ENTRY_NONE] = "none"};
    char key[S3HLS_KEY_MAX];
    s3hls_segment_key_format(s, key, sizeof key);
    printf("{\"start_ms\":%" PRId64 ",\"duration_ms\":%" PRIu32 ",\"gap_before_ms\":%" PRId64
           ",\"bytes\":%" PRIu64 ",\"sequence\":%" PRIu64 ",\"timeline\":%" PRIu64
           ",\"entry\":\"%s\",\"key\":\"%s\"}\n",
           s->start_ms, s->duration_ms, gap_ms, s->size, s->sequence, s->timeline,
           entries[s->entry], key);
}

static int print_list(const command_line *line, s3hls_archive *archive,
                      const s3hls_segment_list *list) {
    (void)archive;
    bool json = ((read_options *)line->ctx)->json;
    uint64_t bytes = 0, recorded_ms = 0;
    size_t gaps = 0;
    for (size_t i = 0; i < list->count; i++) {
        const s3hls_segment *s = &list->segments[i];
        int64_t gap_ms = i ? s->start_ms - (s[-1].start_ms + s[-1].duration_ms) : 0;
        if (gap_ms < 0) /* overlapping recordings */
            gap_ms = 0;
        gaps += gap_ms > 0;
        (json ? print_segment_json : print_segment)(s, gap_ms);
        bytes += s->size;
        recorded_ms += s->duration_ms;
    }
    if (!json)
        printf("%zu segments, %.3f s, %" PRIu64 " bytes, %zu gaps, %zu other objects\n",
               list->count, (double)recorded_ms / 1e3, bytes, gaps, list->foreign);
    return EXIT_DONE;
}

int command_ls(int argc, char **argv) {
    static const option_kind kinds[] = {
        RANGE_KINDS,
        OPTION_FLAG("--json", "a line of JSON for each segment", read_options, json),
        OPTION_END,
    };
    read_options o = {.range = RANGE_ALL};
    command_line line = {.command = "ls",
                         .arguments = "URL [--from TIME] [--to TIME]",
                         .explanation =
                             "Lists a camera's segments, oldest first, with the gaps "
                             "between them.\n\n"
                             "  s3hls ls s3://bucket/cam-1 --from 2026-11-23T03:00Z --to "
                             "2026-11-23T04:00Z",
                         .options = kinds,
                         .ctx = &o,
                         .common = &o.range.common,
                         .positional_max = 1};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    return range_run(&line, print_list);
}

/* ---- playlist */

static int64_t now_us(void) {
    s3hls_env env = s3hls_env_default();
    return env.wall_us(env.ctx);
}

typedef struct presigner {
    s3hls_store *store;
    uint32_t expires_s;
} presigner;

static int presign(void *ctx, const char *key, char **url) {
    presigner *p = ctx;
    return s3hls_store_url(p->store, key, p->expires_s, url);
}

/* Target duration according to the newest timeline's object, if it can be read. */
static uint32_t target_duration_ms(s3hls_archive *archive, const s3hls_segment_list *list) {
    s3hls_timeline timeline;
    const s3hls_segment *last = list->count ? &list->segments[list->count - 1] : NULL;
    if (!last || last->sdk_name || s3hls_archive_timeline(archive, last->timeline, &timeline, NULL))
        return 0;
    return timeline.target_duration_ms;
}

static int write_playlist(const command_line *line, s3hls_archive *archive,
                          const s3hls_segment_list *list) {
    read_options *o = line->ctx;
    s3hls_playlist_config cfg;
    presigner p = {s3hls_archive_store(archive), o->presign_s ? o->presign_s : 3600};
    bool s3 = strncmp(line->positional[0], "s3://", 5) == 0;
    char *text;
    s3hls_playlist_config_init(&cfg);
    cfg.type = o->live ? S3HLS_PLAYLIST_LIVE : S3HLS_PLAYLIST_VOD;
    cfg.target_duration_ms = target_duration_ms(archive, list);
    cfg.base_url = o->base;
    cfg.env = &o->range.common.env;
    if (!o->base && !o->relative && (s3 || o->presign_s)) {
        cfg.url = presign;
        cfg.url_ctx = &p;
    }
    int rc = s3hls_playlist_write(&cfg, list->segments, list->count, &text, NULL);
    if (rc == S3HLS_E_NOT_FOUND) {
        fprintf(stderr,
                "s3hls playlist: %s: nothing was recorded in this range; s3hls ls shows what "
                "there is\n",
                line->positional[0]);
        return EXIT_FAILED;
    }
    if (rc) {
        complain("playlist", line->positional[0], rc, NULL);
        return EXIT_FAILED;
    }
    fputs(text, stdout);
    s3hls_free(&o->range.common.env, text);
    return EXIT_DONE;
}

int command_playlist(int argc, char **argv) {
    static const option_kind kinds[] = {
        RANGE_KINDS,
        OPTION_FLAG("--relative",
                    "addresses as names below the playlist's own (file://: the default)",
                    read_options, relative),
        OPTION("--presign", "SECONDS",
               "presigned addresses that live so long (s3://: default 3600)", set_presign),
        OPTION_TEXT("--base", "URL", "put before each name: a CDN's address", read_options, base),
        OPTION_FLAG("--live", "a live window of the newest session, without an end", read_options,
                    live),
        OPTION_END,
    };
    read_options o = {.range = RANGE_ALL};
    o.range.playable = true;
    command_line line = {
        .command = "playlist",
        .arguments = "URL [--from TIME] [--to TIME] [OPTION...]",
        .explanation =
            "Writes an HLS media playlist of a range, from the store's listing alone.\n\n"
            "  s3hls playlist s3://bucket/cam-1 --from 2026-11-23T03:12:00Z --to "
            "2026-11-23T03:15:00Z",
        .options = kinds,
        .ctx = &o,
        .common = &o.range.common,
        .positional_max = 1};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    if (o.live && o.range.to_us == INT64_MAX) /* footage of a fast clock is not live */
        o.range.to_us = now_us() + S3HLS_CLOCK_AHEAD_MS * INT64_C(1000);
    return range_run(&line, write_playlist);
}
