/* SPDX-License-Identifier: MIT-0 */
#include "s3/listing.h"
#include "base/strbuf.h"
#include "s3/list.h"
#include "s3/xml.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROVEN_KEYS = 256,
    CHECKED_KEYS = 4096,        /* of an unsorted listing: recent keys checked for duplicates */
    EMPTY_PAGES_MAX = 100,      /* consecutive empty pages that announce more */
    TEXT_MAX_BYTES = 128 << 20, /* of gathered keys: more than a million */
    KEY_SIZE = S3HLS__XML_TEXT_BYTES
};

typedef struct item {
    size_t text_at; /* offset of its key, which its ETag follows */
    uint64_t size;
    int64_t modified_unix_s;
} item;

typedef enum kind { OBJECTS, FOLDERS, KINDS } kind;

struct s3hls__listing {
    s3hls__op *op;
    s3hls__list_habits *habits;
    const s3hls_env *env;
    s3hls__list_ask ask;
    bool whole;   /* read completely, then sorted */
    bool by_key;  /* paged by start-after from here on */
    bool refused; /* the server rejected start-after */
    bool nowhere; /* a token led to an empty last page: start-after is to confirm it */

    /* items of the last page, and earlier ones that were not delivered yet */
    s3hls__strbuf text;
    item *items;
    size_t count, capacity;
    size_t reported_count; /* items delivered, counted from the first */
    bool reported;         /* at least one item was delivered */
    size_t check_at;       /* unsorted: next number of keys at which to check */

    /* current page */
    size_t begin; /* index of its first item */
    bool any;     /* it contained keys */

    char last[KINDS][KEY_SIZE]; /* greatest key so far; "": none */
    char first_of_page[KEY_SIZE], first_of_all[KEY_SIZE];
    uint64_t pages, empty_pages, marked_page; /* detects a cycle of tokens (Brent) */
    char marked_token[S3HLS__LIST_TOKEN_BYTES];
};

static int open_listing(s3hls__listing **out, s3hls__op *op, s3hls__list_habits *habits,
                        const s3hls_env *env) {
    *out = NULL;
    if (op->request.start_after && strlen(op->request.start_after) >= S3HLS__LIST_KEY_BYTES)
        return S3HLS_E_INVALID;
    s3hls__listing *l = *out = s3hls__env_alloc(env, sizeof *l);
    if (!l)
        return S3HLS_E_NOMEM;
    l->op = op;
    l->habits = habits;
    l->env = env;
    l->whole = habits->unsorted;
    l->by_key = habits->wrong_tokens && !l->whole;
    s3hls__strbuf_init(&l->text, env, TEXT_MAX_BYTES);
    if (op->request.start_after && !l->whole && !habits->no_start_after)
        snprintf(l->ask.start_after, sizeof l->ask.start_after, "%s", op->request.start_after);
    return S3HLS_OK;
}

static const s3hls__list_ask *ask_now(const s3hls__listing *l) {
    return &l->ask;
}

static void forget(s3hls__listing *l) {
    s3hls__strbuf_deinit(&l->text);
    s3hls__strbuf_init(&l->text, l->env, TEXT_MAX_BYTES);
    l->count = l->reported_count = l->begin = 0;
}

/* Remove the delivered items, except for those of the last page. */
static void forget_earlier_pages(s3hls__listing *l) {
    if (l->reported_count < l->count || l->begin == 0 || l->begin == l->count)
        return;
    size_t text_at = l->items[l->begin].text_at;
    l->text.size -= text_at;
    memmove(l->text.data, l->text.data + text_at, l->text.size + 1);
    l->count = l->reported_count = l->count - l->begin;
    memmove(l->items, l->items + l->begin, l->count * sizeof *l->items);
    for (size_t i = 0; i < l->count; i++)
        l->items[i].text_at -= text_at;
}

