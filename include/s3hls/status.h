/* SPDX-License-Identifier: MIT-0 */
/** @file status.h
 * Status codes. 0: done, or accepted. Negative, S3HLS_E_*: failed; nothing was kept. Positive,
 * S3HLS_W_*: accepted with a remark; only functions whose docstring lists such a code return one.
 * One list defines the enum, the names, the texts and docs/errors.md. New codes are appended; a
 * number never changes.
 */
#ifndef S3HLS_STATUS_H
#define S3HLS_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define S3HLS_API
#else
#define S3HLS_API __attribute__((visibility("default")))
#endif

/** XX(name, number, text: the cause). docs/errors.md lists the remedies. */
#define S3HLS_STATUS_MAP(XX)                                                                       \
    XX(OK, 0, "success")                                                                           \
    XX(E_INVALID, -1, "invalid argument or option")                                                \
    XX(E_NOMEM, -2, "out of memory")                                                               \
    XX(E_STATE, -3, "call not possible in this state")                                             \
    XX(E_TIMEOUT, -4, "deadline passed")                                                           \
    XX(E_FULL, -5, "block pool is empty: frames dropped up to the next keyframe")                  \
    XX(E_SKIPPED, -6, "frame skipped: waiting for a keyframe")                                     \
    XX(E_MALFORMED, -7, "damaged or malformed data")                                               \
    XX(E_NOT_H264, -8, "no H.264 or H.265 video found")                                            \
    XX(E_UNSUPPORTED, -9, "valid, but not supported")                                              \
    XX(E_TOO_LARGE, -10, "larger than the limit")                                                  \
    XX(E_NOT_FOUND, -11, "no such object or file")                                                 \
    XX(E_EXISTS, -12, "already exists")                                                            \
    XX(E_ACCESS, -13, "access denied")                                                             \
    XX(E_CREDENTIALS, -14, "credentials missing, wrong or expired")                                \
    XX(E_NO_BUCKET, -15, "no such bucket")                                                         \
    XX(E_CLOCK, -16, "clock is not set or too far from the server's")                              \
    XX(E_RESOLVE, -17, "host name not found")                                                      \
    XX(E_CONNECT, -18, "no connection to the server")                                              \
    XX(E_TLS, -19, "TLS failed: certificate not trusted or handshake refused")                     \
    XX(E_NETWORK, -20, "transfer broken off or stalled")                                           \
    XX(E_THROTTLED, -21, "server asks to slow down")                                               \
    XX(E_SERVER, -22, "server failed")                                                             \
    XX(E_PROTOCOL, -23, "server's answer not understood")                                          \
    XX(E_REGION, -24, "bucket lives in another region or endpoint")                                \
    XX(E_IO, -25, "file could not be read or written")                                             \
    XX(E_NOSPC, -26, "no space left on the device")                                                \
    XX(E_UNDELIVERED, -27, "segments left undelivered at the deadline")                            \
    XX(E_CANCELLED, -28, "cancelled")                                                              \
    XX(E_NO_VIDEO, -29, "input held no complete picture to record")                                \
    XX(W_DROPPED_OLDER, 1, "accepted; older data was dropped for it")                              \
    XX(W_DAMAGED, 2, "accepted, except damaged parts")                                             \
    XX(W_SEI_DROPPED, 3, "accepted, except SEI that is too large")                                 \
    XX(W_FULL, 4, "accepted in part: block pool is empty, frames dropped up to the next keyframe") \
    XX(W_AUDIO_DROPPED, 5, "accepted; other audio was dropped, as too much waits for its pictures")

typedef enum s3hls_status {
#define S3HLS__XX(name, number, text) S3HLS_##name = (number),
    S3HLS_STATUS_MAP(S3HLS__XX)
#undef S3HLS__XX
} s3hls_status;

/** Text of a status, one line, no full stop. Any thread; does not block or allocate.
 * @return static memory, never NULL: an unknown number has a text too */
S3HLS_API const char *s3hls_strerror(int status);

/** Name of a status as in C ("S3HLS_E_TLS"). Any thread; does not block or allocate.
 * @return static memory; "S3HLS_E_UNKNOWN": not a status */
S3HLS_API const char *s3hls_status_name(int status);

#ifdef __cplusplus
}
#endif
#endif
