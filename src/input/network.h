/* SPDX-License-Identifier: MIT-0 */
/* Network inputs of libavformat: their options, transport and trusted certificates. */
#ifndef S3HLS_INPUT_NETWORK_H
#define S3HLS_INPUT_NETWORK_H

#include "s3hls/input.h"
#include <libavformat/avformat.h>

typedef struct s3hls__input_network s3hls__input_network;

/* Like avformat_open_input(). TLS connections are verified, including those that a redirect or a
 * playlist opens: the certificate's chain, its dates and the host name.
 * @param out  receives resources that the input needs while it is open, also if opening failed
 * @param format  allocated, with its interrupt_callback set; freed if opening fails. This function
 * uses its opaque member.
 * @param url  as s3hls__input_address_encode() writes it
 * @param why  receives the error, 256 bytes
 * @return S3HLS_OK; otherwise as s3hls_source_open(). */
int s3hls__input_network_open(s3hls__input_network **out, AVFormatContext **format, const char *url,
                              const s3hls_source_config *options, char why[256]);
/* Called after avformat_close_input(). */
void s3hls__input_network_close(s3hls__input_network **n);

/* @param why  receives the name of the error, 256 bytes
 * @return the status for an error of libavformat. */
int s3hls__input_network_status(int code, char why[256]);

#endif
