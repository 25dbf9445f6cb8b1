/* SPDX-License-Identifier: MIT-0 */
/** @file S3_HLS_Return_Code.h
 * Return codes of the AWS sample SDK, version 2.
 */
#ifndef S3_HLS_RETURN_CODE_H
#define S3_HLS_RETURN_CODE_H

#define S3_HLS_OK                     0
#define S3_HLS_OUT_OF_MEMORY          (-1)
#define S3_HLS_INVALID_PARAMETER      (-2)
#define S3_HLS_INVALID_STATUS         (-3) /* functions called in a wrong order */
#define S3_HLS_BUFFER_OVERFLOW        (-4) /* frames are dropped */
#define S3_HLS_BUFFER_EMPTY           (-5) /* nothing was recorded */
#define S3_HLS_LOCK_FAILED            (-6) /* not returned any more */
#define S3_HLS_UNKNOWN_INTERNAL_ERROR (-7) /* the data is damaged */
#define S3_HLS_QUEUE_FULL             (-8) /* not returned any more */
#define S3_HLS_QUEUE_EMPTY            (-9) /* not returned any more */
#define S3_HLS_HTTP_CLIENT_INIT_ERROR (-10)
#define S3_HLS_THREAD_ALREADY_STOPPED (-11) /* not returned any more */
#define S3_HLS_UPLOAD_FAILED          (-12) /* segments were dropped at the end */

typedef int S3_HLS_RETURN_CODE; /* one of them */

#endif
