/* SPDX-License-Identifier: MIT-0 */
/* The access unit parser on anything: the first byte chooses the codec and how the bytes come, the
 * second how they are cut. */
#include "codec/access_unit.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct state {
    bool open;
} state;

static int on_begin(void *ctx, const s3hls__unit *au) {
    state *s = ctx;
    if (s->open || au->track->width == 0)
        abort();
    s->open = true;
    return S3HLS_OK;
}

static int on_nal(void *ctx, s3hls__nal_kind kind) {
    (void)kind;
    if (!((state *)ctx)->open)
        abort();
    return S3HLS_OK;
}

static int on_data(void *ctx, const uint8_t *data, size_t size) {
    volatile uint8_t touch = 0;
    if (!((state *)ctx)->open || size == 0)
        abort();
    touch = (uint8_t)(touch + data[0] + data[size - 1]);
    return S3HLS_OK;
}

static int on_end(void *ctx) {
    if (!((state *)ctx)->open)
        abort();
    ((state *)ctx)->open = false;
    return S3HLS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const unsigned lengths[] = {0, 1, 2, 4};
    static const s3hls__codec *const codecs[] = {&s3hls__codec_h264, &s3hls__codec_h265, NULL};
    if (size < 2)
        return 0;
    state s = {false};
    s3hls__au_sink sink = {&s, on_begin, on_nal, on_data, on_end};
    s3hls__au_parser *p = malloc(sizeof *p);
    unsigned input = data[0] % 3, length_size = input == 2 ? 0 : lengths[data[0] / 3 % 4];
    size_t step = data[1] ? data[1] : size;
    s3hls__au_init(p, codecs[data[0] / 12 % 3], (s3hls__au_input)input, length_size, &sink);
    for (size_t at = 2; at < size; at += step) {
        size_t n = size - at < step ? size - at : step;
        uint8_t *copy = malloc(n); /* of its own size: reading past it is seen */
        memcpy(copy, data + at, n);
        s3hls_span spans[2] = {{copy, n / 3}, {copy + n / 3, n - n / 3}};
        s3hls__au_put(p, spans, 2);
        free(copy);
    }
    s3hls__au_flush(p);
    if (s.open)
        abort();
    free(p);
    return 0;
}
