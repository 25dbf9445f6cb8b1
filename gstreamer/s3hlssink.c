/* SPDX-License-Identifier: MIT-0 */
/* s3hlssink: records the H.264 or H.265 of a pipeline, and its AAC, as HLS segments
 * (docs/gstreamer.md).
 *
 * It is no GstBaseSink: pictures and sound arrive on two streaming threads, as the recorder takes
 * them, and nothing waits for a clock. A live pipeline is never held up; any other waits while the
 * uplink is slower than the file. */
#include "s3hlssink.h"
#include <string.h>

GST_DEBUG_CATEGORY_STATIC(s3hls_sink_debug);
#define GST_CAT_DEFAULT s3hls_sink_debug

G_DEFINE_TYPE(S3hlsSink, s3hls_sink, GST_TYPE_ELEMENT)

static GstStaticPadTemplate video_template = GST_STATIC_PAD_TEMPLATE(
    "video", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS("video/x-h264, stream-format = (string) byte-stream, alignment = (string) au; "
                    "video/x-h265, stream-format = (string) byte-stream, alignment = (string) au"));
static GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS("audio/mpeg, mpegversion = (int) 4, stream-format = (string) adts"));

/* ---- the library's log and events */

static void on_log(void *ctx, s3hls_log_level level, const char *component, const char *message) {
    S3hlsSink *self = ctx;
    if (level == S3HLS_LOG_ERROR) {
        GST_WARNING_OBJECT(self, "%s: %s", component, message);
        GST_OBJECT_LOCK(self);
        g_free(self->fault);
        self->fault = g_strdup(message);
        GST_OBJECT_UNLOCK(self);
    } else if (level == S3HLS_LOG_WARN) {
        GST_WARNING_OBJECT(self, "%s: %s", component, message);
    } else {
        GST_DEBUG_OBJECT(self, "%s: %s", component, message);
    }
}

static void on_event(void *ctx, const s3hls_event *e) {
    S3hlsSink *self = ctx;
    GstStructure *s = gst_structure_new(
        "s3hls-event", "type", G_TYPE_STRING, s3hls_event_name((int)e->type), "status",
        G_TYPE_STRING, s3hls_status_name(e->status), "key", G_TYPE_STRING, e->key, "bytes",
        G_TYPE_UINT64, (guint64)e->bytes, "count", G_TYPE_UINT64, (guint64)e->count, "duration-ms",
        G_TYPE_INT64, (gint64)e->duration_ms, "message", G_TYPE_STRING, e->message, NULL);
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), s));
}

/* ---- opening and closing */

static gboolean find_container(const gchar *name, s3hls_container *container) {
    static const struct {
        const gchar *name;
        s3hls_container container;
    } known[] = {
        {"auto", S3HLS_CONTAINER_AUTO}, {"ts", S3HLS_CONTAINER_TS}, {"fmp4", S3HLS_CONTAINER_FMP4}};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_strcmp0(name, known[i].name) == 0) {
            *container = known[i].container;
            return TRUE;
        }
    return FALSE;
}

static void configure(S3hlsSink *self, s3hls_recorder_config *cfg) {
    s3hls_recorder_config_init(cfg);
    cfg->destination = self->destination;
    cfg->s3.region = self->region;
    cfg->s3.endpoint = self->endpoint;
    cfg->s3.ca_file = self->ca_file;
    cfg->segment_duration_ms = self->segment_ms;
    cfg->pool_bytes = (size_t)self->pool_bytes;
    cfg->spool_dir = self->spool;
    cfg->spool_max_bytes = self->spool_max_bytes;
    cfg->drop = self->drop_oldest ? S3HLS_DROP_OLDEST : S3HLS_DROP_NEWEST;
    cfg->start_time_us = self->start_us;
    cfg->object.storage_class = self->storage_class;
    if (self->pads[AUDIO])
        cfg->audio.codec = S3HLS_AUDIO_AAC_ADTS;
    cfg->on_event = on_event;
    cfg->event_ctx = self;
    cfg->env = &self->env;
}

