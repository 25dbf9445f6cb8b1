/* SPDX-License-Identifier: MIT-0 */
/* The properties of s3hlssink: the recorder's configuration, and its statistics. */
#include "s3hlssink.h"
#include <stddef.h>

enum { STATS = 1, FIRST };

/* A property of a plain type, by its place in the element. */
typedef struct property {
    const gchar *name, *what;
    GType type; /* 0: a string */
    size_t offset;
    guint64 least, most, preset; /* of numbers */
} property;

#define AT(member) offsetof(S3hlsSink, member)

static const property properties[] = {
    {"destination", "s3://bucket/prefix, or file:///directory; required", 0, AT(destination), 0, 0,
     0},
    {"region", "of the bucket; default us-east-1", 0, AT(region), 0, 0, 0},
    {"endpoint", "https://host[:port] of another service than AWS", 0, AT(endpoint), 0, 0, 0},
    {"ca-file", "authorities to trust in addition to the system's (PEM)", 0, AT(ca_file), 0, 0, 0},
    {"container", "of the segments: auto (MPEG-TS for H.264, else fragmented MP4), ts or fmp4", 0,
     AT(container), 0, 0, 0},
    {"storage-class", "of the objects: STANDARD_IA, ...; default the bucket's", 0,
     AT(storage_class), 0, 0, 0},
    {"spool", "directory for segments that memory cannot hold; default none", 0, AT(spool), 0, 0,
     0},
    {"spool-max", "bytes of the spool; beyond them the oldest segment is dropped", G_TYPE_UINT64,
     AT(spool_max_bytes), 1, G_MAXUINT64, G_GUINT64_CONSTANT(1) << 30},
    {"pool", "bytes of memory for segments that wait", G_TYPE_UINT64, AT(pool_bytes), 256 << 10,
     G_GUINT64_CONSTANT(1) << 32, 8 << 20},
    {"segment-duration", "milliseconds, at the first keyframe after them", G_TYPE_UINT,
     AT(segment_ms), 1000, 60000, 4000},
    {"close-deadline", "milliseconds to deliver what is left at the end of the stream", G_TYPE_UINT,
     AT(close_ms), 0, 3600000, 10000},
    {"start-time", "UTC of the first picture, microseconds since 1970; 0: now", G_TYPE_INT64,
     AT(start_us), 0, G_GUINT64_CONSTANT(1) << 53, 0},
    {"drop-oldest", "drop the oldest footage, not the newest, if nothing more fits", G_TYPE_BOOLEAN,
     AT(drop_oldest), 0, 1, FALSE},
};

static void *member_of(S3hlsSink *self, guint id) {
    return (char *)self + properties[id - FIRST].offset;
}

/* ---- statistics */

static GstStructure *stats_of(S3hlsSink *self) {
    s3hls_recorder_stats s = {0};
    GST_OBJECT_LOCK(self);
    if (self->recorder)
        s3hls_recorder_get_stats(self->recorder, &s);
    GST_OBJECT_UNLOCK(self);
    return gst_structure_new(
        "s3hls-stats", "pictures", G_TYPE_UINT64, (guint64)s.frames_in, "pictures-dropped",
        G_TYPE_UINT64, (guint64)s.frames_dropped, "audio-frames", G_TYPE_UINT64,
        (guint64)s.audio_frames_in, "segments-accepted", G_TYPE_UINT64,
        (guint64)s.segments_accepted, "segments-delivered", G_TYPE_UINT64,
        (guint64)s.segments_delivered, "segments-waiting", G_TYPE_UINT64,
        (guint64)s.segments_waiting, "segments-spooled", G_TYPE_UINT64, (guint64)s.segments_spooled,
        "segments-dropped", G_TYPE_UINT64, (guint64)s.segments_dropped, "bytes-delivered",
        G_TYPE_UINT64, (guint64)s.bytes_delivered, "retries", G_TYPE_UINT64, (guint64)s.retries,
        "lag-us", G_TYPE_INT64, (gint64)s.lag_us, "last-error", G_TYPE_STRING,
        s.last_error.status ? s.last_error.message : "", NULL);
}

