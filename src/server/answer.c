/* SPDX-License-Identifier: MIT-0 */
#include "server/answer.h"
#include "base/strbuf.h"
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum {
    GZIP_SIZE_MIN = 512,  /* a smaller body fits into one packet anyway */
    GZIP_WINDOW = 15 + 16 /* selects gzip's format in zlib */
};

static s3hls__answer *adopt(s3hls__answer_account *account, char *body, size_t size) {
    uint8_t digest[32];
    s3hls__answer *a = s3hls__env_alloc(&account->env, sizeof *a);
    if (!a || EVP_Digest(body, size, digest, NULL, EVP_sha256(), NULL) != 1) {
        s3hls__env_free(&account->env, a);
        s3hls__env_free(&account->env, body);
        return NULL;
    }
    a->account = account;
    atomic_init(&a->references, 1);
    a->status = 200;
    a->body = body;
    a->size = size;
    uint64_t tag;
    memcpy(&tag, digest, sizeof tag);
    snprintf(a->etag, sizeof a->etag, "\"%016" PRIx64 "\"", tag);
    return a;
}

static void compress_body(s3hls__answer *a) {
    z_stream z = {0};
    if (a->size < GZIP_SIZE_MIN || a->size > UINT32_MAX ||
        deflateInit2(&z, 5, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    size_t bound = deflateBound(&z, a->size);
    a->gzip = s3hls__env_alloc(&a->account->env, bound);
    z.next_in = (Bytef *)a->body;
    z.avail_in = (uInt)a->size;
    z.next_out = (Bytef *)a->gzip;
    z.avail_out = (uInt)bound;
    if (a->gzip && deflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out < a->size) {
        a->gzip_size = z.total_out;
        char *cut = s3hls__env_realloc(&a->account->env, a->gzip, a->gzip_size);
        a->gzip = cut ? cut : a->gzip;
    } else {
        s3hls__env_free(&a->account->env, a->gzip);
        a->gzip = NULL;
    }
    deflateEnd(&z);
}

static s3hls__answer *account_for(s3hls__answer *a) {
    atomic_fetch_add(&a->account->bytes, a->size + a->gzip_size);
    return a;
}

s3hls__answer *s3hls__answer_text(s3hls__answer_account *account, const char *type, char *body,
                                  size_t size) {
    s3hls__answer *a = adopt(account, body, size);
    if (!a)
        return NULL;
    a->type = type;
    a->text = true;
    compress_body(a);
    return account_for(a);
}

s3hls__answer *s3hls__answer_media(s3hls__answer_account *account, const char *type, char *body,
                                   size_t size) {
    s3hls__answer *a = adopt(account, body, size);
    if (!a)
        return NULL;
    a->type = type;
    return account_for(a);
}

const char *s3hls__status_phrase(unsigned status) {
    static const struct {
        unsigned status;
        const char *phrase;
    } phrases[] = {
        {400, "Bad Request"},         {401, "Unauthorized"},          {403, "Forbidden"},
        {404, "Not Found"},           {405, "Method Not Allowed"},    {413, "Content Too Large"},
        {414, "URI Too Long"},        {416, "Range Not Satisfiable"}, {421, "Misdirected Request"},
        {429, "Too Many Requests"},   {500, "Internal Server Error"}, {502, "Bad Gateway"},
        {503, "Service Unavailable"}, {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Error";
}

s3hls__answer *s3hls__answer_problem(s3hls__answer_account *account, unsigned status,
                                     const char *detail) {
    s3hls__strbuf b;
    char *text = NULL;
    s3hls__strbuf_init(&b, &account->env, 1024);
    s3hls__strbuf_addf(
        &b, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":\"%s\"}\n",
        s3hls__status_phrase(status), status, detail);
    size_t size = b.size;
    if (s3hls__strbuf_take(&b, &text))
        return NULL;
    s3hls__answer *a = s3hls__answer_text(account, "application/problem+json", text, size);
    if (a) {
        a->status = status;
        a->retry_after_s = status == 503 || status == 504 || status == 429 ? 2 : 0;
    }
    return a;
}

s3hls__answer *s3hls__answer_retain(s3hls__answer *a) {
    atomic_fetch_add(&a->references, 1);
    return a;
}

void s3hls__answer_release(s3hls__answer *a) {
    if (!a || atomic_fetch_sub(&a->references, 1) != 1)
        return;
    s3hls__answer_account *account = a->account;
    atomic_fetch_sub(&account->bytes, a->size + a->gzip_size);
    s3hls__env_free(&account->env, a->body);
    s3hls__env_free(&account->env, a->gzip);
    s3hls__env_free(&account->env, a);
}
