/* SPDX-License-Identifier: MIT-0 */
/* The initialisation segment: ftyp and moov, without samples. Clause numbers are those of ISO/IEC
 * 14496-12 where no other document is named. */
#include "container/fmp4/init.h"
#include "container/fmp4/boxes.h"

/* ---- sample entries */

/* AVCSampleEntry, HEVCSampleEntry: ISO/IEC 14496-15 5.4.2, 8.4.1. "1" in both names: parameter sets
 * are here only. */
static void video_entry(s3hls__boxes *b, const s3hls__tracks *t) {
    bool h265 = t->video.codec == S3HLS__CODEC_H265;
    size_t entry = s3hls__box_begin(b, h265 ? "hvc1" : "avc1");
    s3hls__box_zeros(b, 6);
    s3hls__box_int(b, 1, 2); /* data_reference_index */
    s3hls__box_zeros(b, 16);
    s3hls__box_int(b, t->video.width, 2);
    s3hls__box_int(b, t->video.height, 2);
    s3hls__box_int(b, 0x00480000, 4); /* 72 dpi */
    s3hls__box_int(b, 0x00480000, 4);
    s3hls__box_zeros(b, 4);
    s3hls__box_int(b, 1, 2); /* frame_count */
    s3hls__box_zeros(b, 32); /* compressorname */
    s3hls__box_int(b, 0x18, 2);
    s3hls__box_int(b, 0xffff, 2);
    size_t config = s3hls__box_begin(b, h265 ? "hvcC" : "avcC");
    s3hls__box_bytes(b, t->config, t->config_size);
    s3hls__box_end(b, config);
    s3hls__box_end(b, entry);
}

/* ES_Descriptor: ISO/IEC 14496-1 7.2.6.5, 14496-14 5.6. Each size fits into one byte. */
static void esds(s3hls__boxes *b, const s3hls__audio_track *a) {
    enum { ES = 3, DECODER_CONFIG, SPECIFIC_INFO, SL_CONFIG };
    enum { AAC = 0x40, AUDIO_STREAM = 0x15 };
    unsigned config = a->config_size, decoder = 13 + 2 + config, es = 3 + 2 + decoder + 3;
    size_t box = s3hls__box_begin_full(b, "esds", 0);
    s3hls__box_int(b, ES << 8 | es, 2);
    s3hls__box_zeros(b, 3); /* ES_ID, flags */
    s3hls__box_int(b, DECODER_CONFIG << 8 | decoder, 2);
    s3hls__box_int(b, AAC << 8 | AUDIO_STREAM, 2);
    s3hls__box_zeros(b, 11); /* buffer and bitrates: not known */
    s3hls__box_int(b, SPECIFIC_INFO << 8 | config, 2);
    s3hls__box_bytes(b, a->config, config);
    s3hls__box_int(b, SL_CONFIG << 16 | 1 << 8 | 2, 3);
    s3hls__box_end(b, box);
}

/* "Encapsulation of Opus in ISO Base Media File Format" 4.3.2 */
static void dops(s3hls__boxes *b, const s3hls__audio_track *a) {
    size_t box = s3hls__box_begin(b, "dOps");
    s3hls__box_bytes(b, a->config, a->config_size);
    s3hls__box_end(b, box);
}

/* "Encapsulation of FLAC in ISO Base Media File Format" 3.3.2 */
static void dfla(s3hls__boxes *b, const s3hls__audio_track *a) {
    size_t box = s3hls__box_begin_full(b, "dfLa", 0);
    s3hls__box_int(b, UINT32_C(0x80000000) | a->config_size, 4); /* the last block: STREAMINFO */
    s3hls__box_bytes(b, a->config, a->config_size);
    s3hls__box_end(b, box);
}

static void audio_entry(s3hls__boxes *b, const s3hls__audio_track *a) {
    const char *type = a->codec == S3HLS__CODEC_OPUS   ? "Opus"
                       : a->codec == S3HLS__CODEC_FLAC ? "fLaC"
                                                       : "mp4a";
    size_t entry = s3hls__box_begin(b, type);
    s3hls__box_zeros(b, 6);
    s3hls__box_int(b, 1, 2); /* data_reference_index */
    s3hls__box_zeros(b, 8);
    s3hls__box_int(b, a->channels, 2);
    s3hls__box_int(b, 16, 2); /* samplesize */
    s3hls__box_zeros(b, 4);
    s3hls__box_int(b, a->rate < 65536 ? a->rate << 16 : 0, 4);
    if (a->codec == S3HLS__CODEC_OPUS)
        dops(b, a);
    else if (a->codec == S3HLS__CODEC_FLAC)
        dfla(b, a);
    else
        esds(b, a);
    s3hls__box_end(b, entry);
}

/* ---- tracks */

typedef struct track {
    uint32_t id, timescale;
    bool audio;
} track;

static void empty_table(s3hls__boxes *b, const char type[4], unsigned zeros) {
    size_t box = s3hls__box_begin_full(b, type, 0);
    s3hls__box_zeros(b, zeros);
    s3hls__box_end(b, box);
}

static void sample_table(s3hls__boxes *b, const s3hls__tracks *tracks, const track *t) {
    size_t stbl = s3hls__box_begin(b, "stbl"), stsd = s3hls__box_begin_full(b, "stsd", 0);
    s3hls__box_int(b, 1, 4);
    if (t->audio)
        audio_entry(b, &tracks->audio);
    else
        video_entry(b, tracks);
    s3hls__box_end(b, stsd);
    empty_table(b, "stts", 4);
    empty_table(b, "stsc", 4);
    empty_table(b, "stsz", 8);
    empty_table(b, "stco", 4);
    s3hls__box_end(b, stbl);
}

