/* SPDX-License-Identifier: MIT-0 */
/* Records a site: one uploader, one recorder and one reader thread per camera, and a thread that
 * starts the cameras one after the other and replaces what hangs. No camera affects another.
 *
 *   gateway.c  open, reload, close, the supervising thread
 *   camera.c   one camera: its recorder, its state, its figures
 *   reader.c   the thread that reads its source
 *   feed.c     from the source to the recorder
 *   keeper.c   removes old recordings
 *
 * Threads: any, one call of reload and close at a time. */
#ifndef S3HLS_GATEWAY_GATEWAY_H
#define S3HLS_GATEWAY_GATEWAY_H

#include "s3hls/recorder.h"
#include "site/site.h"

typedef struct s3hls__gateway s3hls__gateway;

typedef enum s3hls__camera_state {
    S3HLS__CAMERA_STARTING,   /* it waits for its turn, or its recorder could not be opened yet */
    S3HLS__CAMERA_CONNECTING, /* no connection, or no picture that can be recorded yet */
    S3HLS__CAMERA_RECORDING,
    S3HLS__CAMERA_UNUSABLE /* pictures arrive, and none can be recorded */
} s3hls__camera_state;

/* "starting", "connecting", "recording", "unusable" */
const char *s3hls__camera_state_name(s3hls__camera_state state);

enum { S3HLS__CAMERA_NAME_BYTES = 65, S3HLS__CAMERA_WHY_BYTES = 256 };

/* What is known of a camera now. Times: UTC, microseconds since 1970; 0: never. */
typedef struct s3hls__camera_status {
    char name[S3HLS__CAMERA_NAME_BYTES];
    s3hls__camera_state state;
    int64_t since_us;                  /* of state */
    int64_t connected_us;              /* since when it is connected; 0: it is not */
    char why[S3HLS__CAMERA_WHY_BYTES]; /* the latest fault, without secrets; "": there was none */
    int64_t why_us;
    const char *codec;            /* "H.264", "H.265"; "": not known yet. Static */
    uint32_t width, height;       /* 0: not known */
    uint64_t bits_per_s;          /* received in the latest seconds */
    uint32_t pictures_per_1000_s; /* likewise */
    uint32_t gop_ms;              /* duration of the latest GOP; 0: not known */
    uint64_t reconnects;          /* sessions after the first */
    uint64_t replaced;            /* readers that were left behind in a call that did not return */
    uint64_t damaged;             /* pictures with missing data */
    uint64_t spool_max_bytes;     /* its part of the spool; 0: there is none */
    s3hls_recorder_stats stats;   /* zero while there is no recorder */
} s3hls__camera_status;

/* A change of a camera's input. */
typedef enum s3hls__camera_event {
    S3HLS__CAMERA_CONNECTED, /* pictures arrive; message: "H.264 1920x1080" */
    S3HLS__CAMERA_FAILING,   /* message: why it cannot be connected, or recorded; once per reason */
    S3HLS__CAMERA_LOST,      /* message: why its session ended */
    S3HLS__CAMERA_REPLACED,  /* its reader was left behind */
    S3HLS__CAMERA_USELESS,   /* pictures arrive, and none can be recorded */
    S3HLS__CAMERA_USED       /* they are recorded again */
} s3hls__camera_event;

/* How to record a site. Copied. The functions are called on several threads, must not block, and
 * must not call the gateway. */
typedef struct s3hls__gateway_config {
    /* An event of a camera's recorder. */
    void (*on_event)(void *ctx, const char *camera, const s3hls_event *event);
    /* A change of its input. message: one line, no secrets */
    void (*on_input)(void *ctx, const char *camera, s3hls__camera_event event, const char *message);
    void *ctx;
    /* As s3hls_source_config.take_logged_error; its ctx is not the gateway's. NULL: none */
    const char *(*take_logged_error)(void *ctx);
    const s3hls_env *env; /* NULL: the process's own. It stays valid until the process ends */
} s3hls__gateway_config;

/* Begin to record a site. Blocks while spools are read; allocates; sends no request.
 * @param site  the gateway's from now on, unless this fails
 * @return S3HLS_OK: cameras whose recorder cannot be opened report it, and are tried again
 *   as s3hls__site_open_credentials(), s3hls_uploader_open()
 *   S3HLS_E_NOMEM: out of memory, or no thread could be started. *out is NULL on failure */
int s3hls__gateway_open(s3hls__gateway **out, s3hls__site *site,
                        const s3hls__gateway_config *config);

/* Record another reading of the site's file: cameras that were removed or changed end (what is not
 * delivered within seconds is spooled), those that were changed or added begin; all others continue
 * undisturbed. Blocks.
 * @param site  the gateway's from now on, in any case
 * @param why   receives the setting that requires a restart; S3HLS__CAMERA_WHY_BYTES
 * @return S3HLS_OK
 *   S3HLS_E_STATE: a setting of the site itself differs; nothing was changed
 *   S3HLS_E_NOMEM: out of memory; nothing was changed */
int s3hls__gateway_reload(s3hls__gateway *gateway, s3hls__site *site,
                          char why[S3HLS__CAMERA_WHY_BYTES]);

/* The credentials that it uses, for others too; NULL: none are needed. Valid until it is closed. */
s3hls_credentials_provider *s3hls__gateway_credentials(const s3hls__gateway *gateway);

/* @return the number of cameras. */
size_t s3hls__gateway_count(s3hls__gateway *gateway);
/* Read the status of a camera by its place in the file, from 0.
 * @return false: there is no such camera */
bool s3hls__gateway_get_status(s3hls__gateway *gateway, size_t place, s3hls__camera_status *status);

/* The same by its name. */
bool s3hls__gateway_find_status(s3hls__gateway *gateway, const char *name,
                                s3hls__camera_status *status);

/* Sums over all recordings that have ended. */
typedef struct s3hls__gateway_totals {
    uint64_t segments_delivered, segments_dropped, frames_dropped;
    uint64_t
        segments_spooled; /* at the end; what a changed camera's successor found is not counted */
} s3hls__gateway_totals;

/* End all recordings, deliver what is left for up to deadline_ms, and free the gateway.
 * @param gateway  accepts NULL and a pointer to NULL; set to NULL
 * @param totals   receives them, those of cameras included that a reload removed */
void s3hls__gateway_close(s3hls__gateway **gateway, uint32_t deadline_ms,
                          s3hls__gateway_totals *totals);

#endif