static void close_listing(s3hls__listing **listing) {
    s3hls__listing *l = *listing;
    if (!l)
        return;
    s3hls__strbuf_deinit(&l->text);
    s3hls__env_free(l->env, l->items);
    s3hls__env_free(l->env, l);
    *listing = NULL;
}

static int fail(s3hls__listing *l, const char *why) {
    snprintf(l->op->result.message, sizeof l->op->result.message, "%s", why);
    return S3HLS_E_PROTOCOL;
}

/* ---- gathering */

static const char *key_of(const s3hls__listing *l, const item *i) {
    return l->text.data + i->text_at;
}

static int gather(s3hls__listing *l, const s3hls_s3_object *object) {
    if (l->count == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 64;
        item *grown = s3hls__env_realloc(l->env, l->items, capacity * sizeof *grown);
        if (!grown)
            return S3HLS_E_NOMEM;
        l->items = grown;
        l->capacity = capacity;
    }
    item *i = &l->items[l->count];
    *i = (item){l->text.size, object->size, object->modified_unix_s};
    s3hls__strbuf_add(&l->text, object->key, strlen(object->key) + 1);
    s3hls__strbuf_add(&l->text, object->etag, strlen(object->etag) + 1);
    l->count += l->text.status == S3HLS_OK;
    return l->text.status;
}

static kind kind_of(const s3hls__listing *l, const char *key) {
    size_t size = strlen(key);
    return l->op->request.by_folder && size && key[size - 1] == '/' ? FOLDERS : OBJECTS;
}

/* s3hls_s3_list_fn: add one key to the current page. */
static int keep(void *ctx, const s3hls_s3_object *object) {
    s3hls__listing *l = ctx;
    const char *key = object->key, *after = l->op->request.start_after;
    if (!l->any)
        snprintf(l->first_of_page, KEY_SIZE, "%s", key);
    l->any = true;
    if (after && strcmp(key, after) <= 0 && kind_of(l, key) == OBJECTS)
        return 0;
    return gather(l, object);
}

/* ---- reporting */

static int compare_keys(const void *a, const void *b, void *listing) {
    return strcmp(key_of(listing, a), key_of(listing, b));
}

static int report(s3hls__listing *l) {
    const char *before = NULL;
    while (l->reported_count < l->count) {
        const item *i = &l->items[l->reported_count++];
        const char *key = key_of(l, i);
        s3hls_s3_object object = {key, i->size, i->modified_unix_s, key + strlen(key) + 1};
        bool twice = before && strcmp(before, key) == 0;
        before = key;
        l->reported = l->op->transport.partly_reported = true;
        if (!twice && l->op->request.on_object(l->op->request.sink_ctx, &object))
            return S3HLS_E_CANCELLED;
    }
    return S3HLS_OK;
}

static void sort(s3hls__listing *l) {
    if (l->count)
        qsort_r(l->items, l->count, sizeof *l->items, compare_keys, l);
}

/* ---- in no order */

/* Read the complete listing from its beginning. On a server that lists in another order,
 * start-after would skip keys. */
static int begin_whole(s3hls__listing *l, bool *more) {
    if (!l->habits->unsorted)
        s3hls__log(
            l->env, S3HLS_LOG_WARN, "s3",
            "the server lists keys in no order: each listing is read to its end, and sorted");
    l->habits->unsorted = true;
    if (l->reported)
        return fail(l, "the server lists keys in no order, which showed too late: list again");
    forget(l);
    l->whole = true;
    l->by_key = false;
    memset(&l->ask, 0, sizeof l->ask);
    l->pages = l->empty_pages = l->marked_page = 0;
    l->marked_token[0] = 0;
    *more = true;
    return S3HLS_OK;
}

/* ---- in order */

/* The page's keys are ascending, objects and folders separately. */
static bool page_is_sorted(const s3hls__listing *l) {
    const char *before[KINDS] = {"", ""};
    for (size_t i = l->begin; i < l->count; i++) {
        const char *key = key_of(l, &l->items[i]);
        kind k = kind_of(l, key);
        if (strcmp(key, before[k]) < 0)
            return false;
        before[k] = key;
    }
    return true;
}

