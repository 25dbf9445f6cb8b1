/* SPDX-License-Identifier: MIT-0 */
#include "s3/uri.h"
#include "site/settings.h"
#include <string.h>

_Static_assert(offsetof(s3hls_object_options, tag_count) ==
                   offsetof(s3hls_object_options, tags) + sizeof(void *),
               "as s3hls__site_pairs");
_Static_assert(offsetof(s3hls_object_options, metadata_count) ==
                   offsetof(s3hls_object_options, metadata) + sizeof(void *),
               "as s3hls__site_pairs");

/* ---- valid texts */

static bool is_endpoint(const char *text) {
    return !s3hls__uri_endpoint_fault(text);
}

static bool is_encryption(const char *text) {
    return strcmp(text, "AES256") == 0 || strcmp(text, "aws:kms") == 0;
}

static bool is_word(const char *text) {
    return !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")];
}

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080" */
static bool is_listen(const char *text) {
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")] ||
        strlen(colon) > 6)
        return false;
    if (text[0] == '[')
        return colon[-1] == ']' && colon - text > 3;
    return memchr(text, ':', (size_t)(colon - text)) == NULL;
}

/* ---- choices */

static const s3hls__site_choice yes_or_no[] = {{"true", 1}, {"false", 0}, {"yes", 1}, {"no", 0},
                                               {"on", 1},   {"off", 0},   {NULL, 0}};
static const s3hls__site_choice audios[] = {{"auto", S3HLS_SOURCE_AUDIO_AUTO},
                                            {"off", S3HLS_SOURCE_AUDIO_OFF},
                                            {"copy", S3HLS_SOURCE_AUDIO_COPY},
                                            {"aac", S3HLS_SOURCE_AUDIO_AAC},
                                            {NULL, 0}};
static const s3hls__site_choice containers[] = {{"auto", S3HLS_CONTAINER_AUTO},
                                                {"ts", S3HLS_CONTAINER_TS},
                                                {"fmp4", S3HLS_CONTAINER_FMP4},
                                                {NULL, 0}};
static const s3hls__site_choice drops[] = {
    {"newest", S3HLS_DROP_NEWEST}, {"oldest", S3HLS_DROP_OLDEST}, {NULL, 0}};
static const s3hls__site_choice transports[] = {
    {"tcp", S3HLS_RTSP_TCP}, {"udp", S3HLS_RTSP_UDP}, {"auto", S3HLS_RTSP_AUTO}, {NULL, 0}};
static const s3hls__site_choice addressings[] = {{"auto", S3HLS_ADDRESSING_AUTO},
                                                 {"path", S3HLS_ADDRESSING_PATH},
                                                 {"virtual-host", S3HLS_ADDRESSING_VIRTUAL},
                                                 {NULL, 0}};
static const s3hls__site_choice checksums[] = {{"auto", S3HLS_CHECKSUM_AUTO},
                                               {"crc32c", S3HLS_CHECKSUM_CRC32C},
                                               {"md5", S3HLS_CHECKSUM_MD5},
                                               {"none", S3HLS_CHECKSUM_NONE},
                                               {NULL, 0}};
static const s3hls__site_choice medias[] = {{"auto", S3HLS_MEDIA_AUTO},
                                            {"proxy", S3HLS_MEDIA_PROXY},
                                            {"presign", S3HLS_MEDIA_PRESIGN},
                                            {NULL, 0}};

/* ---- a camera */

#define MEMBER(name) .offset = offsetof(s3hls__site_camera, name)
#define KIB          UINT64_C(1024)
#define GIB          (KIB * KIB * KIB)

