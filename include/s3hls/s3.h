/* SPDX-License-Identifier: MIT-0 */
/** @file s3.h
 * An S3 object client over libcurl: put, get, head, remove, list, presign. Usable on its own.
 *
 * Threads: a client is used by one thread at a time; clients may share credentials. Functions with
 * an s3hls_s3_error parameter allocate and block until the answer has arrived, including up to 10 s
 * for credentials that are being fetched. error receives why a request failed and may be NULL.
 *
 * TLS certificates are always verified, by the system's CAs (SSL_CERT_FILE and SSL_CERT_DIR replace
 * them, as for the curl tool) and those of ca_file.
 *
 * "A status of S3" below is one of docs/errors.md, "From S3", or S3HLS_E_NOMEM.
 */
#ifndef S3HLS_S3_H
#define S3HLS_S3_H

#include "s3hls/credentials.h"
#include "s3hls/sigv4.h"
#include "s3hls/span.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum s3hls_addressing {
    /** Virtual-host; path for an IP address, a given endpoint or a bucket with a dot. */
    S3HLS_ADDRESSING_AUTO = 0,
    S3HLS_ADDRESSING_PATH = 1,   /* https://endpoint/bucket/key */
    S3HLS_ADDRESSING_VIRTUAL = 2 /* https://bucket.endpoint/key */
} s3hls_addressing;

typedef enum s3hls_payload {
    S3HLS_PAYLOAD_AUTO = 0,    /* signed over http, or if no checksum is sent; else unsigned */
    S3HLS_PAYLOAD_SIGNED = 1,  /* x-amz-content-sha256 = SHA-256 of the body */
    S3HLS_PAYLOAD_UNSIGNED = 2 /* UNSIGNED-PAYLOAD */
} s3hls_payload;

typedef enum s3hls_checksum {
    S3HLS_CHECKSUM_AUTO = 0,   /* CRC32C if the payload is unsigned, else none */
    S3HLS_CHECKSUM_NONE = 1,   /* for servers that refuse x-amz-checksum-*; payload AUTO signs */
    S3HLS_CHECKSUM_CRC32C = 2, /* x-amz-checksum-crc32c */
    S3HLS_CHECKSUM_MD5 = 3     /* Content-MD5: for such servers, if Object Lock requires a digest */
} s3hls_checksum;

/** Read the configured checksum as AWS's SDKs do: AWS_REQUEST_CHECKSUM_CALCULATION, else
 * request_checksum_calculation of the profile in ~/.aws/config ($AWS_CONFIG_FILE) or the shared
 * credentials file. when_supported is S3HLS_CHECKSUM_AUTO, when_required S3HLS_CHECKSUM_NONE, in
 * any case of letters. The library does not apply it by itself: pass it in
 * s3hls_s3_options.checksum. Any thread; blocks on the files.
 * @param profile  NULL: $AWS_PROFILE, else "default"
 * @param out      receives it; S3HLS_CHECKSUM_AUTO if nothing is configured
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out is NULL, or another value is configured */
S3HLS_API int s3hls_s3_checksum_configured(const char *profile, s3hls_checksum *out);

/** How to reach S3. Set to zero, then set what you need. Part of every configuration that can lead
 * to S3. Strings are copied at open. */
typedef struct s3hls_s3_options {
    const char *region;   /* NULL: "us-east-1" */
    const char *endpoint; /* "https://host[:port][/path]", the path not encoded; NULL: AWS's for the
                             region, .com.cn for cn- */
    const char *ca_file;  /* PEM file of CAs that are trusted in addition to the system's, read
                             again for each connection; NULL: the system's only */
    s3hls_credentials_provider *credentials; /* a reference is kept; NULL: the default chain,
                                                s3hls_credentials_open_default() */
    s3hls_addressing addressing;
    s3hls_payload payload;
    s3hls_checksum checksum;
    uint32_t connect_timeout_ms; /* 0: 10,000 */
    uint32_t stall_timeout_ms;   /* abort a transfer after this time without a byte; 0: 20,000 */
    const char *user_agent;      /* NULL: "s3hls/<version>" */
    uint32_t file_mode; /* file:// and a recorder's spool: permissions of new files, 0600 to
                           0777; directories get x wherever it has r; the umask applies; 0:
                           0600 */
    void *reserved[7];  /* zero */
} s3hls_s3_options;

/** Why a request failed, as far as it is known. */
typedef struct s3hls_s3_error {
    int status;            /* S3HLS_OK, or the failure */
    long http_status;      /* 0: no answer arrived */
    char code[64];         /* S3's own code: "SignatureDoesNotMatch"; "": none */
    char request_id[128];  /* x-amz-request-id, for AWS support; "": none */
    char message[256];     /* for people: S3's message or the transport's; may be cut */
    int64_t server_unix_s; /* Date of the answer, seconds since 1970; 0: none */
    int curl_code;         /* libcurl's code, if no whole answer arrived; else 0 */
} s3hls_s3_error;

