/* SPDX-License-Identifier: MIT-0 */
/* Audio headers of anything: the first byte chooses what the rest is taken for. */
#include "codec/aac.h"
#include "codec/flac.h"
#include "codec/g711.h"
#include "codec/opus.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
    if (!ok)
        abort();
}

static void check_track(int rc, const s3hls__audio_track *t) {
    if (rc)
        return;
    check(t->rate > 0 && t->rate <= 96000 && t->channels >= 1 && t->channels <= 8);
    check(t->config_size <= sizeof t->config && memchr(t->codecs, 0, sizeof t->codecs));
}

static void read_config(const uint8_t *p, size_t size) {
    s3hls__audio_track t;
    s3hls__aac_config c;
    check_track(s3hls__aac_describe(p, size, &t), &t);
    if (s3hls__aac_parse_config(p, size, &c) == S3HLS_OK)
        check(c.object_type == 2 && (c.samples == 960 || c.samples == 1024) && (c.sbr || !c.ps));
}

static void read_adts(const uint8_t *p, size_t size) {
    s3hls__audio_track t;
    s3hls__adts adts;
    if (s3hls__adts_parse(p, size, &adts))
        return;
    check(adts.size > adts.header_size && adts.size <= S3HLS__ADTS_FRAME_MAX);
    check(adts.blocks >= 1 && adts.blocks <= 4);
    check_track(s3hls__adts_describe(&adts, &t), &t);
}

static void read_g711(const uint8_t *p, size_t size) {
    int16_t *pcm = malloc(size * sizeof *pcm + 1);
    for (int alaw = 0; alaw < 2; alaw++) {
        s3hls__g711_decode(p, size, alaw, pcm);
        for (size_t i = 0; i < size; i++)
            check(pcm[i] >= -32256 && pcm[i] <= 32256);
    }
    free(pcm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    s3hls__audio_track t;
    size_t left = size - 1;
    uint8_t *p = malloc(left + !left); /* exact, so that a read beyond it is found */
    memcpy(p, data + 1, left);
    switch (data[0] % 7) {
    case 0:
        read_config(p, left);
        break;
    case 1:
        read_adts(p, left);
        break;
    case 2:
        check(s3hls__opus_samples(p, left) <= 5760);
        break;
    case 3:
        check_track(s3hls__opus_describe(p, left, 0, &t), &t);
        break;
    case 4:
        check(s3hls__flac_samples(p, left) <= 65536);
        break;
    case 5:
        check_track(s3hls__flac_describe(p, left, &t), &t);
        break;
    default:
        read_g711(p, left);
    }
    free(p);
    return 0;
}
