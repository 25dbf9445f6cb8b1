/* SPDX-License-Identifier: MIT-0 */
#include "codec/aac.h"
#include "codec/bits.h"
#include <string.h>

/* Nobody encodes AAC SSR: encoders that state it in ADTS mean AAC LC. */
enum { AAC_LC = 2, AAC_SSR = 3, SBR = 5, PS = 29, ESCAPED_TYPE = 31, NO_INDEX = 15 };

/* Table 1.18 */
static const uint32_t RATES[] = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                 22050, 16000, 12000, 11025, 8000,  7350};
enum { RATE_COUNT = sizeof RATES / sizeof RATES[0] };

/* Channels of channel_configuration, Table 1.19. */
static const uint8_t CHANNELS[] = {0, 1, 2, 3, 4, 5, 6, 8};

/* Layouts of 7 to 24 channels, which no camera has and few players decode. */
static bool is_large_layout(uint32_t configuration) {
    return configuration >= 11 && configuration <= 14;
}

static uint8_t read_object_type(s3hls__bits *b) {
    uint32_t type = s3hls__bits_read(b, 5);
    return (uint8_t)(type == ESCAPED_TYPE ? 32 + s3hls__bits_read(b, 6) : type);
}

static uint32_t read_rate(s3hls__bits *b, uint8_t *index) {
    *index = (uint8_t)s3hls__bits_read(b, 4);
    if (*index == NO_INDEX)
        return s3hls__bits_read(b, 24);
    b->failed |= *index >= RATE_COUNT;
    return b->failed ? 0 : RATES[*index];
}

/* The extension that decoders of plain AAC do not see, 1.6.5. */
static void read_hidden_extension(s3hls__bits *b, s3hls__aac_config *c) {
    enum { SBR_FOLLOWS = 0x2b7, PS_FOLLOWS = 0x548 };
    uint8_t index;
    if (s3hls__bits_read(b, 11) != SBR_FOLLOWS || read_object_type(b) != SBR)
        return;
    c->sbr = s3hls__bits_read(b, 1);
    if (c->sbr)
        read_rate(b, &index);
    if (c->sbr && s3hls__bits_read(b, 11) == PS_FOLLOWS)
        c->ps = s3hls__bits_read(b, 1);
}

/* program_config_element, 4.4.1.1: channels only. */
static uint8_t read_program_channels(s3hls__bits *b) {
    uint8_t channels = 0;
    s3hls__bits_read(b, 4 + 2 + 4);
    uint32_t elements = 0;
    for (int i = 0; i < 3; i++) /* front, side, back */
        elements += s3hls__bits_read(b, 4);
    uint32_t lfe = s3hls__bits_read(b, 2);
    s3hls__bits_read(b, 3 + 4); /* data and coupling elements */
    for (int i = 0; i < 3; i++) /* mixdown */
        if (s3hls__bits_read(b, 1))
            s3hls__bits_read(b, i == 2 ? 3 : 4);
    for (uint32_t i = 0; i < elements; i++)
        channels = (uint8_t)(channels + (s3hls__bits_read(b, 5) & 16 ? 2 : 1));
    return (uint8_t)(channels + lfe);
}

static int read_config(s3hls__bits *b, s3hls__aac_config *c) {
    uint8_t type = read_object_type(b), index;
    c->rate = read_rate(b, &c->rate_index);
    uint32_t channels = s3hls__bits_read(b, 4);
    c->ps = type == PS;
    c->sbr = type == SBR || type == PS;
    if (c->sbr) {
        read_rate(b, &index);
        type = read_object_type(b);
    }
    c->object_type = type;
    if (b->failed || (channels >= sizeof CHANNELS && !is_large_layout(channels)))
        return S3HLS_E_MALFORMED;
    if (type != AAC_LC || channels >= sizeof CHANNELS)
        return S3HLS_E_UNSUPPORTED;
    c->samples = s3hls__bits_read(b, 1) ? 960 : 1024; /* GASpecificConfig, 4.4.1 */
    if (s3hls__bits_read(b, 1))
        s3hls__bits_read(b, 14);
    s3hls__bits_read(b, 1);
    c->channels = channels ? CHANNELS[channels] : read_program_channels(b);
    return b->failed ? S3HLS_E_MALFORMED : S3HLS_OK;
}

