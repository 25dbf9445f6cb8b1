/* SPDX-License-Identifier: MIT-0 */
/** @file server.h
 * Playback over HTTP: playlists made on demand, the API and the page of docs/server.md, clips. The
 * server is stateless: any number of servers over the same stores give the same answers. In
 * libs3hls-server, which contains libs3hls-play.
 */
#ifndef S3HLS_SERVER_H
#define S3HLS_SERVER_H

#include "s3hls/store.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where players fetch segments. */
typedef enum s3hls_media {
    S3HLS_MEDIA_AUTO = 0,   /* presigned URLs for s3:// stores, else through the server */
    S3HLS_MEDIA_PROXY = 1,  /* through the server */
    S3HLS_MEDIA_PRESIGN = 2 /* presigned URLs; browser players need CORS rules on the bucket */
} s3hls_media;

/** Receives one line of the access log. Called on several threads of the server at the same time.
 * @param line  NUL-terminated, without line end, token or signature of a share link; valid during
 *              the call */
typedef void (*s3hls_access_log_fn)(void *ctx, const char *line);

/** What a recorder in the same process knows of a camera's input. */
typedef struct s3hls_input_state {
    char state[16];   /* "recording", "connecting", ...: one word */
    char reason[256]; /* why it does not record, one line without secrets; "" if it does */
} s3hls_input_state;

/** Read the state of a camera's input. Called on several threads of the server at the same time;
 * must not block.
 * @param camera  its id, as in the API
 * @return non-zero: state was set; 0: the camera is not known */
typedef int (*s3hls_input_state_fn)(void *ctx, const char *camera, s3hls_input_state *state);

/** How to serve. Strings are read at open only. */
typedef struct s3hls_server_config {
    uint32_t struct_size; /* set by s3hls_server_config_init() */
    /** Stores: each a prefix that holds cameras, or one camera. With several stores, a camera's id
     * is the last part of its store's URL, '/' and the name below it; the last parts must differ.
     */
    const char *const *urls;
    size_t url_count; /* 1 to 64 */
    s3hls_s3_options
        s3; /* how to reach S3; connect_timeout_ms 0: 5,000; stall_timeout_ms 0: 10,000 */
    const char *listen; /* "127.0.0.1:8080" (default), "[::]:443"; port 0: any free port */
    /** Who has access: docs/server.md, "Who may look". NULL: everybody, on loopback addresses
     * only. */
    const char *token_file;
    const char *tls_cert_file;       /* PEM file with the chain; NULL: no TLS */
    const char *tls_key_file;        /* PEM file; required with tls_cert_file */
    const char *const *cors_origins; /* "https://app.example", or "*" */
    size_t cors_origin_count;
    s3hls_media media;        /* default S3HLS_MEDIA_AUTO */
    uint32_t max_connections; /* 4 or more; default 16,384; limited by the process's open files */
    uint32_t max_connections_per_address; /* 0 (default): a quarter of max_connections */
    uint32_t workers;                     /* threads that query stores, 1 to 64; default 8 */
    uint32_t max_clips;                   /* concurrent clips, 1 to 64; default 4 */
    uint64_t cache_bytes;                 /* cached answers and segments; default 256 MiB */
    s3hls_access_log_fn access_log;       /* NULL: none */
    void *access_log_ctx;
    const s3hls_env *env; /* NULL: the process's own */
    /** Budget of LIST requests per minute for finding cameras and whether they record. Playlists
     * are listed regardless, and count. file:// does not count. Default 60. */
    uint32_t lists_per_minute;
    s3hls_input_state_fn input_state; /* NULL (default): none */
    void *input_state_ctx;
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

/** Start a server on threads of its own. Any thread; allocates; blocks while files are read and the
 * listening address is resolved. A failure is logged (component "server").
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out or cfg is NULL; a URL, the address or an option is malformed; or the
 *   address is not a loopback one and there is no token file
 *   S3HLS_E_IO: a file cannot be read
 *   S3HLS_E_MALFORMED: the token file is malformed or holds no token
 *   S3HLS_E_TLS: certificate and key do not match
 *   S3HLS_E_EXISTS: the address is in use
 *   S3HLS_E_ACCESS: this process may not use the address
 *   S3HLS_E_NOMEM: out of memory
 *   as s3hls_store_open(). *out is NULL on failure, unless cfg is NULL. */
S3HLS_API int s3hls_server_open(s3hls_server **out, const s3hls_server_config *cfg);

/** The server's URL: "http://127.0.0.1:8080/". Any thread; valid until the server is closed.
 * @return NULL: server is NULL */
S3HLS_API const char *s3hls_server_address(const s3hls_server *server);

/** Stop and free a server. It accepts no more connections; running requests are answered for up to
 * deadline_ms, then aborted. Blocks for that time, and for store requests in progress, at most the
 * stall timeout. Accepts NULL and a pointer to NULL; sets *server to NULL. */
S3HLS_API void s3hls_server_close(s3hls_server **server, uint32_t deadline_ms);

#ifdef __cplusplus
}
#endif
#endif
