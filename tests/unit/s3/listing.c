/* SPDX-License-Identifier: MIT-0 */
/* Listings of servers with habits of their own: what is told is every key once, in ascending order,
 * after so many requests; or an error. */
#include "unit.h"

#include "s3/listing.h"
#include <stdio.h>

enum { KEYS_MAX = 3000, REQUESTS_MAX = 5000, KEY_BYTES = 64 };
#define PREFIX "cam/"

/* A server, and what it does. */
typedef struct fake {
    size_t count, page;
    bool shuffled;           /* the whole listing */
    bool pages_shuffled;     /* each page in order, pages in none */
    bool after_is_place;     /* start-after is a place in its own order */
    bool no_start_after;     /* refuses it */
    bool ignores_after;      /* takes it, and does not heed it */
    bool inclusive;          /* a page begins with the last key of the one before */
    bool empty_pages;        /* and pages in between without any key */
    size_t token_stays;      /* from this page on the token does not change; 0: never */
    size_t token_turns_back; /* from this page on to the first; 0: never */
    bool token_is_new;       /* ... by another token each time */
    bool no_token;           /* says that there is more, but not how to go on */
    bool never_ends;         /* says that there is more behind the last key */
    bool token_doubled;      /* a key with its folder twice: leads to what sorts behind that */
} fake;

typedef struct bench {
    fake fake;
    world world;
    s3hls_env env;
    s3hls__op op;
    s3hls__list_habits habits;
    char keys[KEYS_MAX][KEY_BYTES], *order[KEYS_MAX]; /* whole keys; as the server has them */
    char told[KEYS_MAX][KEY_BYTES];
    size_t reported_count, stop_after;
    int requests, after_requests;
    void (*answer)(struct bench *b, const s3hls__list_ask *ask);
    char *xml;
} bench;

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int note(void *ctx, const s3hls_s3_object *object) {
    bench *b = ctx;
    assert_true(b->reported_count < KEYS_MAX);
    assert_int_equal(object->size, 7);
    assert_string_equal(object->etag, "e");
    snprintf(b->told[b->reported_count], KEY_BYTES, "%s", object->key);
    return ++b->reported_count == b->stop_after;
}

static void answer(bench *b, const s3hls__list_ask *ask);

static bench *open_bench(fake f) {
    bench *b = calloc(1, sizeof *b);
    unsigned seed = 12345;
    b->fake = f;
    b->answer = answer;
    world_init(&b->world);
    b->env = world_env(&b->world);
    b->xml = malloc(KEYS_MAX * 128);
    for (size_t i = 0; i < f.count; i++) {
        snprintf(b->keys[i], KEY_BYTES, PREFIX "2026/11/23/%02zu/%02zu/%02zu.ts", i / 900,
                 i / 15 % 60, i % 15 * 4);
        b->order[i] = b->keys[i];
    }
    for (size_t i = f.count; f.shuffled && i > 1; i--) {
        size_t other = (seed = seed * 1103515245 + 12345) / 65536 % i;
        char *swap = b->order[i - 1];
        b->order[i - 1] = b->order[other];
        b->order[other] = swap;
    }
    for (size_t from = 0; f.pages_shuffled && from + 2 * f.page <= f.count; from += 2 * f.page)
        for (size_t i = from; i < from + f.page; i++) {
            char *swap = b->order[i];
            b->order[i] = b->order[i + f.page];
            b->order[i + f.page] = swap;
        }
    b->op = (s3hls__op){.request =
                            {
                                .kind = S3HLS__OP_LIST,
                                .key = "",
                                .on_object = note,
                                .sink_ctx = b,
                            },
                        .transport = {.prefix = PREFIX, .prefix_size = strlen(PREFIX)}};
    return b;
}

static void close_bench(bench *b) {
    assert_int_equal(b->world.out, 0);
    free(b->xml);
    free(b);
}

/* Where the keys after a key begin, in the server's order. */
static size_t place_after(const bench *b, const char *key) {
    size_t at = 0;
    while (at < b->fake.count && strcmp(b->order[at], key) != 0)
        at++;
    if (at == b->fake.count)
        for (at = 0; at < b->fake.count && strcmp(b->order[at], key) <= 0;)
            at++;
    else
        at++;
    return at;
}

static size_t begin_of_page(const bench *b, const s3hls__list_ask *ask, unsigned *number) {
    const fake *f = &b->fake;
    unsigned long at = 0, ignored;
    *number = 0;
    if (ask->token[0]) {
        if (sscanf(ask->token, "t%lu-%u-%lu", &at, number, &ignored) < 2) /* a key is a place */
            at = place_after(b, ask->token);
    } else if (ask->start_after[0] && f->after_is_place) {
        char key[2048];
        snprintf(key, sizeof key, PREFIX "%s", ask->start_after);
        at = place_after(b, key);
    }
    return at;
}

