/* SPDX-License-Identifier: MIT-0 */
/* Streams written by hand, NAL unit by NAL unit, and the access units that come out of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/bits.h"
#include "stream.h"
#include <stdio.h>

/* ---- in: a stream, and where its calls end */

typedef struct stream {
    uint8_t bytes[1 << 18];
    size_t size;
    size_t calls[256]; /* where each call of FRAMES or NALS input ends */
    size_t call_count;
    bool nals; /* a call is a NAL unit */
} stream;

static stream in;

static void begin(void) {
    memset(&in, 0, sizeof in);
}

static void end_call(void) {
    in.calls[in.call_count++] = in.size;
}

static void add(const bits *b) {
    static const uint8_t start[] = {0, 0, 0, 1};
    memcpy(in.bytes + in.size, start, 4);
    in.size += 4 + escape(b, in.bytes + in.size + 4);
    if (in.nals)
        end_call();
}

static void nal(unsigned header, unsigned value) {
    bits b = {.n = 0};
    u(&b, header, 8);
    u(&b, value, 8);
    add(&b);
}

/* Profiles without and with arbitrary slice order, and one with planes coded separately. */
typedef enum profile { IN_ORDER, ANY_ORDER, PLANES } profile;

static profile kind;

/* content: other parameters. */
static void sps_with(unsigned header, unsigned id, unsigned content) {
    bits b = {.n = 0};
    u(&b, header, 8);
    u(&b, kind == PLANES ? 244 : 66, 8);
    u(&b, kind == IN_ORDER ? 0xc0 : 0, 8);
    u(&b, 30, 8);
    ue(&b, id);
    if (kind == PLANES) {
        ue(&b, 3);
        u(&b, 1, 1); /* separate_colour_plane_flag */
        ue(&b, 0);
        ue(&b, 0);
        u(&b, 0, 2);
    }
    ue(&b, 0); /* 4 bits of frame_num */
    ue(&b, 2); /* pic_order_cnt_type */
    ue(&b, 1);
    u(&b, 0, 1);
    ue(&b, 19 + content);
    ue(&b, 14);
    u(&b, 3, 2);
    u(&b, 0, 2);
    u(&b, 1, 1);
    add(&b);
}

static void sps(unsigned id) {
    sps_with(0x67, id, 0);
}

static void pps_with(unsigned header, unsigned id, unsigned sps_id, bool groups) {
    bits b = {.n = 0};
    u(&b, header, 8);
    ue(&b, id);
    ue(&b, sps_id);
    u(&b, 0, 2);
    ue(&b, groups);
    if (groups) {
        ue(&b, 1); /* dispersed */
    }
    ue(&b, 0);
    ue(&b, 0);
    u(&b, 0, 3);
    for (int i = 0; i < 3; i++)
        se(&b, 0);
    u(&b, 0, 2);
    u(&b, 1, 1); /* redundant_pic_cnt_present */
    u(&b, 1, 1);
    add(&b);
}

static void pps(unsigned id, unsigned sps_id) {
    pps_with(0x68, id, sps_id, false);
}

typedef struct slice_kind {
    unsigned first_mb, frame_num, pps, plane, redundant, idr_pic_id;
    bool idr;
} slice_kind;

static void slice(slice_kind k) {
    bits b = {.n = 0};
    u(&b, k.idr ? 0x65 : 0x41, 8);
    ue(&b, k.first_mb);
    ue(&b, 7);
    ue(&b, k.pps);
    if (kind == PLANES)
        u(&b, k.plane, 2);
    u(&b, k.frame_num, 4);
    if (k.idr)
        ue(&b, k.idr_pic_id);
    ue(&b, k.redundant);
    u(&b, 0xa5a5, 16);
    add(&b);
}

static void idr(unsigned first_mb) {
    slice((slice_kind){.idr = true, .first_mb = first_mb});
}

