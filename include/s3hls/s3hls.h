/* SPDX-License-Identifier: MIT-0 */
/** @file s3hls.h
 * The whole API of the device library, libs3hls: record, deliver, publish, sign. The headers of
 * libs3hls-play (archive.h, playlist.h, ...) and libs3hls-server are included by name.
 */
#ifndef S3HLS_S3HLS_H
#define S3HLS_S3HLS_H

#include "s3hls/credentials.h"
#include "s3hls/env.h"
#include "s3hls/event.h"
#include "s3hls/frame.h"
#include "s3hls/log.h"
#include "s3hls/publish.h"
#include "s3hls/recorder.h"
#include "s3hls/s3.h"
#include "s3hls/sigv4.h"
#include "s3hls/status.h"
#include "s3hls/store.h"
#include "s3hls/uploader.h"
#include "s3hls/version.h"

#endif
