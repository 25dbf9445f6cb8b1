/* SPDX-License-Identifier: MIT-0 */
/* A site: many cameras that one process records, as a YAML file describes them (docs/site.md). */
#ifndef S3HLS_SITE_SITE_H
#define S3HLS_SITE_SITE_H

#include "s3hls/input.h"
#include "s3hls/recorder.h"
#include "s3hls/server.h"
#include "s3hls/uploader.h"
#include <stdbool.h>

typedef struct s3hls__site_camera {
    const char *name; /* unique: the last part of its destination, and its name in the archive */
    unsigned line;    /* of its name in the file */
    /* The caller sets the functions, ctx and env. */
    s3hls_source_config source;
    /* Complete are destination, s3 (but for credentials), pool_quota_bytes and spool_max_bytes (the
     * camera's shares of the site's), spool_dir, segment_duration_ms, segment_max_bytes, drop,
     * container and object. The caller sets uploader, on_event and env, and what depends on the
     * input. */
    s3hls_recorder_config recorder;
    uint32_t pool_share_percent;  /* as stated; 0: an equal part of what the others leave */
    uint32_t spool_share_percent; /* as stated; 0: an equal part of what the others leave */
    int publish;                  /* non-zero: keep playlists in the store (s3hls/publish.h) */
    uint32_t retention_days;      /* keep recordings so long (s3hls/retention.h); 0: not managed */
} s3hls__site_camera;

typedef struct s3hls__site {
    const char *store;        /* "s3://bucket/site-a" or "file:///directory"; no slash at the end */
    s3hls_s3_options s3;      /* for all of the site; credentials: s3hls__site_open_credentials() */
    const char *profile;      /* credentials of this profile; NULL: none stated */
    s3hls_iot_options iot;    /* credentials of IoT Core; endpoint NULL: none stated */
    s3hls_credentials keys;   /* access_key_id NULL: none stated */
    bool checksum_given;      /* s3.checksum was stated; else it is as configured for AWS */
    const char *spool_dir;    /* NULL: none */
    uint64_t spool_max_bytes; /* of all cameras together */
    s3hls_uploader_config uploader;     /* pool_bytes, max_in_flight; the caller sets env */
    bool serves;                        /* the file has "serve" */
    s3hls_server_config server;         /* complete but for s3.credentials, env and access_log */
    s3hls__site_camera *cameras;        /* in the order of the file */
    size_t camera_count;                /* 1 or more */
    const s3hls__site_camera **by_name; /* sorted, camera_count */
    struct s3hls__site_text *texts;     /* internal: all strings */
    s3hls_env env;                      /* internal */
} s3hls__site;

/* A fault of the file, or a remark. */
typedef struct s3hls__site_report {
    bool warning;          /* the file can be used all the same */
    unsigned line, column; /* from 1; 0: the file as a whole */
    /* "cameras.yard: no setting \"segmnt\"; did you mean \"segment\"?" Never contains an input or a
     * secret; printable; valid during the call */
    const char *message;
} s3hls__site_report;
typedef void (*s3hls__site_report_fn)(void *ctx, const s3hls__site_report *report);

enum {
    S3HLS__SITE_REPORTS_MAX = 20
}; /* errors of one file; the last one states that there are more */

/* Where a site comes from. Set to zero, then set what you need. */
typedef struct s3hls__site_origin {
    const char *path; /* the file. Relative paths in it are relative to its folder */
    /* Used where the file states nothing: region, endpoint, ca_file. NULL: the library's defaults.
     * Copied, also the strings. */
    const s3hls_s3_options *defaults;
    s3hls__site_report_fn report; /* NULL: none */
    void *ctx;
    const s3hls_env *env; /* NULL: the process's own */
} s3hls__site_origin;

/* Read a site. Blocks on the file and the files that it names; allocates; sends no request.
 * @param out  NULL on failure. It and all its strings are valid until it is closed
 * @return S3HLS_OK: warnings may have been reported
 *   S3HLS_E_MALFORMED: the faults were reported
 *   S3HLS_E_NOT_FOUND, S3HLS_E_ACCESS, S3HLS_E_IO: the file cannot be read (a directory: IO); this
 *   was reported too
 *   S3HLS_E_TOO_LARGE: it has more than 1 MiB; reported
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__site_open(s3hls__site **out, const s3hls__site_origin *origin);
/* Secrets are wiped. Accepts NULL and a pointer to NULL; sets *site to NULL. */
void s3hls__site_close(s3hls__site **site);

/* @return NULL: it has no such camera. */
const s3hls__site_camera *s3hls__site_find(const s3hls__site *site, const char *name);

/* Find what differs between the settings of a camera in two readings of a file: if nothing does,
 * its recording can continue. Settings of the site that it contains count too, but not the parts of
 * pool and spool that depend on the number of cameras.
 * @return the first setting that differs ("segment"); NULL: none */
const char *s3hls__site_camera_difference(const s3hls__site_camera *a, const s3hls__site_camera *b);
/* The same for the settings of the site, without the cameras ("spool.dir"). */
const char *s3hls__site_difference(const s3hls__site *a, const s3hls__site *b);

/* Open the credentials that the site states, else the default chain.
 * @param out  NULL also if the store is a directory
 * @return as s3hls_credentials_open_*() */
int s3hls__site_open_credentials(const s3hls__site *site, s3hls_credentials_provider **out,
                                 const s3hls_env *env);

#endif
