/* SPDX-License-Identifier: MIT-0 */
/** @file credentials.h
 * Where the keys that sign requests come from. A provider may be shared by any number of
 * stores and threads; every request reads it anew, so replaced keys are used at once.
 */
#ifndef S3HLS_CREDENTIALS_H
#define S3HLS_CREDENTIALS_H

#include "s3hls/env.h"

#ifdef __cplusplus
extern "C" {
#endif

#define S3HLS_ACCESS_KEY_MAX    128  /* bytes, without the terminating NUL */
#define S3HLS_SECRET_KEY_MAX    128  /* bytes */
#define S3HLS_SESSION_TOKEN_MAX 4096 /* bytes */

/** Keys, NUL-terminated. A view: the memory stays the caller's. */
typedef struct s3hls_credentials {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token; /* NULL or "" for long-lived keys */
    int64_t expires_unix_s;    /* 0: never */
} s3hls_credentials;

typedef struct s3hls_credentials_provider s3hls_credentials_provider;

/** Keys given by the caller, copied. Replace them at any time with s3hls_credentials_set().
 * @return S3HLS_OK; S3HLS_E_INVALID: a key missing, longer than its limit above, or with bytes
 * outside visible ASCII; S3HLS_E_NOMEM. *out is NULL on failure. */
S3HLS_API int s3hls_credentials_open_static(s3hls_credentials_provider **out,
                                            const s3hls_credentials *keys, const s3hls_env *env);

/** Keys from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, read once, without
 * blanks or a line end around them.
 * @return as above; S3HLS_E_CREDENTIALS: a variable is not set. */
S3HLS_API int s3hls_credentials_open_environment(s3hls_credentials_provider **out,
                                                 const s3hls_env *env);

/** Keys from a shared credentials file ("[name]" or "[profile name]", aws_access_key_id,
 * aws_secret_access_key, aws_session_token), read again when a server has refused them, on the
 * thread whose request that was.
 * @param path     NULL: $AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials, and where that has
 * no such profile $AWS_CONFIG_FILE, else ~/.aws/config
 * @param profile  NULL: $AWS_PROFILE, else "default"
 * @return as above; S3HLS_E_CREDENTIALS: no such profile or a key missing in it;
 * S3HLS_E_NOT_FOUND: no such file; S3HLS_E_IO. */
S3HLS_API int s3hls_credentials_open_profile(s3hls_credentials_provider **out, const char *path,
                                             const char *profile, const s3hls_env *env);

/** Gives keys: views that stay valid until it is called again. Called on a thread of the provider's
 * own, again when they are about to end (expires_unix_s), and when a server has refused them. May
 * block; close waits for it.
 * @return S3HLS_OK, or why there are none; it is then called again, with back-off. */
typedef int (*s3hls_credentials_fetch_fn)(void *ctx, s3hls_credentials *keys);

/** Keys from a function of the caller's.
 * @return S3HLS_OK, S3HLS_E_INVALID, S3HLS_E_NOMEM. */
S3HLS_API int s3hls_credentials_open_callback(s3hls_credentials_provider **out,
                                              s3hls_credentials_fetch_fn fetch, void *ctx,
                                              const s3hls_env *env);

/** A device certificate, and what it is to be exchanged for. Zero it, set what you need; copied. */
typedef struct s3hls_iot_options {
    const char *endpoint;    /* "PREFIX.credentials.iot.REGION.amazonaws.com[:port]"; needed */
    const char *role_alias;  /* needed */
    const char *thing_name;  /* sent as x-amzn-iot-thingname; NULL: none */
    const char *certificate; /* PEM file of the device's certificate; needed */
    const char
        *key; /* PEM file of its key, or a "pkcs11:" URI where libcurl and OpenSSL can; needed */
    const char *ca_file; /* PEM file of CAs that are trusted beside the system's, read again for
                            each connection; NULL: the system's alone */
    uint32_t timeout_ms; /* of a whole request; 0: 20,000 */
    void *reserved[4];   /* zero */
} s3hls_iot_options;

/* The three below fetch in the background, renew ahead of expiry, and use the old keys until they
 * end. They are in libs3hls-play, and in libs3hls where it was built with
 * S3HLS_ENDPOINT_CREDENTIALS; else they answer S3HLS_E_UNSUPPORTED. */

/** Keys from the AWS IoT Core credentials provider, by mutual TLS.
 * @return S3HLS_OK; S3HLS_E_INVALID: the log line names the option or file; S3HLS_E_IO: one cannot
 * be read; S3HLS_E_NOMEM; S3HLS_E_UNSUPPORTED. */
S3HLS_API int s3hls_credentials_open_iot(s3hls_credentials_provider **out,
                                         const s3hls_iot_options *options, const s3hls_env *env);

/** Keys of a container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, with
 * AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE. Over http only from this machine (loopback and
 * 169.254.170.2, 169.254.170.23).
 * @return as above; S3HLS_E_NOT_FOUND: no such variable is set. */
S3HLS_API int s3hls_credentials_open_container(s3hls_credentials_provider **out,
                                               const s3hls_env *env);

/** Keys of an EC2 instance's role (IMDSv2), from AWS_EC2_METADATA_SERVICE_ENDPOINT, else
 * http://169.254.169.254.
 * @return as above; S3HLS_E_NOT_FOUND: AWS_EC2_METADATA_DISABLED is "true". */
S3HLS_API int s3hls_credentials_open_instance(s3hls_credentials_provider **out,
                                              const s3hls_env *env);

/** The usual chain: environment, profile file, container, instance. The network is not asked here:
 * where only an instance could have keys, the first request waits for them.
 * @return as above; S3HLS_E_CREDENTIALS: found nowhere. */
S3HLS_API int s3hls_credentials_open_default(s3hls_credentials_provider **out,
                                             const s3hls_env *env);

/** Replace the keys of any provider; copied, atomic with regard to running requests. Any thread.
 * @return S3HLS_OK, S3HLS_E_INVALID (the old keys stay). */
S3HLS_API int s3hls_credentials_set(s3hls_credentials_provider *provider,
                                    const s3hls_credentials *keys);

/** What may be told of the keys in use: all but the secrets. */
typedef struct s3hls_credentials_info {
    char access_key_id[S3HLS_ACCESS_KEY_MAX + 1];
    const char *source;     /* "the environment", "AWS IoT Core"; static memory */
    int temporary;          /* non-zero: they come with a session token */
    int64_t expires_unix_s; /* 0: never, or not known */
} s3hls_credentials_info;

/** Tell of the keys that the next request will be signed with. Any thread.
 * @return S3HLS_OK; S3HLS_E_INVALID. */
S3HLS_API int s3hls_credentials_describe(s3hls_credentials_provider *provider,
                                         s3hls_credentials_info *info);

/** Give up this reference; keys are wiped when the last store that uses the provider is closed.
 * Takes NULL and a pointer to NULL. */
S3HLS_API void s3hls_credentials_close(s3hls_credentials_provider **provider);

#ifdef __cplusplus
}
#endif
#endif