static void picture(unsigned frame_num, unsigned first_mb) {
    slice((slice_kind){.first_mb = first_mb, .frame_num = frame_num});
}

static void sets(void) {
    sps(0);
    pps(0, 0);
}

/* user_data_unregistered, or a recovery point. */
static void sei_of(size_t size, unsigned type) {
    static const uint8_t start[] = {0, 0, 0, 1, 6};
    memcpy(in.bytes + in.size, start, 5);
    in.size += 5;
    in.bytes[in.size++] = (uint8_t)type;
    size_t left = size;
    for (; left >= 255; left -= 255)
        in.bytes[in.size++] = 255;
    in.bytes[in.size++] = (uint8_t)left;
    memset(in.bytes + in.size, 0xa7, size);
    in.size += size;
    in.bytes[in.size++] = 0x80;
    if (in.nals)
        end_call();
}

static void sei(size_t size) {
    sei_of(size, 5);
}

static void aud(void) {
    nal(9, 0x30);
}

/* ---- out: "a s0 p0 I;a P;" is a keyframe with its parameter sets, and a picture */

typedef struct outcome {
    s3hls__au_parser *p;
    int status; /* of the worst call */
    char text[8192];
    uint8_t unit[1 << 18];
    size_t size;
    int keyframes, changed;
    size_t sei_bytes;
} outcome;

static outcome out;

static void describe(const uint8_t *nal_unit, size_t size) {
    static const char letters[32] = {[1] = 'P', [5] = 'I', [6] = 'e', [9] = 'a', [14] = 'x'};
    unsigned type = nal_unit[0] & 31;
    char *to = out.text + strlen(out.text);
    s3hls__bits b;
    s3hls__bits_init(&b, nal_unit + (type == 7 ? 4 : 1), size - (type == 7 ? 4 : 1));
    if (type == 7 || type == 8)
        sprintf(to, "%c%u ", type == 7 ? 's' : 'p', s3hls__bits_ue(&b));
    else if (letters[type])
        sprintf(to, "%c ", letters[type]);
    else
        sprintf(to, "%u ", type);
    out.sei_bytes += type == 6 ? size : 0;
}

static int unit_begins(void *ctx, const s3hls__unit *au) {
    (void)ctx;
    if (au->continues) {
        out.text[strlen(out.text) - 1] = '+';
        return S3HLS_OK;
    }
    out.keyframes += au->keyframe;
    out.changed += au->parameters_changed;
    return S3HLS_OK;
}

static int unit_nal(void *ctx, s3hls__nal_kind nal_kind) {
    (void)ctx;
    (void)nal_kind;
    memcpy(out.unit + out.size, "\0\0\1", 3);
    out.size += 3;
    return S3HLS_OK;
}

static int unit_bytes(void *ctx, const uint8_t *data, size_t size) {
    (void)ctx;
    memcpy(out.unit + out.size, data, size);
    out.size += size;
    return S3HLS_OK;
}

static int unit_ends(void *ctx) {
    (void)ctx;
    const uint8_t *at = out.unit, *end = out.unit + out.size;
    while ((at = s3hls__nal_start_code(at, end)) != end) {
        const uint8_t *next = s3hls__nal_start_code(at + 3, end), *last = next;
        while (last[-1] == 0)
            last--;
        describe(at + 3, (size_t)(last - at - 3));
        at = next;
    }
    out.text[strlen(out.text) - 1] = ';';
    out.size = 0;
    return S3HLS_OK;
}

static void give(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    s3hls_span span = {copy, size};
    int rc = s3hls__au_put(out.p, &span, 1);
    out.status = rc ? rc : out.status;
    free(copy);
}

