/* SPDX-License-Identifier: MIT-0 */
/* One recording per process: with that of v1, the project's only process-global state. */
#include "S3_HLS_SDK.h"
#include "s3hls/s3hls.h"
#include <ctype.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINALIZE_MS = 10000, STEP_MS = 100, BUFFER_MIN = 256 << 10, TAGS_MAX = 10 };

/* Locks are taken in the order video, audio. Opening, ending and settings hold both. */
static struct {
    pthread_mutex_t video_lock, audio_lock;

    /* changed under both locks */
    s3hls_uploader *uploader; /* NULL: not initialized */
    s3hls_credentials_provider *credentials;
    s3hls_recorder *recorder; /* opened by the first frame, when all settings are known */
    char *region, *url, *endpoint, *tags;

    pthread_t thread;
    bool started;
    _Atomic bool ending;
} session = {.video_lock = PTHREAD_MUTEX_INITIALIZER, .audio_lock = PTHREAD_MUTEX_INITIALIZER};

static void lock_all(void) {
    pthread_mutex_lock(&session.video_lock);
    pthread_mutex_lock(&session.audio_lock);
}

static void unlock_all(void) {
    pthread_mutex_unlock(&session.audio_lock);
    pthread_mutex_unlock(&session.video_lock);
}

static int32_t code_of(int status) {
    if (status == S3HLS_W_AUDIO_DROPPED)
        return S3_HLS_BUFFER_OVERFLOW;
    if (status >= 0) /* accepted, perhaps with a remark */
        return S3_HLS_OK;
    switch (status) {
    case S3HLS_E_TOO_LARGE: /* SEI; its picture is recorded without it */
        return S3_HLS_OK;
    case S3HLS_E_NOMEM:
        return S3_HLS_OUT_OF_MEMORY;
    case S3HLS_E_FULL:
        return S3_HLS_BUFFER_OVERFLOW;
    case S3HLS_E_STATE:
        return S3_HLS_INVALID_STATUS;
    case S3HLS_E_SKIPPED:
    case S3HLS_E_MALFORMED:
    case S3HLS_E_UNSUPPORTED:
        return S3_HLS_UNKNOWN_INTERNAL_ERROR;
    case S3HLS_E_UNDELIVERED:
        return S3_HLS_UPLOAD_FAILED;
    default:
        return S3_HLS_INVALID_PARAMETER;
    }
}

/* ---- settings */

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static char *make_url(const char *bucket, const char *prefix) {
    const char *given = variable("S3HLS_URL");
    if (given)
        return strdup(given);
    char *url = NULL;
    prefix = prefix ? prefix + strspn(prefix, "/") : "";
    return asprintf(&url, "s3://%s/%s", bucket, prefix) < 0 ? NULL : url;
}

static void forget(void) {
    s3hls_uploader_close(&session.uploader);
    s3hls_credentials_close(&session.credentials);
    free(session.region);
    free(session.url);
    free(session.endpoint);
    free(session.tags);
    session.region = session.url = session.endpoint = session.tags = NULL;
}

int32_t S3_HLS_SDK_Initialize(uint32_t buffer_size, char *region, char *bucket, char *prefix,
                              char *endpoint) {
    s3hls_uploader_config cfg;
    s3hls_uploader_config_init(&cfg);
    cfg.no_thread = 1;
    cfg.pool_bytes = buffer_size > BUFFER_MIN ? buffer_size : BUFFER_MIN;
    if (!region || !bucket)
        return S3_HLS_INVALID_PARAMETER;
    lock_all();
    int32_t code = session.uploader ? S3_HLS_INVALID_STATUS : S3_HLS_OK;
    if (code == S3_HLS_OK) {
        session.region = strdup(region);
        session.url = make_url(bucket, prefix);
        session.endpoint = endpoint ? strdup(endpoint) : NULL;
        bool copied = session.region && session.url && (session.endpoint || !endpoint);
        if (!copied || s3hls_uploader_open(&session.uploader, &cfg)) {
            forget();
            code = S3_HLS_OUT_OF_MEMORY;
        }
    }
    unlock_all();
    return code;
}

