/* SPDX-License-Identifier: MIT-0 */
/* H.265 of other encoders, as MANIFEST.md describes it. The expected strings are those of the
 * files' own decoder configuration records. What is in MP4 is taken out by ffmpeg; its times show
 * the order of presentation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream.h"
#include <stdio.h>

enum { PICTURES_MAX = 128 };

static const struct {
    const char *name;
    int units, keyframes;
    uint32_t width, height;
    int reorder;
    const char *codecs;
} streams[] = {
    {"kvs_h265_640x360.h265", 90, 2, 640, 360, 0, "hvc1.1.6.L150"},
    {"shaka_hevc-byte-stream-frame.h265", 6, 1, 1280, 570, 2, "hvc1.1.6.L93.90"},
    {"shaka_bear-640x360-hevc.mp4", 84, 3, 640, 360, 2, "hvc1.1.6.L63.90"},
    {"shaka_bear-1280x720-hevc.mp4", 82, 3, 1280, 720, 2, "hvc1.1.6.L93.90"},
    {"shaka_water-mv-hevc.mp4", 5, 1, 1934, 2160, 2, "hvc1.1.6.L156.B0"},
    {"exo_h265_bframes.mp4", 30, 1, 854, 480, 2, "hvc1.1.6.L90.90"},
    {"exo_h265_with_metadata_track.mp4", 3, 1, 1920, 1080, 0, "hvc1.1.6.L153.B0"},
    {"exo_unrecognized_hevc_sei.mp4", 3, 1, 1080, 720, 4, "hvc1.1.6.L120.90"},
};

/* ---- reading */

static uint8_t data[1 << 20];

/* The output of a command about a file. */
static size_t read_command(const char *before, const char *path, const char *behind, void *to,
                           size_t size) {
    char command[1024];
    snprintf(command, sizeof command, "%s '%s' %s", before, path, behind);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t n = fread(to, 1, size, pipe);
    assert_int_equal(pclose(pipe), 0);
    return n;
}

static size_t read_stream(const char *path, bool mp4) {
    if (mp4)
        return read_command("ffmpeg -v error -nostdin -i", path,
                            "-map 0:v:0 -c copy -bsf:v hevc_mp4toannexb -f hevc -", data,
                            sizeof data);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    return size;
}

/* @return number of presentation times, in decoding order */
static int read_times(const char *path, long long *times) {
    static char text[1 << 14];
    size_t size = read_command("ffprobe -v fatal -select_streams v:0 -i", path,
                               "-show_entries packet=pts -of csv=p=0", text, sizeof text - 1);
    int count = 0;
    text[size] = 0;
    for (char *line = strtok(text, ",\n"); line; line = strtok(NULL, ",\n")) {
        assert_true(count < PICTURES_MAX);
        times[count++] = strtoll(line, NULL, 10);
    }
    return count;
}

/* ---- parsing */

typedef struct order {
    seen seen;
    int count;
    int32_t poc[PICTURES_MAX];
    int sequence[PICTURES_MAX]; /* pictures from one IDR picture to the next */
} order;

static int order_begin(void *ctx, const s3hls__unit *unit) {
    order *o = ctx;
    assert_true(unit->continues || o->count < PICTURES_MAX);
    if (!unit->continues) {
        int before = o->count ? o->sequence[o->count - 1] : 0;
        o->sequence[o->count] = before + unit->idr;
        o->poc[o->count++] = unit->poc;
    }
    return on_begin(&o->seen, unit);
}

static int order_nal(void *ctx, s3hls__nal_kind kind) {
    return on_nal(&((order *)ctx)->seen, kind);
}

static int order_data(void *ctx, const uint8_t *bytes, size_t size) {
    return on_data(&((order *)ctx)->seen, bytes, size);
}

static int order_end(void *ctx) {
    return on_end(&((order *)ctx)->seen);
}

static void parse(const s3hls__codec *codec, size_t size, size_t step, order *o) {
    s3hls__au_parser *p = malloc(sizeof *p);
    memset(o, 0, sizeof *o);
    s3hls__au_init(p, codec, S3HLS__AU_INPUT_BYTES, 0,
                   &(s3hls__au_sink){o, order_begin, order_nal, order_data, order_end});
    for (size_t at = 0; at < size; at += step)
        assert_int_equal(put_copy(p, data + at, size - at < step ? size - at : step), S3HLS_OK);
    assert_int_equal(s3hls__au_flush(p), S3HLS_OK);
    assert_int_equal(p->nals_damaged + p->slices_early + p->nals_refused, 0);
    free(p);
}

static void same_order(const char *path, const order *o) {
    static long long times[PICTURES_MAX];
    assert_int_equal(read_times(path, times), o->count);
    int reordered = 0;
    for (int i = 0; i < o->count; i++)
        for (int k = 0; k < i; k++) {
            bool earlier = o->sequence[k] < o->sequence[i] || o->poc[k] < o->poc[i];
            assert_int_equal(earlier, times[k] < times[i]);
            reordered += !earlier;
        }
    assert_true(reordered > 0 || o->seen.track.reorder_frames == 0 || o->count < 5);
}

static void streams_are_read_as_described(void **state) {
    (void)state;
    const char *shared = getenv("S3HLS_SHARED");
    if (!shared) {
        printf("SKIPPED: S3HLS_SHARED is not set: none of %zu streams of other encoders\n",
               sizeof streams / sizeof *streams);
        skip();
    }
    bool tools = system("ffmpeg -version >/dev/null 2>&1 && ffprobe -version >/dev/null 2>&1") == 0;
    int skipped = 0;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        static order o, other;
        char path[512];
        bool mp4 = strstr(streams[i].name, ".mp4") != NULL;
        if (mp4 && !tools) {
            skipped++;
            continue;
        }
        snprintf(path, sizeof path, "%s/streams/%s", shared, streams[i].name);
        size_t size = read_stream(path, mp4);
        parse(&s3hls__codec_h265, size, size, &o);
        assert_int_equal(o.seen.units, streams[i].units);
        assert_int_equal(o.seen.idr + o.seen.recovery, streams[i].keyframes);
        assert_int_equal(o.seen.track.width, streams[i].width);
        assert_int_equal(o.seen.track.height, streams[i].height);
        assert_int_equal(o.seen.track.reorder_frames, streams[i].reorder);
        assert_string_equal(o.seen.track.codecs, streams[i].codecs);
        if (mp4)
            same_order(path, &o);
        for (size_t step = 61; step < size; step *= 13) {
            parse(NULL, size, step, &other);
            assert_int_equal(other.seen.size, o.seen.size);
            assert_memory_equal(other.seen.bytes, o.seen.bytes, o.seen.size);
            seen_deinit(&other.seen);
        }
        seen_deinit(&o.seen);
    }
    if (skipped)
        printf("SKIPPED: ffmpeg is not there: %d streams\n", skipped);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(streams_are_read_as_described)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