int s3hls__aac_parse_config(const uint8_t *data, size_t size, s3hls__aac_config *config) {
    enum { RATE_MIN = 7350, RATE_MAX = 96000, CHANNELS_MAX = 8 };
    s3hls__bits b;
    memset(config, 0, sizeof *config);
    s3hls__bits_init_plain(&b, data, size);
    int rc = read_config(&b, config);
    if (rc)
        return rc;
    if (!config->sbr)
        read_hidden_extension(&b, config);
    if (config->rate < RATE_MIN || config->rate > RATE_MAX || config->channels < 1)
        return S3HLS_E_MALFORMED;
    return config->channels > CHANNELS_MAX ? S3HLS_E_UNSUPPORTED : S3HLS_OK;
}

int s3hls__adts_parse(const uint8_t *p, size_t size, s3hls__adts *adts) {
    memset(adts, 0, sizeof *adts);
    if (size < S3HLS__ADTS_HEADER || p[0] != 0xff || (p[1] & 0xf6) != 0xf0) /* sync, layer 0 */
        return S3HLS_E_MALFORMED;
    adts->object_type = (uint8_t)((p[2] >> 6) + 1);
    adts->rate_index = p[2] >> 2 & 15;
    adts->channels = (uint8_t)((p[2] & 1) << 2 | p[3] >> 6);
    adts->header_size = p[1] & 1 ? 7 : 9;
    adts->size = (uint16_t)((p[3] & 3) << 11 | p[4] << 3 | p[5] >> 5);
    adts->blocks = (uint8_t)((p[6] & 3) + 1);
    bool ok = adts->rate_index < RATE_COUNT && adts->size > adts->header_size;
    return ok ? S3HLS_OK : S3HLS_E_MALFORMED;
}

/* The ADTS header of an empty frame (1.A.2.2): of the core, as HE-AAC in ADTS is not announced. */
static void write_adts(uint8_t rate_index, uint8_t channels, uint8_t p[S3HLS__ADTS_HEADER]) {
    p[0] = 0xff;
    p[1] = 0xf1; /* MPEG-4, no CRC */
    p[2] = (uint8_t)((AAC_LC - 1) << 6 | rate_index << 2 | channels >> 2);
    p[3] = (uint8_t)((channels & 3) << 6);
    p[4] = 0;
    p[5] = 0x1f; /* buffer fullness: not stated */
    p[6] = 0xfc;
}

static uint8_t channel_configuration(uint8_t channels) {
    uint8_t i = 1;
    while (i < sizeof CHANNELS && CHANNELS[i] != channels)
        i++;
    return i < sizeof CHANNELS ? i : 0;
}

int s3hls__aac_describe(const uint8_t *config, size_t size, s3hls__audio_track *track) {
    s3hls__aac_config c;
    int rc = s3hls__aac_parse_config(config, size, &c);
    if (rc)
        return rc;
    if (size > sizeof track->config)
        return S3HLS_E_UNSUPPORTED;
    *track = (s3hls__audio_track){.codec = S3HLS__CODEC_AAC,
                                  .rate = c.rate,
                                  .channels = c.channels,
                                  .frame_samples = c.samples,
                                  .config_size = (uint16_t)size};
    const char *codecs = c.ps ? "mp4a.40.29" : c.sbr ? "mp4a.40.5" : "mp4a.40.2";
    memcpy(track->codecs, codecs, strlen(codecs) + 1);
    memcpy(track->config, config, size);
    write_adts(c.rate_index, channel_configuration(c.channels), track->adts);
    return S3HLS_OK;
}

int s3hls__adts_describe(const s3hls__adts *adts, s3hls__audio_track *track) {
    bool lc = adts->object_type == AAC_LC || adts->object_type == AAC_SSR;
    if (!lc || adts->channels == 0)
        return S3HLS_E_UNSUPPORTED;
    const uint8_t config[2] = {(uint8_t)(AAC_LC << 3 | adts->rate_index >> 1),
                               (uint8_t)(adts->rate_index << 7 | adts->channels << 3)};
    return s3hls__aac_describe(config, sizeof config, track);
}