int32_t S3_HLS_SDK_Set_Credential(char *ak, char *sk, char *token) {
    s3hls_credentials keys = {ak, sk, token, 0};
    if (!ak || !sk)
        return S3_HLS_INVALID_PARAMETER;
    lock_all();
    int rc = !session.uploader ? S3HLS_E_STATE
             : session.credentials
                 ? s3hls_credentials_set(session.credentials, &keys)
                 : s3hls_credentials_open_static(&session.credentials, &keys, NULL);
    unlock_all();
    return code_of(rc);
}

/* Decode %XX in place. @return false: malformed */
static bool decode(char *text) {
    char *to = text;
    for (char *from = text; *from; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        if (!isxdigit((unsigned char)from[1]) || !isxdigit((unsigned char)from[2]))
            return false;
        const char hex[3] = {from[1], from[2], 0};
        *to++ = (char)strtol(hex, NULL, 16);
        from += 2;
    }
    *to = 0;
    return true;
}

/* Split "key1=value1&key2=value2" in place. @return their number; -1: malformed */
static int split_tags(char *text, s3hls_pair pairs[TAGS_MAX]) {
    int count = 0;
    char *state, *tag = strtok_r(text, "&", &state);
    for (; tag; tag = strtok_r(NULL, "&", &state)) {
        char *value = strchr(tag, '=');
        if (!value || count == TAGS_MAX)
            return -1;
        *value++ = 0;
        if (!decode(tag) || !decode(value))
            return -1;
        pairs[count++] = (s3hls_pair){tag, value};
    }
    return count;
}

/* Give the recorder the tags that were set. */
static int apply_tags(const char *tags) {
    s3hls_pair pairs[TAGS_MAX];
    char *text = strdup(tags);
    int count = text ? split_tags(text, pairs) : 0;
    int rc = !text ? S3HLS_E_NOMEM : count < 0 ? S3HLS_E_INVALID : S3HLS_OK;
    if (!rc && session.recorder)
        rc = s3hls_recorder_set_tags(session.recorder, pairs, (size_t)count);
    free(text);
    return rc;
}

int32_t S3_HLS_SDK_Set_Tag(char *object_tag) {
    char *copy = strdup(object_tag ? object_tag : "");
    lock_all();
    int rc = !copy ? S3HLS_E_NOMEM : session.uploader ? apply_tags(copy) : S3HLS_E_STATE;
    if (!rc) {
        free(session.tags);
        session.tags = copy;
        copy = NULL;
    }
    unlock_all();
    free(copy);
    return code_of(rc);
}

/* ---- upload */

static void *upload(void *unused) {
    (void)unused;
    while (!session.ending)
        s3hls_uploader_step(session.uploader, STEP_MS);
    return NULL;
}

int32_t S3_HLS_SDK_Start_Upload(void) {
    int32_t code = S3_HLS_INVALID_STATUS;
    lock_all();
    if (session.uploader && !session.started) {
        session.ending = false;
        session.started = pthread_create(&session.thread, NULL, upload, NULL) == 0;
        code = session.started ? S3_HLS_OK : S3_HLS_OUT_OF_MEMORY;
    }
    unlock_all();
    return code;
}

int32_t S3_HLS_SDK_Finalize(void) {
    lock_all();
    bool possible = session.uploader != NULL, started = session.started;
    session.ending = true;
    unlock_all();
    if (!possible)
        return S3_HLS_INVALID_STATUS;
    if (started)
        pthread_join(session.thread, NULL);
    lock_all();
    session.started = false;
    int rc = s3hls_recorder_close(&session.recorder, FINALIZE_MS);
    forget();
    unlock_all();
    return rc == S3HLS_E_UNDELIVERED ? S3_HLS_UPLOAD_FAILED : S3_HLS_OK;
}

/* ---- frames */

