/* SPDX-License-Identifier: MIT-0 */
/** @file S3_Simple_Put.h
 * The AWS sample SDK's "Simple Put", implemented by s3hls. TLS certificates are verified.
 * AWS_ENDPOINT_URL_S3, AWS_CA_BUNDLE and AWS_REQUEST_CHECKSUM_CALCULATION apply. S3HLS_URL
 * (s3://bucket/prefix or file:///directory) replaces bucket and prefix, to try a program without
 * S3. Any thread.
 */
#ifndef S3_SIMPLE_PUT_H
#define S3_SIMPLE_PUT_H

#ifdef __cplusplus
extern "C" {
#endif

#define S3_SIMPLE_PUT_OK                   0
#define S3_SIMPLE_PUT_NOT_ENOUGHT_MEMORY   (-1)
#define S3_SIMPLE_RUNTIME_ERROR            (-2) /* S3 or the network refused, or a wrong order of calls */
#define S3_SIMPLE_PUT_CREATE_SOCKET_FAILED (-3) /* not returned any more */
#define S3_SIMPLE_PUT_CONNECT_FAILED       (-4)
#define S3_SIMPLE_PUT_SEND_DATA_FAILED     (-5)

/** Set destination and credentials; copied. A further call replaces the credentials at once, also
 * while recording; its region, bucket and prefix must be the same.
 * @param ak      access key ID
 * @param sk      secret access key
 * @param token   session token; NULL or "" for long-term credentials
 * @param prefix  NULL or "": none
 * @return S3_SIMPLE_PUT_OK
 *   S3_SIMPLE_PUT_NOT_ENOUGHT_MEMORY: out of memory
 *   S3_SIMPLE_RUNTIME_ERROR: an argument is missing, or the credentials are malformed */
int S3_Put_Initialize(const char *ak, const char *sk, const char *token, const char *region,
                      const char *bucket, const char *prefix);

/** Release credentials and connections, after S3_HLS_Finalize().
 * @return S3_SIMPLE_PUT_OK
 *   S3_SIMPLE_RUNTIME_ERROR: S3_HLS_Finalize() was not called, or not initialized */
int S3_Put_Finalize(void);

/** Store an object below the prefix. Blocks until S3 has answered.
 * @param object_key  relative to the prefix; leading slashes are ignored
 * @param payload     read during the call only; may be NULL if size is 0
 * @param size        bytes
 * @return S3_SIMPLE_PUT_OK
 *   S3_SIMPLE_PUT_NOT_ENOUGHT_MEMORY: out of memory
 *   S3_SIMPLE_PUT_CONNECT_FAILED: host name not found, no connection, or TLS failed
 *   S3_SIMPLE_PUT_SEND_DATA_FAILED: the transfer broke off or stalled
 *   S3_SIMPLE_RUNTIME_ERROR: any other failure, or not initialized */
int S3_Put_Object(const char *object_key, const unsigned char *payload, unsigned int size);

#ifdef __cplusplus
}
#endif
#endif
