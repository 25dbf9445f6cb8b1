/* SPDX-License-Identifier: MIT-0 */
/** @file credentials.h
 * Providers of the credentials that sign requests. Any number of stores and threads may share a
 * provider. Every request reads the provider again, so replaced credentials are used at once.
 *
 * The open functions may be called on any thread, allocate, and read files where stated; none waits
 * for the network. On failure *out is NULL. env is copied; NULL: the process's own.
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

/** Credentials, NUL-terminated visible ASCII. A view: the memory remains the caller's. */
typedef struct s3hls_credentials {
    const char *access_key_id;     /* 1 to S3HLS_ACCESS_KEY_MAX bytes */
    const char *secret_access_key; /* 1 to S3HLS_SECRET_KEY_MAX bytes */
    const char *session_token;     /* NULL or "" for long-term credentials */
    int64_t expires_unix_s;        /* seconds since 1970; 0: never */
} s3hls_credentials;

typedef struct s3hls_credentials_provider s3hls_credentials_provider;

/** Provide the caller's credentials. s3hls_credentials_set() replaces them at any time.
 * @param keys  copied
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out or keys is NULL, or the access key ID or the secret access key is missing,
 *   or a value exceeds its limit or holds bytes outside visible ASCII; the log line names it
 *   S3HLS_E_NOMEM: out of memory */
S3HLS_API int s3hls_credentials_open_static(s3hls_credentials_provider **out,
                                            const s3hls_credentials *keys, const s3hls_env *env);

/** Provide the credentials in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. They
 * are read once; blanks and line ends around a value are ignored.
 * @return as s3hls_credentials_open_static()
 *   S3HLS_E_CREDENTIALS: AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set */
S3HLS_API int s3hls_credentials_open_environment(s3hls_credentials_provider **out,
                                                 const s3hls_env *env);

/** Provide the credentials of a profile in a shared credentials file ("[name]" or "[profile name]";
 * aws_access_key_id, aws_secret_access_key, aws_session_token). Blocks on the file. After a server
 * refused the credentials, the file is read again on the thread that sent the request.
 * @param path     copied; NULL: $AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials, and if that
 *                 has no such profile, $AWS_CONFIG_FILE, else ~/.aws/config
 * @param profile  copied; NULL: $AWS_PROFILE, else "default"
 * @return as s3hls_credentials_open_static()
 *   S3HLS_E_CREDENTIALS: there is no such profile, or one of its two keys is missing
 *   S3HLS_E_NOT_FOUND: there is no such file
 *   S3HLS_E_IO: the file cannot be read */
S3HLS_API int s3hls_credentials_open_profile(s3hls_credentials_provider **out, const char *path,
                                             const char *profile, const s3hls_env *env);

/** Supplies credentials. Called on the provider's own thread: at first, before the credentials
 * expire (expires_unix_s), and after a server refused them. May block; s3hls_credentials_close()
 * waits for it.
 * @param keys  receives views that stay valid until the next call
 * @return S3HLS_OK
 *   other: why there are no credentials; the provider calls again, with back-off */
typedef int (*s3hls_credentials_fetch_fn)(void *ctx, s3hls_credentials *keys);

/** Provide credentials from the caller's function. Starts the provider's thread.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out or fetch is NULL
 *   S3HLS_E_NOMEM: out of memory, or no thread could be started */
S3HLS_API int s3hls_credentials_open_callback(s3hls_credentials_provider **out,
                                              s3hls_credentials_fetch_fn fetch, void *ctx,
                                              const s3hls_env *env);

/** A device certificate, and the AWS IoT role alias to exchange it for. Set to zero, then set what
 * you need. Copied at open. */
typedef struct s3hls_iot_options {
    const char *endpoint;    /* "PREFIX.credentials.iot.REGION.amazonaws.com[:port]"; required */
    const char *role_alias;  /* 1 to 128 letters, digits and =,@-_; required */
    const char *thing_name;  /* sent as x-amzn-iot-thingname; NULL: not sent */
    const char *certificate; /* PEM file of the device's certificate; required */
    const char *key;         /* PEM file of its private key, or a "pkcs11:" URI if libcurl and
                                OpenSSL support it; required */
    const char *ca_file;     /* PEM file of CAs that are trusted in addition to the system's, read
                                again for each connection; NULL: the system's only */
    uint32_t timeout_ms;     /* of a whole request; 0: 20,000 */
    void *reserved[4];       /* zero */
} s3hls_iot_options;

