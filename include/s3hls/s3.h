/* SPDX-License-Identifier: MIT-0 */
/** @file s3.h
 * An S3 object client over libcurl: put, get, head, remove, list, presign. Usable on its own.
 * Calls block until the answer is there. One client serves one thread at a time; credentials
 * may be shared. TLS is always verified: by the system's authorities (SSL_CERT_FILE and
 * SSL_CERT_DIR name others, as for curl's tool) and those of ca_file.
 */
#ifndef S3HLS_S3_H
#define S3HLS_S3_H

#include "s3hls/credentials.h"
#include "s3hls/frame.h"
#include "s3hls/sigv4.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum s3hls_addressing {
    S3HLS_ADDRESSING_AUTO =
        0, /* virtual-host, but path for an IP address, a given endpoint or a dotted bucket */
    S3HLS_ADDRESSING_PATH = 1,   /* https://endpoint/bucket/key */
    S3HLS_ADDRESSING_VIRTUAL = 2 /* https://bucket.endpoint/key */
} s3hls_addressing;

typedef enum s3hls_payload {
    S3HLS_PAYLOAD_AUTO = 0,    /* signed over http and where no checksum is sent, else unsigned */
    S3HLS_PAYLOAD_SIGNED = 1,  /* x-amz-content-sha256 = SHA-256 of the body */
    S3HLS_PAYLOAD_UNSIGNED = 2 /* UNSIGNED-PAYLOAD */
} s3hls_payload;

typedef enum s3hls_checksum {
    S3HLS_CHECKSUM_AUTO = 0, /* CRC32C when the payload is unsigned, else none */
    S3HLS_CHECKSUM_NONE = 1, /* for servers that refuse x-amz-checksum-*: the payload is signed */
    S3HLS_CHECKSUM_CRC32C = 2,
    S3HLS_CHECKSUM_MD5 = 3 /* Content-MD5: for such servers, where Object Lock needs a digest */
} s3hls_checksum;

/** What AWS_REQUEST_CHECKSUM_CALCULATION, else request_checksum_calculation of the profile in
 * ~/.aws/config ($AWS_CONFIG_FILE) or the shared credentials file says, as AWS's SDKs read it:
 * when_supported is S3HLS_CHECKSUM_AUTO, when_required S3HLS_CHECKSUM_NONE, whatever the case.
 * Nothing reads it by itself: s3hls_s3_options.checksum takes it.
 * @param profile  NULL: $AWS_PROFILE, else "default"
 * @return S3HLS_OK, S3HLS_CHECKSUM_AUTO where nothing is said; S3HLS_E_INVALID: another value. */
S3HLS_API int s3hls_s3_checksum_configured(const char *profile, s3hls_checksum *out);

/** How to reach S3. Zero it, set what you need; shared by every config that can lead to S3.
 * Strings are copied at open. */
typedef struct s3hls_s3_options {
    const char *region;   /* NULL: "us-east-1" */
    const char *endpoint; /* "https://host[:port][/path]", the path not encoded; NULL: AWS's own for
                             the region, .com.cn for cn- */
    const char *ca_file;  /* PEM file of CAs that are trusted beside the system's, read again for
                             each connection; NULL: the system's alone */
    s3hls_credentials_provider *credentials; /* NULL: the usual chain; a reference is kept */
    s3hls_addressing addressing;
    s3hls_payload payload;
    s3hls_checksum checksum;
    uint32_t connect_timeout_ms; /* 0: 10,000 */
    uint32_t stall_timeout_ms;   /* abandon when no byte flows for so long; 0: 20,000 */
    const char *user_agent;      /* NULL: "s3hls/<version>" */
    uint32_t file_mode; /* file:// and a recorder's spool: permissions of new files, 0600 to
                           0777; folders get x wherever it has r; the umask applies; 0: 0600 */
    void *reserved[7];  /* zero */
} s3hls_s3_options;

