/* SPDX-License-Identifier: MIT-0 */
/* Access control: tokens of a file, and share links signed with a token. Constant after open; any
 * thread. */
#ifndef S3HLS_SERVER_ACCESS_H
#define S3HLS_SERVER_ACCESS_H

#include "base/strbuf.h"
#include "server/request.h"

typedef struct s3hls__access s3hls__access;

/* Read a token file: a line is "TOKEN CAMERA[,CAMERA...] [NAME]", a camera an id, a beginning of
 * ids with '*' after it, or '*' for all; empty lines and '#' lines are ignored. A fault is logged
 * with its line number but without the token.
 * @param file  NULL: everybody may see everything, and there are no share links
 * @return S3HLS_OK, S3HLS_E_IO, S3HLS_E_MALFORMED, S3HLS_E_NOMEM */
int s3hls__access_open(s3hls__access **out, const char *file, const s3hls_env *env);
void s3hls__access_close(s3hls__access **access);

/* What a client may access. */
typedef struct s3hls__grant {
    const char *name;               /* for the access log: a token's name; "" for everybody */
    const char *cameras;            /* as the token's line has them */
    const char *share;              /* the link that granted it: part of the request; NULL: none */
    bool proven;                    /* by a token or a link: answers must not be shared by caches */
    int64_t from_ms, to_ms;         /* the range of time that is shared */
    int64_t expires_s;              /* when the link expires, UTC seconds; INT64_MAX: never */
    size_t token;                   /* which one, to make share links */
    char camera[S3HLS__CAMERA_MAX]; /* of a share link: instead of cameras */
} s3hls__grant;

/* Identify the client.
 * @param authorization  the header; NULL: none
 * @param share          "": none */
s3hls__problem s3hls__access_check(const s3hls__access *access, const char *authorization,
                                   const char *share, int64_t now_s, s3hls__grant *grant);

/* Test whether a grant includes a camera. */
bool s3hls__grant_opens(const s3hls__grant *grant, const char *camera);
/* Test whether a grant covers a request: a range within the link's range, or a segment that
 * overlaps it. A segment without a duration in its name may be accepted though it ends before that
 * range.
 * @param now_ms  current time, for live requests */
s3hls__problem s3hls__grant_covers(const s3hls__grant *grant, const s3hls__request *r,
                                   int64_t now_ms);

/* Write the signature of a share link for r's camera and range until expires_s, with the grant's
 * token.
 * @return S3HLS_OK
 *   S3HLS_E_STATE: there are no tokens
 *   S3HLS_E_ACCESS: the grant is itself a share link
 *   S3HLS_E_TOO_LARGE: it does not fit */
int s3hls__share_format(const s3hls__access *access, const s3hls__grant *grant,
                        const s3hls__request *r, int64_t expires_s, char share[S3HLS__SHARE_MAX]);

#endif