/** An object's properties. */
typedef struct s3hls_s3_object {
    const char *key;         /* decoded; valid during the callback */
    uint64_t size;           /* bytes */
    int64_t modified_unix_s; /* seconds since 1970 */
    const char *etag;        /* without quotes; valid during the callback */
} s3hls_s3_object;

/** Receives one listed object, in ascending byte order of keys, on the thread that lists.
 * @return 0: continue
 *   other: stop */
typedef int (*s3hls_s3_list_fn)(void *ctx, const s3hls_s3_object *object);

/** Receives the next bytes of an object, on the thread that reads it.
 * @param data  valid during the call
 * @return 0: continue
 *   other: stop */
typedef int (*s3hls_s3_data_fn)(void *ctx, const uint8_t *data, size_t size);

typedef struct s3hls_s3 s3hls_s3;

/** Open a client for one bucket. Any thread; allocates; reads ca_file and, without
 * options->credentials, the sources of the default chain; sends no request.
 * @param bucket   3 to 63 characters of [a-z0-9.-]; with path addressing on an endpoint that is not
 *                 AWS's, 1 to 63 of [A-Za-z0-9._:-]; copied
 * @param options  NULL: defaults
 * @param env      NULL: the process's own; copied
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out or bucket is NULL; bucket, region or endpoint is malformed; or ca_file
 *   holds no certificate. The log line (component "s3") names it
 *   S3HLS_E_CREDENTIALS: none were given and none were found
 *   S3HLS_E_IO: ca_file or a credentials file cannot be read
 *   S3HLS_E_NOMEM: out of memory. *out is NULL on failure. */
S3HLS_API int s3hls_s3_open(s3hls_s3 **out, const char *bucket, const s3hls_s3_options *options,
                            const s3hls_env *env);
/** Close a client. Accepts NULL and a pointer to NULL; sets *client to NULL. */
S3HLS_API void s3hls_s3_close(s3hls_s3 **client);

/** How to store an object. Read during the call only. */
typedef struct s3hls_s3_put_options {
    const char *content_type; /* NULL: "application/octet-stream" */
    const s3hls_header
        *headers; /* further headers, signed as given: x-amz-tagging, if-none-match */
    size_t header_count;
} s3hls_s3_put_options;

/** Store an object (PutObject). S3 stores the whole object or nothing.
 * @param key      1 to 1,024 bytes of UTF-8, not encoded, without a leading '/'
 * @param spans    the body, in order; span_count 0 for an empty object; read during the call only
 * @param options  may be NULL
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: client or key is NULL, or the key or a header is malformed or reserved
 *   S3HLS_E_EXISTS: there is such an object (with if-none-match)
 *   S3HLS_E_TOO_LARGE: more than 16 headers, or the object is too large for S3
 *   a status of S3 */
S3HLS_API int s3hls_s3_put(s3hls_s3 *client, const char *key, const s3hls_span *spans,
                           size_t span_count, const s3hls_s3_put_options *options,
                           s3hls_s3_error *error);

/** Read an object, or bytes first to last of it (GetObject).
 * @param first    offset of the first byte
 * @param last     offset of the last byte; UINT64_MAX: to the end
 * @param on_data  receives the bytes as they arrive
 * @return S3HLS_OK
 *   S3HLS_E_NOT_FOUND: there is no such object
 *   S3HLS_E_CANCELLED: on_data returned non-zero
 *   S3HLS_E_INVALID: client, key or on_data is NULL, the key is malformed, or first > last
 *   S3HLS_E_PROTOCOL: the answer holds other bytes than requested
 *   a status of S3 */
S3HLS_API int s3hls_s3_get(s3hls_s3 *client, const char *key, uint64_t first, uint64_t last,
                           s3hls_s3_data_fn on_data, void *ctx, s3hls_s3_error *error);

/** Get size and time of an object (HeadObject).
 * @param object  receives them; its key and etag are NULL
 * @return S3HLS_OK
 *   S3HLS_E_NOT_FOUND: there is no such object
 *   S3HLS_E_INVALID: client, key or object is NULL, or the key is malformed
 *   a status of S3 */
S3HLS_API int s3hls_s3_head(s3hls_s3 *client, const char *key, s3hls_s3_object *object,
                            s3hls_s3_error *error);

/** Remove an object (DeleteObject).
 * @return S3HLS_OK: also when there was none
 *   S3HLS_E_INVALID: client or key is NULL, or the key is malformed
 *   a status of S3 */
S3HLS_API int s3hls_s3_remove(s3hls_s3 *client, const char *key, s3hls_s3_error *error);

/** List the keys that begin with prefix and sort after start_after, all pages, ascending
 * (ListObjectsV2).
 * @param prefix       NULL: all keys
 * @param start_after  NULL: from the first
 * @return S3HLS_OK: also when there was none
 *   S3HLS_E_CANCELLED: on_object returned non-zero
 *   S3HLS_E_INVALID: client or on_object is NULL, or prefix or start_after is too long
 *   S3HLS_E_PROTOCOL: the answer is not a listing
 *   a status of S3 */