/** What went wrong with a request, as far as it is known. */
typedef struct s3hls_s3_error {
    int status;            /* S3HLS_OK or negative */
    long http_status;      /* 0: no answer came */
    char code[64];         /* S3's own code: "SignatureDoesNotMatch"; "" where none came */
    char request_id[128];  /* x-amz-request-id, for AWS support; may be "" */
    char message[256];     /* for people: S3's message, or the transport's; may be cut */
    int64_t server_unix_s; /* Date of the answer; 0: none */
    int curl_code;         /* libcurl's own, where no whole answer came; 0: one came */
} s3hls_s3_error;

typedef struct s3hls_s3_object {
    const char *key; /* decoded; valid during the callback */
    uint64_t size;   /* bytes */
    int64_t modified_unix_s;
    const char *etag; /* without quotes; valid during the callback */
} s3hls_s3_object;

/** One listed object, in ascending order of key. @return 0 to go on, anything else to stop. */
typedef int (*s3hls_s3_list_fn)(void *ctx, const s3hls_s3_object *object);

/** A piece of an object that is being read. @return 0 to go on, anything else to stop. */
typedef int (*s3hls_s3_data_fn)(void *ctx, const uint8_t *data, size_t size);

typedef struct s3hls_s3 s3hls_s3;

/** Open a client for one bucket.
 * @param bucket  3 to 63 characters of [a-z0-9.-]; by path on an endpoint that is not AWS's 1 to 63
 * of [A-Za-z0-9._:-]
 * @return S3HLS_OK; S3HLS_E_INVALID: bucket, region or endpoint malformed, the log line names it;
 * also: the CA file holds no certificate; S3HLS_E_CREDENTIALS: none given and none found;
 * S3HLS_E_IO: CA file not readable;
 * S3HLS_E_NOMEM. Does not touch the network. */
S3HLS_API int s3hls_s3_open(s3hls_s3 **out, const char *bucket, const s3hls_s3_options *options,
                            const s3hls_env *env);
S3HLS_API void s3hls_s3_close(s3hls_s3 **client);

typedef struct s3hls_s3_put_options {
    const char *content_type; /* NULL: "application/octet-stream" */
    const s3hls_header
        *headers; /* further headers, signed as they are: x-amz-tagging, if-none-match */
    size_t header_count;
} s3hls_s3_put_options;

/** Store an object. S3 stores all of it or nothing (PutObject).
 * @param key      1 to 1,024 bytes of UTF-8, not encoded, without a leading '/'
 * @param spans    the body, in order; empty for an object of no bytes
 * @param options  may be NULL
 * @param error    may be NULL
 * @return S3HLS_OK, or one of the statuses of docs/errors.md, "From S3"; error->status says the
 * same. */
S3HLS_API int s3hls_s3_put(s3hls_s3 *client, const char *key, const s3hls_span *spans,
                           size_t span_count, const s3hls_s3_put_options *options,
                           s3hls_s3_error *error);

/** Read an object, or the bytes first..last of it (last = UINT64_MAX: to the end).
 * on_data is called from this thread as bytes come; S3HLS_E_CANCELLED if it stopped. */
S3HLS_API int s3hls_s3_get(s3hls_s3 *client, const char *key, uint64_t first, uint64_t last,
                           s3hls_s3_data_fn on_data, void *ctx, s3hls_s3_error *error);

/** Size and time of an object. S3HLS_E_NOT_FOUND where there is none. object->key and etag are
 * NULL. */
S3HLS_API int s3hls_s3_head(s3hls_s3 *client, const char *key, s3hls_s3_object *object,
                            s3hls_s3_error *error);

/** Remove an object. S3 answers the same whether it was there or not. */
S3HLS_API int s3hls_s3_remove(s3hls_s3 *client, const char *key, s3hls_s3_error *error);

