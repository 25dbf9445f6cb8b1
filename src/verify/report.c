/* SPDX-License-Identifier: MIT-0 */
#include "verify/report.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *s3hls_fault_name(int fault) {
    switch (fault) {
#define S3HLS__XX(name, bit, word, text)                                                           \
    case S3HLS_FAULT_##name:                                                                       \
        return word;
        S3HLS_FAULT_MAP(S3HLS__XX)
#undef S3HLS__XX
    default:
        return "unknown";
    }
}

void s3hls__fault_note(s3hls_verify_report *report, int fault, const char *format, ...) {
    report->faults |= (uint32_t)fault;
    if (report->message[0])
        return;
    int n = snprintf(report->message, sizeof report->message, "%s: ", s3hls_fault_name(fault));
    va_list args;
    va_start(args, format);
    vsnprintf(report->message + n, sizeof report->message - (size_t)n, format, args);
    va_end(args);
}

void s3hls__fault_take_back(s3hls_verify_report *report, int fault) {
    const char *word = s3hls_fault_name(fault);
    size_t n = strlen(word);
    bool named = strncmp(report->message, word, n) == 0 && report->message[n] == ':';
    report->faults &= ~(uint32_t)fault;
    if (!named)
        return;
    report->message[0] = 0;
#define S3HLS__XX(name, bit, its_word, text)                                                       \
    if (report->faults & S3HLS_FAULT_##name)                                                       \
        s3hls__fault_note(report, S3HLS_FAULT_##name, "%s", text);
    S3HLS_FAULT_MAP(S3HLS__XX)
#undef S3HLS__XX
}

int64_t s3hls__clock_since(int64_t a, int64_t b) {
    const int64_t round = INT64_C(1) << 33;
    int64_t d = (int64_t)(((uint64_t)a - (uint64_t)b) & (uint64_t)(round - 1));
    return d >= round / 2 ? d - round : d;
}

int64_t s3hls__clock_after(int64_t a, int64_t length) {
    return (int64_t)(((uint64_t)a + (uint64_t)length) & ((UINT64_C(1) << 33) - 1));
}

int64_t s3hls__audio_overlap_90k(int64_t frame) {
    return frame / 2 + S3HLS__VERIFY_ROUNDING_90K;
}

void s3hls__audio_note(s3hls_verify_report *r, int64_t begin, int64_t end, int64_t frame) {
    enum { TAIL_90K = 2 * 90000 }; /* the recorder keeps so much behind the last picture */
    r->first_audio_90k = s3hls__clock_after(begin, 0);
    r->end_audio_90k = s3hls__clock_after(end, 0);
    r->audio_frame_90k = frame;
    if (!r->access_units)
        return;
    int64_t behind =
        s3hls__clock_since(r->end_audio_90k, s3hls__clock_after(r->first_pts_90k, r->length_90k));
    if (behind > TAIL_90K + S3HLS__AUDIO_NEAR_90K + frame)
        s3hls__fault_note(r, S3HLS_FAULT_AUDIO, "audio ends %lld ms behind the pictures",
                          (long long)behind / 90);
}