static bool came_before(const s3hls__listing *l, const char *key) {
    return strcmp(key, l->last[kind_of(l, key)]) <= 0;
}

static bool was_gathered(const s3hls__listing *l, const char *key) {
    for (size_t i = 0; i < l->begin; i++)
        if (strcmp(key_of(l, &l->items[i]), key) == 0)
            return true;
    return false;
}

/* The key was listed before, as far as known. */
static bool is_known(const s3hls__listing *l, const char *key) {
    return was_gathered(l, key) ||
           (l->reported && (l->by_key || strcmp(l->first_of_page, l->first_of_all) == 0));
}

/* Remove the keys of the page that were listed before. @return whether all removed keys are known:
 * the page repeats earlier keys, and the order is unaffected. */
static bool drop_known(s3hls__listing *l) {
    size_t kept = l->begin;
    bool known = true;
    for (size_t i = l->begin; i < l->count; i++) {
        const char *key = key_of(l, &l->items[i]);
        if (came_before(l, key))
            known &= is_known(l, key);
        else
            l->items[kept++] = l->items[i];
    }
    l->count = kept;
    return known;
}

static void note_page(s3hls__listing *l) {
    for (size_t i = l->begin; i < l->count; i++) {
        const char *key = key_of(l, &l->items[i]);
        snprintf(l->last[kind_of(l, key)], KEY_SIZE, "%s", key);
    }
    if (l->habits->in_order < PROVEN_KEYS && l->count > l->begin)
        l->habits->in_order += (uint32_t)(l->count - l->begin) - (l->pages == 1);
    if (l->pages == 1)
        strcpy(l->first_of_all, l->first_of_page);
}

/* Request the next page by the last key. All keys of a folder precede the next key. */
static int page_by_key(s3hls__listing *l, bool *more) {
    static const char highest[] = "\xf4\x8f\xbf\xbf"; /* U+10FFFF */
    bool folder = strcmp(l->last[FOLDERS], l->last[OBJECTS]) > 0;
    const char *last = l->last[folder ? FOLDERS : OBJECTS];
    int n = snprintf(l->ask.start_after, sizeof l->ask.start_after, "%s%s", last,
                     folder ? highest : "");
    if (!last[0] || n >= (int)sizeof l->ask.start_after || l->habits->no_start_after)
        return fail(l, "the listing cannot be continued: it leads back to its beginning");
    l->ask.token[0] = 0;
    l->by_key = *more = true;
    return S3HLS_OK;
}

static void note_wrong_tokens(s3hls__listing *l) {
    if (!l->habits->wrong_tokens)
        s3hls__log(l->env, S3HLS_LOG_WARN, "s3",
                   "the server's continuation tokens lead back: listings are paged by start-after");
    l->habits->wrong_tokens = true;
}

/* A token that equals a key other than the last one was composed wrongly by the server: keys in
 * between would be skipped. */
static bool token_is_doubtful(const s3hls__listing *l, const char *token) {
    size_t size = l->op->transport.prefix_size, key_size = strlen(l->op->request.key);
    if (size + key_size == 0 || !*l->last[OBJECTS] || l->op->request.by_folder ||
        l->habits->no_start_after || strncmp(token, l->op->transport.prefix, size) != 0 ||
        strncmp(token + size, l->op->request.key, key_size) != 0)
        return false;
    return strcmp(token + size, l->last[OBJECTS]) != 0;
}

/* ---- pages */

/* Brent's algorithm: the token is saved at each power of two of pages, and compared with the later
 * ones. */
static bool leads_in_a_circle(s3hls__listing *l, const char *token) {
    if (strcmp(token, l->marked_token) == 0)
        return true;
    if (l->pages >= 2 * l->marked_page) {
        l->marked_page = l->pages;
        strcpy(l->marked_token, token);
    }
    return false;
}

