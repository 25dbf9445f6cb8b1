/* SPDX-License-Identifier: MIT-0 */
/** @file S3_HLS_SDK.h
 * The API of the AWS sample SDK, version 2, implemented by s3hls. A program written for it compiles
 * and links unchanged, and records picture and sound. docs/compat.md lists the differences.
 *
 * There is one recording per process. Threads: S3_HLS_SDK_Put_Video_Frame() is called on one
 * thread, S3_HLS_SDK_Put_Audio_Frame() on one, which may be another, all others on any.
 */
#ifndef S3_HLS_SDK_H
#define S3_HLS_SDK_H

#include "S3_HLS_Return_Code.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define S3_HLS_SIMPLE_PUT_MAX_FRAME_PER_PACK 4

/** Bytes in one piece, or in two if they wrap around the end of the encoder's ring. */
typedef struct s3_hls_frame_item_s {
    uint8_t *first_part_start;
    uint32_t first_part_length;
    uint8_t *second_part_start; /* NULL: there is none */
    uint32_t second_part_length;
    uint64_t timestamp; /* microseconds, of the encoder */
} S3_HLS_FRAME_ITEM;

/** The NAL units of one picture, or ADTS frames. */
typedef struct frame_packs_s {
    S3_HLS_FRAME_ITEM items[S3_HLS_SIMPLE_PUT_MAX_FRAME_PER_PACK];
    uint32_t item_count; /* 1 to S3_HLS_SIMPLE_PUT_MAX_FRAME_PER_PACK */
} S3_HLS_FRAME_PACK;

/** Prepare a recording. Allocates the buffer, all of it at once. Strings are copied.
 * @param buffer_size  bytes; at least 256 KiB are allocated
 * @param prefix       NULL: none; a leading slash is ignored
 * @param endpoint     of an S3-compatible service, "https://..."; NULL: that of AWS
 * @return S3_HLS_OK
 *   S3_HLS_INVALID_PARAMETER: region or bucket is NULL
 *   S3_HLS_INVALID_STATUS: already initialized
 *   S3_HLS_OUT_OF_MEMORY: out of memory */
int32_t S3_HLS_SDK_Initialize(uint32_t buffer_size, char *region, char *bucket, char *prefix,
                              char *endpoint);

/** Set or renew the credentials, while uploads run too. Copied.
 * @param token  NULL: none
 * @return S3_HLS_OK
 *   S3_HLS_INVALID_PARAMETER: ak or sk is NULL
 *   S3_HLS_INVALID_STATUS: not initialized
 *   S3_HLS_OUT_OF_MEMORY: out of memory; the old ones remain */
int32_t S3_HLS_SDK_Set_Credential(char *ak, char *sk, char *token);

/** Set the tags of the segments from now on.
 * @param object_tag  "key1=value1&key2=value2", percent-encoded where necessary; NULL: none
 * @return S3_HLS_OK
 *   S3_HLS_INVALID_PARAMETER: malformed, or beyond the limits of S3; the old tags remain
 *   S3_HLS_INVALID_STATUS: not initialized
 *   S3_HLS_OUT_OF_MEMORY: out of memory */
int32_t S3_HLS_SDK_Set_Tag(char *object_tag);

/** Start the thread that uploads. What was put before is uploaded now.
 * @return S3_HLS_OK
 *   S3_HLS_INVALID_STATUS: not initialized, or already started
 *   S3_HLS_OUT_OF_MEMORY: no thread could be started */
int32_t S3_HLS_SDK_Start_Upload(void);

/** Put one picture (H.264 or H.265, Annex B). Never waits for the network. The first call opens the
 * recording and allocates.
 * @return S3_HLS_OK: accepted; damaged parts are left out
 *   S3_HLS_INVALID_PARAMETER: pack is NULL, or an item or a number is out of range
 *   S3_HLS_INVALID_STATUS: not initialized, or without credentials
 *   S3_HLS_BUFFER_OVERFLOW: the buffer is full; frames up to the next keyframe are dropped
 *   S3_HLS_UNKNOWN_INTERNAL_ERROR: damaged, or no keyframe has arrived yet
 *   S3_HLS_OUT_OF_MEMORY: out of memory */
int32_t S3_HLS_SDK_Put_Video_Frame(S3_HLS_FRAME_PACK *pack);

/** Put audio: AAC LC in ADTS frames. As S3_HLS_SDK_Put_Video_Frame(), but
 * @return S3_HLS_BUFFER_OVERFLOW: too much audio waits for its pictures; the oldest is dropped */
int32_t S3_HLS_SDK_Put_Audio_Frame(S3_HLS_FRAME_PACK *pack);

/** End the recording and deliver what waits, for up to 10 s. Blocks.
 * @return S3_HLS_OK: everything was delivered, or nothing was recorded
 *   S3_HLS_UPLOAD_FAILED: segments were dropped at the deadline
 *   S3_HLS_INVALID_STATUS: not initialized */
int32_t S3_HLS_SDK_Finalize(void);

#ifdef __cplusplus
}
#endif
#endif
