/* SPDX-License-Identifier: MIT-0 */
#include "server/views.h"
#include "layout/key.h"
#include "playback/window.h"
#include "s3/uri.h"
#include "s3hls/playlist.h"
#include "s3hls/time.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TEXT_MAX = 64 << 20,
    LIVE_MS = 60000,           /* a camera without a new segment for this long is not live */
    LOOK_BELIEVED_MS = 600000, /* after a longer time its state is unknown */
    SETTLED_MS = 900000,       /* after this time no more segments are expected */
    PRESIGNED_S = 3600         /* validity of a presigned URL, plus the length of its playlist */
};

/* One answer being made. */
typedef struct view {
    s3hls__workspace *workspace;
    s3hls__answer_account *account;
    const s3hls__request *request;
    const s3hls__grant *grant;
    int64_t now_ms;
    s3hls_archive *archive; /* if the route has a camera */
    bool presign;
    s3hls_s3_error error;
} view;

/* How long an answer is valid, here and in caches. A MOVING answer is served for one more second
 * while it is being updated, so that viewers do not all wait for the store. */
typedef enum freshness { MOVING, SLOW, SETTLED, FOR_EVER, REFUSED } freshness;

static s3hls__answer *hold(const view *v, s3hls__answer *a, freshness f) {
    static const struct {
        uint32_t fresh_s, usable_s, max_age_s;
    } kinds[] = {
        [MOVING] = {1, 2, 1},     [SLOW] = {5, 10, 5},
        [SETTLED] = {30, 60, 30}, [FOR_EVER] = {86400, 0, 31536000},
        [REFUSED] = {1, 0, 1},
    };
    const s3hls_env *env = &v->account->env;
    int64_t now_us = env->monotonic_us(env->ctx);
    if (a) {
        a->fresh_until_us = now_us + kinds[f].fresh_s * INT64_C(1000000);
        a->usable_until_us = now_us + kinds[f].usable_s * INT64_C(1000000);
        a->max_age_s = kinds[f].max_age_s;
        a->immutable = f == FOR_EVER;
    }
    return a;
}

static freshness settled_at(const view *v, int64_t to_ms) {
    return to_ms < v->now_ms - SETTLED_MS ? SETTLED : MOVING;
}

/* ---- refusals */

s3hls__answer *s3hls__view_failure(s3hls__answer_account *account, int status) {
    switch (status) {
    case S3HLS_E_NO_VIDEO:
        return s3hls__answer_problem(account, 404, "nothing was recorded in this range");
    case S3HLS_E_NOT_FOUND:
        return s3hls__answer_problem(account, 404, "there is no such camera or segment");
    case S3HLS_E_CREDENTIALS:
        return s3hls__answer_problem(account, 503,
                                     "the server's keys to the store have expired or are wrong");
    case S3HLS_E_ACCESS:
    case S3HLS_E_NO_BUCKET:
    case S3HLS_E_REGION:
        return s3hls__answer_problem(account, 502, "the store does not let the server read");
    case S3HLS_E_TOO_LARGE:
        return s3hls__answer_problem(account, 502, "the segment is larger than is handed on");
    case S3HLS_E_MALFORMED:
    case S3HLS_E_PROTOCOL:
        return s3hls__answer_problem(account, 502, "what the store holds is damaged");
    case S3HLS_E_NOMEM:
        return s3hls__answer_problem(account, 503, "the server is out of memory");
    default:
        return s3hls__answer_problem(account, 503, "the store cannot be reached; try again");
    }
}

static s3hls__answer *fail(const view *v, int status) {
    return hold(v, s3hls__view_failure(v->account, status), REFUSED);
}

static int stop_at_first(void *ctx, const s3hls_s3_object *object) {
    (void)ctx, (void)object;
    return 1;
}

/* The range is empty: check whether the camera exists. */
static int check_exists(view *v) {
    int rc =
        s3hls_store_list(s3hls_archive_store(v->archive), "", "", stop_at_first, NULL, &v->error);
    return rc == S3HLS_E_CANCELLED ? S3HLS_OK : (rc ? rc : S3HLS_E_NOT_FOUND);
}

