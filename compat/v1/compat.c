/* SPDX-License-Identifier: MIT-0 */
/* One recording and one store per process: the project's only process-global state. */
#include "S3_HLS_SDK.h"
#include "S3_Simple_Put.h"
#include "s3hls/s3hls.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINALIZE_MS = 10000, WRITE_WAIT_MS = 100, BUFFER_MIN = 256 << 10 };

/* Locks are taken in the order object, put, state. A put never waits for a lock that is held during
 * network access: only S3_Put_Object holds object; the encoder's thread, and starting and ending a
 * session, hold put. */
static struct {
    pthread_mutex_t object_lock, put_lock, state_lock;
    pthread_cond_t writers_left;

    /* protected by object_lock and put_lock */
    s3hls_credentials_provider *credentials; /* NULL: not initialized */
    char *region, *url;
    s3hls_store *store; /* used by S3_Put_Object, opened by its first call */

    /* protected by put_lock */
    s3hls_recorder *recorder; /* opened by the first frame, when all settings are known */
    unsigned fps, nal_type, nal_count;

    /* protected by state_lock */
    s3hls_uploader *uploader; /* NULL: not initialized */
    unsigned writers;         /* threads inside S3_HLS_Write_To_S3 */
    bool ending;
} session = {.object_lock = PTHREAD_MUTEX_INITIALIZER,
             .put_lock = PTHREAD_MUTEX_INITIALIZER,
             .state_lock = PTHREAD_MUTEX_INITIALIZER,
             .writers_left = PTHREAD_COND_INITIALIZER,
             .fps = 30,
             .nal_type = S3_HLS_H264E_NALU_SPS,
             .nal_count = 3};

static void lock_all(void) {
    pthread_mutex_lock(&session.object_lock);
    pthread_mutex_lock(&session.put_lock);
    pthread_mutex_lock(&session.state_lock);
}

static void unlock_all(void) {
    pthread_mutex_unlock(&session.state_lock);
    pthread_mutex_unlock(&session.put_lock);
    pthread_mutex_unlock(&session.object_lock);
}

/* ---- destination and credentials */

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static char *make_url(const char *bucket, const char *prefix) {
    const char *given = variable("S3HLS_URL");
    if (given)
        return strdup(given);
    char *url = NULL;
    return asprintf(&url, "s3://%s/%s", bucket, prefix ? prefix : "") < 0 ? NULL : url;
}

static s3hls_s3_options s3_options(void) {
    s3hls_checksum checksum;
    s3hls_s3_checksum_configured(NULL, &checksum);
    return (s3hls_s3_options){.region = session.region,
                              .endpoint = variable("AWS_ENDPOINT_URL_S3"),
                              .ca_file = variable("AWS_CA_BUNDLE"),
                              .credentials = session.credentials,
                              .checksum = checksum};
}

static int begin_put(const s3hls_credentials *keys, const char *region, const char *bucket,
                     const char *prefix) {
    session.region = strdup(region);
    session.url = make_url(bucket, prefix);
    int rc = session.region && session.url
                 ? s3hls_credentials_open_static(&session.credentials, keys, NULL)
                 : S3HLS_E_NOMEM;
    if (rc) {
        free(session.region);
        free(session.url);
        session.region = session.url = NULL;
    }
    return rc;
}

static int simple_code(int status) {
    switch (status) {
    case S3HLS_OK:
        return S3_SIMPLE_PUT_OK;
    case S3HLS_E_NOMEM:
        return S3_SIMPLE_PUT_NOT_ENOUGHT_MEMORY;
    case S3HLS_E_RESOLVE:
    case S3HLS_E_CONNECT:
    case S3HLS_E_TLS:
        return S3_SIMPLE_PUT_CONNECT_FAILED;
    case S3HLS_E_NETWORK:
        return S3_SIMPLE_PUT_SEND_DATA_FAILED;
    default:
        return S3_SIMPLE_RUNTIME_ERROR;
    }
}

int S3_Put_Initialize(const char *ak, const char *sk, const char *token, const char *region,
                      const char *bucket, const char *prefix) {
    s3hls_credentials keys = {ak, sk, token, 0};
    if (!ak || !sk || !region || !bucket)
        return S3_SIMPLE_RUNTIME_ERROR;
    lock_all();
    int rc = session.credentials ? s3hls_credentials_set(session.credentials, &keys)
                                 : begin_put(&keys, region, bucket, prefix);
    unlock_all();
    return simple_code(rc);
}

int S3_Put_Finalize(void) {
    lock_all();
    bool possible = session.credentials && !session.uploader;
    if (possible) {
        s3hls_store_close(&session.store);
        s3hls_credentials_close(&session.credentials);
        free(session.region);
        free(session.url);
        session.region = session.url = NULL;
    }
    unlock_all();
    return possible ? S3_SIMPLE_PUT_OK : S3_SIMPLE_RUNTIME_ERROR;
}

int S3_Put_Object(const char *object_key, const unsigned char *payload, unsigned int size) {
    if (!object_key || (!payload && size))
        return S3_SIMPLE_RUNTIME_ERROR;
    s3hls_span body = {payload, size};
    pthread_mutex_lock(&session.object_lock);
    int rc = session.credentials ? S3HLS_OK : S3HLS_E_STATE;
    if (!rc && !session.store) {
        s3hls_s3_options options = s3_options();
        rc = s3hls_store_open(&session.store, session.url, &options, NULL);
    }
    if (!rc) /* the sample SDK's keys begin with a slash, which joins them to the prefix */
        rc = s3hls_store_put(session.store, object_key + strspn(object_key, "/"), &body, 1, NULL,
                             NULL);
    pthread_mutex_unlock(&session.object_lock);
    return simple_code(rc);
}

