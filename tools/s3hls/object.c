/* SPDX-License-Identifier: MIT-0 */
/* put, get and presign: commands for one object, named by its URL. */
#include "options.h"
#include "tool.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct object_options {
    common_options common;
    const char *output, *method, *content_type;
    uint32_t expires_s;
} object_options;

static const char *set_method(void *ctx, const char *value) {
    ((object_options *)ctx)->method = value;
    return strcmp(value, "GET") && strcmp(value, "PUT") && strcmp(value, "HEAD") &&
                   strcmp(value, "DELETE")
               ? "not a method; give GET, HEAD, PUT or DELETE"
               : NULL;
}

static const char *set_expires(void *ctx, const char *value) {
    return parse_count(value, 1, S3HLS_PRESIGN_MAX_S, &((object_options *)ctx)->expires_s)
               ? NULL
               : "not a life; give 1 to 604800 seconds";
}

/* Split "s3://bucket/a/b" into "s3://bucket/a" and "b". @return false: not the URL of an object. */
static bool split_url(const char *url, char store[2048], const char **key) {
    const char *slash = strrchr(url, '/'), *root = strstr(url, "://");
    if (!root || !slash || slash < root + 4 || !slash[1] || (size_t)(slash - url) >= 2048)
        return false;
    snprintf(store, 2048, "%.*s", (int)(slash - url), url);
    *key = slash + 1;
    return true;
}

static int exit_code_of(int status) {
    return status == S3HLS_E_INVALID ? EXIT_USAGE : status ? EXIT_FAILED : EXIT_DONE;
}

static int open_store(command_line *line, object_options *o, const char *url, s3hls_store **store,
                      const char **key) {
    char name[2048];
    int code;
    if (!split_url(url, name, key)) {
        report(line->command, "%s: not an object's URL: s3://bucket/key or file:///path", url);
        return EXIT_USAGE;
    }
    if (!common_options_open(line, url, &code))
        return code;
    int rc = s3hls_store_open(store, name, &o->common.s3, &o->common.env);
    if (rc)
        complain(line->command, url, rc, NULL);
    return exit_code_of(rc);
}

/* ---- put */

static uint8_t *read_file(FILE *file, size_t *size) {
    size_t capacity = 1 << 16;
    uint8_t *data = malloc(capacity);
    *size = 0;
    while (data) {
        *size += fread(data + *size, 1, capacity - *size, file);
        if (*size < capacity)
            break;
        uint8_t *grown = realloc(data, capacity *= 2);
        if (!grown)
            free(data);
        data = grown;
    }
    return data;
}

static int put(command_line *line, object_options *o) {
    const char *path = line->positional[0], *url = line->positional[1], *key;
    s3hls_store *store = NULL;
    s3hls_s3_error error = {0};
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!file) {
        report("put", "%s: %s", path, strerror(errno));
        return EXIT_INPUT;
    }
    s3hls_span body;
    uint8_t *data = read_file(file, &body.size);
    bool read_ok = data && !ferror(file);
    body.data = data;
    if (file != stdin)
        fclose(file);
    int code = EXIT_INPUT;
    if (!read_ok)
        report("put", "%s cannot be read", path);
    else
        code = open_store(line, o, url, &store, &key);
    if (code == EXIT_DONE) {
        s3hls_s3_put_options options = {.content_type = o->content_type};
        int rc = s3hls_store_put(store, key, &body, 1, &options, &error);
        if (rc)
            complain("put", url, rc, &error);
        code = rc ? EXIT_FAILED : EXIT_DONE;
    }
    s3hls_store_close(&store);
    free(data);
    return code;
}

int command_put(int argc, char **argv) {
    static const option_kind kinds[] = {
        OPTION_TEXT("--content-type", "TYPE", "default application/octet-stream", object_options,
                    content_type),
        OPTION_END,
    };
    object_options o = {0};
    command_line line = {.command = "put",
                         .arguments = "FILE URL",
                         .explanation = "Stores a file (- for standard input) as one object.\n\n"
                                        "  s3hls put clip.ts s3://bucket/cam-1/clip.ts",
                         .options = kinds,
                         .ctx = &o,
                         .common = &o.common,
                         .positional_max = 2};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    code = put(&line, &o);
    common_options_close(&o.common);
    return code;
}

/* ---- get */