const s3hls__site_setting s3hls__site_camera_input[] = {
    {"input", .kind = S3HLS__SITE_INPUT, MEMBER(source.address), .secret = true,
     .is = "an address such as rtsp://user:password@10.0.0.5/main, or a file"},
    {"segment", .kind = S3HLS__SITE_DURATION, MEMBER(recorder.segment_duration_ms), .min = 1000,
     .max = 60000, .is = "a duration from 1s to 60s"},
    {"segment-max", .kind = S3HLS__SITE_SIZE, MEMBER(recorder.segment_max_bytes), .min = 64 * KIB,
     .max = 4 * GIB, .is = "a size from 64K to 4G"},
    {"audio", .kind = S3HLS__SITE_CHOICE, MEMBER(source.audio), .choices = audios,
     .is = "auto, off, copy or aac"},
    {"container", .kind = S3HLS__SITE_CHOICE, MEMBER(recorder.container), .choices = containers,
     .is = "auto, ts or fmp4"},
    {"drop", .kind = S3HLS__SITE_CHOICE, MEMBER(recorder.drop), .choices = drops,
     .is = "newest or oldest"},
    {"transport", .kind = S3HLS__SITE_CHOICE, MEMBER(source.transport), .choices = transports,
     .is = "tcp, udp or auto"},
    {"input-ca", .kind = S3HLS__SITE_FILE, MEMBER(source.ca_file),
     .is = "a PEM file of certificates"},
    {"input-insecure", .kind = S3HLS__SITE_CHOICE, MEMBER(source.insecure), .choices = yes_or_no,
     .is = "true or false"},
    {"pool-share", .kind = S3HLS__SITE_PERCENT, MEMBER(pool_share_percent), .min = 1, .max = 100,
     .is = "a share from 1% to 100%"},
    {"spool-share", .kind = S3HLS__SITE_PERCENT, MEMBER(spool_share_percent), .min = 1, .max = 100,
     .is = "a share from 1% to 100%"},
    {"storage-class", .kind = S3HLS__SITE_TEXT, MEMBER(recorder.object.storage_class),
     .valid = is_word, .is = "a storage class such as STANDARD_IA"},
    {"sse", .kind = S3HLS__SITE_TEXT, MEMBER(recorder.object.encryption), .valid = is_encryption,
     .is = "AES256 or aws:kms"},
    {"kms-key", .kind = S3HLS__SITE_TEXT, MEMBER(recorder.object.kms_key_id),
     .is = "the id of a key"},
    {"no-overwrite", .kind = S3HLS__SITE_CHOICE, MEMBER(recorder.object.no_overwrite),
     .choices = yes_or_no, .is = "true or false"},
    {"tags", .kind = S3HLS__SITE_PAIRS, MEMBER(recorder.object.tags), .max = 10,
     .is = "{ NAME: VALUE, ... } with up to 10 names of up to 128 characters, all different, and "
           "values of up to 256"},
    {"metadata", .kind = S3HLS__SITE_PAIRS, MEMBER(recorder.object.metadata), .max = 8,
     .is = "{ NAME: VALUE, ... } with up to 8 names and values of visible ASCII, 2,048 bytes in "
           "all"},
    {"publish", .kind = S3HLS__SITE_CHOICE, MEMBER(publish), .choices = yes_or_no,
     .is = "true or false"},
    {"retention", .kind = S3HLS__SITE_DAYS, MEMBER(retention_days), .max = 36500,
     .is = "a number of whole days from 1d to 36500d, or off"},
    {.key = NULL},
};
const s3hls__site_setting *const s3hls__site_camera_common = s3hls__site_camera_input + 1;

/* ---- the site */

#undef MEMBER
#define MEMBER(name) .offset = offsetof(s3hls__site, name)

static const s3hls__site_setting iot[] = {
    {"endpoint", .kind = S3HLS__SITE_TEXT, MEMBER(iot.endpoint),
     .is = "PREFIX.credentials.iot.REGION.amazonaws.com"},
    {"role-alias", .kind = S3HLS__SITE_TEXT, MEMBER(iot.role_alias), .is = "a role alias"},
    {"thing", .kind = S3HLS__SITE_TEXT, MEMBER(iot.thing_name), .is = "the name of a thing"},
    {"cert", .kind = S3HLS__SITE_FILE, MEMBER(iot.certificate),
     .is = "the PEM file of a certificate"},
    {"key", .kind = S3HLS__SITE_TEXT, MEMBER(iot.key),
     .is = "the PEM file of a key, or a pkcs11: URI"},
    {"ca", .kind = S3HLS__SITE_FILE, MEMBER(iot.ca_file), .is = "a PEM file of certificates"},
    {.key = NULL},
};

