/* SPDX-License-Identifier: MIT-0 */
/** @file cause.h
 * Causes of failed deliveries, for statistics.
 */
#ifndef S3HLS_CAUSE_H
#define S3HLS_CAUSE_H

#ifdef __cplusplus
extern "C" {
#endif

/** Why deliveries were retried. XX(name, text: one word for machines). New ones are appended. */
#define S3HLS_CAUSE_MAP(XX)                                                                        \
    XX(RESOLVE, "resolve")         /* host name not found */                                       \
    XX(CONNECT, "connect")         /* no connection */                                             \
    XX(TLS, "tls")                 /* certificate or handshake */                                  \
    XX(NETWORK, "network")         /* connection broken or stalled */                              \
    XX(THROTTLED, "throttled")     /* 503 SlowDown, 429 */                                         \
    XX(SERVER, "server")           /* 5xx */                                                       \
    XX(CREDENTIALS, "credentials") /* missing, refused, expired */                                 \
    XX(CLOCK, "clock")             /* signed with a wrong time */                                  \
    XX(REGION, "region")           /* another region or endpoint */                                \
    XX(ACCESS, "access")           /* access denied, no such bucket */                             \
    XX(OTHER, "other")

typedef enum s3hls_cause {
#define S3HLS__XX(name, text) S3HLS_CAUSE_##name,
    S3HLS_CAUSE_MAP(S3HLS__XX)
#undef S3HLS__XX
        S3HLS_CAUSE_COUNT
} s3hls_cause;

#ifdef __cplusplus
}
#endif
#endif