/** List the keys that begin with prefix and come after start_after (either may be NULL), all pages,
 * ascending (ListObjectsV2). S3HLS_E_CANCELLED if on_object stopped. */
S3HLS_API int s3hls_s3_list(s3hls_s3 *client, const char *prefix, const char *start_after,
                            s3hls_s3_list_fn on_object, void *ctx, s3hls_s3_error *error);

/** One page of a listing, as the server gives it. Zero it, set what you need. */
typedef struct s3hls_s3_page {
    const char *prefix, *start_after; /* NULL: none */
    const char *token;                /* of the page before; NULL: none; in place of start_after */
    uint32_t max_keys;                /* 0: the server's, 1,000 */
    int truncated;                    /* result: others follow */
    char next_token[2048];            /* result: "": none was given */
} s3hls_s3_page;

/** Read one page in the server's own order, with nothing corrected: to learn how it lists
 * (libs3hls-play). All else wants s3hls_s3_list(). As that; S3HLS_E_INVALID also: page is NULL. */
S3HLS_API int s3hls_s3_list_page(s3hls_s3 *client, s3hls_s3_page *page, s3hls_s3_list_fn on_object,
                                 void *ctx, s3hls_s3_error *error);

/* ---- the bucket itself (libs3hls-play)
 *
 * Each of these asks for one setting and needs a permission of its own: S3HLS_E_ACCESS says no more
 * than that. S3HLS_E_NOT_FOUND: the bucket has no such setting; else as s3hls_s3_get(). */

/** The region a bucket lives in. region: 64 bytes. */
S3HLS_API int s3hls_s3_location(s3hls_s3 *client, char *region, size_t size, s3hls_s3_error *error);

/** What the lifecycle rules do to objects whose keys begin with a prefix. */
typedef struct s3hls_s3_lifecycle {
    uint32_t expire_days; /* the soonest; 0: they are kept for ever */
    uint32_t conditional; /* further rules, for objects of certain tags or sizes alone */
} s3hls_s3_lifecycle;
S3HLS_API int s3hls_s3_get_lifecycle(s3hls_s3 *client, const char *prefix, s3hls_s3_lifecycle *out,
                                     s3hls_s3_error *error);

/** Have objects whose keys begin with a prefix deleted so many days after they were stored: by one
 * rule, of the ID "s3hls-{prefix}"; every other rule stays as it is. The rules are read, changed
 * and written back: two who do that at one time undo each other's change.
 * @param prefix  "" covers the whole bucket; at most 249 bytes
 * @param days    0: the rule is removed
 * @return as s3hls_s3_put(); S3HLS_E_INVALID; S3HLS_E_TOO_LARGE: the prefix;
 * S3HLS_E_PROTOCOL: the rules there are cannot be read: nothing was changed. */
S3HLS_API int s3hls_s3_set_lifecycle(s3hls_s3 *client, const char *prefix, uint32_t days,
                                     s3hls_s3_error *error);

/** What the CORS rules let a page from an origin ("https://player.example") do; non-zero: that. */
typedef struct s3hls_s3_cors {
    int get, head; /* these methods */
    int range;     /* with the header Range */
    int etag;      /* and read the answer's ETag */
} s3hls_s3_cors;
S3HLS_API int s3hls_s3_get_cors(s3hls_s3 *client, const char *origin, s3hls_s3_cors *out,
                                s3hls_s3_error *error);

/** A URL that lets anyone GET (or PUT) the key for expires_s seconds. No network.
 * @param method  "GET", "HEAD", "PUT" or "DELETE"
 * @param url     receives a string to be freed with s3hls_free()
 * @return S3HLS_OK, S3HLS_E_INVALID, S3HLS_E_CREDENTIALS, S3HLS_E_NOMEM. */
S3HLS_API int s3hls_s3_presign(s3hls_s3 *client, const char *method, const char *key,
                               uint32_t expires_s, char **url);

#ifdef __cplusplus
}
#endif
#endif