static gboolean open_recorder(S3hlsSink *self) {
    s3hls_recorder_config cfg;
    configure(self, &cfg);
    if (!self->destination) {
        GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS,
                          ("The property destination is not set: s3://bucket/prefix, or "
                           "file:///directory."),
                          (NULL));
        return FALSE;
    }
    if (!find_container(self->container, &cfg.container)) {
        GST_ELEMENT_ERROR(
            self, RESOURCE, SETTINGS,
            ("The property container is \"%s\"; it must be auto, ts or fmp4.", self->container),
            (NULL));
        return FALSE;
    }
    if (!self->pads[VIDEO]) {
        GST_ELEMENT_ERROR(self, STREAM, FAILED, ("Nothing is linked to the pad video."), (NULL));
        return FALSE;
    }
    int rc = s3hls_recorder_open(&self->recorder, &cfg);
    if (rc)
        GST_ELEMENT_ERROR(
            self, RESOURCE, OPEN_WRITE,
            ("%s: %s", self->destination, self->fault ? self->fault : s3hls_strerror(rc)),
            ("%s", s3hls_status_name(rc)));
    return rc == S3HLS_OK;
}

static void close_recorder(S3hlsSink *self) {
    s3hls_recorder *recorder = self->recorder;
    GST_OBJECT_LOCK(self);
    self->recorder = NULL;
    GST_OBJECT_UNLOCK(self);
    int rc = s3hls_recorder_close(&recorder, self->close_ms);
    if (rc == S3HLS_E_UNDELIVERED)
        GST_ELEMENT_WARNING(
            self, RESOURCE, WRITE,
            ("Segments were lost: they could not be delivered in time, and there is "
             "no spool for them."),
            (NULL));
}

static GstStateChangeReturn change_state(GstElement *element, GstStateChange change) {
    S3hlsSink *self = (S3hlsSink *)element;
    if (change == GST_STATE_CHANGE_READY_TO_PAUSED) {
        self->ended[VIDEO] = self->ended[AUDIO] = self->apart = FALSE;
        self->newest_us[VIDEO] = self->newest_us[AUDIO] = G_GINT64_CONSTANT(-3600000000);
        g_atomic_int_set(&self->stopping, FALSE);
        g_atomic_int_set(&self->live, -1);
        if (!open_recorder(self))
            return GST_STATE_CHANGE_FAILURE;
    }
    if (change == GST_STATE_CHANGE_PAUSED_TO_READY)
        g_atomic_int_set(&self->stopping, TRUE);
    GstStateChangeReturn rc =
        GST_ELEMENT_CLASS(s3hls_sink_parent_class)->change_state(element, change);
    if (change == GST_STATE_CHANGE_PAUSED_TO_READY ||
        (change == GST_STATE_CHANGE_READY_TO_PAUSED && rc == GST_STATE_CHANGE_FAILURE))
        close_recorder(self);
    return rc;
}

/* ---- data */

static gboolean is_live(S3hlsSink *self, GstPad *pad) {
    gint live = g_atomic_int_get(&self->live);
    if (live >= 0)
        return live;
    gboolean yes = FALSE;
    GstQuery *query = gst_query_new_latency();
    if (gst_pad_peer_query(pad, query))
        gst_query_parse_latency(query, &yes, NULL, NULL);
    gst_query_unref(query);
    g_atomic_int_set(&self->live, yes);
    return yes;
}

/* The segment that times of a pad's buffers refer to; its events and buffers share a thread. */
static GstSegment *segment_of(GstPad *pad) {
    return gst_pad_get_element_private(pad);
}

/* @return the running time in microseconds, also of times before the segment; 0: there is none */
static gint64 running_us(GstPad *pad, GstClockTime time) {
    guint64 running = 0;
    if (!GST_CLOCK_TIME_IS_VALID(time))
        return 0;
    int sign = gst_segment_to_running_time_full(segment_of(pad), GST_FORMAT_TIME, time, &running);
    return sign * (gint64)(running / 1000);
}

/* How long a live buffer has been on its way. */
static guint64 age_us(S3hlsSink *self, gint64 pts_us) {
    GstClock *clock = gst_element_get_clock(GST_ELEMENT(self));
    gint64 age = 0;
    if (clock) {
        GstClockTime now = gst_clock_get_time(clock),
                     base = gst_element_get_base_time(GST_ELEMENT(self));
        age = now > base ? (gint64)((now - base) / 1000) - pts_us : 0;
        gst_object_unref(clock);
    }
    return age > 0 && age < 60 * G_USEC_PER_SEC ? (guint64)age : 0;
}

/* A file's tracks arrive on two threads: neither runs ahead. A pipeline without a queue before each
 * pad has one thread for both, which must not wait for itself. */
