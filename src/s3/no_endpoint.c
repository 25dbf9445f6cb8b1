/* SPDX-License-Identifier: MIT-0 */
/* Replaces endpoint.c in builds for devices that do not use it. */
#include "s3/credentials.h"

static int unsupported(s3hls_credentials_provider **out, const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    s3hls__log(&e, S3HLS_LOG_INFO, "s3",
               "keys from an address: not built in (S3HLS_ENDPOINT_CREDENTIALS)");
    return S3HLS_E_UNSUPPORTED;
}

int s3hls_credentials_open_iot(s3hls_credentials_provider **out, const s3hls_iot_options *options,
                               const s3hls_env *env) {
    (void)options;
    return unsupported(out, env);
}

int s3hls_credentials_open_container(s3hls_credentials_provider **out, const s3hls_env *env) {
    return unsupported(out, env);
}

int s3hls_credentials_open_instance(s3hls_credentials_provider **out, const s3hls_env *env) {
    return unsupported(out, env);
}

int s3hls__credentials_open_machine(s3hls_credentials_provider **out, const s3hls_env *env) {
    return unsupported(out, env);
}