static s3hls__answer *nothing_here(view *v) {
    const s3hls__request *r = v->request;
    int rc = check_exists(v);
    if (rc)
        return fail(v, rc);
    const char *detail = r->has_range && r->from_ms >= v->now_ms
                             ? "the range lies in the future"
                             : (r->has_range ? "nothing was recorded in this range"
                                             : "the camera has not recorded of late");
    return hold(v, s3hls__answer_problem(v->account, 404, detail), REFUSED);
}

/* ---- JSON */

static int add_text(const char *data, size_t size, void *ctx) {
    s3hls__strbuf *b = ctx;
    s3hls__strbuf_add(b, data, size);
    return b->status ? -1 : 0;
}

/* Takes over the reference to the object. */
static s3hls__answer *json_answer(const view *v, json_t *object, freshness f) {
    s3hls__strbuf b;
    char *text = NULL;
    s3hls__strbuf_init(&b, &v->account->env, TEXT_MAX);
    if (!object || json_dump_callback(object, add_text, &b, JSON_COMPACT))
        b.status = S3HLS_E_NOMEM;
    json_decref(object);
    size_t size = b.size;
    if (s3hls__strbuf_take(&b, &text))
        return NULL;
    return hold(v, s3hls__answer_text(v->account, "application/json", text, size), f);
}

static json_t *json_time(int64_t ms) {
    char text[S3HLS_TIME_TEXT_MAX];
    s3hls_time_format(ms * 1000, text, sizeof text);
    return json_string(text);
}

/* ---- cameras */

typedef struct chosen {
    char id[S3HLS__CAMERA_MAX];
    int64_t looked_ms;
} chosen;

typedef struct camera_list {
    const view *view;
    chosen *chosen; /* to be checked; S3HLS__CAMERAS_MAX entries */
    size_t count;
    json_t *cameras;
    int64_t at; /* number of the next camera that the grant opens */
} camera_list;

static bool is_chosen(const s3hls__request *r, int64_t at) {
    return r->count == 0 || (at >= r->first && at < r->first + r->count);
}

/* @return whether the next camera of the list belongs to the answer. */
static bool choose(camera_list *l, const s3hls__camera *camera) {
    const view *v = l->view;
    return s3hls__grant_opens(v->grant, camera->id) && is_chosen(v->request, l->at++);
}

static bool note_chosen(void *ctx, const s3hls__camera *camera) {
    camera_list *l = ctx;
    if (choose(l, camera)) {
        chosen *c = &l->chosen[l->count++];
        memcpy(c->id, camera->id, sizeof c->id);
        c->looked_ms = camera->state.looked_ms;
    }
    return l->count == S3HLS__CAMERAS_MAX;
}

static int longest_ago_first(const void *a, const void *b) {
    int64_t x = ((const chosen *)a)->looked_ms, y = ((const chosen *)b)->looked_ms;
    return (x > y) - (x < y);
}

/* Add what a recorder in the same process knows of the camera now. */
static void add_input(const view *v, const char *camera, json_t *object) {
    s3hls_input_state input = {.state = ""};
    if (s3hls__workspace_input_state(v->workspace, camera, &input))
        json_object_set_new(object, "input",
                            json_pack("{s:s,s:s}", "state", input.state, "reason", input.reason));
}

/* Add a camera and whether it was recording when it was checked. A camera that only has timelines
 * has no newest segment. A share link shows the newest segment only within its range. */
static bool add_camera(void *ctx, const s3hls__camera *camera) {
    camera_list *l = ctx;
    const view *v = l->view;
    const s3hls__camera_state *s = &camera->state;
    if (!choose(l, camera))
        return false;
    bool covered = v->now_ms >= v->grant->from_ms && v->now_ms < v->grant->to_ms;
    int64_t end_ms = s->recorded ? s->newest.start_ms + s->newest.duration_ms : 0;
    json_t *object = json_pack("{s:s}", "id", camera->id);
    if (v->now_ms - s->looked_ms < LOOK_BELIEVED_MS || !covered)
        json_object_set_new(object, "live",
                            json_boolean(covered && end_ms > s->looked_ms - LIVE_MS));
    if (covered && end_ms > v->grant->from_ms && end_ms)
        json_object_set_new(object, "newest", json_time(end_ms));
    if (covered)
        add_input(v, camera->id, object);
    json_array_append_new(l->cameras, object);
    return false;
}

/* Check the chosen cameras, or all if they are few, least recently checked first, as long as the
 * budget lasts. */
