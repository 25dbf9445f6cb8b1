/* SPDX-License-Identifier: MIT-0 */
/* The program of the sample SDK's README: its statements as they stand there, in functions so that
 * they can be called, with what they leave to the reader (keys, frames, when to stop) handed in. */
#include "readme.h"
#include "S3_HLS_SDK.h"
#include "S3_Simple_Put.h"
#include <stdio.h>

#define FAILED (-1)

int readme_initialize(const char *ak, const char *sk, const char *token, const char *region,
                      const char *bucket, const char *prefix) {
    S3_Put_Initialize(ak, sk, token, region, bucket, prefix);

#define BUFFER_SIZE 4 * 1024 * 1024 // 4MB
    if (S3_HLS_OK != S3_HLS_Initialize(BUFFER_SIZE)) {
        return FAILED;
    }
    S3_HLS_Set_FPS(30); // each second will have 30 frames

    S3_HLS_Set_Segmentation_Frame(S3_HLS_H264E_NALU_SPS); // seperate files using sps frame

    S3_HLS_Set_Segmentation_Frame_Count(
        3); // seperate file when there are 3 sps frames in each file
    return 0;
}

int readme_put(unsigned char *pStart, unsigned int uLength) {
    // Get frames from encoding module, pStart as frame start address, uLength as length of the
    // frame.
    if (S3_HLS_OK != S3_HLS_Put_Frame(pStart, uLength)) {
        // Put frame to buffer failed, usually this is caused by buffer full
        // Ensure IPC can connect to S3 and have good network status
        printf("[Error]: Failed to put frame to buffer!\n");
        return FAILED;
    }
    return 0;
}

void *readme_upload(void *arg) {
    atomic_bool *stop = arg;
#define exit (*stop)
    while (!exit) {
        S3_HLS_Write_To_S3();
    }
#undef exit
    return NULL;
}

void readme_finalize(void) {
    S3_HLS_Finalize();
    S3_Put_Finalize();
}
