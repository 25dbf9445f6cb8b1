/* SPDX-License-Identifier: MIT-0 */
/** @file server.h
 * Play back over HTTP: playlists made on demand, the API and the page of docs/server.md, clips.
 * Stateless: any number of servers over the same stores answer the same. In libs3hls-server, which
 * contains libs3hls-play.
 */
#ifndef S3HLS_SERVER_H
#define S3HLS_SERVER_H

#include "s3hls/store.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where players get the segments from. */
typedef enum s3hls_media {
    S3HLS_MEDIA_AUTO = 0,   /* presigned addresses of s3:// stores, through the server else */
    S3HLS_MEDIA_PROXY = 1,  /* through the server */
    S3HLS_MEDIA_PRESIGN = 2 /* presigned addresses; the bucket needs CORS for a browser's players */
} s3hls_media;

/** Receives one line of the access log, without line end; valid during the call only. Holds no
 * token and no proof of a share link. Called on the server's threads, one at a time for each. */
typedef void (*s3hls_access_log_fn)(void *ctx, const char *line);

/** Strings are read at open only. */
typedef struct s3hls_server_config {
    uint32_t struct_size; /* set by s3hls_server_config_init() */
    /** Stores: each a prefix that holds cameras, or one camera. With several, a camera's id is the
     * last part of its URL, '/' and the name below it; the last parts must differ. */
    const char *const *urls;
    size_t url_count;    /* 1 to 64 */
    s3hls_s3_options s3; /* how to reach S3; timeouts of 0 become 5 s to connect, 10 s of stall */
    const char *listen;  /* "127.0.0.1:8080" (default), "[::]:443"; port 0: one that is free */
    /** Who may look: docs/server.md, "Who may look". NULL: everybody, on loopback addresses only.
     */
    const char *token_file;
    const char *tls_cert_file;       /* PEM, with the chain; NULL: no TLS */
    const char *tls_key_file;        /* PEM */
    const char *const *cors_origins; /* "https://app.example", or "*" */
    size_t cors_origin_count;
    s3hls_media media;
    uint32_t max_connections; /* default 16,384; bounded by the files a process may open */
    uint32_t max_connections_per_address; /* default 0: a quarter of max_connections */
    uint32_t workers;                     /* that ask the store; 1 to 64, default 8 */
    uint32_t max_clips;                   /* clips at once, 1 to 64; default 4 */
    uint64_t cache_bytes;                 /* answers and segments kept; default 256 MiB */
    s3hls_access_log_fn access_log;       /* NULL: none */
    void *access_log_ctx;
    const s3hls_env *env; /* NULL: the process's own */
    /** LIST requests a minute that looking after cameras may cost: their names, and whether they
     * record. Playlists are always listed, and count. Default 60; file:// does not count. */
    uint32_t lists_per_minute;
} s3hls_server_config;

static inline void s3hls_server_config_init(s3hls_server_config *cfg) {
    memset(cfg, 0, sizeof *cfg);
    cfg->struct_size = (uint32_t)sizeof *cfg;
    cfg->listen = "127.0.0.1:8080";
    cfg->max_connections = 16384;
    cfg->workers = 8;
    cfg->max_clips = 4;
    cfg->cache_bytes = UINT64_C(256) << 20;
    cfg->lists_per_minute = 60;
}

typedef struct s3hls_server s3hls_server;

/** Start to serve, on threads of its own. What is wrong is logged (component "server").
 * @return S3HLS_OK; S3HLS_E_INVALID: a URL, an address or an option, or an address that is not
 * loopback without a token file; S3HLS_E_IO: a file cannot be read; S3HLS_E_MALFORMED: the token
 * file; S3HLS_E_TLS: certificate and key do not fit; S3HLS_E_EXISTS: the address is in use;
 * S3HLS_E_ACCESS: it may not be used; S3HLS_E_NOMEM; the statuses of s3hls_store_open(). */
S3HLS_API int s3hls_server_open(s3hls_server **out, const s3hls_server_config *cfg);

/** "http://127.0.0.1:8080/": where it listens. Lives as long as the server. */
S3HLS_API const char *s3hls_server_address(const s3hls_server *server);

/** Stop: no more connections; requests that run are answered for up to deadline_ms, the rest are
 * broken off. Blocks for as long, and for what a store is being asked at the moment (a stall
 * timeout at most). Takes NULL and a pointer to NULL. */
S3HLS_API void s3hls_server_close(s3hls_server **server, uint32_t deadline_ms);

#ifdef __cplusplus
}
#endif
#endif