/* ---- GObject */

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
    S3hlsSink *self = (S3hlsSink *)object;
    void *member = id >= FIRST ? member_of(self, id) : NULL;
    (void)spec;
    GST_OBJECT_LOCK(self);
    if (G_VALUE_HOLDS_STRING(value)) {
        g_free(*(gchar **)member);
        *(gchar **)member = g_value_dup_string(value);
    } else if (G_VALUE_HOLDS_UINT64(value)) {
        *(guint64 *)member = g_value_get_uint64(value);
    } else if (G_VALUE_HOLDS_UINT(value)) {
        *(guint *)member = g_value_get_uint(value);
    } else if (G_VALUE_HOLDS_INT64(value)) {
        *(gint64 *)member = g_value_get_int64(value);
    } else if (G_VALUE_HOLDS_BOOLEAN(value)) {
        *(gboolean *)member = g_value_get_boolean(value);
    }
    GST_OBJECT_UNLOCK(self);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
    S3hlsSink *self = (S3hlsSink *)object;
    const void *member = id >= FIRST ? member_of(self, id) : NULL;
    (void)spec;
    if (id == STATS) {
        g_value_take_boxed(value, stats_of(self));
        return;
    }
    GST_OBJECT_LOCK(self);
    if (G_VALUE_HOLDS_STRING(value))
        g_value_set_string(value, *(gchar *const *)member);
    else if (G_VALUE_HOLDS_UINT64(value))
        g_value_set_uint64(value, *(const guint64 *)member);
    else if (G_VALUE_HOLDS_UINT(value))
        g_value_set_uint(value, *(const guint *)member);
    else if (G_VALUE_HOLDS_INT64(value))
        g_value_set_int64(value, *(const gint64 *)member);
    else if (G_VALUE_HOLDS_BOOLEAN(value))
        g_value_set_boolean(value, *(const gboolean *)member);
    GST_OBJECT_UNLOCK(self);
}

static GParamSpec *spec_of(const property *p) {
    const GParamFlags flags =
        (GParamFlags)(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
    switch (p->type) {
    case G_TYPE_UINT64:
        return g_param_spec_uint64(p->name, p->name, p->what, p->least, p->most, p->preset, flags);
    case G_TYPE_UINT:
        return g_param_spec_uint(p->name, p->name, p->what, (guint)p->least, (guint)p->most,
                                 (guint)p->preset, flags);
    case G_TYPE_INT64:
        return g_param_spec_int64(p->name, p->name, p->what, (gint64)p->least, (gint64)p->most,
                                  (gint64)p->preset, flags);
    case G_TYPE_BOOLEAN:
        return g_param_spec_boolean(p->name, p->name, p->what, (gboolean)p->preset, flags);
    default:
        return g_param_spec_string(p->name, p->name, p->what, NULL, flags);
    }
}

void s3hls_sink_install_properties(GObjectClass *class) {
    class->set_property = set_property;
    class->get_property = get_property;
    g_object_class_install_property(
        class, STATS,
        g_param_spec_boxed("stats", "stats", "counts of the recording", GST_TYPE_STRUCTURE,
                           (GParamFlags)(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
    for (guint i = 0; i < G_N_ELEMENTS(properties); i++)
        g_object_class_install_property(class, FIRST + i, spec_of(&properties[i]));
}

void s3hls_sink_init_properties(S3hlsSink *self) {
    for (guint i = 0; i < G_N_ELEMENTS(properties); i++) {
        void *member = member_of(self, FIRST + i);
        const property *p = &properties[i];
        if (p->type == G_TYPE_UINT64)
            *(guint64 *)member = p->preset;
        else if (p->type == G_TYPE_UINT)
            *(guint *)member = (guint)p->preset;
    }
    self->container = g_strdup("auto");
}

void s3hls_sink_free_properties(S3hlsSink *self) {
    for (guint i = 0; i < G_N_ELEMENTS(properties); i++)
        if (!properties[i].type)
            g_free(*(gchar **)member_of(self, FIRST + i));
}