static void media_information(s3hls__boxes *b, const s3hls__tracks *tracks, const track *t) {
    size_t minf = s3hls__box_begin(b, "minf");
    size_t header = s3hls__box_begin_full(b, t->audio ? "smhd" : "vmhd", t->audio ? 0 : 1);
    s3hls__box_zeros(b, t->audio ? 4 : 8);
    s3hls__box_end(b, header);
    size_t dinf = s3hls__box_begin(b, "dinf"), dref = s3hls__box_begin_full(b, "dref", 0);
    s3hls__box_int(b, 1, 4);
    size_t url = s3hls__box_begin_full(b, "url ", 1); /* in the same file */
    s3hls__box_end(b, url);
    s3hls__box_end(b, dref);
    s3hls__box_end(b, dinf);
    sample_table(b, tracks, t);
    s3hls__box_end(b, minf);
}

/* The unity transformation, 8.3.2.3. */
static void matrix(s3hls__boxes *b) {
    static const uint32_t unity[9] = {0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000};
    for (int i = 0; i < 9; i++)
        s3hls__box_int(b, unity[i], 4);
}

static void track_header(s3hls__boxes *b, const s3hls__tracks *tracks, const track *t) {
    size_t tkhd = s3hls__box_begin_full(b, "tkhd", 3); /* enabled, in the movie */
    s3hls__box_zeros(b, 8);
    s3hls__box_int(b, t->id, 4);
    s3hls__box_zeros(b, 8 + 8 + 4); /* duration; layer, group */
    s3hls__box_int(b, t->audio ? 0x0100 : 0, 2);
    s3hls__box_zeros(b, 2);
    matrix(b);
    s3hls__box_int(b, t->audio ? 0 : tracks->video.width << 16, 4);
    s3hls__box_int(b, t->audio ? 0 : tracks->video.height << 16, 4);
    s3hls__box_end(b, tkhd);
}

static void add_track(s3hls__boxes *b, const s3hls__tracks *tracks, const track *t) {
    enum { UNDETERMINED = 0x55c4 }; /* language "und", 8.4.2.3 */
    size_t trak = s3hls__box_begin(b, "trak");
    track_header(b, tracks, t);
    size_t mdia = s3hls__box_begin(b, "mdia"), mdhd = s3hls__box_begin_full(b, "mdhd", 0);
    s3hls__box_zeros(b, 8);
    s3hls__box_int(b, t->timescale, 4);
    s3hls__box_zeros(b, 4);
    s3hls__box_int(b, UNDETERMINED << 16, 4);
    s3hls__box_end(b, mdhd);
    size_t hdlr = s3hls__box_begin_full(b, "hdlr", 0);
    s3hls__box_zeros(b, 4);
    s3hls__box_bytes(b, t->audio ? "soun" : "vide", 4);
    s3hls__box_zeros(b, 12 + 1); /* an empty name */
    s3hls__box_end(b, hdlr);
    media_information(b, tracks, t);
    s3hls__box_end(b, mdia);
    s3hls__box_end(b, trak);
}

/* ---- the movie */

static void movie_header(s3hls__boxes *b) {
    size_t mvhd = s3hls__box_begin_full(b, "mvhd", 0);
    s3hls__box_zeros(b, 8);
    s3hls__box_int(b, 90000, 4);
    s3hls__box_zeros(b, 4);
    s3hls__box_int(b, 0x00010000, 4); /* rate */
    s3hls__box_int(b, 0x0100, 2);     /* volume */
    s3hls__box_zeros(b, 10);
    matrix(b);
    s3hls__box_zeros(b, 24);
    s3hls__box_int(b, S3HLS__FMP4_AUDIO + 1, 4); /* next_track_ID */
    s3hls__box_end(b, mvhd);
}

static void track_extends(s3hls__boxes *b, const track *t) {
    size_t trex = s3hls__box_begin_full(b, "trex", 0);
    s3hls__box_int(b, t->id, 4);
    s3hls__box_int(b, 1, 4); /* default_sample_description_index */
    s3hls__box_zeros(b, 12);
    s3hls__box_end(b, trex);
}

size_t s3hls__fmp4_init(const s3hls__tracks *tracks, uint8_t *to, size_t size) {
    const track all[] = {{S3HLS__FMP4_VIDEO, 90000, false},
                         {S3HLS__FMP4_AUDIO, tracks->audio.rate, true}};
    int count = tracks->audio.codec == S3HLS__CODEC_NONE ? 1 : 2;
    s3hls__boxes b = {.data = to, .size = size};
    size_t ftyp = s3hls__box_begin(&b, "ftyp");
    s3hls__box_bytes(&b, "iso6\0\0\0\0iso6mp41", 16);
    s3hls__box_end(&b, ftyp);
    size_t moov = s3hls__box_begin(&b, "moov");
    movie_header(&b);
    for (int i = 0; i < count; i++)
        add_track(&b, tracks, &all[i]);
    size_t mvex = s3hls__box_begin(&b, "mvex");
    for (int i = 0; i < count; i++)
        track_extends(&b, &all[i]);
    s3hls__box_end(&b, mvex);
    s3hls__box_end(&b, moov);
    return b.failed || !tracks->config_size ? 0 : b.at;
}
