/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/config.h"
#include "base/pool.h"
#include "base/strbuf.h"
#include "s3hls/s3hls.h"
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

/* An allocator that counts what is out and fails when told to. */
typedef struct memory {
    int out;
    int until_failure; /* negative: never */
} memory;

static void *counted(void *ctx, void *p, size_t size) {
    memory *m = ctx;
    if (size == 0) {
        m->out--;
        test_free(p);
        return NULL;
    }
    if (m->until_failure == 0)
        return NULL;
    m->until_failure--;
    m->out += p == NULL;
    return test_realloc(p, size);
}

static void statuses_have_names_and_texts(void **state) {
    (void)state;
    assert_string_equal(s3hls_status_name(S3HLS_E_TLS), "S3HLS_E_TLS");
    assert_int_equal(S3HLS_E_TLS, -19);
    assert_string_equal(s3hls_strerror(S3HLS_OK), "success");
    assert_string_equal(s3hls_status_name(S3HLS_W_DAMAGED), "S3HLS_W_DAMAGED");
    assert_string_equal(s3hls_strerror(S3HLS_W_DAMAGED), "accepted, except damaged parts");
    assert_string_equal(s3hls_status_name(12345), "S3HLS_E_UNKNOWN");
    assert_non_null(s3hls_strerror(12345));
    assert_string_equal(s3hls_version(), S3HLS_VERSION);
}

static void strbuf_grows_to_its_bound_and_no_further(void **state) {
    (void)state;
    memory m = {0, -1};
    s3hls_env env = s3hls__env_resolve(&(s3hls_env){.ctx = &m, .reallocate = counted});
    s3hls__strbuf b;
    s3hls__strbuf_init(&b, &env, 100);
    for (int i = 0; i < 10; i++)
        s3hls__strbuf_addf(&b, "%09d,", i);
    assert_int_equal(b.size, 100);
    assert_int_equal(b.status, S3HLS_OK);
    s3hls__strbuf_add_char(&b, 'x');
    assert_int_equal(b.status, S3HLS_E_TOO_LARGE);
    s3hls__strbuf_add_str(&b, ""); /* the first failure stays */
    char *text;
    assert_int_equal(s3hls__strbuf_take(&b, &text), S3HLS_E_TOO_LARGE);
    assert_null(text);
    assert_int_equal(m.out, 0);
}

static void strbuf_remembers_that_memory_ran_out(void **state) {
    (void)state;
    for (int n = 0; n < 3; n++) {
        memory m = {0, n};
        s3hls_env env = s3hls__env_resolve(&(s3hls_env){.ctx = &m, .reallocate = counted});
        s3hls__strbuf b;
        s3hls__strbuf_init(&b, &env, 10000);
        for (int i = 0; i < 500; i++)
            s3hls__strbuf_add_str(&b, "abc");
        char *text;
        assert_int_equal(s3hls__strbuf_take(&b, &text), S3HLS_E_NOMEM);
        assert_int_equal(m.out, 0);
    }
}

static void strbuf_hands_over_an_empty_string(void **state) {
    (void)state;
    s3hls_env env = s3hls_env_default();
    s3hls__strbuf b;
    char *text;
    s3hls__strbuf_init(&b, &env, 10);
    assert_int_equal(s3hls__strbuf_take(&b, &text), S3HLS_OK);
    assert_string_equal(text, "");
    s3hls_free(NULL, text);
}

static void pool_gives_each_block_once_and_takes_lists_back(void **state) {
    (void)state;
    memory m = {0, -1};
    s3hls_env env = s3hls__env_resolve(&(s3hls_env){.ctx = &m, .reallocate = counted});
    s3hls__pool *pool;
    assert_int_equal(s3hls__pool_open(&pool, 20 * S3HLS__BLOCK_BYTES + 5, &env), S3HLS_OK);
    assert_int_equal(s3hls__pool_count(pool), 20);
    uint32_t list = S3HLS__NO_BLOCK;
    for (int i = 0; i < 20; i++) {
        uint32_t block = s3hls__pool_take(pool);
        assert_in_range(block, 0, 19);
        memset(s3hls__pool_data(pool, block), i, S3HLS__BLOCK_BYTES);
        s3hls__pool_link(pool, block, list);
        list = block;
    }
    assert_int_equal(s3hls__pool_take(pool), S3HLS__NO_BLOCK);
    assert_int_equal(s3hls__pool_used(pool), 20);
    for (uint32_t b = list, i = 20; b != S3HLS__NO_BLOCK; b = s3hls__pool_next(pool, b))
        assert_int_equal(s3hls__pool_data(pool, b)[S3HLS__BLOCK_BYTES - 1], --i);
    s3hls__pool_give(pool, list);
    assert_int_equal(s3hls__pool_used(pool), 0);
    for (int i = 0; i < 20; i++)
        assert_int_not_equal(s3hls__pool_take(pool), S3HLS__NO_BLOCK);
    s3hls__pool_close(&pool);
    assert_int_equal(m.out, 0);
}

static void pool_open_fails_cleanly(void **state) {
    (void)state;
    for (int n = 0; n < 3; n++) {
        memory m = {0, n};
        s3hls_env env = {.ctx = &m, .reallocate = counted};
        s3hls__pool *pool;
        assert_int_equal(s3hls__pool_open(&pool, 1 << 20, &env), S3HLS_E_NOMEM);
        assert_null(pool);
        assert_int_equal(m.out, 0);
    }
}

