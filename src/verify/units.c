/* SPDX-License-Identifier: MIT-0 */
#include "verify/units.h"

static void wrong(s3hls__units *u, const char *what) {
    if (!u->wrong)
        u->wrong = what;
}

static bool activate(s3hls__units *u, int pps_id) {
    if (pps_id < 0)
        return false;
    if (u->generation && u->generation == u->sets.generation && u->active_pps.id == pps_id)
        return true;
    u->generation = 0;
    if (s3hls__sets_activate(&u->sets, (uint8_t)pps_id, &u->active_sps, &u->active_pps))
        return false;
    u->generation = u->sets.generation;
    if (!u->track.width)
        s3hls__h264_describe(&u->active_sps, 0, &u->track);
    return true;
}

/* Determine the picture of a slice. A segment that begins inside a GOP does not allow this before
 * its first keyframe. */
static void read_slice(s3hls__units *u) {
    s3hls__h264_slice slice;
    u->keyframe_seen |= (u->idr || u->recovery) && u->has_sps && u->has_pps;
    if (!u->keyframe_seen)
        return;
    if (!activate(u, s3hls__h264_slice_pps_id(u->nal, u->nal_size))) {
        wrong(u, "a slice refers to parameter sets that are not there");
        return;
    }
    if (s3hls__h264_parse_slice(u->nal, u->nal_size, &u->active_sps, &u->active_pps, &slice)) {
        wrong(u, "a slice's header is damaged");
        return;
    }
    switch (s3hls__picture_place(u->pictures ? &u->picture : NULL, &slice, &u->active_sps,
                                 &u->active_pps)) {
    case S3HLS__SLICE_BEGINS:
        if (u->pictures++)
            wrong(u, "two pictures in one access unit");
        else
            s3hls__picture_begin(&u->picture, &slice);
        break;
    case S3HLS__SLICE_CONTINUES:
        s3hls__picture_add(&u->picture, &slice);
        break;
    default:
        wrong(u, "a slice that is not of its access unit's picture");
    }
}

static void keep_set(s3hls__units *u) {
    int rc = s3hls__sets_keep(&u->sets, u->nal, u->nal_size);
    if (rc)
        wrong(u, "a parameter set cannot be read");
}

static void end_nal(s3hls__units *u) {
    size_t size = u->nal_size;
    if (u->nals == 0)
        return;
    if (size < sizeof u->nal) /* complete NAL unit, with zeros that belong to the next start code */
        while (size && u->nal[size - 1] == 0)
            size--;
    u->nal_size = size;
    if (size == 0 || u->nal[0] & 0x80) {
        wrong(u, "a NAL unit's header is damaged");
        return;
    }
    int type = u->nal[0] & 31;
    if (u->nals == 1 && type == S3HLS__H264_AUD)
        u->delimiter = true;
    else if (type == S3HLS__H264_AUD)
        wrong(u, "two access units in one PES packet");
    u->ended |= type == S3HLS__H264_END_STREAM;
    u->has_sps |= type == S3HLS__H264_SPS;
    u->has_pps |= type == S3HLS__H264_PPS;
    if (type == S3HLS__H264_SPS || type == S3HLS__H264_PPS)
        keep_set(u);
    if (type == S3HLS__H264_SEI && s3hls__h264_recovery_point(u->nal, size) >= 0)
        u->recovery = true;
    if (type == S3HLS__H264_IDR || type == S3HLS__H264_NON_IDR || type == S3HLS__H264_PARTITION_A) {
        u->idr |= type == S3HLS__H264_IDR;
        u->slice = true;
        read_slice(u);
    }
}

void s3hls__units_begin(s3hls__units *u) {
    u->nals = u->zeros = 0;
    u->nal_size = 0;
    u->delimiter = u->has_sps = u->has_pps = u->slice = u->idr = u->recovery = false;
    u->ended = false;
    u->pictures = 0;
    u->wrong = NULL;
}

void s3hls__units_add(s3hls__units *u, const uint8_t *data, size_t size) {
    for (const uint8_t *p = data, *end = data + size; p != end; p++) {
        if (*p == 1 && u->zeros >= 2) {
            end_nal(u);
            u->nals++;
            u->nal_size = 0;
        } else if (u->nal_size < sizeof u->nal && u->nals) {
            u->nal[u->nal_size++] = *p;
        } else if (*p && u->nals == 0) {
            wrong(u, "bytes before the first start code");
        }
        u->zeros = *p ? 0 : u->zeros + 1;
    }
}

const char *s3hls__units_end(s3hls__units *u) {
    end_nal(u);
    if (!u->delimiter)
        wrong(u, "an access unit without a delimiter");
    if (!u->slice)
        wrong(u, "an access unit without a picture");
    return u->wrong;
}