static void parse(s3hls__au_input input, size_t step) {
    s3hls__au_sink sink = {NULL, unit_begins, unit_nal, unit_bytes, unit_ends};
    free(out.p);
    memset(&out, 0, sizeof out);
    out.p = malloc(sizeof *out.p);
    s3hls__au_init(out.p, &s3hls__codec_h264, input, 0, &sink);
    size_t at = 0;
    for (size_t i = 0; step == 0 && i < in.call_count; at = in.calls[i++])
        give(in.bytes + at, in.calls[i] - at);
    for (; step && at < in.size; at += step)
        give(in.bytes + at, in.size - at < step ? in.size - at : step);
    int rc = s3hls__au_flush(out.p);
    out.status = rc ? rc : out.status;
}

static void expect(const char *units, uint64_t damaged) {
    if (strcmp(out.text, units))
        print_message("%s\nnot %s\n", out.text, units);
    assert_string_equal(out.text, units);
    assert_int_equal(out.p->nals_damaged, damaged);
}

/* However its bytes are cut, a stream gives these. */
static void gives(const char *units, uint64_t damaged) {
    for (size_t step = 1; step < 40 && step < in.size; step++) {
        parse(S3HLS__AU_INPUT_BYTES, step);
        expect(units, damaged);
    }
    parse(S3HLS__AU_INPUT_BYTES, in.size);
    expect(units, damaged);
}

/* ---- picture boundaries */

static void pictures_with_the_same_headers_are_told_apart(void **state) {
    (void)state;
    kind = IN_ORDER;
    begin();
    sets();
    for (int i = 0; i < 3; i++)
        idr(0);
    gives("a s0 p0 I;a s0 p0 I;a s0 p0 I;", 0);
    parse(S3HLS__AU_INPUT_FRAMES, in.size); /* several in one call */
    expect("a s0 p0 I;a s0 p0 I;a s0 p0 I;", 0);

    begin();
    sets();
    for (int i = 0; i < 2; i++) {
        idr(0);
        idr(40);
        slice((slice_kind){.idr = true, .redundant = 1}); /* repeats macroblock 0 */
        idr(80);
    }
    gives("a s0 p0 I I I I;a s0 p0 I I I I;", 0);
    begin();
    sets();
    idr(0);
    picture(1, 0);
    picture(1, 0); /* an encoder that does not count */
    gives("a s0 p0 I;a P;a P;", 0);
}

static void colour_planes_are_of_one_picture(void **state) {
    (void)state;
    kind = PLANES;
    begin();
    sets();
    for (unsigned i = 0; i < 6; i++) {
        slice((slice_kind){.idr = true, .plane = i % 3});
        slice((slice_kind){.idr = true, .plane = i % 3, .first_mb = 7});
    }
    gives("a s0 p0 I I I I I I;a s0 p0 I I I I I I;", 0);
    kind = IN_ORDER;
}

/* Of a flipped bit in frame_num, or of a lost slice, there is no picture of its own. */
static void a_slice_out_of_place_is_damage(void **state) {
    (void)state;
    kind = IN_ORDER;
    begin();
    sets();
    idr(0);
    picture(1, 0);
    picture(9, 40); /* flipped */
    picture(1, 80);
    picture(2, 0);
    gives("a s0 p0 I;a P P;a P;", 1);
    begin();
    sets();
    idr(0);
    picture(9, 0); /* flipped in the first slice */
    picture(1, 40);
    picture(1, 80);
    picture(2, 0);
    gives("a s0 p0 I;a P;a P;", 2);
    for (int with_aud = 0; with_aud < 2; with_aud++) {
        begin();
        sets();
        idr(0);
        idr(40);
        if (with_aud)
            aud();
        sei_of(1, 6);
        idr(40); /* the first slice of this one is lost, and the headers are the same */
        idr(80);
        picture(1, 0);
        gives("a s0 p0 I I;a P;", 2);
    }
}

static void where_slices_have_no_order_headers_decide(void **state) {
    (void)state;
    for (int groups = 0; groups < 2; groups++) {
        kind = groups ? IN_ORDER : ANY_ORDER;
        begin();
        sps(0);
        pps_with(0x68, 0, 0, groups);
        idr(40);
        idr(0);
        picture(1, 80);
        picture(1, 0);
        picture(1, 40);
        picture(2, 40);
        aud();
        picture(2, 40);
        gives("a s0 p0 I I;a P P P;a P;a P;", 0);
    }
    kind = IN_ORDER;
}

