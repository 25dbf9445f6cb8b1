/* SPDX-License-Identifier: MIT-0 */
/* Who may look: tokens of a file, and share links that a token vouches for. Nothing here changes
 * after it was opened; any thread may ask. */
#ifndef S3HLS_SERVER_ACCESS_H
#define S3HLS_SERVER_ACCESS_H

#include "base/strbuf.h"
#include "server/request.h"

typedef struct s3hls__access s3hls__access;

/* Read a token file: a line is "TOKEN CAMERA[,CAMERA...] [NAME]", a camera an id, a beginning of
 * ids with '*' after it, or '*' for all; empty lines and '#' lines are passed over. What is wrong
 * is logged, with its line but without the token.
 * @param file  NULL: everybody may see everything, and there are no share links
 * @return S3HLS_OK, S3HLS_E_IO, S3HLS_E_MALFORMED, S3HLS_E_NOMEM */
int s3hls__access_open(s3hls__access **out, const char *file, const s3hls_env *env);
void s3hls__access_close(s3hls__access **access);

/* What somebody may see. */
typedef struct s3hls__grant {
    const char *name;               /* for the access log: a token's name; "" for everybody */
    const char *cameras;            /* as the token's line has them */
    const char *share;              /* the link that granted it: part of the request; NULL: none */
    bool proven;                    /* by a token or a link: answers are for who asked alone */
    int64_t from_ms, to_ms;         /* the range of time that is shared */
    int64_t expires_s;              /* end of the link's life, UTC; INT64_MAX: none */
    size_t token;                   /* which one, to make share links */
    char camera[S3HLS__CAMERA_MAX]; /* of a share link: instead of cameras */
} s3hls__grant;

/* Who asks? @param authorization  header or NULL  @param share  "" for none */
s3hls__problem s3hls__access_check(const s3hls__access *access, const char *authorization,
                                   const char *share, int64_t now_s, s3hls__grant *grant);

/* Whether a grant opens a camera. */
bool s3hls__grant_opens(const s3hls__grant *grant, const char *camera);
/* Whether a grant covers what a request asks for: a range within the link's, a segment that
 * overlaps it. A segment without a duration in its name may be let through that ends before the
 * link's range. now_ms: what "live" means. */
s3hls__problem s3hls__grant_covers(const s3hls__grant *grant, const s3hls__request *r,
                                   int64_t now_ms);

/* The proof of a share link for r's camera and range until expires_s, by the token of the grant.
 * @return S3HLS_OK; S3HLS_E_STATE: there are no tokens; S3HLS_E_ACCESS: the grant is a share link
 * itself; S3HLS_E_TOO_LARGE. */
int s3hls__share_format(const s3hls__access *access, const s3hls__grant *grant,
                        const s3hls__request *r, int64_t expires_s, char share[S3HLS__SHARE_MAX]);

#endif
