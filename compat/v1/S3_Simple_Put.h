/* SPDX-License-Identifier: MIT-0 */
/** @file S3_Simple_Put.h
 * The AWS sample SDK's "Simple Put", over s3hls. TLS is verified. AWS_ENDPOINT_URL_S3 and
 * AWS_CA_BUNDLE are honoured; S3HLS_URL (s3://bucket/prefix or file:///directory) replaces bucket
 * and prefix, to try a program without S3.
 */
#ifndef S3_SIMPLE_PUT_H
#define S3_SIMPLE_PUT_H

#ifdef __cplusplus
extern "C" {
#endif

#define S3_SIMPLE_PUT_OK                   0
#define S3_SIMPLE_PUT_NOT_ENOUGHT_MEMORY   (-1)
#define S3_SIMPLE_RUNTIME_ERROR            (-2) /* S3 or the network refused, or a wrong order of calls */
#define S3_SIMPLE_PUT_CREATE_SOCKET_FAILED (-3) /* never answered any more */
#define S3_SIMPLE_PUT_CONNECT_FAILED       (-4)
#define S3_SIMPLE_PUT_SEND_DATA_FAILED     (-5)

/** Say where to put and with which keys; copied. Called again, it replaces the keys at once, also
 * while recording (the other arguments must then be the same).
 * @param token   NULL or "" for long-lived keys
 * @param prefix  NULL or "" for none
 * @return S3_SIMPLE_PUT_OK, S3_SIMPLE_PUT_NOT_ENOUGHT_MEMORY, S3_SIMPLE_RUNTIME_ERROR: an argument
 * is missing or malformed. */
int S3_Put_Initialize(const char *ak, const char *sk, const char *token, const char *region,
                      const char *bucket, const char *prefix);

/** Forget keys and connections; after S3_HLS_Finalize(). @return S3_SIMPLE_PUT_OK,
 * S3_SIMPLE_RUNTIME_ERROR: still recording, or not initialized. */
int S3_Put_Finalize(void);

/** Store an object below the prefix; blocks until S3 has answered.
 * @return one of the codes above. */
int S3_Put_Object(const char *object_key, const unsigned char *payload, unsigned int size);

#ifdef __cplusplus
}
#endif
#endif
