/* SPDX-License-Identifier: MIT-0 */
#include "site/site.h"
#include "base/env.h"
#include "s3/uri.h"
#include "site/cameras.h"
#include "site/settings.h"
#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_BYTES_MAX = 1 << 20 };

static const size_t POOL_BYTES = (size_t)256 << 20;
static const uint64_t SPOOL_BYTES = UINT64_C(8) << 30;

/* ---- memory */

typedef struct s3hls__site_text {
    struct s3hls__site_text *next;
    size_t size;
    _Alignas(max_align_t) char bytes[];
} s3hls__site_text;

void *s3hls__site_alloc(s3hls__site_reader *r, size_t size) {
    s3hls__site_text *t = s3hls__env_alloc(&r->site->env, sizeof *t + size);
    if (!t) {
        r->out_of_memory = true;
        return NULL;
    }
    t->size = size;
    t->next = r->site->texts;
    r->site->texts = t;
    return t->bytes;
}

char *s3hls__site_keep(s3hls__site_reader *r, const char *text, size_t size) {
    char *copy = s3hls__site_alloc(r, size + 1);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

const char *s3hls__site_resolve(s3hls__site_reader *r, const char *path) {
    while (path[0] == '.' && path[1] == '/')
        path += 2 + strspn(path + 2, "/");
    size_t folder = path[0] == '/' ? 0 : strlen(r->folder), size = strlen(path);
    char *whole = s3hls__site_alloc(r, folder + size + 1);
    if (whole) {
        memcpy(whole, r->folder, folder);
        memcpy(whole + folder, path, size);
    }
    return whole;
}

/* ---- what settings require of each other */

/* Add an error at a key of the file. */
static void add(s3hls__site_reader *r, const char *key, const char *message) {
    s3hls__site_mark at;
    s3hls__site_key(r, yaml_document_get_root_node(&r->document), key, &at);
    s3hls__site_add_error(&r->reports, at, "%s", message);
}

static void check_credentials(s3hls__site_reader *r) {
    const s3hls__site *s = r->site;
    const s3hls_iot_options *iot = &s->iot;
    bool keys = s->keys.access_key_id || s->keys.secret_access_key || s->keys.session_token;
    bool any = iot->endpoint || iot->role_alias || iot->thing_name || iot->certificate ||
               iot->key || iot->ca_file;
    if (keys && (!s->keys.access_key_id || !s->keys.secret_access_key))
        add(r, "credentials",
            "credentials: access-key-id and secret-access-key are required together");
    if (any && (!iot->endpoint || !iot->role_alias || !iot->certificate || !iot->key))
        add(r, "credentials", "credentials.iot: endpoint, role-alias, cert and key are required");
    if (keys + any + (s->profile != NULL) > 1)
        add(r, "credentials", "credentials: give a profile, iot, or keys, not several of them");
}

static void check_store(s3hls__site_reader *r) {
    const s3hls__site *s = r->site;
    const char *fault = NULL;
    s3hls__s3_location l;
    if (strncmp(s->store, "s3://", 5) != 0) {
        if (strlen(s->store) + S3HLS__SITE_NAME_MAX + S3HLS_KEY_MAX > PATH_MAX)
            add(r, "store", "store: its path is too long");
        return;
    }
    s3hls__uri_parse_s3(s->store, &l);
    if (l.prefix_size + S3HLS__SITE_NAME_MAX + S3HLS_KEY_MAX > S3HLS__KEY_BYTES_MAX)
        add(r, "store", "store: its prefix is too long");
    if (s->s3.region && !s->s3.endpoint)
        fault = s3hls__uri_region_fault(s->s3.region, true);
    if (fault) {
        char message[128];
        snprintf(message, sizeof message, "region: %s", fault);
        add(r, "region", message);
    }
}

/* An address that other machines can reach; a name is not looked up. */
static bool is_public(const char *listen) {
    char host[INET6_ADDRSTRLEN + 1];
    struct in_addr four;
    struct in6_addr six;
    const char *colon = strrchr(listen, ':');
    bool brackets = listen[0] == '[';
    int size = colon ? (int)(colon - listen) - 2 * brackets : 0;
    snprintf(host, sizeof host, "%.*s", size, listen + brackets);
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 != 127;
    return inet_pton(AF_INET6, host, &six) == 1 && !IN6_IS_ADDR_LOOPBACK(&six);
}

static void check_server(s3hls__site_reader *r) {
    const s3hls_server_config *server = &r->site->server;
    if (!r->site->serves)
        return;
    if (!server->tls_cert_file != !server->tls_key_file)
        add(r, "serve", "serve: tls-cert and tls-key are required together");
    if (!server->token_file && is_public(server->listen))
        add(r, "serve",
            "serve.listen: other machines can reach this address: give tokens, or listen on "
            "127.0.0.1");
}

/* ---- reading */

static const char *keep_or_null(s3hls__site_reader *r, const char *stated, const char *text) {
    return stated || !text ? stated : s3hls__site_keep(r, text, strlen(text));
}

static void complete(s3hls__site_reader *r) {
    static const s3hls_s3_options none;
    s3hls__site *s = r->site;
    const s3hls_s3_options *d = r->origin->defaults ? r->origin->defaults : &none;
    s->s3.region = keep_or_null(r, s->s3.region, d->region);
    s->s3.endpoint = keep_or_null(r, s->s3.endpoint, d->endpoint);
    s->s3.ca_file = keep_or_null(r, s->s3.ca_file, d->ca_file);
    if (!s->checksum_given && s3hls_s3_checksum_configured(s->profile, &s->s3.checksum) != S3HLS_OK)
        add(r, "checksum",
            "checksum: AWS_REQUEST_CHECKSUM_CALCULATION, or request_checksum_calculation of the "
            "profile, is not when_supported or when_required");
    s->server.urls = &s->store;
    s->server.url_count = 1;
    s->server.s3 = s->s3;
}

static void read_top(s3hls__site_reader *r) {
    s3hls__site *s = r->site;
    const yaml_node_t *root = yaml_document_get_root_node(&r->document);
    if (s3hls__site_is_null(root))
        add(r, "", "the file is empty");
    s3hls__site_read_settings(r, s3hls__site_top, s, root);
    if (root->type != YAML_MAPPING_NODE || s3hls__site_stopped(r))
        return;
    complete(r);
    unsigned errors = r->reports.errors;
    if (!s3hls__site_key(r, root, "store", NULL))
        add(r, "", "store is missing: give it s3://bucket/prefix, or a directory");
    if (!r->nodes[S3HLS__SITE_CAMERAS])
        add(r, "", "cameras is missing: cameras: { NAME: { input: ADDRESS } }");
    if (!errors) {
        if (s->store)
            check_store(r);
        check_credentials(r);
        check_server(r);
        if (!s->spool_dir && s3hls__site_key(r, root, "spool", NULL))
            add(r, "spool", "spool.dir is missing: give it a directory");
    }
    s3hls__site_read_cameras(r);
}

static void warn_of_mode(s3hls__site_reader *r, mode_t mode) {
    if (r->password_stated && S_ISREG(mode) && (mode & S_IROTH))
        s3hls__site_add_warning(&r->reports, (s3hls__site_mark){0},
                                "the file contains a password, and every user can read it; chmod "
                                "640, or ${NAME} or ${file:PATH} instead of the password");
}

/* @return a status. Errors are in the reports. */
static int read_site(s3hls__site_reader *r, const char *data, size_t size, mode_t mode) {
    if (s3hls__site_parse(r, data, size)) {
        read_top(r);
        yaml_document_delete(&r->document);
        warn_of_mode(r, mode);
    }
    if (r->out_of_memory)
        return S3HLS_E_NOMEM;
    return r->reports.errors ? S3HLS_E_MALFORMED : S3HLS_OK;
}

static bool find_folder(s3hls__site_reader *r, const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = s3hls__env_strndup(&r->site->env, path, slash ? (size_t)(slash - path + 1) : 0);
    if (!folder)
        return false;
    char *real = realpath(folder[0] ? folder : ".", NULL);
    size_t size = real ? strlen(real) : 0;
    char *whole = s3hls__site_alloc(r, size + 2);
    if (whole)
        snprintf(whole, size + 2, "%s%s", real ? real : "", size == 1 ? "" : "/");
    r->folder = whole;
    free(real);
    s3hls__env_free(&r->site->env, folder);
    return whole != NULL;
}

static int open_site(s3hls__site_reader *r) {
    s3hls__site *s = r->site;
    const s3hls__site_origin *origin = r->origin;
    const char *reason = NULL;
    char *data = NULL;
    size_t size = 0;
    mode_t mode = 0;
    s3hls_uploader_config_init(&s->uploader);
    s3hls_server_config_init(&s->server);
    s->uploader.pool_bytes = POOL_BYTES;
    s->spool_max_bytes = SPOOL_BYTES;
    if (!find_folder(r, origin->path))
        return S3HLS_E_NOMEM;
    int rc = s3hls__site_read_file(&s->env, origin->path, FILE_BYTES_MAX, false, &mode, &data,
                                   &size, &reason);
    if (rc) {
        s3hls__site_add_error(&r->reports, (s3hls__site_mark){0}, "the file cannot be read: %s",
                              reason);
        return rc;
    }
    rc = read_site(r, data, size, mode);
    explicit_bzero(data, size);
    s3hls__env_free(&s->env, data);
    return rc;
}

int s3hls__site_open(s3hls__site **out, const s3hls__site_origin *origin) {
    s3hls_env env = s3hls__env_resolve(origin->env);
    *out = NULL;
    s3hls__site_reader *r = s3hls__env_alloc(&env, sizeof *r);
    s3hls__site *s = s3hls__env_alloc(&env, sizeof *s);
    int rc = S3HLS_E_NOMEM;
    if (s)
        s->env = env;
    if (r && s) {
        r->site = s;
        r->origin = origin;
        rc = open_site(r);
        s3hls__site_send_reports(&r->reports, origin);
    }
    s3hls__env_free(&env, r);
    if (rc)
        s3hls__site_close(&s);
    *out = s;
    return rc;
}

void s3hls__site_close(s3hls__site **site) {
    s3hls__site *s = site ? *site : NULL;
    if (!s)
        return;
    s3hls_env env = s->env;
    for (s3hls__site_text *t = s->texts, *next; t; t = next) {
        next = t->next;
        explicit_bzero(t->bytes, t->size);
        s3hls__env_free(&env, t);
    }
    s3hls__env_free(&env, s);
    *site = NULL;
}

/* ---- a site that was read */

static int compare_name(const void *name, const void *camera) {
    return strcmp(name, (*(const s3hls__site_camera *const *)camera)->name);
}

const s3hls__site_camera *s3hls__site_find(const s3hls__site *site, const char *name) {
    const s3hls__site_camera **found =
        bsearch(name, site->by_name, site->camera_count, sizeof *site->by_name, compare_name);
    return found ? *found : NULL;
}

static bool same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

const char *s3hls__site_camera_difference(const s3hls__site_camera *a,
                                          const s3hls__site_camera *b) {
    const s3hls_recorder_config *x = &a->recorder, *y = &b->recorder;
    const char *key = s3hls__site_settings_difference(s3hls__site_camera_input, a, b);
    if (key)
        return key;
    return !same_text(x->destination, y->destination)   ? "store"
           : !same_text(x->s3.region, y->s3.region)     ? "region"
           : !same_text(x->s3.endpoint, y->s3.endpoint) ? "endpoint"
           : !same_text(x->s3.ca_file, y->s3.ca_file)   ? "ca"
           : x->s3.addressing != y->s3.addressing       ? "addressing"
           : x->s3.checksum != y->s3.checksum           ? "checksum"
           : x->s3.file_mode != y->s3.file_mode         ? "file-mode"
           : !same_text(x->spool_dir, y->spool_dir)     ? "spool"
                                                        : NULL;
}

const char *s3hls__site_difference(const s3hls__site *a, const s3hls__site *b) {
    return s3hls__site_settings_difference(s3hls__site_top, a, b);
}

int s3hls__site_open_credentials(const s3hls__site *site, s3hls_credentials_provider **out,
                                 const s3hls_env *env) {
    *out = NULL;
    if (strncmp(site->store, "s3://", 5) != 0)
        return S3HLS_OK;
    if (site->iot.endpoint)
        return s3hls_credentials_open_iot(out, &site->iot, env);
    if (site->keys.access_key_id)
        return s3hls_credentials_open_static(out, &site->keys, env);
    if (site->profile)
        return s3hls_credentials_open_profile(out, NULL, site->profile, env);
    return s3hls_credentials_open_default(out, env);
}
