/* SPDX-License-Identifier: MIT-0 */
/* Program association and program map, each one packet: one program with a video track, which
 * carries the PCR, and perhaps an audio track. */
#ifndef S3HLS_CONTAINER_PSI_H
#define S3HLS_CONTAINER_PSI_H

#include <stdbool.h>
#include <stdint.h>

void s3hls__psi_pat(uint8_t packet[188], uint8_t continuity_counter);
void s3hls__psi_pmt(uint8_t packet[188], uint8_t continuity_counter, uint8_t stream_type,
                    bool audio);

#endif
