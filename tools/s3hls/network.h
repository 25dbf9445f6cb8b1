/* SPDX-License-Identifier: MIT-0 */
/* Inputs that libavformat reads over a network: with which options, over which transport, and whose
 * certificates are trusted. */
#ifndef TOOL_NETWORK_H
#define TOOL_NETWORK_H

#include <libavformat/avformat.h>
#include <stdbool.h>

typedef struct network network;

typedef enum rtsp_transport { RTSP_TCP, RTSP_UDP, RTSP_AUTO } rtsp_transport;

typedef struct network_options {
    rtsp_transport transport; /* of RTP; AUTO: TCP, and UDP where the camera refuses TCP */
    const char *ca_file;      /* authorities to trust besides the system's; NULL: none */
    bool insecure;            /* accept any certificate */
} network_options;

/* As avformat_open_input(). TLS connections, and those that a redirect or a playlist leads to, are
 * verified: the certificate's chain, its dates and the host's name.
 * @param out  receives what the input needs as long as it is open, also when opening failed
 * @param format  allocated, with its interrupt_callback set; freed when opening fails. Its opaque
 * member is used here.
 * @param url  as address_encode() writes it
 * @param why  receives what was wrong, 256 bytes
 * @return S3HLS_OK; otherwise as media_open(). */
int network_open(network **out, AVFormatContext **format, const char *url,
                 const network_options *options, char why[256]);
/* After avformat_close_input(). */
void network_close(network **n);

/* @param why  receives what the error is called, 256 bytes
 * @return the status that an error of libavformat stands for. */
int network_status(int code, char why[256]);

/* @return what to do about a status of an input, for people; "" where there is no advice. */
const char *network_advice(int status);

#endif
