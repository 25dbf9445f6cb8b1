/* SPDX-License-Identifier: MIT-0 */
/* The packer with a container of the test's own: each part gets bytes that state whose they are. */
#include "world.h"

#include "deliver/outbox.h"
#include "record/packer.h"

enum { HEAD_BYTES = 10, AUDIO_BYTES = 7, BLOCKS = 32 };

typedef struct fake {
    int units; /* begun; undone with the state */
} fake;

static int fill(s3hls__output *out, uint8_t byte, size_t size) {
    while (size) {
        int rc = out->p == out->end ? out->more(out->ctx, out) : S3HLS_OK;
        if (rc)
            return rc;
        size_t left = (size_t)(out->end - out->p), n = left < size ? left : size;
        memset(out->p, byte, n);
        out->p += n;
        size -= n;
    }
    return S3HLS_OK;
}

static void fake_begin_timeline(void *state, const s3hls__tracks *tracks) {
    (void)tracks;
    ((fake *)state)->units = 0;
}

static int fake_begin_segment(void *state, s3hls__output *out) {
    (void)state;
    return fill(&out[S3HLS__PART_HEAD], 'H', HEAD_BYTES);
}

static void fake_end_segment(void *state, s3hls__output *out, int64_t end_90k, bool audio) {
    (void)state, (void)out, (void)end_90k, (void)audio;
}

static int fake_begin_unit(void *state, s3hls__output *out, const s3hls__unit *unit) {
    (void)unit;
    ((fake *)state)->units++;
    return fill(&out[S3HLS__PART_HEAD], 'h', 1);
}

static int fake_begin_nal(void *state, s3hls__output *out, s3hls__nal_kind kind) {
    (void)state, (void)out, (void)kind;
    return S3HLS_OK;
}

static int fake_data(void *state, s3hls__output *out, const uint8_t *data, size_t size) {
    (void)state;
    return fill(&out[S3HLS__PART_MEDIA], data[0], size);
}

static int fake_end_unit(void *state, s3hls__output *out) {
    (void)state, (void)out;
    return S3HLS_OK;
}

static int fake_audio(void *state, s3hls__output *out, const s3hls__audio_frame *f, size_t count) {
    (void)state, (void)f;
    int rc = fill(&out[S3HLS__PART_AUDIO], 'A', AUDIO_BYTES * count);
    return rc ? rc : fill(&out[S3HLS__PART_AUDIO_HEAD], 'a', count);
}

static const s3hls__container fake_container = {.id = S3HLS_CONTAINER_TS,
                                                .name = "fake",
                                                .begin_timeline = fake_begin_timeline,
                                                .begin_segment = fake_begin_segment,
                                                .end_segment = fake_end_segment,
                                                .begin_unit = fake_begin_unit,
                                                .begin_nal = fake_begin_nal,
                                                .data = fake_data,
                                                .end_unit = fake_end_unit,
                                                .audio = fake_audio};

/* ---- an outbox of a recorder that delivers nothing */

typedef struct fixture {
    world *w;
    s3hls_uploader *uploader;
    s3hls__outbox *box;
    s3hls__packer packer;
    s3hls__tracks tracks;
} fixture;

static fixture *fixture_open(s3hls_drop drop) {
    fixture *f = calloc(1, sizeof *f);
    f->w = world_open();
    s3hls_recorder_config cfg = config(f->w);
    s3hls_uploader_config u;
    s3hls_uploader_config_init(&u);
    u.no_thread = 1;
    u.pool_bytes = BLOCKS * S3HLS__BLOCK_BYTES;
    u.env = &f->w->env;
    cfg.drop = drop;
    assert_int_equal(s3hls_uploader_open(&f->uploader, &u), S3HLS_OK);
    assert_int_equal(s3hls__outbox_open(&f->box, f->uploader, &cfg, &f->w->env), S3HLS_OK);
    f->packer = (s3hls__packer){.env = &f->w->env,
                                .box = f->box,
                                .pool = s3hls__outbox_pool(f->box),
                                .container = &fake_container};
    s3hls__packer_begin_timeline(&f->packer, &f->tracks);
    return f;
}

static void fixture_close(fixture *f) {
    s3hls__packer_close(&f->packer);
    s3hls__outbox_close(&f->box);
    s3hls_uploader_close(&f->uploader);
    world_close(f->w);
    free(f);
}

static int put_unit(fixture *f, char byte, size_t size) {
    s3hls__unit u = {.keyframe = true};
    int rc = s3hls__packer_begin_unit(&f->packer, &u);
    for (size_t at = 0; at < size && !rc; at += 1000) {
        uint8_t data[1000] = {(uint8_t)byte};
        rc = s3hls__packer_data(&f->packer, data, size - at < 1000 ? size - at : 1000);
    }
    return rc ? rc : s3hls__packer_end_unit(&f->packer);
}

