/* SPDX-License-Identifier: MIT-0 */
/* Network inputs of libavformat: their options, transport and trusted certificates. */
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

/* Like avformat_open_input(). TLS connections are verified, including those that a redirect or a
 * playlist opens: the certificate's chain, its dates and the host name.
 * @param out  receives resources that the input needs while it is open, also if opening failed
 * @param format  allocated, with its interrupt_callback set; freed if opening fails. This function
 * uses its opaque member.
 * @param url  as address_encode() writes it
 * @param why  receives the error, 256 bytes
 * @return S3HLS_OK; otherwise as media_open(). */
int network_open(network **out, AVFormatContext **format, const char *url,
                 const network_options *options, char why[256]);
/* Called after avformat_close_input(). */
void network_close(network **n);

/* @param why  receives the name of the error, 256 bytes
 * @return the status for an error of libavformat. */
int network_status(int code, char why[256]);

/* @return advice for a status of an input; "": none. */
const char *network_advice(int status);

#endif
