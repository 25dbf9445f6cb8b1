/* SPDX-License-Identifier: MIT-0 */
#include "verify/units.h"
#include <string.h>

static void wrong(s3hls__units *u, const char *what) {
    if (!u->wrong)
        u->wrong = what;
}

bool s3hls__units_has_sets(const s3hls__units *u) {
    return (u->came & u->codec->sets) == u->codec->sets;
}

/* Determine the picture of a slice. A segment that begins inside a GOP does not allow this before
 * its first keyframe. */
static void read_slice(s3hls__units *u) {
    s3hls__slice slice;
    s3hls__slice_after after = u->pictures ? S3HLS__AFTER_SLICE : S3HLS__AFTER_NOTHING;
    u->keyframe_seen |= u->keyframe && (u->framed || s3hls__units_has_sets(u));
    if (!u->keyframe_seen)
        return;
    int rc = u->codec->read_slice(&u->state, &u->sets, u->nal, u->nal_size, after, &slice);
    if (slice.unit.track && !u->track.width)
        u->track = *slice.unit.track;
    if (rc == S3HLS_E_NOT_FOUND)
        wrong(u, "a slice refers to parameter sets that are not there");
    else if (rc)
        wrong(u, "a slice's header is damaged");
    else if (slice.place == S3HLS__SLICE_BEGINS && u->pictures++)
        wrong(u, "two pictures in one access unit");
    else if (slice.place == S3HLS__SLICE_BEGINS)
        u->first = slice;
    else if (slice.place != S3HLS__SLICE_CONTINUES)
        wrong(u, "a slice that is not of its access unit's picture");
}

static void read_nal(s3hls__units *u) {
    s3hls__nal_kind kind = u->codec->nal_kind(u->nal, u->nal_size);
    if (u->nals == 1 && kind == S3HLS__NAL_DELIMITER)
        u->delimiter = true;
    else if (kind == S3HLS__NAL_DELIMITER)
        wrong(u, "two access units in one PES packet");
    if (kind >= S3HLS__NAL_DAMAGED)
        wrong(u, "a NAL unit's header is damaged");
    u->ended |= kind == S3HLS__NAL_END_STREAM;
    if (s3hls__nal_is_set(kind)) {
        u->came |= 1u << kind;
        if (s3hls__sets_keep(&u->sets, u->codec, u->nal, u->nal_size))
            wrong(u, "a parameter set cannot be read");
    }
    if (kind == S3HLS__NAL_LEADING)
        u->keyframe |= u->codec->recovery_point(u->nal, u->nal_size);
    if (kind == S3HLS__NAL_SLICE || kind == S3HLS__NAL_KEY_SLICE) {
        u->keyframe |= kind == S3HLS__NAL_KEY_SLICE;
        u->has_slice = true;
        read_slice(u);
    }
}

/* ---- from the splitter */

static void nal_begin(void *ctx) {
    s3hls__units *u = ctx;
    u->nals++;
    u->nal_size = 0;
}

static void nal_bytes(void *ctx, const uint8_t *data, size_t size) {
    s3hls__units *u = ctx;
    size_t left = sizeof u->nal - u->nal_size, n = size < left ? size : left;
    memcpy(u->nal + u->nal_size, data, n);
    u->nal_size += n;
}

static void nal_damaged(void *ctx) {
    wrong(ctx, "a NAL unit's header is damaged");
}

static void nal_end(void *ctx) {
    s3hls__units *u = ctx;
    if (u->nal_size == 0)
        nal_damaged(u);
    else
        read_nal(u);
}

/* ---- calls */

void s3hls__units_init(s3hls__units *u, const s3hls__codec *codec, bool framed) {
    memset(u, 0, sizeof *u);
    u->codec = codec;
    u->framed = framed;
    u->splitter.length_size = framed ? 4 : 0;
    u->splitter.sink = (s3hls__nal_sink){u, nal_begin, nal_bytes, nal_end, nal_damaged};
}

void s3hls__units_begin(s3hls__units *u) {
    s3hls__nal_split_end(&u->splitter);
    u->splitter.stray = false;
    u->nals = u->came = u->pictures = 0;
    u->delimiter = u->has_slice = u->keyframe = u->ended = false;
    u->wrong = NULL;
}

void s3hls__units_add(s3hls__units *u, const uint8_t *data, size_t size) {
    s3hls__nal_split(&u->splitter, &(s3hls_span){data, size}, 1, u->framed);
}

const char *s3hls__units_end(s3hls__units *u) {
    s3hls__nal_split_end(&u->splitter);
    if (u->splitter.stray)
        wrong(u, "bytes before the first start code");
    if (!u->delimiter && !u->framed)
        wrong(u, "an access unit without a delimiter");
    if (!u->has_slice)
        wrong(u, "an access unit without a picture");
    return u->wrong;
}