static int look_at_cameras(view *v, camera_list *l) {
    enum { FEW = 10 };
    int rc = s3hls__workspace_cameras(v->workspace, v->request->name, note_chosen, l, &v->error);
    if (!v->request->count && l->count > FEW)
        return rc;
    qsort(l->chosen, l->count, sizeof *l->chosen, longest_ago_first);
    for (size_t i = 0; i < l->count && !rc; i++)
        rc = s3hls__workspace_look(v->workspace, l->chosen[i].id, &v->error);
    return rc;
}

static s3hls__answer *view_cameras(view *v) {
    const s3hls_env *env = &v->account->env;
    camera_list l = {.view = v, .cameras = json_array()};
    l.chosen = s3hls__env_alloc(env, S3HLS__CAMERAS_MAX * sizeof *l.chosen);
    int rc = l.chosen ? look_at_cameras(v, &l) : S3HLS_E_NOMEM;
    s3hls__env_free(env, l.chosen);
    l.at = 0;
    if (!rc)
        rc = s3hls__workspace_cameras(v->workspace, v->request->name, add_camera, &l, &v->error);
    if (rc) {
        json_decref(l.cameras);
        return fail(v, rc);
    }
    return json_answer(v, json_pack("{s:o,s:o}", "now", json_time(v->now_ms), "cameras", l.cameras),
                       SLOW);
}

/* ---- days and timelines */

static int on_day(void *ctx, const char *day) {
    return json_array_append_new(ctx, json_string(day));
}

static s3hls__answer *view_days(view *v) {
    const s3hls__request *r = v->request;
    json_t *days = json_array();
    int rc = s3hls_archive_days(v->archive, r->from_ms, r->to_ms, on_day, days, &v->error);
    if (!rc && json_array_size(days) == 0)
        rc = check_exists(v);
    if (rc) {
        json_decref(days);
        return fail(v, rc);
    }
    return json_answer(v, json_pack("{s:o}", "days", days), settled_at(v, r->to_ms));
}

static void add_stretch(json_t *array, int64_t from_ms, int64_t to_ms) {
    json_array_append_new(
        array, json_pack("{s:o,s:o}", "from", json_time(from_ms), "to", json_time(to_ms)));
}

/* Recorded spans, and the gaps between them and up to the range's ends. Future time is not a gap,
 * but footage that a fast clock recorded there is listed. */
static void add_spans(const s3hls_segment_list *list, const view *v, json_t *spans, json_t *gaps) {
    int64_t from_ms = v->request->from_ms, to_ms = v->request->to_ms, end_ms = from_ms;
    int64_t gaps_to_ms = to_ms < v->now_ms ? to_ms : v->now_ms;
    s3hls_time_span span;
    for (size_t i = 0; i < list->count;) {
        i = s3hls_segment_list_span(list, i, &span);
        int64_t gap_to_ms = span.start_ms < gaps_to_ms ? span.start_ms : gaps_to_ms;
        if (gap_to_ms > end_ms)
            add_stretch(gaps, end_ms, gap_to_ms);
        end_ms = span.end_ms < to_ms ? span.end_ms : to_ms;
        add_stretch(spans, span.start_ms > from_ms ? span.start_ms : from_ms, end_ms);
    }
    if (end_ms < gaps_to_ms)
        add_stretch(gaps, end_ms, gaps_to_ms);
}

static s3hls__answer *view_timeline(view *v) {
    const s3hls__request *r = v->request;
    s3hls_segment_list list;
    int rc = s3hls_archive_list(v->archive, r->from_ms, r->to_ms, &list, &v->error);
    if (!rc && list.count == 0 && (rc = check_exists(v)))
        s3hls_segment_list_deinit(&list, &v->account->env);
    if (rc)
        return fail(v, rc);
    json_t *spans = json_array(), *gaps = json_array();
    add_spans(&list, v, spans, gaps);
    json_t *object = json_pack("{s:o,s:o,s:o,s:o,s:o,s:I}", "from", json_time(r->from_ms), "to",
                               json_time(r->to_ms), "now", json_time(v->now_ms), "spans", spans,
                               "gaps", gaps, "foreign", (json_int_t)list.foreign);
    s3hls_segment_list_deinit(&list, &v->account->env);
    return json_answer(v, object, settled_at(v, r->to_ms));
}

/* ---- playlists */

