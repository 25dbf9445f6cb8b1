/* SPDX-License-Identifier: MIT-0 */
/* Inputs that libavformat reads over a network. */
#ifndef TOOL_NETWORK_H
#define TOOL_NETWORK_H

#include <libavformat/avformat.h>

/* As avformat_open_input(), with the options that network inputs need. */
int network_open(AVFormatContext **format, const char *url, const AVInputFormat *as);

/* @param why  receives what libavformat calls the error, 256 bytes
 * @return the status that an error of libavformat stands for. */
int network_status(int code, char why[256]);

#endif
