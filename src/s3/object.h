/* SPDX-License-Identifier: MIT-0 */
/* One operation on one object, as stores understand it, and the two things that carry it out: a
 * client (signs for one bucket) and a transport (moves bytes, shared by many clients, driven by one
 * thread).
 *
 *   caller fills an op ─▶ start ─▶ ... step, step ... ─▶ op->done(op), op->error says how it went
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
    S3HLS__OP_SETTING /* GET of one of the bucket's own: "cors"; not of a store */
} s3hls__op_kind;

enum { S3HLS__LIST_TOKEN_BYTES = 2048, S3HLS__LIST_KEY_BYTES = 1025 };

/* How a server lists, as far as that is known: of one client, or of all that share one. */
typedef struct s3hls__list_habits {
    uint32_t in_order;   /* so many keys came in ascending order */
    bool unsorted;       /* keys come in no order */
    bool wrong_tokens;   /* its continuation tokens lead back, or nowhere */
    bool no_start_after; /* it refuses start-after */
} s3hls__list_habits;

/* Where the next page is to begin; both empty: at the beginning. Not with the client's prefix. */
typedef struct s3hls__list_ask {
    char token[S3HLS__LIST_TOKEN_BYTES]; /* "": none */
    char start_after[S3HLS__LIST_KEY_BYTES];
} s3hls__list_ask;

/* How a client's listing goes on from page to page: s3/listing.h. Given by the caller, so that a
 * library that never lists needs no XML parser. */
typedef struct s3hls__listing s3hls__listing;
struct s3hls__op;
typedef struct s3hls__lister {
    /* @return S3HLS_OK, S3HLS_E_NOMEM. op, habits and env outlive the listing. */
    int (*open)(s3hls__listing **out, struct s3hls__op *op, s3hls__list_habits *habits,
                const s3hls_env *env);
    const s3hls__list_ask *(*ask)(const s3hls__listing *listing);
    /* One page of S3's answer: calls op->on_object for what can be told already. *more: ask again.
     * @return S3HLS_OK; S3HLS_E_PROTOCOL: it makes no sense; S3HLS_E_CANCELLED: on_object stopped;
     * S3HLS_E_TOO_LARGE; S3HLS_E_NOMEM. */
    int (*page)(s3hls__listing *listing, const char *xml, size_t size, bool *more);
    /* What was asked for was refused. @return true: ask again, it is something else. */
    bool (*refused)(s3hls__listing *listing);
    void (*close)(s3hls__listing **listing); /* NULL inside too */
} s3hls__lister;

/* The caller owns it and keeps it still from start until done was called. */
typedef struct s3hls__op {
    s3hls__op_kind kind;
    const char *key; /* of the object, relative to the client or store; LIST: prefix, may be "";
                      SETTING: its name */

    /* PUT: the body, read possibly more than once. body(ctx, offset) answers the bytes that lie
     * together from offset on (size 0 only at the end). body_size is exact. */
    s3hls_span (*body)(void *ctx, uint64_t offset);
    void *body_ctx;
    uint64_t body_size;
    const s3hls_s3_put_options *put; /* may be NULL */
    const char *setting; /* PUT, REMOVE: one of the bucket's own instead of an object; else NULL */

    uint64_t first, last;     /* GET: bytes asked for, last inclusive, UINT64_MAX: to the end */
    s3hls_s3_data_fn on_data; /* GET, SETTING */
    const char *start_after;  /* LIST; may be NULL */
    uint32_t page_keys;       /* LIST: keys a page, at most; 0: the server's */
    bool by_folder; /* LIST: what lies in folders below key is told by the folder's name alone,
                       "2026/", once, with nothing else known; files and folders of a page may come
                       one kind after the other */
    bool (*wants_folder)(
        const char *folder);     /* LIST of a directory: are keys in that folder looked
          for (its own key, with a slash at its end)? Others are not opened. NULL: all */
    s3hls_s3_list_fn on_object;  /* LIST; HEAD too: called once, key as given */
    const s3hls__lister *lister; /* LIST: &s3hls__s3_lister; directories do not use it */
    s3hls_s3_page *user_page;    /* LIST of one page alone */
    void *sink_ctx;              /* of on_data and on_object */

    bool fresh;   /* on a connection of its own, the host looked up anew: after a failure */
    bool patient; /* no time-out while no byte moves: the caller looks at s3hls__http_idle_us() */

    /* Called once; may free or reuse the op, may start others. */
    void (*done)(struct s3hls__op *op);
    void *user;

    s3hls_s3_error error;   /* result, valid in done */
    const char *prefix;     /* LIST, the carrier's own: stands before the keys it reports */
    size_t prefix_size;     /* ... its bytes */
    bool partly_told;       /* LIST: keys have been told: from the beginning, it would be twice */
    struct s3hls__op *next; /* the carrier's own */
} s3hls__op;

