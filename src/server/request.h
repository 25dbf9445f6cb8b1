/* SPDX-License-Identifier: MIT-0 */
/* Parser of a request's target. Pure: untrusted bytes in, a checked fixed structure out; the rest
 * of the server uses only that. */
#ifndef S3HLS_SERVER_REQUEST_H
#define S3HLS_SERVER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    S3HLS__TARGET_MAX = 2048, /* bytes of a request's target; more is refused with 414 */
    S3HLS__CAMERA_MAX = 256,  /* a camera's id, with the NUL */
    S3HLS__NAME_MAX = 128,    /* a file of the page, a segment's key */
    S3HLS__SHARE_MAX = 600,   /* a share link's proof */
};

/* Limits of ranges, and of a share link's validity. */
#define S3HLS__RANGE_MAX_MS          (INT64_C(24) * 3600 * 1000)
#define S3HLS__TIMELINE_MAX_MS       (INT64_C(32) * 24 * 3600 * 1000)
#define S3HLS__CLIP_MAX_MS           (INT64_C(2) * 3600 * 1000)
#define S3HLS__SHARE_MAX_S           (INT64_C(30) * 24 * 3600)
#define S3HLS__CAMERAS_MAX           100 /* to be looked at by one request */
#define S3HLS__TARGET_DURATION_MAX_S 86400

typedef enum s3hls__route {
    S3HLS__ROUTE_PAGE,     /* /NAME */
    S3HLS__ROUTE_CAMERAS,  /* /api/cameras[?first&count][&match] */
    S3HLS__ROUTE_DAYS,     /* /api/cameras/CAMERA/days?month=YYYY-MM */
    S3HLS__ROUTE_TIMELINE, /* /api/cameras/CAMERA/timeline?from&to */
    S3HLS__ROUTE_SHARE,    /* POST /api/cameras/CAMERA/share?start&end&expires */
    S3HLS__ROUTE_MASTER,   /* /hls/CAMERA/master.m3u8[?start&end] */
    S3HLS__ROUTE_LIVE,     /* /hls/CAMERA/live.m3u8[?target] */
    S3HLS__ROUTE_RANGE,    /* /hls/CAMERA/range.m3u8?start&end */
    S3HLS__ROUTE_MEDIA,    /* /media/CAMERA/KEY */
    S3HLS__ROUTE_CLIP,     /* /clip/CAMERA.mp4?start&end */
    S3HLS__ROUTE_HEALTH,   /* /healthz */
    S3HLS__ROUTE_METRICS,  /* /metrics */
    S3HLS__ROUTE_NONE,     /* unknown or malformed */
    S3HLS__ROUTES
} s3hls__route;

/* The route's name, as in metrics. */
const char *s3hls__route_name(s3hls__route route);
/* Test whether the route is about one camera. */
bool s3hls__route_has_camera(s3hls__route route);

/* Why a request is refused: an HTTP status and a sentence. Static text. */
typedef struct s3hls__problem {
    unsigned status; /* 0: not refused */
    const char *detail;
} s3hls__problem;

typedef struct s3hls__request {
    s3hls__route route;
    bool has_range; /* from_ms and to_ms were given */
    int64_t from_ms, to_ms;
    int64_t expires_s;    /* ROUTE_SHARE: the link's validity in seconds */
    int64_t target_s;     /* ROUTE_LIVE: its EXT-X-TARGETDURATION; 0: not given */
    int64_t first, count; /* ROUTE_CAMERAS: range of cameras to look at; count 0: none */
    char camera[S3HLS__CAMERA_MAX];
    char name[S3HLS__NAME_MAX];   /* ROUTE_PAGE, ROUTE_MEDIA; ROUTE_CAMERAS: text to match */
    char share[S3HLS__SHARE_MAX]; /* signature of a share link; "": none, or it granted nothing */
} s3hls__request;

/* Parse a target ("/hls/cam-1/range.m3u8?start=...&end=..."). If it is refused, r->route is what
 * was recognised so far. */
s3hls__problem s3hls__request_parse(s3hls__request *r, const char *target);

/* Parse a Range header for size bytes.
 * @return true: answer with first to last, inclusive
 *   false: *status 200: there is none, or it may be ignored (RFC 9110 14.2); *status 416: it is
 *   unsatisfiable */
bool s3hls__range_parse(const char *header, uint64_t size, uint64_t *first, uint64_t *last,
                        unsigned *status);

/* Test whether If-None-Match has this entity tag, by weak comparison (RFC 9110 13.1.2). */
bool s3hls__etag_matches(const char *header, const char *etag);

/* Test whether Accept-Encoding accepts gzip. */
bool s3hls__accepts_gzip(const char *header);

#endif
