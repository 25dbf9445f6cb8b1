/* SPDX-License-Identifier: MIT-0 */
#include "intake.h"
#include "input/nal.h"
#include "s3hls/status.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAL_TYPES = 31, FORBIDDEN = 0x80, UNUSABLE_FRAMES = 10 };

/* GOPs are rarely longer. An input of which nothing was recorded for this long is reported. */
static const int64_t UNUSABLE_US = 5000000;
static const int64_t DAMAGE_EVERY_US = 60000000;

void intake_init(intake *i, const camera *c) {
    memset(i, 0, sizeof *i);
    i->camera = c;
}

void intake_begin(intake *i) {
    i->damaged_before = i->damaged;
    i->since_us = delivery_clock_us();
}

/* ---- NAL unit types */

/* A 32-bit length followed by a NAL unit header (ISO/IEC 14496-15), where a start code is
 * expected. */
static bool length_prefixed(const uint8_t *p, size_t size) {
    if (size <= 5)
        return false;
    bool start_code = p[1] == 0 && (p[2] == 1 || (p[2] == 0 && p[3] == 1));
    return p[0] == 0 && !start_code && !(p[4] & FORBIDDEN) && (p[4] & NAL_TYPES) > 0 &&
           (p[4] & NAL_TYPES) <= 9;
}

static void count_units(intake *i, const s3hls_frame *frame) {
    const uint8_t *at = frame->data, *end = at + frame->size;
    uint8_t header;
    if (!i->bytes)
        i->starts_prefixed = length_prefixed(at, frame->size);
    i->bytes += frame->size;
    while (s3hls__input_nal_next(&at, end, &header)) {
        i->private_units += (header & FORBIDDEN) != 0;
        i->private_seen |= (header & FORBIDDEN) != 0;
        i->hevc_sets +=
            (header == 0x40 || header == 0x42 || header == 0x44) && at < end && *at == 1;
        i->units[header & NAL_TYPES] += !(header & FORBIDDEN);
    }
}

static const char *missing_set(const intake *i) {
    return !i->units[S3HLS__INPUT_NAL_SPS]   ? "its sequence parameter set (SPS)"
           : !i->units[S3HLS__INPUT_NAL_PPS] ? "its picture parameter set (PPS)"
                                             : NULL;
}

/* The reason why the input contains no recognisable H.264. @return NULL: it contains some. */
static const char *no_h264(const intake *i, uint64_t units) {
    if (!i->bytes)
        return "it ends before its first picture";
    if (i->hevc_sets >= 3 && !i->units[S3HLS__INPUT_NAL_SPS])
        return "its H.265 has no keyframe with its VPS, SPS and PPS, or they cannot be read";
    if (units)
        return NULL;
    return i->starts_prefixed
               ? "its NAL units begin with their lengths instead of start codes; write it as an "
                 "Annex B stream, or in an MP4 or Matroska file"
               : "it has no start codes: it is not an Annex B stream";
}

int intake_reason(const intake *i, char reason[256]) {
    uint64_t slices = i->units[S3HLS__INPUT_NAL_SLICE] + i->units[S3HLS__INPUT_NAL_IDR],
             units = i->private_units;
    for (int type = 0; type <= NAL_TYPES; type++)
        units += i->units[type];
    const char *other = no_h264(i, units), *missing = missing_set(i);
    if (other)
        snprintf(reason, 256, "%s", other);
    else if (i->private_units && i->private_units >= slices / 2)
        snprintf(reason, 256, INTAKE_PRIVATE);
    else if (!slices)
        snprintf(reason, 256, "it has no pictures");
    else if (missing)
        snprintf(reason, 256,
                 "%s is missing, without which its %" PRIu64 " slices cannot be decoded; let the "
                 "encoder repeat SPS and PPS at each keyframe",
                 missing, slices);
    else if (!i->units[S3HLS__INPUT_NAL_IDR])
        snprintf(reason, 256,
                 "none of its pictures is a keyframe (an IDR picture, or one with a recovery "
                 "point); set a keyframe interval at the encoder");
    else
        snprintf(reason, 256, "none of its pictures could be read");
    return other && i->bytes ? S3HLS_E_NOT_H264 : S3HLS_E_NO_VIDEO;
}

/* ---- while it arrives */

static void report_unusable(intake *i) {
    char reason[256], message[512];
    i->unusable = true;
    intake_reason(i, reason);
    snprintf(message, sizeof message, "nothing could be recorded for %d s: %s",
             (int)(UNUSABLE_US / 1000000), reason);
    i->camera->delivery->input_unusable = true;
    camera_report(i->camera, "input-unusable", message, UNUSABLE_US / 1000);
}

/* @return whether the earlier frames were recorded. */
static bool note_accepted(intake *i) {
    const s3hls_recorder_stats *s = &i->camera->delivery->stats;
    int64_t now_us = delivery_clock_us();
    bool accepted = s->frames_in != i->accepted || s->frames_dropped;
    if (!accepted) {
        i->waiting++;
        if (!i->unusable && i->waiting > UNUSABLE_FRAMES && now_us - i->since_us > UNUSABLE_US)
            report_unusable(i);
        return false;
    }
    i->accepted = s->frames_in;
    i->since_us = now_us;
    i->waiting = 0;
    memset(i->units, 0, sizeof i->units);
    i->private_units = i->hevc_sets = 0;
    if (i->unusable) {
        i->unusable = false;
        i->camera->delivery->input_unusable = false;
        camera_report(i->camera, "input-usable", "pictures are recorded again", 0);
    }
    return true;
}

void intake_end(intake *i, const s3hls_source *input) {
    i->damaged = i->damaged_before + s3hls_source_damaged(input);
    i->camera->delivery->input_damaged = i->damaged;
}

static void note_damage(intake *i, const s3hls_source *input) {
    char message[256];
    int64_t now_us = delivery_clock_us();
    intake_end(i, input);
    if (!i->camera->delivery->live || i->damaged == i->damaged_reported ||
        (i->damaged_reported && now_us - i->damaged_reported_us < DAMAGE_EVERY_US))
        return;
    snprintf(message, sizeof message, "data is missing from %" PRIu64 " picture%s",
             i->damaged - i->damaged_reported, i->damaged - i->damaged_reported > 1 ? "s" : "");
    i->damaged_reported = i->damaged;
    i->damaged_reported_us = now_us;
    camera_report(i->camera, "input-damaged", message, 0);
}

void intake_note(intake *i, const s3hls_source *input, const s3hls_frame *frame) {
    if (!note_accepted(i)) /* counting takes time: only while an explanation may be required */
        count_units(i, frame);
    note_damage(i, input);
}