/* The next three functions provide credentials that a thread of the provider fetches, and renews
 * before they expire; the old ones remain in use until then. The functions are in libs3hls-play,
 * and in libs3hls if it was built with S3HLS_ENDPOINT_CREDENTIALS; else they return
 * S3HLS_E_UNSUPPORTED. */

/** Provide credentials from the AWS IoT Core credentials provider, over mutual TLS.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out is NULL, or an option is malformed, or ca_file holds no certificate; the
 *   log line names it
 *   S3HLS_E_IO: a file cannot be read; the log line names it
 *   S3HLS_E_NOMEM: out of memory, or no thread could be started
 *   S3HLS_E_UNSUPPORTED: not built in */
S3HLS_API int s3hls_credentials_open_iot(s3hls_credentials_provider **out,
                                         const s3hls_iot_options *options, const s3hls_env *env);

/** Provide the credentials of a container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI,
 * with AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE. http is accepted only for this machine's
 * addresses (localhost, 127.0.0.0/8, [::1], 169.254.170.2, 169.254.170.23, [fd00:ec2::23]).
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out is NULL, or a variable is malformed; the log line names it
 *   S3HLS_E_NOT_FOUND: neither URI variable is set
 *   S3HLS_E_NOMEM: out of memory, or no thread could be started
 *   S3HLS_E_UNSUPPORTED: not built in */
S3HLS_API int s3hls_credentials_open_container(s3hls_credentials_provider **out,
                                               const s3hls_env *env);

/** Provide the credentials of an EC2 instance's role (IMDSv2), from
 * AWS_EC2_METADATA_SERVICE_ENDPOINT, else http://169.254.169.254.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out is NULL
 *   S3HLS_E_NOT_FOUND: AWS_EC2_METADATA_DISABLED is "true"
 *   S3HLS_E_NOMEM: out of memory, or no thread could be started
 *   S3HLS_E_UNSUPPORTED: not built in */
S3HLS_API int s3hls_credentials_open_instance(s3hls_credentials_provider **out,
                                              const s3hls_env *env);

/** Provide credentials from the first source of the default chain that has them: environment,
 * profile file, container, instance. If only an instance can have credentials, the first request
 * waits for them.
 * @return S3HLS_OK
 *   S3HLS_E_CREDENTIALS: no source has credentials
 *   S3HLS_E_INVALID, S3HLS_E_IO, S3HLS_E_NOMEM: of the source that was found, as above */
S3HLS_API int s3hls_credentials_open_default(s3hls_credentials_provider **out,
                                             const s3hls_env *env);

/** Replace the credentials of any provider. Any thread; does not allocate. Requests that are
 * already signed keep the old ones. Calls watchers (S3HLS_EVENT_CREDENTIALS) before it returns.
 * @param keys  copied
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: provider is NULL, or keys as for s3hls_credentials_open_static(); the old
 *   credentials stay in use */
S3HLS_API int s3hls_credentials_set(s3hls_credentials_provider *provider,
                                    const s3hls_credentials *keys);

/** The credentials in use, without the secrets. */
typedef struct s3hls_credentials_info {
    char access_key_id[S3HLS_ACCESS_KEY_MAX + 1]; /* "": none yet */
    const char *source;                           /* "the environment"; static memory */
    int temporary;                                /* non-zero: they have a session token */
    int64_t expires_unix_s;                       /* seconds since 1970; 0: never, or not known */
} s3hls_credentials_info;

/** Describe the credentials that will sign the next request. Any thread; does not allocate.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: provider or info is NULL */
S3HLS_API int s3hls_credentials_describe(s3hls_credentials_provider *provider,
                                         s3hls_credentials_info *info);

/** Release the caller's reference. When the last store that uses the provider is closed too, its
 * thread is stopped (a fetch in progress is waited for) and the credentials are wiped. Accepts NULL
 * and a pointer to NULL; sets *provider to NULL. */
S3HLS_API void s3hls_credentials_close(s3hls_credentials_provider **provider);

#ifdef __cplusplus
}
#endif
#endif
