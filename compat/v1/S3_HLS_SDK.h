/* SPDX-License-Identifier: MIT-0 */
/** @file S3_HLS_SDK.h
 * The API of the AWS sample SDK (IPC-H264-HLS-C-SDK), implemented by s3hls. A program written for
 * it compiles and links unchanged. In addition, no segment is freed before S3 has confirmed it, TLS
 * certificates are verified, segment names are unique, and S3_HLS_Finalize() has a deadline.
 * docs/compat.md lists the differences.
 *
 * There is one recording per process. Threads: S3_HLS_Put_Frame() is called on one thread,
 * S3_HLS_Write_To_S3() on another, all others on either. Functions that return void in the sample
 * SDK return a code here, which may be ignored.
 */
#ifndef S3_HLS_SDK_H
#define S3_HLS_SDK_H

#ifdef __cplusplus
extern "C" {
#endif

#define S3_HLS_TS_PACKET_LENGTH  188
#define S3_HLS_TS_HEADER_LENGTH  4
#define S3_HLS_PES_HEADER_LENGTH 20

#define S3_HLS_OK                0
#define S3_HLS_NOT_ENOUGH_MEMORY (-1) /* also: the buffer is full, frames are dropped */
#define S3_HLS_INVALID_PID       (-2) /* not returned any more */
#define S3_HLS_LOCK_FAILED       (-3) /* not returned any more */
#define S3_HLS_INVALID_ARGUMENT  (-4) /* NULL, or a length or number out of range */
#define S3_HLS_INVALID_STATE     (-5) /* functions called in a wrong order */
#define S3_HLS_NOT_DELIVERED     (-6) /* segments still wait, or were dropped */
#define S3_HLS_INVALID_DATA      (-7) /* damaged, or no keyframe has arrived yet */

#define S3_HLS_PAT_PID   0x0000
#define S3_HLS_VIDEO_PID 0x0100
#define S3_HLS_PMT_PID   0x1000

/* nal_unit_type, H.264 Table 7-1 */
typedef enum {
    S3_HLS_H264E_NALU_UNSPECIFIED = 0,
    S3_HLS_H264E_NALU_NON_IDR = 1,
    S3_HLS_H264E_NALU_DPA = 2,
    S3_HLS_H264E_NALU_DPB = 3,
    S3_HLS_H264E_NALU_DPC = 4,
    S3_HLS_H264E_NALU_IDR = 5,
    S3_HLS_H264E_NALU_SEI = 6,
    S3_HLS_H264E_NALU_SPS = 7,
    S3_HLS_H264E_NALU_PPS = 8,
    S3_HLS_H264E_NALU_AUD = 9,
    S3_HLS_H264E_NALU_END_SEQ = 10,
    S3_HLS_H264E_NALU_END_STREAM = 11,
    S3_HLS_H264E_NALU_FILLER = 12
} S3_HLS_H264E_NALU_TYPE_E;

/** Allocate the buffer, all of it at once, after S3_Put_Initialize().
 * @param buffer_size  bytes; at least 256 KiB are allocated
 * @return S3_HLS_OK
 *   S3_HLS_NOT_ENOUGH_MEMORY: out of memory, or the buffer exceeds the limit of 4 GiB
 *   S3_HLS_INVALID_STATE: already initialized, or S3_Put_Initialize() was not called */
int S3_HLS_Initialize(unsigned int buffer_size);

/** End the recording and deliver waiting segments for up to 10 s. Blocks. Call it when the upload
 * thread's loop has ended or is about to end. Resets the settings below to their defaults.
 * @return S3_HLS_OK: everything was delivered, or nothing was recorded
 *   S3_HLS_NOT_DELIVERED: segments were dropped at the deadline
 *   S3_HLS_INVALID_STATE: not initialized */
int S3_HLS_Finalize(void);

/** Set the frames per second, 1 to 255, before the first frame. Default 30.
 * @return S3_HLS_OK
 *   S3_HLS_INVALID_ARGUMENT: the value is out of range
 *   S3_HLS_INVALID_STATE: frames were already put */
int S3_HLS_Set_FPS(unsigned char fps);
/** Set the type of NAL unit that the cut rule counts, before the first frame. Default SPS.
 * UNSPECIFIED is out of range.
 * @return as S3_HLS_Set_FPS() */
int S3_HLS_Set_Segmentation_Frame(S3_HLS_H264E_NALU_TYPE_E frame_type);
/** Set the number of such NAL units per segment, 1 to 255, before the first frame. Default 3.
 * @return as S3_HLS_Set_FPS() */
int S3_HLS_Set_Segmentation_Frame_Count(unsigned char frame_count);

/** Put one NAL unit, or a frame of several; the first may lack its start code. Never waits for the
 * network. The first call opens the recording and allocates.
 * @param frame_addr    copied before the call returns
 * @param frame_length  bytes, 1 or more
 * @return S3_HLS_OK: accepted; damaged parts, and SEI of more than 64 KiB before a picture, are
 * left out S3_HLS_NOT_ENOUGH_MEMORY: the buffer is full, and frames up to the next keyframe are
 * dropped; or out of memory S3_HLS_INVALID_DATA: nothing was kept, because it is damaged, no
 * keyframe has arrived yet, or damage is being skipped S3_HLS_INVALID_ARGUMENT: frame_addr is NULL,
 * frame_length is 0, or a setting of S3_Put_Initialize() is malformed S3_HLS_INVALID_STATE: not
 * initialized, or finalizing */
int S3_HLS_Put_Frame(const unsigned char *frame_addr, unsigned int frame_length);

/** Deliver segments that are ready, in the loop of the upload thread. Blocks for up to 100 ms until
 * there is something to do.
 * @return S3_HLS_OK: nothing waits
 *   S3_HLS_NOT_DELIVERED: something still waits; call again
 *   S3_HLS_INVALID_STATE: not initialized, finalizing, or another thread is in this function */
int S3_HLS_Write_To_S3(void);

#ifdef __cplusplus
}
#endif
#endif