/* ---- recording */

int S3_HLS_Initialize(unsigned int buffer_size) {
    s3hls_uploader_config cfg;
    s3hls_uploader_config_init(&cfg);
    cfg.no_thread = 1;
    cfg.pool_bytes = buffer_size > BUFFER_MIN ? buffer_size : BUFFER_MIN;
    lock_all();
    int code = S3_HLS_INVALID_STATE;
    if (session.credentials && !session.uploader)
        code = s3hls_uploader_open(&session.uploader, &cfg) ? S3_HLS_NOT_ENOUGH_MEMORY : S3_HLS_OK;
    unlock_all();
    return code;
}

static int set(unsigned *setting, unsigned value, bool valid) {
    if (!valid)
        return S3_HLS_INVALID_ARGUMENT;
    pthread_mutex_lock(&session.put_lock);
    bool early = !session.recorder;
    if (early)
        *setting = value;
    pthread_mutex_unlock(&session.put_lock);
    return early ? S3_HLS_OK : S3_HLS_INVALID_STATE;
}

int S3_HLS_Set_FPS(unsigned char fps) {
    return set(&session.fps, fps, fps > 0);
}

int S3_HLS_Set_Segmentation_Frame(S3_HLS_H264E_NALU_TYPE_E frame_type) {
    return set(&session.nal_type, (unsigned)frame_type, frame_type >= 1 && frame_type <= 12);
}

int S3_HLS_Set_Segmentation_Frame_Count(unsigned char frame_count) {
    return set(&session.nal_count, frame_count, frame_count > 0);
}

static int open_recorder(void) {
    s3hls_recorder_config cfg;
    s3hls_recorder_config_init(&cfg);
    cfg.input = S3HLS_INPUT_NALS;
    cfg.destination = session.url;
    cfg.s3 = s3_options();
    cfg.frame_rate_num = session.fps;
    cfg.segment_nal_type = session.nal_type;
    cfg.segment_nal_count = session.nal_count;
    pthread_mutex_lock(&session.state_lock);
    cfg.uploader = session.ending ? NULL : session.uploader;
    pthread_mutex_unlock(&session.state_lock);
    return cfg.uploader ? s3hls_recorder_open(&session.recorder, &cfg) : S3HLS_E_STATE;
}

static int hls_code(int status) {
    if (status > 0) /* accepted with a remark */
        return S3_HLS_OK;
    switch (status) {
    case S3HLS_OK:
    case S3HLS_E_TOO_LARGE: /* SEI; its picture is recorded without it */
        return S3_HLS_OK;
    case S3HLS_E_NOMEM:
    case S3HLS_E_FULL:
        return S3_HLS_NOT_ENOUGH_MEMORY;
    case S3HLS_E_STATE:
        return S3_HLS_INVALID_STATE;
    case S3HLS_E_UNDELIVERED:
        return S3_HLS_NOT_DELIVERED;
    case S3HLS_E_SKIPPED:
    case S3HLS_E_MALFORMED:
        return S3_HLS_INVALID_DATA;
    default:
        return S3_HLS_INVALID_ARGUMENT;
    }
}

int S3_HLS_Put_Frame(const unsigned char *frame_addr, unsigned int frame_length) {
    if (!frame_addr || frame_length == 0)
        return S3_HLS_INVALID_ARGUMENT;
    s3hls_frame frame = {.data = frame_addr, .size = frame_length};
    pthread_mutex_lock(&session.put_lock);
    int rc = session.recorder ? S3HLS_OK : open_recorder();
    if (!rc)
        rc = s3hls_recorder_put_video(session.recorder, &frame);
    pthread_mutex_unlock(&session.put_lock);
    return hls_code(rc);
}

int S3_HLS_Write_To_S3(void) {
    pthread_mutex_lock(&session.state_lock);
    s3hls_uploader *uploader = session.ending || session.writers ? NULL : session.uploader;
    session.writers += uploader != NULL;
    pthread_mutex_unlock(&session.state_lock);
    if (!uploader)
        return S3_HLS_INVALID_STATE;
    int rc = s3hls_uploader_step(uploader, WRITE_WAIT_MS);
    pthread_mutex_lock(&session.state_lock);
    session.writers--;
    pthread_cond_broadcast(&session.writers_left);
    pthread_mutex_unlock(&session.state_lock);
    return rc == S3HLS_OK ? S3_HLS_OK : S3_HLS_NOT_DELIVERED;
}

/* After this call no thread enters S3_HLS_Write_To_S3, and none is inside. @return false: not
 * initialized. */
static bool begin_end(void) {
    pthread_mutex_lock(&session.state_lock);
    bool possible = session.uploader && !session.ending;
    session.ending |= possible;
    while (possible && session.writers)
        pthread_cond_wait(&session.writers_left, &session.state_lock);
    pthread_mutex_unlock(&session.state_lock);
    return possible;
}

int S3_HLS_Finalize(void) {
    if (!begin_end())
        return S3_HLS_INVALID_STATE;
    pthread_mutex_lock(&session.put_lock);
    int rc = s3hls_recorder_close(&session.recorder, FINALIZE_MS);
    pthread_mutex_lock(&session.state_lock);
    s3hls_uploader_close(&session.uploader);
    session.ending = false;
    session.fps = 30;
    session.nal_type = S3_HLS_H264E_NALU_SPS;
    session.nal_count = 3;
    pthread_mutex_unlock(&session.state_lock);
    pthread_mutex_unlock(&session.put_lock);
    return rc == S3HLS_E_UNDELIVERED ? S3_HLS_NOT_DELIVERED : S3_HLS_OK;
}
