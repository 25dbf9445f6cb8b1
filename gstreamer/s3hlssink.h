/* SPDX-License-Identifier: MIT-0 */
#ifndef S3HLS_GSTREAMER_S3HLSSINK_H
#define S3HLS_GSTREAMER_S3HLSSINK_H

#include "s3hls/s3hls.h"
#include <gst/gst.h>

enum { VIDEO, AUDIO, PADS };

typedef struct _S3hlsSink {
    GstElement element;
    /* properties (properties.c); read when the recorder opens */
    gchar *destination, *region, *endpoint, *ca_file, *spool, *storage_class, *container;
    guint segment_ms, close_ms;
    guint64 pool_bytes, spool_max_bytes;
    gint64 start_us;
    gboolean drop_oldest;

    GstPad *pads[PADS];       /* requested; object lock */
    gboolean ended[PADS];     /* EOS has arrived; object lock */
    gint64 newest_us[PADS];   /* running time of the newest buffer or gap; object lock */
    gboolean apart;           /* one track does not wait for the other any more; object lock */
    s3hls_recorder *recorder; /* NULL: not open; from PAUSED to READY. Written under object lock */
    gint stopping;            /* atomic: nothing waits any more */
    gint live;                /* atomic: -1: not known yet */
    gint64 warned_us;         /* the streaming thread of video: a refused picture was reported */
    s3hls_env env;
    gchar *fault; /* the latest error of the library's log; object lock */
} S3hlsSink;

typedef struct _S3hlsSinkClass {
    GstElementClass parent_class;
} S3hlsSinkClass;

GType s3hls_sink_get_type(void);

/* ---- properties.c */
void s3hls_sink_install_properties(GObjectClass *class);
void s3hls_sink_init_properties(S3hlsSink *self);
void s3hls_sink_free_properties(S3hlsSink *self);

#endif
