/* SPDX-License-Identifier: MIT-0 */
/** @file verify.h
 * Checks of recordings: bytes against ISO/IEC 13818-1 or 14496-12 and HLS, names against bytes,
 * segments against their neighbours. Nothing is decoded: damage inside a picture that leaves the
 * stream well-formed is not found. All functions are pure: any thread, no I/O.
 */
#ifndef S3HLS_VERIFY_H
#define S3HLS_VERIFY_H

#include "s3hls/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

/** XX(name, bit, word for machines, text). New ones are appended; a bit never changes. */
#define S3HLS_FAULT_MAP(XX)                                                                        \
    XX(SIZE, 0, "size", "empty, or no whole number of packets")                                    \
    XX(SYNC, 1, "sync", "a damaged packet header")                                                 \
    XX(TABLES, 2, "tables", "PAT or PMT absent, damaged, or false")                                \
    XX(COUNTER, 3, "counter", "packets are missing")                                               \
    XX(PCR, 4, "pcr", "clock references absent, too rare, or out of order")                        \
    XX(PES, 5, "pes", "a damaged PES header")                                                      \
    XX(TIMES, 6, "times", "timestamps out of order")                                               \
    XX(VIDEO, 7, "video", "access units that are none, or keyframes without parameter sets")       \
    XX(KEYFRAME, 8, "keyframe", "does not begin with a keyframe")                                  \
    XX(DURATION, 9, "duration", "the name's duration is not that of the pictures")                 \
    XX(PLACE, 10, "place", "its pictures belong elsewhere in the timeline")                        \
    XX(END, 11, "end", "its end is missing: the next one does not run on from it")                 \
    XX(TIMELINE, 12, "timeline", "differs from its timeline's object")                             \
    XX(ABSENT, 13, "absent", "listed, but not there, or larger than can be read")                  \
    XX(AUDIO, 14, "audio", "audio frames that are damaged, out of order, or not beside pictures")  \
    XX(BOXES, 15, "boxes", "boxes or sample tables that are absent, damaged, or false")

typedef enum s3hls_fault {
#define S3HLS__XX(name, bit, word, text) S3HLS_FAULT_##name = 1 << (bit),
    S3HLS_FAULT_MAP(S3HLS__XX)
#undef S3HLS__XX
} s3hls_fault;

/** The word of one fault ("pcr"). Static memory.
 * @return "unknown": fault is not one bit of s3hls_fault */
S3HLS_API const char *s3hls_fault_name(int fault);

enum { S3HLS_VERIFY_TRACKS = 8 }; /* PIDs of a segment, PAT and PMT included */

/** Result of checking one segment. Timestamps are in units of 90 kHz and wrap at 33 bits. */
typedef struct s3hls_verify_report {
    uint32_t faults;   /* bits of s3hls_fault; 0: none */
    char message[128]; /* the first fault: where and what, one line; "": none */

    uint32_t access_units;
    uint32_t width, height;              /* of the first keyframe's pictures; 0: not known */
    char codecs[48];                     /* "avc1.PPCCLL"; "": not known */
    int64_t first_pcr_90k, last_pcr_90k; /* -1: none */
    int64_t first_pts_90k;               /* of the first picture shown */
    int64_t length_90k;                  /* from there to the end of the last picture shown */
    int64_t longest_step_90k;            /* longest interval between two pictures */
    int64_t reorder_90k;                 /* largest delay from decoding to display */
    uint32_t track_count;
    struct {
        uint16_t pid;
        uint8_t first,
            last; /* continuity counters of the first packet and of the last one with payload */
    } tracks[S3HLS_VERIFY_TRACKS];
    int64_t first_dts_90k, last_dts_90k; /* of the first and the last picture decoded */
    int64_t latest_pts_90k;              /* of the last picture shown */
    int64_t missing_90k; /* if no segment follows: duration of the pictures that the name includes
                            and that are missing at the end */
    int64_t end_dts_90k; /* fragmented MP4: DTS of the picture that follows; -1: MPEG-TS */
    uint32_t audio_frames;
    char audio_codecs[16];   /* "mp4a.40.2", or its beginning; "": no audio, or not known */
    int64_t first_audio_90k; /* PTS of the first audio frame; -1: none */
    int64_t end_audio_90k;   /* where the last audio frame ends */
    int64_t audio_frame_90k; /* duration of the longest audio frame */
} s3hls_verify_report;

/** Check one segment of MPEG-TS by itself: packets, tables, continuity counters, clock references,
 * timestamps, access units, and that its pictures last as long as the name states.
 * @param segment  as listed; NULL or named by the AWS sample SDK: the duration is not checked
 * @param data     the whole segment
 * @param size     bytes
 * @param report   receives the result
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: report->faults is not 0 */
S3HLS_API int s3hls_verify_segment(const s3hls_segment *segment, const uint8_t *data, size_t size,
                                   s3hls_verify_report *report);

/** Check one segment of fragmented MP4 by itself: boxes, sample tables against the bytes, sync
 * samples against the pictures, timestamps, and that its pictures last as long as the name states.
 * @param segment    as listed; NULL: the duration is not checked
 * @param init       the whole initialisation segment of its timeline
 * @param init_size  bytes; 0: it is absent, which is a fault
 * @param data, size, report  as of s3hls_verify_segment()
 * @return as s3hls_verify_segment() */
S3HLS_API int s3hls_verify_fragment(const s3hls_segment *segment, const uint8_t *init,
                                    size_t init_size, const uint8_t *data, size_t size,
                                    s3hls_verify_report *report);

/** Check segments against their neighbours: within a timeline, timestamps must continue as the
 * names do, and continuity counters and clock references from one segment to the next. Audio must
 * not overlap that of the segment before, or end more than 100 ms behind its pictures; where a
 * session begins, it must not begin more than 0.5 s before them. Adds PLACE, END, TIMES, AUDIO and
 * DURATION, the latter also if the last segment of a timeline has fewer pictures than its name
 * states. Removes KEYFRAME if the previous segment is present, and DURATION if the next one
 * determines the duration of the last picture. Segments of the AWS sample SDK are ignored.
 * @param segments  ascending by time, as s3hls_archive_list() returns them
 * @param reports   of s3hls_verify_segment() for each of them; updated
 * @param count     of both */
S3HLS_API void s3hls_verify_neighbours(const s3hls_segment *segments, s3hls_verify_report *reports,
                                       size_t count);

/** Check a segment against its timeline's object: picture size and codecs. A segment without audio
 * may be in a timeline with audio. Adds TIMELINE.
 * @param report  of s3hls_verify_segment(); updated */
S3HLS_API void s3hls_verify_timeline(const s3hls_timeline *timeline, s3hls_verify_report *report);

/** The transition between two consecutive segments, from their names alone. */
typedef struct s3hls_seam {
    uint64_t missing; /* sequence numbers without a segment: lost, late, or left out */
    int64_t gap_ms;   /* gap from the end of one to the start of the other; below 0: they overlap */
    int new_session;  /* non-zero: the recorder was restarted */
    int new_timeline; /* non-zero: EXT-X-DISCONTINUITY, other parameters or another clock */
} s3hls_seam;

/** Describe the transition from one segment to the next. */
S3HLS_API s3hls_seam s3hls_verify_seam(const s3hls_segment *before, const s3hls_segment *after);

#ifdef __cplusplus
}
#endif
#endif