static void keep_together(S3hlsSink *self, int at, gint64 pts_us) {
    static const gint64 AHEAD_US = 500000, PATIENCE_US = 2000000;
    int other = at == VIDEO ? AUDIO : VIDEO;
    gint64 begin_us = g_get_monotonic_time();
    gboolean ahead, late = FALSE;
    do {
        GST_OBJECT_LOCK(self);
        self->newest_us[at] = MAX(self->newest_us[at], pts_us);
        self->apart |= late;
        ahead = self->pads[other] && !self->ended[other] && !self->apart &&
                pts_us > self->newest_us[other] + AHEAD_US;
        GST_OBJECT_UNLOCK(self);
        if (ahead)
            g_usleep(1000);
        late = ahead && g_get_monotonic_time() - begin_us > PATIENCE_US;
        if (late)
            GST_WARNING_OBJECT(self, "%s is late: it needs a queue of its own",
                               other == AUDIO ? "audio" : "video");
    } while (ahead && !g_atomic_int_get(&self->stopping));
}

/* A file waits while the uplink is slower. */
static void wait_for_space(S3hlsSink *self) {
    s3hls_recorder_stats s;
    do {
        s3hls_recorder_get_stats(self->recorder, &s);
        if (!s.segments_waiting || s.pool_used_bytes <= s.pool_bytes / 2)
            return;
        g_usleep(2000);
    } while (!g_atomic_int_get(&self->stopping));
}

/* At most once in ten seconds. */
static void warn_of_refusal(S3hlsSink *self, int rc) {
    gint64 now_us = g_get_monotonic_time();
    if (rc != S3HLS_E_FULL || now_us - self->warned_us < 10 * G_USEC_PER_SEC)
        return;
    self->warned_us = now_us;
    GST_ELEMENT_WARNING(self, RESOURCE, NO_SPACE_LEFT,
                        ("Pictures are dropped: the uplink is too slow, and the pool is full."),
                        ("see the property stats"));
}

static GstFlowReturn chain_video(GstPad *pad, GstObject *parent, GstBuffer *buffer) {
    S3hlsSink *self = (S3hlsSink *)parent;
    GstMapInfo map;
    GstClockTime pts = GST_BUFFER_PTS(buffer), dts = GST_BUFFER_DTS(buffer);
    if (!GST_CLOCK_TIME_IS_VALID(pts))
        pts = dts;
    s3hls_frame frame = {.pts_us = running_us(pad, pts)};
    if (GST_CLOCK_TIME_IS_VALID(dts) && pts > dts)
        frame.composition_offset_us = (gint64)((pts - dts) / 1000);
    if (is_live(self, pad)) {
        frame.age_us = age_us(self, frame.pts_us);
    } else {
        keep_together(self, VIDEO, frame.pts_us);
        wait_for_space(self);
    }
    if (gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        frame.data = map.data;
        frame.size = map.size;
        int rc = s3hls_recorder_put_video(self->recorder, &frame);
        gst_buffer_unmap(buffer, &map);
        GST_LOG_OBJECT(self, "picture at %" G_GINT64_FORMAT " us: %s", frame.pts_us,
                       s3hls_status_name(rc));
        warn_of_refusal(self, rc);
    }
    gst_buffer_unref(buffer);
    return g_atomic_int_get(&self->stopping) ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

static GstFlowReturn chain_audio(GstPad *pad, GstObject *parent, GstBuffer *buffer) {
    S3hlsSink *self = (S3hlsSink *)parent;
    GstMapInfo map;
    if (GST_BUFFER_PTS_IS_VALID(buffer) && gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        s3hls_audio audio = {
            .data = map.data, .size = map.size, .pts_us = running_us(pad, GST_BUFFER_PTS(buffer))};
        if (!is_live(self, pad))
            keep_together(self, AUDIO, audio.pts_us);
        s3hls_recorder_put_audio(self->recorder, &audio); /* failures are in the statistics */
        gst_buffer_unmap(buffer, &map);
    }
    gst_buffer_unref(buffer);
    return g_atomic_int_get(&self->stopping) ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

/* The last pad has ended: deliver, then end the pipeline. */
static void end_of_stream(S3hlsSink *self, GstPad *pad, GstEvent *event) {
    GST_OBJECT_LOCK(self);
    for (int i = 0; i < PADS; i++)
        self->ended[i] |= self->pads[i] == pad;
    gboolean all =
        (self->ended[VIDEO] || !self->pads[VIDEO]) && (self->ended[AUDIO] || !self->pads[AUDIO]);
    GST_OBJECT_UNLOCK(self);
    if (!all)
        return;
    s3hls_recorder_drain(self->recorder, self->close_ms);
    GstMessage *message = gst_message_new_eos(GST_OBJECT(self));
    gst_message_set_seqnum(message, gst_event_get_seqnum(event));
    gst_element_post_message(GST_ELEMENT(self), message);
}

static void note_gap(S3hlsSink *self, GstPad *pad, GstEvent *event) {
    GstClockTime time, duration;
    gst_event_parse_gap(event, &time, &duration);
    gint64 end_us = running_us(pad, GST_CLOCK_TIME_IS_VALID(duration) ? time + duration : time);
    GST_OBJECT_LOCK(self);
    for (int i = 0; i < PADS; i++)
        if (self->pads[i] == pad)
            self->newest_us[i] = MAX(self->newest_us[i], end_us);
    GST_OBJECT_UNLOCK(self);
}

static gboolean on_pad_event(GstPad *pad, GstObject *parent, GstEvent *event) {
    S3hlsSink *self = (S3hlsSink *)parent;
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT)
        gst_event_copy_segment(event, segment_of(pad));
    if (GST_EVENT_TYPE(event) == GST_EVENT_GAP)
        note_gap(self, pad, event);
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS && self->recorder)
        end_of_stream(self, pad, event);
    return gst_pad_event_default(pad, parent, event);
}