typedef struct output {
    const char *path; /* NULL: standard output */
    FILE *file;       /* opened after the object is known to exist */
    int error;        /* errno of what failed */
} output;

static bool open_output(output *out) {
    if (!out->file)
        out->file = out->path ? fopen(out->path, "wb") : stdout;
    return out->file != NULL;
}

static int write_out(void *ctx, const uint8_t *data, size_t size) {
    output *out = ctx;
    if (open_output(out) && fwrite(data, 1, size, out->file) == size)
        return 0;
    out->error = errno;
    return 1;
}

static bool close_output(output *out) {
    bool ok = open_output(out); /* an empty object creates an empty file */
    if (out->path && out->file)
        ok = fclose(out->file) == 0 && ok;
    if (!ok && !out->error)
        out->error = errno;
    return !out->error;
}

static int get(command_line *line, object_options *o) {
    const char *url = line->positional[0], *key;
    s3hls_store *store = NULL;
    s3hls_s3_error error = {0};
    output out = {.path = o->output};
    int code = open_store(line, o, url, &store, &key);
    if (code != EXIT_DONE)
        return code;
    int rc = s3hls_store_get(store, key, 0, UINT64_MAX, write_out, &out, &error);
    if (rc && rc != S3HLS_E_CANCELLED) {
        complain("get", url, rc, &error);
        code = EXIT_FAILED;
        if (out.path && out.file)
            fclose(out.file);
    } else if (!close_output(&out)) {
        fprintf(stderr, "s3hls get: %s%s: %s\n", out.path ? "-o " : "standard output",
                out.path ? out.path : "", strerror(out.error));
        code = EXIT_FAILED;
    }
    s3hls_store_close(&store);
    return code;
}

int command_get(int argc, char **argv) {
    static const option_kind kinds[] = {
        OPTION_TEXT("-o", "FILE", "write to a file instead of standard output", object_options,
                    output),
        OPTION_END,
    };
    object_options o = {0};
    command_line line = {.command = "get",
                         .arguments = "URL [-o FILE]",
                         .explanation = "Reads one object.\n\n"
                                        "  s3hls get s3://bucket/cam-1/clip.ts -o clip.ts",
                         .options = kinds,
                         .ctx = &o,
                         .common = &o.common,
                         .positional_max = 1};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    code = get(&line, &o);
    common_options_close(&o.common);
    return code;
}

/* ---- presign */

static int presign(command_line *line, object_options *o) {
    const char *url = line->positional[0], *rest = url + strlen("s3://");
    size_t bucket_size = strncmp(url, "s3://", 5) == 0 ? strcspn(rest, "/") : 0;
    char bucket[64], *signed_url = NULL;
    s3hls_s3 *client = NULL;
    int code;
    if (bucket_size == 0 || bucket_size >= sizeof bucket || rest[bucket_size] != '/') {
        report("presign", "%s: not an object's URL: s3://bucket/key", url);
        return EXIT_USAGE;
    }
    snprintf(bucket, sizeof bucket, "%.*s", (int)bucket_size, rest);
    if (!common_options_open(line, url, &code))
        return code;
    int rc = s3hls_s3_open(&client, bucket, &o->common.s3, &o->common.env);
    if (!rc)
        rc = s3hls_s3_presign(client, o->method, rest + bucket_size + 1, o->expires_s, &signed_url);
    if (rc)
        complain("presign", url, rc, NULL);
    else
        puts(signed_url);
    s3hls_free(&o->common.env, signed_url);
    s3hls_s3_close(&client);
    return exit_code_of(rc);
}

int command_presign(int argc, char **argv) {
    static const option_kind kinds[] = {
        OPTION("--expires", "SECONDS", "life of the address; default 3600, at most 604800",
               set_expires),
        OPTION("--method", "METHOD", "what it allows: GET (default), HEAD, PUT, DELETE",
               set_method),
        OPTION_END,
    };
    object_options o = {.expires_s = 3600, .method = "GET"};
    command_line line = {.command = "presign",
                         .arguments = "URL [--expires SECONDS] [--method METHOD]",
                         .explanation =
                             "Prints an address that lets anyone use one object. Asks no "
                             "server.\n\n"
                             "  s3hls presign s3://bucket/cam-1/clip.ts --expires 600",
                         .options = kinds,
                         .ctx = &o,
                         .common = &o.common,
                         .positional_max = 1};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    code = presign(&line, &o);
    common_options_close(&o.common);
    return code;
}