/* Two threads take, mark, check and give back: a block handed out twice would lose its mark. */
static void *hammer(void *arg) {
    s3hls__pool *pool = arg;
    uintptr_t me = (uintptr_t)&arg, clashes = 0;
    for (int i = 0; i < 20000; i++) {
        uint32_t a = s3hls__pool_take(pool), b = s3hls__pool_take(pool);
        if (a != S3HLS__NO_BLOCK)
            memcpy(s3hls__pool_data(pool, a), &me, sizeof me);
        if (b != S3HLS__NO_BLOCK) {
            s3hls__pool_link(pool, b, a);
            a = b;
        }
        for (uint32_t x = b == S3HLS__NO_BLOCK ? a : s3hls__pool_next(pool, b);
             x != S3HLS__NO_BLOCK; x = s3hls__pool_next(pool, x))
            clashes += memcmp(s3hls__pool_data(pool, x), &me, sizeof me) != 0;
        s3hls__pool_give(pool, a);
    }
    return (void *)clashes;
}

static long page_faults(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_minflt;
}

static void pool_pages_are_there_at_open(void **state) {
    (void)state;
    s3hls__pool *pool;
    assert_int_equal(s3hls__pool_open(&pool, (size_t)8 << 20, NULL), S3HLS_OK);
    long before = page_faults(), pages = 0;
    for (uint32_t block; (block = s3hls__pool_take(pool)) != S3HLS__NO_BLOCK; pages += 8)
        memset(s3hls__pool_data(pool, block), 1, S3HLS__BLOCK_BYTES);
    assert_in_range(page_faults() - before, 0, pages / 20);
    s3hls__pool_close(&pool);
}

static void pool_serves_threads_without_a_lock(void **state) {
    (void)state;
    s3hls__pool *pool;
    pthread_t threads[3];
    assert_int_equal(s3hls__pool_open(&pool, 0, NULL), S3HLS_OK);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, hammer, pool);
    for (int i = 0; i < 3; i++) {
        void *clashes;
        pthread_join(threads[i], &clashes);
        assert_null(clashes);
    }
    assert_int_equal(s3hls__pool_used(pool), 0);
    s3hls__pool_close(&pool);
}

static void config_of_an_older_caller_keeps_new_defaults(void **state) {
    (void)state;
    struct {
        uint32_t struct_size, old, added;
    } ours = {0, 1, 2}, callers = {8, 5, 99};
    assert_int_equal(s3hls__config_copy(&ours, sizeof ours, &callers), S3HLS_OK);
    assert_int_equal(ours.old, 5);
    assert_int_equal(ours.added, 2);
    callers.struct_size = 1000; /* a newer caller: what we do not know is not read */
    assert_int_equal(s3hls__config_copy(&ours, sizeof ours, &callers), S3HLS_OK);
    assert_int_equal(ours.added, 99);
    callers.struct_size = 0;
    assert_int_equal(s3hls__config_copy(&ours, sizeof ours, &callers), S3HLS_E_INVALID);
    assert_int_equal(s3hls__config_copy(&ours, sizeof ours, NULL), S3HLS_E_INVALID);
}

static int lines;
static void count_line(void *ctx, s3hls_log_level level, const char *component,
                       const char *message) {
    (void)ctx;
    assert_int_equal(level, S3HLS_LOG_WARN);
    assert_string_equal(component, "test");
    assert_string_equal(message, "7 of nine");
    lines++;
}

static void log_lines_above_the_level_are_not_made(void **state) {
    (void)state;
    s3hls_env env = s3hls__env_resolve(&(s3hls_env){.log = count_line});
    s3hls__log(&env, S3HLS_LOG_WARN, "test", "%d of %s", 7, "nine");
    s3hls__log(&env, S3HLS_LOG_DEBUG, "test", "never");
    assert_int_equal(lines, 1);
}

static void text_from_outside_becomes_printable(void **state) {
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xa5", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xa5"},
        {"a\tb\r\nc", "a b  c"},
        {"\x1b[31m\x07\x7f", "?[31m??"},
        {"\xc2\x9b"
         "31m",
         "??31m"},                                  /* C1 */
        {"a\xe2\x80\xaeg\xe2\x81\xa6", "a???g???"}, /* turned around */
        {"\xe2\x80\xa8\xe2\x80\xa7\xe2\x80\xaf", "???\xe2\x80\xa7\xe2\x80\xaf"},
        {"\x9b\xff\xfe", "???"},
        {"\xc3", "?"}, /* cut off */
        {"\xe2\x82", "??"},
        {"\xc0\x9b", "??"}, /* too long a form */
        {"\xed\xa0\x80", "???"},
    };
    char text[64];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        strcpy(text, cases[i].text);
        s3hls_printable(text);
        assert_string_equal(text, cases[i].shown);
    }
}

static void process_clocks_run(void **state) {
    (void)state;
    s3hls_env env = s3hls_env_default();
    int64_t a = env.monotonic_us(env.ctx);
    assert_true(env.monotonic_us(env.ctx) >= a);
    assert_true(env.wall_us(env.ctx) > INT64_C(1600000000000000));
    assert_int_not_equal(env.random(env.ctx), env.random(env.ctx));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_have_names_and_texts),
        cmocka_unit_test(strbuf_grows_to_its_bound_and_no_further),
        cmocka_unit_test(strbuf_remembers_that_memory_ran_out),
        cmocka_unit_test(strbuf_hands_over_an_empty_string),
        cmocka_unit_test(pool_gives_each_block_once_and_takes_lists_back),
        cmocka_unit_test(pool_open_fails_cleanly),
        cmocka_unit_test(pool_pages_are_there_at_open),
        cmocka_unit_test(pool_serves_threads_without_a_lock),
        cmocka_unit_test(config_of_an_older_caller_keeps_new_defaults),
        cmocka_unit_test(log_lines_above_the_level_are_not_made),
        cmocka_unit_test(text_from_outside_becomes_printable),
        cmocka_unit_test(process_clocks_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