/* Under both locks. */
static int open_recorder(void) {
    s3hls_recorder_config cfg;
    s3hls_checksum checksum;
    if (session.recorder)
        return S3HLS_OK;
    if (!session.uploader || !session.credentials)
        return S3HLS_E_STATE;
    s3hls_s3_checksum_configured(NULL, &checksum);
    s3hls_recorder_config_init(&cfg);
    cfg.destination = session.url;
    cfg.uploader = session.uploader;
    cfg.audio.codec = S3HLS_AUDIO_AAC_ADTS;
    cfg.s3 = (s3hls_s3_options){.region = session.region,
                                .endpoint = session.endpoint ? session.endpoint
                                                             : variable("AWS_ENDPOINT_URL_S3"),
                                .ca_file = variable("AWS_CA_BUNDLE"),
                                .credentials = session.credentials,
                                .checksum = checksum};
    int rc = s3hls_recorder_open(&session.recorder, &cfg);
    return rc || !session.tags ? rc : apply_tags(session.tags);
}

/* @return the number of spans; 0: an item is out of range */
static size_t spans_of(const S3_HLS_FRAME_PACK *pack,
                       s3hls_span spans[2 * S3_HLS_SIMPLE_PUT_MAX_FRAME_PER_PACK]) {
    size_t count = 0;
    if (!pack || pack->item_count < 1 || pack->item_count > S3_HLS_SIMPLE_PUT_MAX_FRAME_PER_PACK)
        return 0;
    for (uint32_t i = 0; i < pack->item_count; i++) {
        const S3_HLS_FRAME_ITEM *item = &pack->items[i];
        if (!item->first_part_start || !item->first_part_length ||
            (!item->second_part_start && item->second_part_length))
            return 0;
        spans[count++] = (s3hls_span){item->first_part_start, item->first_part_length};
        if (item->second_part_length)
            spans[count++] = (s3hls_span){item->second_part_start, item->second_part_length};
    }
    return count;
}

int32_t S3_HLS_SDK_Put_Video_Frame(S3_HLS_FRAME_PACK *pack) {
    s3hls_span spans[2 * S3_HLS_SIMPLE_PUT_MAX_FRAME_PER_PACK];
    s3hls_frame frame = {.spans = spans, .span_count = spans_of(pack, spans)};
    if (!frame.span_count)
        return S3_HLS_INVALID_PARAMETER;
    frame.pts_us = (int64_t)pack->items[0].timestamp;
    pthread_mutex_lock(&session.video_lock);
    int rc = S3HLS_OK;
    if (!session.recorder) {
        pthread_mutex_lock(&session.audio_lock);
        rc = open_recorder();
        pthread_mutex_unlock(&session.audio_lock);
    }
    if (!rc)
        rc = s3hls_recorder_put_video(session.recorder, &frame);
    pthread_mutex_unlock(&session.video_lock);
    return code_of(rc);
}

/* One item; in one piece, because a frame may wrap around the end of the ring. */
static int put_audio(const S3_HLS_FRAME_ITEM *item) {
    enum { AUDIO_MAX = 64 * 1024 };
    uint8_t joined[AUDIO_MAX];
    s3hls_audio audio = {.data = item->first_part_start,
                         .size = item->first_part_length,
                         .pts_us = (int64_t)item->timestamp};
    size_t size = (size_t)item->first_part_length + item->second_part_length;
    if (item->second_part_length && size > sizeof joined)
        return S3HLS_E_INVALID;
    if (item->second_part_length) {
        memcpy(joined, item->first_part_start, item->first_part_length);
        memcpy(joined + item->first_part_length, item->second_part_start, item->second_part_length);
        audio.data = joined;
        audio.size = size;
    }
    return s3hls_recorder_put_audio(session.recorder, &audio);
}

int32_t S3_HLS_SDK_Put_Audio_Frame(S3_HLS_FRAME_PACK *pack) {
    s3hls_span spans[2 * S3_HLS_SIMPLE_PUT_MAX_FRAME_PER_PACK];
    int32_t code = S3_HLS_OK;
    if (!spans_of(pack, spans))
        return S3_HLS_INVALID_PARAMETER;
    pthread_mutex_lock(&session.audio_lock);
    bool open = session.recorder != NULL;
    if (!open) { /* in the order of the locks */
        pthread_mutex_unlock(&session.audio_lock);
        lock_all();
        code = code_of(open_recorder());
        pthread_mutex_unlock(&session.video_lock);
    }
    for (uint32_t i = 0; i < pack->item_count && code == S3_HLS_OK; i++)
        code = code_of(put_audio(&pack->items[i]));
    pthread_mutex_unlock(&session.audio_lock);
    return code;
}