static void write_token(const bench *b, size_t at, unsigned number, char token[256]) {
    const fake *f = &b->fake;
    bool back = f->token_turns_back && number >= f->token_turns_back;
    if (f->token_doubled)
        snprintf(token, 256, PREFIX "2026/11/23/%s", b->order[at - 1] + strlen(PREFIX));
    else if (f->token_stays && number >= f->token_stays)
        snprintf(token, 256, "t%zu-%u-0", f->page, number);
    else
        snprintf(token, 256, "t%zu-%u-%d", back ? 0 : at - f->inclusive, number,
                 f->token_is_new ? b->requests : 0);
}

/* The server's answer, over which a listing's page is read. */
static void answer(bench *b, const s3hls__list_ask *ask) {
    const fake *f = &b->fake;
    char after[2048] = "", token[256] = "";
    unsigned number;
    size_t at = begin_of_page(b, ask, &number), size = 0, given = 0;
    if (ask->start_after[0] && !f->ignores_after && !f->after_is_place)
        snprintf(after, sizeof after, PREFIX "%s", ask->start_after);
    size += (size_t)sprintf(b->xml + size, "<ListBucketResult>");
    bool empty = f->empty_pages && number % 2 == 1;
    for (; at < f->count && given < f->page && !empty; at++)
        if (strcmp(b->order[at], after) > 0) {
            given++;
            size += (size_t)sprintf(b->xml + size,
                                    "<Contents><Key>%s</Key><Size>7</Size><ETag>\"e\"</ETag>"
                                    "</Contents>",
                                    b->order[at]);
        }
    if ((at < f->count || f->never_ends) && f->no_token) {
        size += (size_t)sprintf(b->xml + size, "<IsTruncated>true</IsTruncated>");
    } else if (at < f->count || f->never_ends) {
        write_token(b, at, number + 1, token);
        size += (size_t)sprintf(b->xml + size,
                                "<IsTruncated>true</IsTruncated><NextContinuationToken>%s"
                                "</NextContinuationToken>",
                                token);
    }
    sprintf(b->xml + size, "</ListBucketResult>");
}

static int list(bench *b) {
    const s3hls__lister *lister = &s3hls__s3_lister;
    s3hls__listing *l;
    bool more = true;
    b->reported_count = 0;
    b->requests = b->after_requests = 0;
    int rc = lister->open(&l, &b->op, &b->habits, &b->env);
    while (!rc && more) {
        const s3hls__list_ask *ask = lister->ask(l);
        assert_true(b->requests++ < REQUESTS_MAX);
        b->after_requests += ask->start_after[0] != 0;
        if (ask->start_after[0] && b->fake.no_start_after) {
            rc = lister->refused(l) ? S3HLS_OK : S3HLS_E_INVALID;
            continue;
        }
        b->answer(b, ask);
        rc = lister->page(l, b->xml, strlen(b->xml), &more);
    }
    lister->close(&l);
    return rc;
}

