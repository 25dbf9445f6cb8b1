/* SPDX-License-Identifier: MIT-0 */
/** @file S3_HLS_SDK.h
 * The calls of the AWS sample SDK (IPC-H264-HLS-C-SDK), over s3hls: a program written for it
 * compiles and links unchanged, and what its archive lacked comes with it: nothing is freed before
 * S3 has confirmed it, TLS is verified, two segments never share a name, and the end does not hang.
 * docs/compat.md says what differs.
 *
 * One recording a process. S3_HLS_Put_Frame() belongs to one thread, S3_HLS_Write_To_S3() to
 * another; the rest to either. Calls that returned nothing there return a code here, which may be
 * ignored.
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
#define S3_HLS_NOT_ENOUGH_MEMORY (-1) /* also: the buffer is full, frames are left out */
#define S3_HLS_INVALID_PID       (-2) /* never answered any more */
#define S3_HLS_LOCK_FAILED       (-3) /* never answered any more */
#define S3_HLS_INVALID_ARGUMENT  (-4) /* NULL, or a length or number out of range */
#define S3_HLS_INVALID_STATE     (-5) /* call in a wrong order */
#define S3_HLS_NOT_DELIVERED     (-6) /* something still waits for S3, or had to be given up */
#define S3_HLS_INVALID_DATA                                                                        \
    (-7) /* not H.264, or no keyframe has come yet: nothing of it was kept */

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

/** Allocate the buffer, all of it at once; after S3_Put_Initialize().
 * @param buffer_size  bytes; less than 256 KiB is taken as 256 KiB
 * @return S3_HLS_OK, S3_HLS_NOT_ENOUGH_MEMORY, S3_HLS_INVALID_STATE (already done, or nowhere to
 * put to). */
int S3_HLS_Initialize(unsigned int buffer_size);

/** End the recording: up to 10 s to deliver what waits. Call it when the upload thread's loop has
 * ended or is about to.
 * @return S3_HLS_OK, also where nothing was recorded; S3_HLS_NOT_DELIVERED; S3_HLS_INVALID_STATE:
 * not initialized. */
int S3_HLS_Finalize(void);

/** Frames per second, default 30. @return S3_HLS_OK, S3_HLS_INVALID_ARGUMENT (0),
 * S3_HLS_INVALID_STATE (frames came). */
int S3_HLS_Set_FPS(unsigned char fps);
/** NAL unit type that is counted, default SPS. UNSPECIFIED is refused. Else as above. */
int S3_HLS_Set_Segmentation_Frame(S3_HLS_H264E_NALU_TYPE_E frame_type);
/** So many of them make a segment, default 3. As above. */
int S3_HLS_Set_Segmentation_Frame_Count(unsigned char frame_count);

/** Put one NAL unit, or one frame of several, with or without its start code. Copied; never waits
 * for the network.
 * @return S3_HLS_OK, S3_HLS_NOT_ENOUGH_MEMORY, S3_HLS_INVALID_DATA, S3_HLS_INVALID_ARGUMENT,
 * S3_HLS_INVALID_STATE. */
int S3_HLS_Put_Frame(const unsigned char *frame_addr, unsigned int frame_length);

/** Deliver what is ready, waiting up to 100 ms for something to do; for the loop of the upload
 * thread.
 * @return S3_HLS_OK: nothing waits; S3_HLS_NOT_DELIVERED: call again; S3_HLS_INVALID_STATE: not
 * initialized. */
int S3_HLS_Write_To_S3(void);

#ifdef __cplusplus
}
#endif
#endif
