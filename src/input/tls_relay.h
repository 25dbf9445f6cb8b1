/* SPDX-License-Identifier: MIT-0 */
/* A verified TLS connection to a camera, relayed to a port of the loopback interface. libavformat's
 * RTSP cannot verify a certificate before version 8: it uses plain RTSP to this port, and libcurl
 * uses TLS to the camera. */
#ifndef S3HLS_INPUT_TLS_RELAY_H
#define S3HLS_INPUT_TLS_RELAY_H

#include <stdbool.h>

typedef struct s3hls__input_tls_relay s3hls__input_tls_relay;

typedef struct s3hls__input_tls_relay_config {
    const char *host;          /* "camera:322"; the certificate is for this name or address */
    const char *ca_file;       /* authorities to trust; NULL: the system's */
    bool insecure;             /* accept any certificate */
    long timeout_ms;           /* for the connection */
    int (*stopped)(void *ctx); /* called meanwhile; not 0: cancel */
    void *stopped_ctx;
} s3hls__input_tls_relay_config;

/* Connect, verify, and then relay on a separate thread.
 * @param why  receives the error, 256 bytes
 * @return S3HLS_OK; S3HLS_E_RESOLVE, S3HLS_E_CONNECT, S3HLS_E_TIMEOUT, S3HLS_E_TLS,
 * S3HLS_E_NETWORK, S3HLS_E_CANCELLED, S3HLS_E_NOMEM, S3HLS_E_IO (the loopback interface). */
int s3hls__input_tls_relay_open(s3hls__input_tls_relay **out,
                                const s3hls__input_tls_relay_config *config, char why[256]);
/* Port on 127.0.0.1, for one connection. */
unsigned s3hls__input_tls_relay_port(const s3hls__input_tls_relay *relay);
void s3hls__input_tls_relay_close(s3hls__input_tls_relay **relay);

#endif