typedef struct addresses {
    const view *view;
    uint32_t expires_s;
} addresses;

/* URL of a segment: presigned, or on this server and relative to the playlist's URL. */
static int make_address(void *ctx, const char *key, char **url) {
    const addresses *a = ctx;
    const s3hls__request *r = a->view->request;
    if (a->view->presign)
        return s3hls_store_url(s3hls_archive_store(a->view->archive), key, a->expires_s, url);
    s3hls__strbuf b;
    s3hls__strbuf_init(&b, &a->view->account->env, 4096);
    s3hls__strbuf_add_str(&b, "../../media/");
    s3hls__uri_encode(&b, r->camera, strlen(r->camera), false);
    s3hls__strbuf_addf(&b, "/%s%s%s", key, r->share[0] ? "?share=" : "", r->share);
    return s3hls__strbuf_take(&b, url);
}

/* Target duration of a segment's timeline; 0: not known. */
static uint32_t target_duration_ms(void *ctx, const s3hls_segment *s) {
    const view *v = ctx;
    s3hls_timeline timeline;
    if (s->sdk_name ||
        s3hls__workspace_timeline(v->workspace, v->request->camera, s->timeline, &timeline))
        return 0;
    return timeline.target_duration_ms;
}

static s3hls__answer *write_playlist(view *v, s3hls_segment_list *list,
                                     const s3hls_playlist_config *cfg, freshness f) {
    char *text = NULL;
    size_t size = 0;
    int rc = s3hls_playlist_write(cfg, list->segments, list->count, &text, &size);
    s3hls_segment_list_deinit(list, &v->account->env);
    if (rc == S3HLS_E_NOT_FOUND)
        return nothing_here(v);
    if (rc)
        return fail(v, rc);
    return hold(v, s3hls__answer_text(v->account, "application/vnd.apple.mpegurl", text, size), f);
}

static bool ends_by(const s3hls_segment *segment, int64_t ms) {
    return segment->start_ms + segment->duration_ms <= ms;
}

/* Segments of the playlist: those of the requested range with the earlier ones that decoding
 * requires, or the newest ones; limited to the range of a share link. */
static int list_segments(view *v, s3hls_segment_list *list) {
    const s3hls__request *r = v->request;
    const s3hls__grant *grant = v->grant;
    int64_t live_ms = v->now_ms - S3HLS__LIVE_WINDOW_MS;
    int rc =
        r->has_range
            ? s3hls_archive_list_playable(v->archive, r->from_ms, r->to_ms, list, &v->error)
            : s3hls_archive_recent(v->archive, live_ms > grant->from_ms ? live_ms : grant->from_ms,
                                   list, &v->error);
    if (rc)
        return rc;
    size_t early = 0;
    while (early < list->count && ends_by(&list->segments[early], grant->from_ms))
        early++;
    list->count -= early;
    if (early)
        memmove(list->segments, list->segments + early, list->count * sizeof *list->segments);
    while (list->count && list->segments[list->count - 1].start_ms >= grant->to_ms)
        list->count--;
    return S3HLS_OK;
}

/* The range lies in the past: nothing changes any more, except for late arrivals. */
static bool is_closed(const view *v) {
    return v->request->has_range && v->request->to_ms + LIVE_MS < v->now_ms;
}

/* The camera has added nothing for so long that no more is expected. */
static bool has_stopped(const view *v, const s3hls_segment *last, uint32_t target_ms) {
    int64_t end_ms = last->start_ms + last->duration_ms, put_ms = last->modified_unix_s * 1000;
    int64_t patience_ms = 5 * (int64_t)target_ms > LIVE_MS ? 5 * (int64_t)target_ms : LIVE_MS;
    return v->now_ms - (end_ms > put_ms ? end_ms : put_ms) > patience_ms;
}

/* The live playlist of this URL ends where a timeline needs another target duration, which must not
 * change (RFC 8216 6.2.1): the multivariant playlist then names another URL. */
static void configure_live(view *v, s3hls_segment_list *list, s3hls_playlist_config *cfg) {
    const s3hls_segment *last = &list->segments[list->count - 1];
    uint32_t target_s = (uint32_t)v->request->target_s;
    s3hls__workspace_note_newest(v->workspace, v->request->camera, last);
    size_t end = s3hls__window_end(list->segments, list->count, &target_s, target_duration_ms, v);
    cfg->type = S3HLS_PLAYLIST_LIVE;
    cfg->target_duration_ms = target_s * 1000;
    cfg->ended = end < list->count || has_stopped(v, last, cfg->target_duration_ms);
    list->count = end;
}