/* A body that lies together in memory: body_ctx is an array of spans ended by the op's body_size.
 */
typedef struct s3hls__span_body {
    const s3hls_span *spans;
    size_t count;
} s3hls__span_body;
s3hls_span s3hls__span_body_at(void *ctx, uint64_t offset); /* ctx: s3hls__span_body */

/* Is that the ETag of op's body? True too for an ETag that is no MD5 ("": a directory has none). */
bool s3hls__s3_etag_fits(const s3hls__op *op, const char *etag);

/* ---- transport: one curl multi handle; keep-alive connections are shared by all clients on it */
typedef struct s3hls__http s3hls__http;
int s3hls__http_open(s3hls__http **out, const s3hls_env *env);
/* Operations still under way end with S3HLS_E_CANCELLED. */
void s3hls__http_close(s3hls__http **http);
/* Have on_list called for each LIST request that is sent, retries and pages included. NULL: no
 * longer. */
void s3hls__http_on_list(s3hls__http *http, void (*on_list)(void *ctx), void *ctx);

/* Move bytes, call done for what has ended; wait up to timeout_ms for something to happen. One
 * thread at a time.
 * @return number of operations under way. */
int s3hls__http_step(s3hls__http *http, uint32_t timeout_ms);
/* End the wait of a step in another thread, or of the next one. Any thread; does not block. */
void s3hls__http_wake(s3hls__http *http);

/* Give up an operation that is under way: a later step calls done with S3HLS_E_CANCELLED. */
void s3hls__http_cancel(s3hls__http *http, s3hls__op *op);
/* How long no byte of an operation has moved; 0: it is not under way. The thread that steps. */
int64_t s3hls__http_idle_us(const s3hls__http *http, const s3hls__op *op);
/* Have the next step call done for an operation that something else carried out; op->error is
 * filled in. */
void s3hls__http_post(s3hls__http *http, s3hls__op *op);

/* ---- client: one bucket, one set of options, on a transport it does not own */
typedef struct s3hls__s3_client s3hls__s3_client;
/* prefix: put before every key, and taken off again in listings; "" or NULL: none. */
int s3hls__s3_client_open(s3hls__s3_client **out, s3hls__http *http, const char *bucket,
                          const char *prefix, const s3hls_s3_options *options,
                          const s3hls_env *env);
void s3hls__s3_client_close(s3hls__s3_client **client); /* with no operation under way */
/* Begin an operation. Never calls done itself: even what fails at once is reported by the next
 * step. */
void s3hls__s3_start(s3hls__s3_client *client, s3hls__op *op);
/* Learn from the other's listings, and have it learn from this one's; the other is closed after it.
 */
void s3hls__s3_client_share_habits(s3hls__s3_client *client, const s3hls__s3_client *other);
s3hls_credentials_provider *s3hls__s3_client_credentials(const s3hls__s3_client *client);
/* What the client adds to the system's clock when it signs, seconds. Any thread. */
int64_t s3hls__s3_client_clock_offset_s(const s3hls__s3_client *client);
int s3hls__s3_client_presign(s3hls__s3_client *client, const char *method, const char *key,
                             uint32_t expires_s, char **url);

#endif