/* ---- pads */

static GstPad *request_pad(GstElement *element, GstPadTemplate *template, const gchar *name,
                           const GstCaps *caps) {
    S3hlsSink *self = (S3hlsSink *)element;
    (void)name, (void)caps;
    const gchar *kind = GST_PAD_TEMPLATE_NAME_TEMPLATE(template);
    int at = strcmp(kind, "audio") == 0 ? AUDIO : VIDEO;
    if (self->pads[at] || self->recorder) { /* the tracks of a recording are fixed at its begin */
        GST_WARNING_OBJECT(self, "there is no further pad %s", kind);
        return NULL;
    }
    GstPad *pad = gst_pad_new_from_template(template, kind);
    gst_pad_set_chain_function(pad, at == AUDIO ? chain_audio : chain_video);
    gst_pad_set_event_function(pad, on_pad_event);
    GstSegment *segment = gst_segment_new();
    gst_segment_init(segment, GST_FORMAT_TIME);
    gst_pad_set_element_private(pad, segment);
    GST_OBJECT_LOCK(self);
    self->pads[at] = pad;
    GST_OBJECT_UNLOCK(self);
    gst_element_add_pad(element, pad);
    return pad;
}

static void release_pad(GstElement *element, GstPad *pad) {
    S3hlsSink *self = (S3hlsSink *)element;
    GST_OBJECT_LOCK(self);
    for (int i = 0; i < PADS; i++)
        if (self->pads[i] == pad)
            self->pads[i] = NULL;
    GST_OBJECT_UNLOCK(self);
    gst_pad_set_active(pad, FALSE);
    gst_segment_free(segment_of(pad));
    gst_pad_set_element_private(pad, NULL);
    gst_element_remove_pad(element, pad);
}

/* ---- the class */

static void finalize(GObject *object) {
    S3hlsSink *self = (S3hlsSink *)object;
    s3hls_sink_free_properties(self);
    g_free(self->fault);
    G_OBJECT_CLASS(s3hls_sink_parent_class)->finalize(object);
}

static void s3hls_sink_class_init(S3hlsSinkClass *class) {
    GstElementClass *element = GST_ELEMENT_CLASS(class);
    GST_DEBUG_CATEGORY_INIT(s3hls_sink_debug, "s3hlssink", 0, "HLS segments to S3");
    G_OBJECT_CLASS(class)->finalize = finalize;
    s3hls_sink_install_properties(G_OBJECT_CLASS(class));
    element->change_state = change_state;
    element->request_new_pad = request_pad;
    element->release_pad = release_pad;
    gst_element_class_add_static_pad_template(element, &video_template);
    gst_element_class_add_static_pad_template(element, &audio_template);
    gst_element_class_set_static_metadata(
        element, "HLS segments to S3", "Sink/Network",
        "Records H.264 or H.265, and AAC, as HLS segments in S3 or a directory", "s3hls");
}

static void s3hls_sink_init(S3hlsSink *self) {
    s3hls_sink_init_properties(self);
    self->env = s3hls_env_default();
    self->env.ctx = self; /* its other functions ignore it */
    self->env.log = on_log;
    self->env.log_level = S3HLS_LOG_DEBUG;
    GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SINK);
}

static gboolean plugin_init(GstPlugin *plugin) {
    return gst_element_register(plugin, "s3hlssink", GST_RANK_NONE, s3hls_sink_get_type());
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, s3hls, "HLS segments to S3", plugin_init,
                  S3HLS_VERSION, "MIT/X11", "s3hls", "s3hls")