static void what_stands_between_slices_does_not_split_a_picture(void **state) {
    (void)state;
    kind = IN_ORDER;
    for (int nals = 0; nals < 2; nals++) {
        begin();
        in.nals = nals;
        aud();
        sets();
        idr(0);
        sei(20);
        idr(40);
        aud();
        idr(80);
        pps(0, 0); /* once more */
        nal(14, 0x80);
        idr(99);
        sei(5);
        picture(1, 0);
        nal(12, 0xff);
        gives("a s0 p0 I e I I x I;a p0 e P 12;", 0);
        if (nals)
            parse(S3HLS__AU_INPUT_NALS, 0);
        expect("a s0 p0 I e I I x I;a p0 e P 12;", 0);
        assert_int_equal(out.status, S3HLS_OK);
    }
}

/* A frame handed over slice by slice, as frames, or cut before SEI by who read it. */
static void a_picture_over_several_calls_is_one(void **state) {
    (void)state;
    kind = IN_ORDER;
    begin();
    sets();
    idr(0);
    end_call();
    sei(9);
    idr(40);
    end_call();
    idr(80);
    picture(1, 0);
    end_call();
    picture(1, 40);
    picture(2, 0);
    end_call();
    picture(7, 40);
    end_call();
    parse(S3HLS__AU_INPUT_FRAMES, 0);
    expect("a s0 p0 I+e I+I;a P+P;a P;", 1);
    assert_int_equal(out.status, S3HLS_E_MALFORMED);
    assert_int_equal(out.keyframes, 1);
}

/* ---- parameter sets */

/* OpenH264: each IDR picture with ids of its own. */
static void new_ids_are_no_new_parameters(void **state) {
    (void)state;
    static char want[8192];
    kind = IN_ORDER;
    begin();
    want[0] = 0;
    for (unsigned i = 0; i < 120; i++) {
        unsigned s = i % 32, p = i % 57;
        sps(s);
        pps(p, s);
        slice((slice_kind){.idr = true, .pps = p, .idr_pic_id = i % 2});
        slice((slice_kind){.frame_num = 1, .pps = p});
        sprintf(want + strlen(want), "a s%u p%u I;a P;", s, p);
    }
    parse(S3HLS__AU_INPUT_BYTES, 100);
    expect(want, 0);
    assert_int_equal(out.changed, 0);
    sps_with(0x67, 3, 1); /* an id that has been there, and another picture size */
    pps(3, 3);
    slice((slice_kind){.idr = true, .pps = 3});
    parse(S3HLS__AU_INPUT_BYTES, 100);
    assert_int_equal(out.changed, 1);
}

static void every_id_has_a_place(void **state) {
    (void)state;
    kind = IN_ORDER;
    begin();
    for (unsigned i = 0; i < 32; i++)
        sps(i);
    for (unsigned i = 0; i < 256; i++)
        pps(i, i % 32);
    slice((slice_kind){.idr = true, .pps = 0});
    slice((slice_kind){.idr = true, .pps = 255});
    slice((slice_kind){.idr = true, .pps = 33});
    gives("a s0 p0 p32 p64 p96 p128 p160 p192 p224 I;a s31 p255 I;a s1 p33 I;", 0);
}

/* All sets once, at the start: a keyframe gets those of its slices, a later picture those that it
 * is the first to use. */