/* A range is closed some time after its end; before that, its playlist grows. */
static void configure(view *v, s3hls_segment_list *list, s3hls_playlist_config *cfg) {
    const s3hls__request *r = v->request;
    const s3hls_segment *last = &list->segments[list->count - 1];
    cfg->env = &v->account->env;
    cfg->now_ms = v->now_ms;
    if (r->has_range) {
        cfg->target_duration_ms = target_duration_ms(v, last);
        cfg->type = is_closed(v) ? S3HLS_PLAYLIST_VOD : S3HLS_PLAYLIST_EVENT;
        cfg->ended = r->to_ms <= v->now_ms && last->start_ms + last->duration_ms >= r->to_ms;
        cfg->start_ms = r->from_ms;
    } else {
        configure_live(v, list, cfg);
    }
}

/* Validity of a presigned URL: the playlist's length plus one hour, limited by the link that
 * requests it. */
static uint32_t presigned_s(const view *v) {
    const s3hls__request *r = v->request;
    int64_t life_s = PRESIGNED_S + (r->has_range ? (r->to_ms - r->from_ms) / 1000 : 0);
    int64_t left_s = v->grant->expires_s - v->now_ms / 1000;
    life_s = life_s < left_s ? life_s : left_s;
    return life_s > 1 ? (uint32_t)life_s : 1;
}

static s3hls__answer *view_playlist(view *v) {
    const s3hls__request *r = v->request;
    s3hls_segment_list list;
    s3hls_playlist_config cfg;
    addresses a = {v, presigned_s(v)};
    int rc = list_segments(v, &list);
    if (rc)
        return fail(v, rc);
    s3hls_playlist_config_init(&cfg);
    cfg.url = make_address;
    cfg.url_ctx = &a;
    if (list.count)
        configure(v, &list, &cfg);
    return write_playlist(v, &list, &cfg, r->has_range ? settled_at(v, r->to_ms) : MOVING);
}

/* ---- the multivariant playlist: one variant, its figures from names, sizes and the timeline */

/* URL of the media playlist, relative to this one. That of live states its target duration, which
 * each segment of the newest window fits. */
static void add_media_url(view *v, const s3hls_segment_list *list, s3hls__strbuf *b) {
    const s3hls__request *r = v->request;
    if (r->has_range)
        s3hls__strbuf_addf(b, "range.m3u8?start=%" PRId64 ".%03d&end=%" PRId64 ".%03d",
                           r->from_ms / 1000, (int)(r->from_ms % 1000), r->to_ms / 1000,
                           (int)(r->to_ms % 1000));
    else
        s3hls__strbuf_addf(
            b, "live.m3u8?target=%" PRIu32,
            s3hls__window_target_s(list->segments, list->count, target_duration_ms, v));
    if (r->share[0])
        s3hls__strbuf_addf(b, "&share=%s", r->share);
}

static int write_master(view *v, const s3hls_segment_list *list, char **text, size_t *size) {
    const s3hls_segment *last = &list->segments[list->count - 1];
    s3hls_timeline timeline;
    s3hls_variant variant = {
        .independent = is_closed(v) && s3hls_playlist_independent(list->segments, list->count)};
    char *url = NULL;
    s3hls__strbuf b;
    if (!last->sdk_name &&
        !s3hls__workspace_timeline(v->workspace, v->request->camera, last->timeline, &timeline))
        variant.timeline = &timeline;
    s3hls_playlist_bandwidth(list->segments, list->count,
                             variant.timeline ? timeline.target_duration_ms : last->duration_ms,
                             &variant.peak_bps, &variant.average_bps);
    s3hls__strbuf_init(&b, &v->account->env, 4096);
    add_media_url(v, list, &b);
    int rc = s3hls__strbuf_take(&b, &url);
    variant.url = url;
    if (!rc)
        rc = s3hls_playlist_write_multivariant(&variant, 1, text, size, &v->account->env);
    s3hls__env_free(&v->account->env, url);
    return rc;
}