/* The segment's bytes as runs: "H10 h2 x5000 ". */
static void read_runs(s3hls__slot *slot, char *text, size_t size) {
    uint64_t at = 0, run = 0;
    uint8_t byte = 0;
    text[0] = 0;
    while (at < slot->segment.size) {
        s3hls_span span = s3hls__slot_body(slot, at);
        for (size_t i = 0; i < span.size; i++, run++)
            if (span.data[i] != byte) {
                if (run)
                    snprintf(text + strlen(text), size - strlen(text), "%c%d ", byte, (int)run);
                byte = span.data[i];
                run = 0;
            }
        at += span.size;
    }
    snprintf(text + strlen(text), size - strlen(text), "%c%d", byte, (int)run);
    assert_int_equal(at, slot->segment.size);
}

/* ---- */

static void parts_are_joined_in_order(void **state) {
    (void)state;
    char runs[200];
    s3hls__audio_frame frames[3] = {{.samples = 1024}};
    fixture *f = fixture_open(S3HLS_DROP_NEWEST);
    assert_int_equal(s3hls__packer_begin_segment(&f->packer), S3HLS_OK);
    assert_int_equal(put_unit(f, 'x', 70000), S3HLS_OK);
    assert_int_equal(s3hls__packer_audio(&f->packer, frames, 3), S3HLS_OK);
    assert_int_equal(put_unit(f, 'y', 100), S3HLS_OK);
    assert_int_equal(s3hls__packer_bytes(&f->packer), 10 + 2 + 3 + 70100 + 21);
    s3hls__slot *slot = s3hls__packer_end_segment(&f->packer, 0, true);
    read_runs(slot, runs, sizeof runs);
    assert_string_equal(runs, "H10 h2 a3 x70000 y100 A21");
    s3hls__slot_release(slot, &f->w->env);
    assert_int_equal(s3hls__pool_used(f->packer.pool), 0);
    fixture_close(f);
}

static void an_undone_unit_leaves_nothing(void **state) {
    (void)state;
    char runs[200];
    s3hls__audio_frame frames[1] = {{.samples = 1024}};
    for (size_t size = 1; size < 200000; size += 9973) {
        fixture *f = fixture_open(S3HLS_DROP_NEWEST);
        assert_int_equal(s3hls__packer_begin_segment(&f->packer), S3HLS_OK);
        assert_int_equal(put_unit(f, 'x', 40000), S3HLS_OK);
        assert_int_equal(s3hls__packer_audio(&f->packer, frames, 1), S3HLS_OK);
        uint32_t used = s3hls__pool_used(f->packer.pool);
        assert_int_equal(put_unit(f, 'y', size), S3HLS_OK);
        f->packer.units--; /* as if it had failed before its end */
        s3hls__packer_undo_unit(&f->packer);
        assert_int_equal(s3hls__pool_used(f->packer.pool), used);
        assert_int_equal(((fake *)&f->packer.now.state)->units, 1);
        assert_int_equal(put_unit(f, 'z', 10), S3HLS_OK);
        s3hls__slot *slot = s3hls__packer_end_segment(&f->packer, 0, true);
        read_runs(slot, runs, sizeof runs);
        assert_string_equal(runs, "H10 h2 a1 x40000 z10 A7");
        s3hls__slot_release(slot, &f->w->env);
        fixture_close(f);
    }
}

/* The first access unit of a segment: without it there is no segment. */
static void without_a_unit_there_is_no_segment(void **state) {
    (void)state;
    fixture *f = fixture_open(S3HLS_DROP_NEWEST);
    assert_int_equal(s3hls__packer_begin_segment(&f->packer), S3HLS_OK);
    assert_int_equal(put_unit(f, 'x', 1 << 20), S3HLS_E_FULL);
    s3hls__packer_undo_unit(&f->packer);
    assert_null(f->packer.slot);
    assert_int_equal(s3hls__pool_used(f->packer.pool), 0);
    fixture_close(f);
}

/* Audio for which there is no memory changes nothing, and drops no segment. */
static void audio_never_drops_a_picture(void **state) {
    (void)state;
    char runs[200];
    s3hls__audio_frame frames[1] = {{.samples = 1024}};
    fixture *f = fixture_open(S3HLS_DROP_OLDEST);
    assert_int_equal(s3hls__packer_begin_segment(&f->packer), S3HLS_OK);
    assert_int_equal(put_unit(f, 'x', (BLOCKS - 1) * S3HLS__BLOCK_BYTES),
                     S3HLS_OK); /* and the head: all */
    assert_int_equal(s3hls__packer_audio(&f->packer, frames, 1), S3HLS_E_FULL);
    assert_int_equal(f->packer.now.audio_frames, 0);
    assert_false(f->packer.evicted);
    s3hls__slot *slot = s3hls__packer_end_segment(&f->packer, 0, true);
    read_runs(slot, runs, sizeof runs);
    assert_string_equal(runs, "H10 h1 x507904");
    s3hls__slot_release(slot, &f->w->env);
    fixture_close(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_joined_in_order),
        cmocka_unit_test(an_undone_unit_leaves_nothing),
        cmocka_unit_test(without_a_unit_there_is_no_segment),
        cmocka_unit_test(audio_never_drops_a_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
