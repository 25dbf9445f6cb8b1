/* SPDX-License-Identifier: MIT-0 */
/* An operation on one object, and what executes it: a client (signs for one bucket) and a transport
 * (moves bytes, shared by many clients, driven by one thread).
 *
 *   caller fills an op ─▶ start ─▶ ... step, step ... ─▶ op->done(op), op->result is valid
 */
#ifndef S3HLS_S3_OBJECT_H
#define S3HLS_S3_OBJECT_H

#include "base/env.h"
#include "s3hls/s3.h"
#include <stdbool.h>

typedef enum s3hls__op_kind {
    S3HLS__OP_PUT,
    S3HLS__OP_GET,
    S3HLS__OP_HEAD,
    S3HLS__OP_REMOVE,
    S3HLS__OP_LIST,   /* all pages */
    S3HLS__OP_SETTING /* GET of a setting of the bucket: "cors"; not for a store */
} s3hls__op_kind;

enum { S3HLS__LIST_TOKEN_BYTES = 2048, S3HLS__LIST_KEY_BYTES = 1025 };

/* Known properties of a server's listings, of one client or of all that share them. */
typedef struct s3hls__list_habits {
    uint32_t in_order;   /* number of keys that arrived in ascending order */
    bool unsorted;       /* keys come in no order */
    bool wrong_tokens;   /* its continuation tokens lead back, or nowhere */
    bool no_start_after; /* it refuses start-after */
} s3hls__list_habits;

/* Where the next page begins, without the client's prefix; both empty: at the beginning. */
typedef struct s3hls__list_ask {
    char token[S3HLS__LIST_TOKEN_BYTES]; /* "": none */
    char start_after[S3HLS__LIST_KEY_BYTES];
} s3hls__list_ask;

/* How a client lists page by page: s3/listing.h. Passed by the caller, so that a library that never
 * lists needs no XML parser. */
typedef struct s3hls__listing s3hls__listing;
struct s3hls__op;
typedef struct s3hls__lister {
    /* @return S3HLS_OK, S3HLS_E_NOMEM. op, habits and env outlive the listing. */
    int (*open)(s3hls__listing **out, struct s3hls__op *op, s3hls__list_habits *habits,
                const s3hls_env *env);
    const s3hls__list_ask *(*ask)(const s3hls__listing *listing);
    /* Read one page of S3's answer; calls op->on_object for keys that can be reported. Sets *more:
     * request another page.
     * @return S3HLS_OK; S3HLS_E_PROTOCOL: malformed; S3HLS_E_CANCELLED: on_object returned
     * non-zero; S3HLS_E_TOO_LARGE; S3HLS_E_NOMEM. */
    int (*page)(s3hls__listing *listing, const char *xml, size_t size, bool *more);
    /* The request was refused. @return true: retry with another request. */
    bool (*refused)(s3hls__listing *listing);
    void (*close)(s3hls__listing **listing); /* accepts a pointer to NULL */
} s3hls__lister;

/* What is asked for. */
typedef struct s3hls__op_request {
    s3hls__op_kind kind;
    const char *key; /* of the object, relative to the client or store; LIST: prefix, may be "";
                      SETTING: its name */

    /* PUT: the body, possibly read more than once. body(ctx, offset) returns contiguous bytes from
     * offset on (size 0 only at the end). body_size is exact. */
    s3hls_span (*body)(void *ctx, uint64_t offset);
    void *body_ctx;
    uint64_t body_size;
    const s3hls_s3_put_options *put; /* may be NULL */
    const char *setting; /* PUT, REMOVE: a setting of the bucket instead of an object; else NULL */

    uint64_t first, last;     /* GET: range of bytes, last inclusive, UINT64_MAX: to the end */
    s3hls_s3_data_fn on_data; /* GET, SETTING */
    const char *start_after;  /* LIST; may be NULL */
    uint32_t page_keys;       /* LIST: keys per page, at most; 0: the server's default */
    bool by_folder; /* LIST: folders below key are reported by name only, "2026/", once, without
                       other properties; within a page, files may come before folders */
    /* LIST of a directory: test whether keys in that folder are looked for (its own key, with a
     * slash at its end). Others are not opened. NULL: all */
    bool (*wants_folder)(const char *folder);
    s3hls_s3_list_fn on_object;  /* LIST; HEAD too: called once, key as given */
    const s3hls__lister *lister; /* LIST: &s3hls__s3_lister; directories do not use it */
    s3hls_s3_page *user_page;    /* LIST of one page alone */
    void *sink_ctx;              /* passed to on_data and on_object */

    bool fresh;   /* use a new connection and resolve the host again: after a failure */
    bool patient; /* no stall timeout: the caller checks s3hls__http_idle_us() */
} s3hls__op_request;