static void sets_are_written_where_they_are_used(void **state) {
    (void)state;
    kind = IN_ORDER;
    begin();
    sets();
    for (unsigned i = 1; i < 6; i++)
        pps(i, i == 5 ? 1 : 0);
    sps(1);
    idr(0);
    slice((slice_kind){.idr = true, .pps = 1, .first_mb = 40});
    slice((slice_kind){.pps = 2, .frame_num = 1});
    for (int i = 0; i < 2; i++) {
        idr(0);
        slice((slice_kind){.idr = true, .pps = 1, .first_mb = 40});
        slice((slice_kind){.pps = 2, .frame_num = 1});
        slice((slice_kind){.pps = 2, .frame_num = 2});
    }
    gives("a s0 p0 p1 p2 p3 p4 I I;a P;a s0 p0 p1 I I;a p2 P;a P;a s0 p0 p1 I I;a p2 P;a P;", 0);
}

static void a_changed_set_is_written_again(void **state) {
    (void)state;
    kind = IN_ORDER;
    begin();
    sets();
    idr(0);
    pps_with(0x28, 0, 0, false); /* another nal_ref_idc: other bytes */
    nal(0x80 | 1, 0);            /* its picture is damaged */
    picture(1, 0);
    picture(2, 0);
    gives("a s0 p0 I;a p0 P;a P;", 1);
}

/* More bytes than are kept: what has not been used for the longest time goes, not what is in use.
 */
static void the_least_recently_used_set_goes_first(void **state) {
    (void)state;
    kind = IN_ORDER;
    begin();
    sets();
    idr(0);
    for (unsigned i = 1; i < 200; i++) {
        bits b = {.n = 0};
        u(&b, 0x68, 8);
        ue(&b, i);
        ue(&b, 0);
        u(&b, 0, 2);
        ue(&b, 0);
        ue(&b, 0);
        ue(&b, 0);
        u(&b, 0, 3);
        for (int k = 0; k < 3; k++)
            se(&b, 0);
        u(&b, 0, 2);
        u(&b, 1, 1);
        for (int k = 0; k < 100; k++)
            u(&b, 0x55, 8);
        add(&b);
        slice((slice_kind){.frame_num = i % 16});
    }
    idr(0);
    slice((slice_kind){.frame_num = 1, .pps = 199});
    slice((slice_kind){.frame_num = 2, .pps = 1});
    parse(S3HLS__AU_INPUT_BYTES, 1000);
    assert_string_equal(out.text + strlen(out.text) - strlen(";a s0 p0 I;a p199 P;"),
                        ";a s0 p0 I;a p199 P;");
    assert_int_equal(out.p->nals_damaged, 1);
}

static void a_set_that_nothing_may_refer_to_is_damaged(void **state) {
    (void)state;
    kind = IN_ORDER;
    begin();
    sets();
    idr(0);
    sps_with(0x07, 0, 5);
    pps_with(0x08, 0, 0, true);
    in.size += 4; /* zeros, and then a NAL unit of no bytes */
    in.bytes[in.size++] = 1;
    idr(0);
    gives("a s0 p0 I;a s0 p0 I;", 2);
    assert_int_equal(out.changed, 0);
}

/* ---- SEI */

static void large_sei_is_kept_up_to_a_limit_and_refused_by_name_beyond(void **state) {
    (void)state;
    kind = IN_ORDER;
    for (size_t size = 1000; size < 100000; size += 9000) {
        begin();
        sets();
        idr(0);
        sei(size);
        sei(10);
        picture(1, 0);
        bool fits = size < 65000;
        for (size_t step = 700; step < in.size; step *= 7) {
            parse(S3HLS__AU_INPUT_BYTES, step);
            expect(fits ? "a s0 p0 I;a e e P;" : "a s0 p0 I;a e P;", 0);
            assert_int_equal(out.status, fits ? S3HLS_OK : S3HLS_E_TOO_LARGE);
            assert_int_equal(out.p->nals_refused, !fits);
        }
        if (fits)
            assert_true(out.sei_bytes > size + 10);
    }
    begin();
    sets();
    for (int i = 0; i < 500; i++) /* many small ones */
        sei(20);
    idr(0);
    parse(S3HLS__AU_INPUT_BYTES, 999);
    assert_int_equal(out.status, S3HLS_OK);
    assert_int_equal(out.sei_bytes, 500 * 24);
}