S3HLS_API int s3hls_s3_list(s3hls_s3 *client, const char *prefix, const char *start_after,
                            s3hls_s3_list_fn on_object, void *ctx, s3hls_s3_error *error);

/** One page of a listing, as the server returns it. Set to zero, then set what you need. */
typedef struct s3hls_s3_page {
    const char *prefix, *start_after; /* NULL: none */
    const char *token;     /* next_token of the previous page, instead of start_after; NULL: none */
    uint32_t max_keys;     /* 0: the server's default, 1,000 */
    int truncated;         /* result: non-zero: more pages follow */
    char next_token[2048]; /* result: "": none */
} s3hls_s3_page;

/** Read one page in the server's own order, without corrections: to examine how a server lists (in
 * libs3hls-play). For everything else use s3hls_s3_list().
 * @param page  receives the members marked "result"
 * @return as s3hls_s3_list()
 *   S3HLS_E_INVALID: also when page is NULL or its token too long */
S3HLS_API int s3hls_s3_list_page(s3hls_s3 *client, s3hls_s3_page *page, s3hls_s3_list_fn on_object,
                                 void *ctx, s3hls_s3_error *error);

/* ---- settings of the bucket (in libs3hls-play)
 *
 * Each function reads one setting and needs its own permission; S3HLS_E_ACCESS means that it is
 * missing. All return:
 *   S3HLS_OK
 *   S3HLS_E_INVALID: a pointer is NULL
 *   S3HLS_E_NOT_FOUND: the bucket has no such setting
 *   S3HLS_E_PROTOCOL: the answer cannot be parsed
 *   S3HLS_E_TOO_LARGE: the answer exceeds 1 MiB
 *   a status of S3 */

/** Get the region of the bucket (GetBucketLocation).
 * @param region  receives it, NUL-terminated, cut to size
 * @param size    bytes; 64 is enough */
S3HLS_API int s3hls_s3_location(s3hls_s3 *client, char *region, size_t size, s3hls_s3_error *error);

/** How the lifecycle rules affect objects whose keys begin with a prefix. */
typedef struct s3hls_s3_lifecycle {
    uint32_t expire_days; /* the earliest deletion after an object is stored; 0: none */
    uint32_t conditional; /* further rules, only for objects of certain tags or sizes */
} s3hls_s3_lifecycle;
/** Get the effect of the lifecycle rules (GetBucketLifecycleConfiguration).
 * @param prefix  NULL or "": the whole bucket */
S3HLS_API int s3hls_s3_get_lifecycle(s3hls_s3 *client, const char *prefix, s3hls_s3_lifecycle *out,
                                     s3hls_s3_error *error);

/** Let S3 delete objects whose keys begin with a prefix a number of days after they were stored, by
 * one rule with the ID "s3hls-{prefix}"; other rules are not changed. The rules are read, changed
 * and written back: of two concurrent changes, one can be lost.
 * @param prefix  at most 249 bytes; "": the whole bucket
 * @param days    0: remove the rule
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: client or prefix is NULL
 *   S3HLS_E_TOO_LARGE: the prefix or the existing rules are too long
 *   S3HLS_E_PROTOCOL: the existing rules cannot be parsed; nothing was changed
 *   a status of S3 */
S3HLS_API int s3hls_s3_set_lifecycle(s3hls_s3 *client, const char *prefix, uint32_t days,
                                     s3hls_s3_error *error);

/** What the CORS rules allow a page of an origin to do. Non-zero: allowed. */
typedef struct s3hls_s3_cors {
    int get, head; /* the methods GET and HEAD */
    int range;     /* GET with the header Range */
    int etag;      /* read the ETag of a GET's answer */
} s3hls_s3_cors;
/** Get what the CORS rules allow (GetBucketCors).
 * @param origin  "https://player.example" */
S3HLS_API int s3hls_s3_get_cors(s3hls_s3 *client, const char *origin, s3hls_s3_cors *out,
                                s3hls_s3_error *error);

/** Make a URL that allows anyone who has it to use one method on one key. Sends no request for the
 * object; blocks up to 10 s for credentials that are being fetched; allocates.
 * @param method     "GET", "HEAD", "PUT" or "DELETE"
 * @param expires_s  validity in seconds, 1 to S3HLS_PRESIGN_MAX_S
 * @param url        receives it, NUL-terminated; free with s3hls_free()
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: a pointer is NULL, or the method, the key or expires_s is invalid
 *   S3HLS_E_CREDENTIALS: there are no valid credentials
 *   S3HLS_E_NOMEM: out of memory */
S3HLS_API int s3hls_s3_presign(s3hls_s3 *client, const char *method, const char *key,
                               uint32_t expires_s, char **url);

#ifdef __cplusplus
}
#endif
#endif