static void assert_all_told(const bench *b, size_t from) {
    char *sorted[KEYS_MAX];
    size_t count = b->fake.count - from;
    memcpy(sorted, b->order, b->fake.count * sizeof *sorted);
    qsort(sorted, b->fake.count, sizeof *sorted, compare);
    assert_int_equal(b->reported_count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(b->told[i], sorted[from + i] + strlen(PREFIX));
}

static size_t lines(const bench *b, const char *text) {
    size_t n = 0;
    for (const char *at = b->world.log; (at = strstr(at, text)); at++)
        n++;
    return n;
}

/* ---- */

static void every_habit_is_read_whole_and_in_order(void **state) {
    (void)state;
    static const fake fakes[] = {
        {.count = 0, .page = 5},
        {.count = 1, .page = 5},
        {.count = 2500, .page = 1000},
        {.count = 2000, .page = 1000},
        {.count = 40, .page = 1},
        {.count = 600, .page = 2},
        {.count = 30, .page = 3, .empty_pages = true},
        {.count = 2500, .page = 1000, .shuffled = true},
        {.count = 50, .page = 1000, .shuffled = true},
        {.count = 50, .page = 1, .shuffled = true},
        {.count = 700, .page = 2, .shuffled = true},
        {.count = 700, .page = 2, .shuffled = true, .empty_pages = true},
        {.count = 120, .page = 20, .pages_shuffled = true},
        {.count = 3000, .page = 100, .pages_shuffled = true},
        {.count = 300, .page = 100, .inclusive = true},
        {.count = 2500, .page = 1000, .inclusive = true},
        {.count = 2500, .page = 1000, .token_stays = 1},
        {.count = 2500, .page = 1000, .token_stays = 2},
        {.count = 90, .page = 10, .token_stays = 3},
        {.count = 2500, .page = 500, .token_turns_back = 2},
        {.count = 2500, .page = 500, .token_turns_back = 4, .token_is_new = true},
        {.count = 90, .page = 10, .token_turns_back = 4, .token_is_new = true},
        {.count = 2500, .page = 1000, .token_doubled = true},
        {.count = 40, .page = 10, .token_doubled = true},
        {.count = 2500, .page = 1000, .no_token = true},
        {.count = 40, .page = 10, .no_token = true},
    };
    for (size_t i = 0; i < sizeof fakes / sizeof *fakes; i++) {
        bench *b = open_bench(fakes[i]);
        for (int again = 0; again < 2; again++) {
            int rc = list(b);
            if (rc)
                fail_msg("fake %zu: %s: %s", i, s3hls_status_name(rc), b->op.result.message);
            assert_all_told(b, 0);
        }
        assert_true(lines(b, "in no order") ==
                    (size_t)(fakes[i].shuffled || fakes[i].pages_shuffled));
        assert_true(lines(b, "tokens lead back") <= 1);
        close_bench(b);
    }
}

static void start_after_holds_whatever_the_server_makes_of_it(void **state) {
    (void)state;
    static const fake fakes[] = {
        {.count = 2500, .page = 1000},
        {.count = 2500, .page = 1000, .ignores_after = true},
        {.count = 2500, .page = 1000, .no_start_after = true},
        {.count = 2500, .page = 1000, .no_start_after = true, .shuffled = true},
        {.count = 2500, .page = 1000, .shuffled = true},
        {.count = 2500, .page = 1000, .shuffled = true, .after_is_place = true},
        {.count = 2500, .page = 500, .token_stays = 1},
    };
    for (size_t i = 0; i < sizeof fakes / sizeof *fakes; i++) {
        bench *b = open_bench(fakes[i]);
        b->op.request.start_after = "2026/11/23/00/16/36.ts"; /* the 250th */
        for (int again = 0; again < 2; again++) {
            int rc = list(b);
            if (rc)
                fail_msg("fake %zu: %s: %s", i, s3hls_status_name(rc), b->op.result.message);
            assert_all_told(b, 250);
        }
        close_bench(b);
    }
}

/* One page too many, or none: what costs a request of its own is known. */
static void a_usual_server_is_asked_no_more_than_needed(void **state) {
    (void)state;
    bench *b = open_bench((fake){.count = 2500, .page = 1000});
    assert_int_equal(list(b), S3HLS_OK);
    assert_int_equal(b->requests, 3);
    b->stop_after = 1; /* its order is known by now: no page is read ahead */
    b->fake.page = 1;
    assert_int_equal(list(b), S3HLS_E_CANCELLED);
    assert_int_equal(b->requests, 1);
    assert_true(b->op.transport.partly_reported);
    close_bench(b);
    b = open_bench((fake){.count = 600, .page = 300, .shuffled = true});
    assert_int_equal(list(b), S3HLS_OK);
    assert_int_equal(b->requests, 3); /* the first page twice */
    assert_int_equal(list(b), S3HLS_OK);
    assert_int_equal(b->requests, 2);
    close_bench(b);
}

/* Folders alone, as a server with a delimiter gives them: a folder's keys count for one, and lie
 * before whatever comes after the folder. */
static void answer_by_folder(bench *b, const s3hls__list_ask *ask) {
    enum { FOLDER_SIZE = sizeof PREFIX "2026/11/23/00/00/" - 1 };
    char after[2048] = "";
    unsigned number;
    size_t at = begin_of_page(b, ask, &number), size = 0, given = 0;
    if (ask->start_after[0])
        snprintf(after, sizeof after, PREFIX "%s", ask->start_after);
    size += (size_t)sprintf(b->xml, "<ListBucketResult>");
    while (at < b->fake.count && given < b->fake.page) {
        const char *folder = b->order[at];
        bool skipped = strcmp(folder, after) <= 0;
        size_t last = at;
        while (at < b->fake.count && strncmp(b->order[at], folder, FOLDER_SIZE) == 0)
            skipped &= strcmp(b->order[last = at++], after) <= 0;
        given += !skipped;
        if (!skipped)
            size += (size_t)sprintf(b->xml + size,
                                    "<CommonPrefixes><Prefix>%.*s</Prefix></CommonPrefixes>",
                                    (int)FOLDER_SIZE, folder);
    }
    if (at < b->fake.count)
        size += (size_t)sprintf(b->xml + size, "<IsTruncated>true</IsTruncated>");
    if (at < b->fake.count && !b->fake.no_token)
        size +=
            (size_t)sprintf(b->xml + size, "<NextContinuationToken>t%zu-%u</NextContinuationToken>",
                            b->fake.token_stays ? 0 : at, number + 1);
    sprintf(b->xml + size, "</ListBucketResult>");
}

static int note_folder(void *ctx, const s3hls_s3_object *object) {
    bench *b = ctx;
    snprintf(b->told[b->reported_count++], KEY_BYTES, "%s", object->key);
    return 0;
}

static void folders_are_paged_by_key_too(void **state) {
    (void)state;
    static const fake fakes[] = {
        {.count = 300, .page = 1000},
        {.count = 300, .page = 3},
        {.count = 300, .page = 3, .no_token = true},
        {.count = 300, .page = 3, .token_stays = 1},
    };
    for (size_t i = 0; i < sizeof fakes / sizeof *fakes; i++) {
        bench *b = open_bench(fakes[i]);
        b->op.request.by_folder = true;
        b->op.request.on_object = note_folder;
        b->answer = answer_by_folder;
        assert_int_equal(list(b), S3HLS_OK);
        assert_int_equal(b->reported_count, 20);
        for (size_t n = 0; n < 20; n++) {
            char folder[KEY_BYTES];
            snprintf(folder, sizeof folder, "2026/11/23/00/%02zu/", n);
            assert_string_equal(b->told[n], folder);
        }
        close_bench(b);
    }
}

/* Whoever looks for one key, or stops at the first beyond a time, is not misled by the order. */
static void who_stops_early_sees_the_least_key_first(void **state) {
    (void)state;
    for (size_t page = 1; page < 200; page = page * 3) {
        bench *b = open_bench((fake){.count = 100, .page = page, .shuffled = true});
        b->stop_after = 1;
        assert_int_equal(list(b), S3HLS_E_CANCELLED);
        assert_string_equal(b->told[0], "2026/11/23/00/00/00.ts");
        close_bench(b);
    }
}

static void what_cannot_be_read_whole_is_an_error(void **state) {
    (void)state;
    static const fake fakes[] = {
        {.count = 300, .page = 10, .shuffled = true, .token_stays = 2},
        {.count = 300, .page = 10, .shuffled = true, .token_turns_back = 5},
        {.count = 300, .page = 10, .token_stays = 1, .ignores_after = true},
        {.count = 300, .page = 10, .no_token = true, .ignores_after = true},
        {.count = 30, .page = 10, .shuffled = true, .no_token = true},
        {.count = 0, .page = 10, .no_token = true, .never_ends = true},
        {.count = 30, .page = 10, .never_ends = true},
        {.count = 30, .page = 10, .never_ends = true, .shuffled = true},
        {.count = 30, .page = 10, .never_ends = true, .token_is_new = true},
        {.count = 300, .page = 10, .token_stays = 1, .no_start_after = true},
    };
    for (size_t i = 0; i < sizeof fakes / sizeof *fakes; i++) {
        bench *b = open_bench(fakes[i]);
        int rc = list(b);
        assert_int_equal(rc, fakes[i].no_start_after ? S3HLS_E_INVALID : S3HLS_E_PROTOCOL);
        assert_true(rc == S3HLS_E_INVALID || b->op.result.message[0]);
        assert_int_equal(b->reported_count, 0);
        close_bench(b);
    }
}

/* Order that breaks after a thousand keys were told in order: an error, and the next listing is
 * read whole. */
static void disorder_that_shows_late_is_no_silence(void **state) {
    (void)state;
    bench *b = open_bench((fake){.count = 3000, .page = 1000});
    char *swap = b->order[2500];
    b->order[2500] = b->order[10];
    b->order[10] = swap;
    memmove(&b->order[10], &b->order[11], 2490 * sizeof *b->order);
    b->order[2500] = swap;
    assert_int_equal(list(b), S3HLS_E_PROTOCOL);
    assert_non_null(strstr(b->op.result.message, "list again"));
    assert_int_equal(list(b), S3HLS_OK);
    close_bench(b);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    bench *b = open_bench((fake){.count = 300, .page = 100, .shuffled = true});
    int n = 0, rc = S3HLS_E_NOMEM;
    for (; rc == S3HLS_E_NOMEM; n++) {
        b->world.until_failure = n;
        b->habits = (s3hls__list_habits){0};
        rc = list(b);
        assert_int_equal(b->world.out, 0);
    }
    assert_int_equal(rc, S3HLS_OK);
    assert_true(n > 5);
    close_bench(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_habit_is_read_whole_and_in_order),
        cmocka_unit_test(start_after_holds_whatever_the_server_makes_of_it),
        cmocka_unit_test(a_usual_server_is_asked_no_more_than_needed),
        cmocka_unit_test(folders_are_paged_by_key_too),
        cmocka_unit_test(who_stops_early_sees_the_least_key_first),
        cmocka_unit_test(what_cannot_be_read_whole_is_an_error),
        cmocka_unit_test(disorder_that_shows_late_is_no_silence),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