static const s3hls__site_setting credentials[] = {
    {"profile", .kind = S3HLS__SITE_TEXT, MEMBER(profile),
     .is = "the name of a profile of the shared credentials file"},
    {"iot", .kind = S3HLS__SITE_GROUP, .group = iot},
    {"access-key-id", .kind = S3HLS__SITE_TEXT, MEMBER(keys.access_key_id),
     .is = "an access key id"},
    {"secret-access-key", .kind = S3HLS__SITE_TEXT, MEMBER(keys.secret_access_key), .secret = true,
     .is = "a secret access key"},
    {"session-token", .kind = S3HLS__SITE_TEXT, MEMBER(keys.session_token), .secret = true,
     .is = "a session token"},
    {.key = NULL},
};

static const s3hls__site_setting spool[] = {
    {"dir", .kind = S3HLS__SITE_FOLDER, MEMBER(spool_dir), .is = "a directory"},
    {"max", .kind = S3HLS__SITE_SIZE, MEMBER(spool_max_bytes), .min = KIB * KIB,
     .max = 900 * KIB * GIB, .is = "a size of 1M or more, such as 64G"},
    {.key = NULL},
};

static const s3hls__site_setting serve[] = {
    {"listen", .kind = S3HLS__SITE_TEXT, MEMBER(server.listen), .valid = is_listen,
     .is = "an address and port such as 127.0.0.1:8080 or [::1]:8080"},
    {"tokens", .kind = S3HLS__SITE_FILE, MEMBER(server.token_file), .is = "a token file"},
    {"tls-cert", .kind = S3HLS__SITE_FILE, MEMBER(server.tls_cert_file),
     .is = "the PEM file of a certificate and its chain"},
    {"tls-key", .kind = S3HLS__SITE_FILE, MEMBER(server.tls_key_file),
     .is = "the PEM file of a key"},
    {"media", .kind = S3HLS__SITE_CHOICE, MEMBER(server.media), .choices = medias,
     .is = "auto, proxy or presign"},
    {"max-connections", .kind = S3HLS__SITE_COUNT, MEMBER(server.max_connections), .min = 4,
     .max = 1000000, .is = "a number from 4 to 1000000"},
    {"lists-per-minute", .kind = S3HLS__SITE_COUNT, MEMBER(server.lists_per_minute), .min = 1,
     .max = 1000000, .is = "a number from 1 to 1000000"},
    {.key = NULL},
};

const s3hls__site_setting s3hls__site_top[] = {
    {"store", .kind = S3HLS__SITE_STORE, MEMBER(store),
     .is = "a store: s3://bucket/prefix, or a directory"},
    {"region", .kind = S3HLS__SITE_TEXT, MEMBER(s3.region), .valid = s3hls__uri_region_ok,
     .is = "a region such as eu-central-1"},
    {"endpoint", .kind = S3HLS__SITE_TEXT, MEMBER(s3.endpoint), .valid = is_endpoint,
     .is = "https://host[:port][/path], without a user, not encoded"},
    {"ca", .kind = S3HLS__SITE_FILE, MEMBER(s3.ca_file), .is = "a PEM file of certificates"},
    {"credentials", .kind = S3HLS__SITE_GROUP, .group = credentials},
    {"addressing", .kind = S3HLS__SITE_CHOICE, MEMBER(s3.addressing), .choices = addressings,
     .is = "auto, path or virtual-host"},
    {"checksum", .kind = S3HLS__SITE_CHOICE, MEMBER(s3.checksum), .choices = checksums,
     .is = "auto, crc32c, md5 or none", .given = offsetof(s3hls__site, checksum_given)},
    {"file-mode", .kind = S3HLS__SITE_MODE, MEMBER(s3.file_mode), .max = 0777,
     .is = "a mode of files from 0600 to 0777, of which the owner has 6 at least"},
    {"spool", .kind = S3HLS__SITE_GROUP, .group = spool},
    {"pool", .kind = S3HLS__SITE_MEMORY, MEMBER(uploader.pool_bytes), .min = 256 * KIB,
     .max = 4 * GIB, .is = "a size from 256K to 4G"},
    {"in-flight", .kind = S3HLS__SITE_COUNT, MEMBER(uploader.max_in_flight), .min = 1, .max = 64,
     .is = "a number from 1 to 64"},
    {"serve", .kind = S3HLS__SITE_GROUP, .group = serve, .given = offsetof(s3hls__site, serves)},
    {"defaults", .kind = S3HLS__SITE_NODE, .offset = S3HLS__SITE_DEFAULTS},
    {"cameras", .kind = S3HLS__SITE_NODE, .offset = S3HLS__SITE_CAMERAS},
    {.key = NULL},
};