/* Used by what executes the operation. */
typedef struct s3hls__op_transport {
    const char *prefix; /* LIST: removed from the keys that it reports */
    size_t prefix_size;
    bool partly_reported;   /* LIST: keys have been reported; a restart would report them twice */
    struct s3hls__op *next; /* in its queue */
} s3hls__op_transport;

/* The caller owns it and does not change or move it from start until done is called. */
typedef struct s3hls__op {
    s3hls__op_request request;
    void (*done)(struct s3hls__op *op); /* called once; may free or reuse the op, start others */
    void *user;                         /* the caller's */
    s3hls_s3_error result;              /* valid in done */
    s3hls__op_transport transport;
} s3hls__op;

/* A body in memory: body_ctx is an array of spans. */
typedef struct s3hls__span_body {
    const s3hls_span *spans;
    size_t count;
} s3hls__span_body;
s3hls_span s3hls__span_body_at(void *ctx, uint64_t offset); /* ctx: s3hls__span_body */

/* Operations with checked arguments. An invalid one has result.status S3HLS_E_INVALID; the blocking
 * functions return it and send nothing.
 * @param body  must outlive the operation */
s3hls__op s3hls__op_put(const char *key, s3hls__span_body *body,
                        const s3hls_s3_put_options *options);
s3hls__op s3hls__op_get(const char *key, uint64_t first, uint64_t last, s3hls_s3_data_fn on_data,
                        void *ctx);
s3hls__op s3hls__op_head(const char *key, s3hls_s3_list_fn on_object, void *ctx);
s3hls__op s3hls__op_remove(const char *key);
/* @param prefix, start_after  NULL: "" */
s3hls__op s3hls__op_list(const char *prefix, const char *start_after, s3hls_s3_list_fn on_object,
                         void *ctx, const s3hls__lister *lister);

/* Test whether an ETag is that of op's body. Also true for an ETag that is not an MD5 ("": a
 * directory has none). */
bool s3hls__s3_etag_fits(const s3hls__op *op, const char *etag);

/* ---- transport: one curl multi handle; keep-alive connections are shared by all clients on it */
typedef struct s3hls__http s3hls__http;
int s3hls__http_open(s3hls__http **out, const s3hls_env *env);
/* Close the transport; running operations end with S3HLS_E_CANCELLED. */
void s3hls__http_close(s3hls__http **http);
/* Call on_list for each LIST request that is sent, including retries and pages. NULL: none. */
void s3hls__http_on_list(s3hls__http *http, void (*on_list)(void *ctx), void *ctx);

/* Move bytes and call done for operations that have ended; wait up to timeout_ms for activity. One
 * thread at a time.
 * @return number of running operations */
int s3hls__http_step(s3hls__http *http, uint32_t timeout_ms);
/* End the wait of a step in another thread, or of the next one. Any thread; does not block, and
 * makes one system call at most: only if the step waits. */
void s3hls__http_wake(s3hls__http *http);

/* Cancel a running operation: a later step calls done with S3HLS_E_CANCELLED. */
void s3hls__http_cancel(s3hls__http *http, s3hls__op *op);
/* Microseconds since a byte of an operation last moved; 0: it is not running. On the thread that
 * steps. */
int64_t s3hls__http_idle_us(const s3hls__http *http, const s3hls__op *op);
/* Let the next step call done for an operation that was executed elsewhere; op->result is set. */
void s3hls__http_post(s3hls__http *http, s3hls__op *op);

/* ---- client: one bucket, one set of options, on a transport it does not own */
typedef struct s3hls__s3_client s3hls__s3_client;
/* @param prefix  added before every key, and removed in listings; "" or NULL: none
 * @return as s3hls_s3_open() */
int s3hls__s3_client_open(s3hls__s3_client **out, s3hls__http *http, const char *bucket,
                          const char *prefix, const s3hls_s3_options *options,
                          const s3hls_env *env);
void s3hls__s3_client_close(s3hls__s3_client **client); /* without running operations */
/* Start an operation. Never calls done itself: the next step reports even an immediate failure. */
void s3hls__s3_start(s3hls__s3_client *client, s3hls__op *op);
/* Share what is known of the server's listings with another client, which is closed after this. */
void s3hls__s3_client_share_habits(s3hls__s3_client *client, const s3hls__s3_client *other);
s3hls_credentials_provider *s3hls__s3_client_credentials(const s3hls__s3_client *client);
/* Seconds that the client adds to the system's clock when it signs. Any thread. */
int64_t s3hls__s3_client_clock_offset_s(const s3hls__s3_client *client);
int s3hls__s3_client_presign(s3hls__s3_client *client, const char *method, const char *key,
                             uint32_t expires_s, char **url);

#endif