static s3hls__answer *view_master(view *v) {
    s3hls_segment_list list;
    char *text = NULL;
    size_t size = 0;
    int rc = list_segments(v, &list);
    if (rc)
        return fail(v, rc);
    if (list.count == 0) {
        s3hls_segment_list_deinit(&list, &v->account->env);
        return nothing_here(v);
    }
    rc = write_master(v, &list, &text, &size);
    s3hls_segment_list_deinit(&list, &v->account->env);
    if (rc)
        return fail(v, rc);
    return hold(v, s3hls__answer_text(v->account, "application/vnd.apple.mpegurl", text, size),
                v->request->has_range ? SETTLED : MOVING);
}

/* ---- segments */

int s3hls__segment_read(s3hls_archive *archive, const s3hls_env *env, const char *key, char **body,
                        size_t *size, s3hls_s3_error *error) {
    s3hls__strbuf b;
    s3hls__strbuf_init(&b, env, S3HLS__SEGMENT_MAX);
    int rc = s3hls_store_get(s3hls_archive_store(archive), key, 0, UINT64_MAX,
                             s3hls__strbuf_collect, &b, error);
    rc = b.status ? b.status : rc;
    if (rc) {
        s3hls__strbuf_deinit(&b);
        return rc;
    }
    char *fitted = b.size ? s3hls__env_realloc(env, b.data, b.size) : NULL;
    *body = fitted ? fitted : b.data;
    *size = b.size;
    return S3HLS_OK;
}

/* A segment name without a duration does not show whether the segment overlaps a link's range: list
 * it. @return S3HLS_E_NOT_FOUND: it does not. */
static int check_reach(view *v) {
    const s3hls__grant *grant = v->grant;
    s3hls_segment s;
    s3hls_segment_list list;
    s3hls__key_parse(v->request->name, strlen(v->request->name), &s);
    if (!grant->share || !s.sdk_name || s.start_ms >= grant->from_ms)
        return S3HLS_OK;
    int rc = s3hls_archive_list(v->archive, grant->from_ms, grant->from_ms + 1, &list, &v->error);
    if (rc)
        return rc;
    rc = S3HLS_E_NOT_FOUND;
    for (size_t i = 0; i < list.count; i++)
        if (list.segments[i].sdk_name && list.segments[i].start_ms == s.start_ms)
            rc = S3HLS_OK;
    s3hls_segment_list_deinit(&list, &v->account->env);
    return rc;
}

static s3hls__answer *view_media(view *v) {
    char *body = NULL;
    size_t size = 0;
    s3hls_segment s;
    int rc = check_reach(v);
    if (rc)
        return fail(v, rc);
    rc = s3hls__segment_read(v->archive, &v->account->env, v->request->name, &body, &size,
                             &v->error);
    if (rc)
        return fail(v, rc);
    s3hls__key_kind kind = s3hls__key_parse(v->request->name, strlen(v->request->name), &s);
    const char *type = s3hls__key_content_type(kind, &s);
    return hold(v, s3hls__answer_media(v->account, type, body, size), FOR_EVER);
}

/* ---- the whole */

s3hls__answer *s3hls__view_make(s3hls__workspace *workspace, s3hls__answer_account *account,
                                const s3hls__request *r, const s3hls__grant *grant) {
    static s3hls__answer *(*const views[S3HLS__ROUTES])(view *) = {
        [S3HLS__ROUTE_CAMERAS] = view_cameras,   [S3HLS__ROUTE_DAYS] = view_days,
        [S3HLS__ROUTE_TIMELINE] = view_timeline, [S3HLS__ROUTE_MASTER] = view_master,
        [S3HLS__ROUTE_LIVE] = view_playlist,     [S3HLS__ROUTE_RANGE] = view_playlist,
        [S3HLS__ROUTE_MEDIA] = view_media,
    };
    view v = {.workspace = workspace,
              .account = account,
              .request = r,
              .grant = grant,
              .now_ms = account->env.wall_us(account->env.ctx) / 1000};
    int rc = S3HLS_OK;
    if (s3hls__route_has_camera(r->route))
        rc = s3hls__workspace_archive(workspace, r->camera, &v.archive, &v.presign, &v.error);
    if (!rc)
        return views[r->route](&v);
    if (rc == S3HLS_E_NOT_FOUND)
        return hold(&v, s3hls__answer_problem(account, 404, "there is no such camera"), REFUSED);
    return fail(&v, rc);
}