/* Most gathered keys were listed twice. Duplicates are removed. */
static bool is_mostly_twice(s3hls__listing *l) {
    size_t count = l->count, kept = 0;
    if (count < l->check_at || count < CHECKED_KEYS)
        return false;
    sort(l);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare_keys(&l->items[kept - 1], &l->items[i], l) != 0)
            l->items[kept++] = l->items[i];
    l->count = kept;
    l->check_at = 2 * kept;
    return kept <= count / 2;
}

static int next_whole(s3hls__listing *l, const char *token, bool truncated, bool *more) {
    if (!truncated) {
        sort(l);
        return report(l);
    }
    if (!token[0] || leads_in_a_circle(l, token) || is_mostly_twice(l))
        return fail(l, "the listing leads in a circle, in no order: it cannot be read whole");
    strcpy(l->ask.token, token);
    l->ask.start_after[0] = 0;
    *more = true;
    return S3HLS_OK;
}

/* Select the request that follows a sorted page. */
static int next_in_order(s3hls__listing *l, const char *token, bool truncated, bool *more) {
    bool progress = l->count > l->begin, asked_by_token = l->ask.token[0] != 0;
    bool circle = token[0] && leads_in_a_circle(l, token);
    if (l->nowhere && progress)
        note_wrong_tokens(l);
    if (l->by_key && l->pages > 1 && !progress && truncated)
        return fail(l, "the listing leads in a circle, by token and by start-after");
    /* the previous page announced more, but this one is empty */
    l->nowhere = asked_by_token && !l->any && !truncated && !l->habits->no_start_after &&
                 (l->last[OBJECTS][0] || l->last[FOLDERS][0]);
    if (!truncated && !l->nowhere)
        return report(l);
    if (token[0] && !circle && !l->by_key && !token_is_doubtful(l, token)) {
        strcpy(l->ask.token, token);
        *more = true;
        return S3HLS_OK;
    }
    if (circle)
        note_wrong_tokens(l);
    return page_by_key(l, more);
}

static int take_page(s3hls__listing *l, const char *token, bool truncated, bool *more) {
    l->pages++;
    l->empty_pages = l->any ? 0 : l->empty_pages + 1;
    if (l->empty_pages > EMPTY_PAGES_MAX)
        return fail(l, "the listing does not end: page after page is empty");
    if (l->whole)
        return next_whole(l, token, truncated, more);
    if (!page_is_sorted(l))
        return begin_whole(l, more);
    size_t came = l->count;
    if (!drop_known(l))
        return begin_whole(l, more);
    bool back = l->count < came && !l->by_key;
    note_page(l);
    if (back) {
        note_wrong_tokens(l);
        return page_by_key(l, more);
    }
    int rc = next_in_order(l, token, truncated, more);
    return rc == S3HLS_OK && *more && l->habits->in_order >= PROVEN_KEYS ? report(l) : rc;
}

static int read_page(s3hls__listing *l, const char *xml, size_t size, bool *more) {
    char token[S3HLS__LIST_TOKEN_BYTES];
    bool truncated;
    s3hls__op page = *l->op;
    page.request.on_object = keep;
    page.request.sink_ctx = l;
    forget_earlier_pages(l);
    l->begin = l->count;
    l->any = false;
    *more = false;
    l->habits->no_start_after |= l->refused;
    int rc = s3hls__s3_list_page(&page, xml, size, token, &truncated);
    if (rc == S3HLS_E_CANCELLED)
        return l->text.status ? l->text.status : S3HLS_E_NOMEM;
    return rc ? rc : take_page(l, token, truncated, more);
}

static bool ask_otherwise(s3hls__listing *l) {
    if (!l->ask.start_after[0] || l->pages)
        return false;
    l->ask.start_after[0] = 0;
    l->refused = true;
    return true;
}

const s3hls__lister s3hls__s3_lister = {open_listing, ask_now, read_page, ask_otherwise,
                                        close_listing};