static void sei_behind_the_last_picture_stays(void **state) {
    (void)state;
    kind = IN_ORDER;
    begin();
    sets();
    idr(0);
    sei(3000);
    gives("a s0 p0 I e;", 0);
    begin();
    sets();
    idr(0);
    sei(30);
    nal(10, 0); /* end of sequence */
    idr(0);
    sei(30);
    nal(11, 0);
    gives("a s0 p0 I e 10;a s0 p0 I e 11;", 0);

    begin(); /* frames: where the caller put it */
    sets();
    idr(0);
    sei(30);
    end_call();
    sei(9);
    end_call();
    picture(1, 0);
    sei(30);
    sei(30);
    end_call();
    sei(9);
    end_call();
    parse(S3HLS__AU_INPUT_FRAMES, 0);
    expect("a s0 p0 I e;a e P e e+e;", 0);
    assert_int_equal(out.status, S3HLS_OK);

    begin(); /* and an end of stream in a call of its own */
    sets();
    idr(0);
    end_call();
    sei(9);
    nal(11, 0);
    end_call();
    parse(S3HLS__AU_INPUT_FRAMES, 0);
    expect("a s0 p0 I+e 11;", 0);

    begin();
    sets();
    sei(30);
    parse(S3HLS__AU_INPUT_BYTES, 9);
    expect("", 0);
    assert_int_equal(out.p->nals_refused, 1); /* no picture ever came */
    assert_int_equal(out.status, S3HLS_E_TOO_LARGE);
}

/* SEI of a picture that is left out is not the next one's, and a recovery point least of all. */
static void sei_goes_with_its_picture(void **state) {
    (void)state;
    kind = IN_ORDER;
    begin();
    for (int i = 0; i < 50; i++) { /* joined in the middle */
        sei(3000);
        picture(1, 0);
    }
    sets();
    idr(0);
    sei_of(1, 6); /* recovery_frame_cnt, all bits set */
    nal(0x80 | 1, 0);
    picture(2, 0);
    sei_of(1, 6);
    picture(3, 40); /* without its first slice */
    picture(4, 0);
    parse(S3HLS__AU_INPUT_BYTES, 777);
    expect("a s0 p0 I;a P;a P;", 2);
    assert_int_equal(out.p->slices_early, 50);
    assert_int_equal(out.p->nals_refused, 0);
    assert_int_equal(out.keyframes, 1);
}

static int release(void **state) {
    (void)state;
    free(out.p);
    out.p = NULL;
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(pictures_with_the_same_headers_are_told_apart, release),
        cmocka_unit_test_teardown(colour_planes_are_of_one_picture, release),
        cmocka_unit_test_teardown(a_slice_out_of_place_is_damage, release),
        cmocka_unit_test_teardown(where_slices_have_no_order_headers_decide, release),
        cmocka_unit_test_teardown(what_stands_between_slices_does_not_split_a_picture, release),
        cmocka_unit_test_teardown(a_picture_over_several_calls_is_one, release),
        cmocka_unit_test_teardown(new_ids_are_no_new_parameters, release),
        cmocka_unit_test_teardown(every_id_has_a_place, release),
        cmocka_unit_test_teardown(sets_are_written_where_they_are_used, release),
        cmocka_unit_test_teardown(a_changed_set_is_written_again, release),
        cmocka_unit_test_teardown(the_least_recently_used_set_goes_first, release),
        cmocka_unit_test_teardown(a_set_that_nothing_may_refer_to_is_damaged, release),
        cmocka_unit_test_teardown(large_sei_is_kept_up_to_a_limit_and_refused_by_name_beyond,
                                  release),
        cmocka_unit_test_teardown(sei_behind_the_last_picture_stays, release),
        cmocka_unit_test_teardown(sei_goes_with_its_picture, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
