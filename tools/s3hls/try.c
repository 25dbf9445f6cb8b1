/* SPDX-License-Identifier: MIT-0 */
#include "try.h"
#include "av_messages.h"
#include "camera.h"
#include "doctor.h"
#include "probe.h"
#include "tool.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 32 };

typedef struct trial {
    const s3hls__site *site;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t next; /* camera that no thread has taken */
    struct {
        probe probe;
        bool done;
    } * results;
} trial;

/* ---- what a probe shows */

static const char *audio_name(const s3hls__site_camera *c, const probe *p) {
    static const char *const names[] = {"no sound", "AAC", "AAC", "Opus", "FLAC", "G.711", "G.711"};
    return c->source.audio == S3HLS_SOURCE_AUDIO_OFF ? "sound off" : names[p->audio];
}

static void report_facts(doctor *d, const s3hls__site_camera *c, const probe *p) {
    double seconds = (double)p->media_us / 1e6;
    char rate[64] = "", keyframes[64] = "";
    if (p->media_us > 0)
        snprintf(rate, sizeof rate, ", %.4g frames/s, %.2f Mbit/s",
                 (double)(p->pictures - 1) / seconds, (double)p->bytes * 8 / seconds / 1e6);
    if (p->keyframes > 1)
        snprintf(keyframes, sizeof keyframes, ", a keyframe every %.3g s",
                 (double)p->interval_us / 1e6);
    doctor_report(d, OK, c->name, "", "%s %" PRIu32 "x%" PRIu32 "%s%s, %s",
                  p->video.codec == S3HLS__CODEC_H265 ? "H.265" : "H.264", p->video.width,
                  p->video.height, rate, keyframes, audio_name(c, p));
}

/* Segments end at keyframes. */
static void report_interval(doctor *d, const s3hls__site_camera *c, const probe *p) {
    int64_t segment_us = c->recorder.segment_duration_ms * INT64_C(1000);
    double seconds = (double)p->interval_us / 1e6;
    if (p->interval_us <= segment_us * 3 / 2)
        return;
    char remedy[128];
    snprintf(remedy, sizeof remedy, "Set the camera's keyframe interval to %g s or less.",
             (double)segment_us / 1e6);
    if (p->keyframes > 1)
        doctor_report(d, WARN, c->name, remedy,
                      "keyframes every %.3g s: segments will be that long", seconds);
    else
        doctor_report(d, WARN, c->name, remedy,
                      "no second keyframe within %.1f s: segments will be longer than that",
                      seconds);
}

/* One segment is delivered while the next is filled. */
static void report_size(doctor *d, const s3hls__site_camera *c, const probe *p) {
    int64_t segment_us = c->recorder.segment_duration_ms * INT64_C(1000);
    if (p->interval_us > segment_us)
        segment_us = p->interval_us;
    if (p->media_us <= 0)
        return;
    double bytes = (double)p->bytes * (double)segment_us / (double)p->media_us;
    if (bytes > (double)c->recorder.pool_quota_bytes / 2)
        doctor_report(d, WARN, c->name, "Give the site a larger pool, or the camera a pool-share.",
                      "a segment of %.1f MiB does not fit twice into its share of the pool, "
                      "%.1f MiB",
                      bytes / (1 << 20), (double)c->recorder.pool_quota_bytes / (1 << 20));
}

static void report_remarks(doctor *d, const s3hls__site_camera *c, const probe *p) {
    report_interval(d, c, p);
    report_size(d, c, p);
    if (p->video.codec == S3HLS__CODEC_H265 && c->recorder.container == S3HLS_CONTAINER_TS)
        doctor_report(d, WARN, c->name, "Set container to auto or fmp4.",
                      "H.265 in MPEG-TS: Apple's players do not play it");
    if (p->audio_refused[0])
        doctor_report(d, WARN, c->name, "", "it is recorded without sound: %s", p->audio_refused);
    if (p->damaged)
        doctor_report(d, WARN, c->name,
                      c->source.transport == S3HLS_RTSP_TCP ? "Check the network to the camera."
                                                            : "Set transport to tcp.",
                      "data is missing from %" PRIu64 " of %" PRIu64 " pictures", p->damaged,
                      p->pictures);
}

static void report_camera(doctor *d, const s3hls__site_camera *c, const probe *p) {
    const char *advice = camera_advice(p->status);
    if (p->status)
        doctor_report(d, FAIL, c->name, advice, "%s (%s)",
                      p->why[0] ? p->why : s3hls_strerror(p->status), s3hls_status_name(p->status));
    else if (!p->keyframes)
        doctor_report(d, FAIL, c->name, "Set a keyframe interval of some seconds at the camera.",
                      "no keyframe arrived in %.1f s", (double)p->read_us / 1e6);
    else
        report_facts(d, c, p);
    if (!p->status && p->keyframes)
        report_remarks(d, c, p);
}

/* ---- cameras, many at once */

static void *work(void *ctx) {
    trial *t = ctx;
    pthread_mutex_lock(&t->lock);
    while (t->next < t->site->camera_count) {
        size_t i = t->next++;
        pthread_mutex_unlock(&t->lock);
        probe_run(&t->results[i].probe, &t->site->cameras[i].source);
        pthread_mutex_lock(&t->lock);
        t->results[i].done = true;
        pthread_cond_signal(&t->changed);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* Report in the order of the file. */
static void report_all(trial *t, doctor *d) {
    for (size_t i = 0; i < t->site->camera_count; i++) {
        pthread_mutex_lock(&t->lock);
        while (!t->results[i].done)
            pthread_cond_wait(&t->changed, &t->lock);
        pthread_mutex_unlock(&t->lock);
        report_camera(d, &t->site->cameras[i], &t->results[i].probe);
        fflush(stdout);
    }
}

static int try_cameras(const s3hls__site *site, doctor *d) {
    trial t = {.site = site};
    pthread_t threads[THREADS_MAX];
    size_t count = 0;
    t.results = calloc(site->camera_count, sizeof *t.results);
    if (!t.results)
        return S3HLS_E_NOMEM;
    pthread_mutex_init(&t.lock, NULL);
    pthread_cond_init(&t.changed, NULL);
    while (count < THREADS_MAX && count < site->camera_count &&
           pthread_create(&threads[count], NULL, work, &t) == 0)
        count++;
    if (count)
        report_all(&t, d);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    pthread_cond_destroy(&t.changed);
    pthread_mutex_destroy(&t.lock);
    free(t.results);
    return count ? S3HLS_OK : S3HLS_E_NOMEM;
}

/* ---- the whole */

int try_site(const s3hls__site *site, const common_options *common, bool json) {
    doctor d = {.common = *common, .json = json};
    int code = EXIT_FAILED;
    d.common.s3 = site->s3;
    d.common.profile = site->profile;
    d.common.checksum_given |= site->checksum_given;
    av_messages_open(&d.common.env);
    int rc = s3hls__site_open_credentials(site, &d.common.credentials, &d.common.env);
    d.common.s3.credentials = d.common.credentials;
    if (rc)
        doctor_report(&d, FAIL, "credentials", "", "%s (%s)", s3hls_strerror(rc),
                      s3hls_status_name(rc));
    else
        code = doctor_examine(&d, "check", site->store);
    rc = try_cameras(site, &d);
    if (rc)
        complain("check", "--try", rc, NULL);
    doctor_close(&d);
    s3hls_credentials_close(&d.common.credentials);
    return rc || d.failures ? EXIT_FAILED : code;
}
