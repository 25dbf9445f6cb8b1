/* SPDX-License-Identifier: MIT-0 */
/* bench_archive [URL]: measures a day and 30 days of 4 s segments in a directory: listing them
 * with a cold and a warm cache, writing the day's playlist, and the memory used. The peers: nftw(),
 * which stats the same files; a loop of snprintf(), which writes the same lines. With a URL,
 * s3://..., a day is put there and listed as well; its peer is the same day in the directory. */
#include "s3hls/archive.h"
#include "report.h"
#include "s3hls/playlist.h"
#include "s3hls/s3hls.h"
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const int64_t BEGIN_MS = INT64_C(1780272000000), DAY_MS = 86400000; /* 2026-06-01 */
enum { SEGMENT_MS = 4000, PER_DAY = 86400 / 4, SEGMENT_BYTES = 2500000 };
static char dir[] = "/dev/shm/s3hls-bench-XXXXXX";

static void need(int ok, const char *what) {
    if (ok)
        return;
    perror(what);
    exit(1);
}

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double peak_mb(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

/* ---- the recording */

static void key_of(int i, char key[S3HLS_KEY_MAX]) {
    uint64_t first = (uint64_t)BEGIN_MS / 1000;
    s3hls_segment s = {.start_ms = BEGIN_MS + i * (int64_t)SEGMENT_MS,
                       .duration_ms = SEGMENT_MS,
                       .sequence = first + (uint64_t)i,
                       .timeline = first};
    s3hls_segment_key_format(&s, key, S3HLS_KEY_MAX);
}

/* Sparse files of the given size. */
static void make_file(int i) {
    char path[200], key[S3HLS_KEY_MAX];
    key_of(i, key);
    snprintf(path, sizeof path, "%s/%s", dir, key);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    for (char *slash = path + strlen(dir); fd < 0 && slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    if (fd < 0)
        fd = open(path, O_CREAT | O_WRONLY, 0600);
    need(fd >= 0 && ftruncate(fd, SEGMENT_BYTES) == 0, path);
    close(fd);
}

static int unlink_entry(const char *path, const struct stat *s, int type, struct FTW *w) {
    (void)s, (void)type, (void)w;
    return remove(path);
}

/* ---- the peers */

static uint64_t files, file_bytes;

static int count_entry(const char *path, const struct stat *s, int type, struct FTW *w) {
    (void)path, (void)w;
    files += type == FTW_F;
    file_bytes += (uint64_t)s->st_size;
    return 0;
}

static double walk_ms(void) {
    double from = now_ms();
    files = 0;
    need(nftw(dir, count_entry, 16, FTW_PHYS) == 0, "nftw");
    return now_ms() - from;
}

static double print_ms(const s3hls_segment_list *list) {
    size_t room = list->count * 128 + 1, at = 0;
    char *text = malloc(room);
    double from = now_ms();
    for (size_t i = 0; i < list->count; i++) {
        const s3hls_segment *s = &list->segments[i];
        time_t second = (time_t)(s->start_ms / 1000);
        struct tm t;
        char date[32];
        strftime(date, sizeof date, "%Y/%m/%d/%H/%M/%S", gmtime_r(&second, &t));
        at += (size_t)snprintf(text + at, room - at,
                               "#EXTINF:%.3f,\n%s.%03d-%" PRIu32 "-%" PRIu64 "-%" PRIu64 ".ts\n",
                               s->duration_ms / 1e3, date, (int)(s->start_ms % 1000),
                               s->duration_ms, s->sequence, s->timeline);
    }
    double took = now_ms() - from;
    free(text);
    return took;
}

/* ---- the figures */

static double list_ms(s3hls_archive *archive, int days, s3hls_segment_list *list) {
    double from = now_ms();
    int rc = s3hls_archive_list(archive, BEGIN_MS, BEGIN_MS + days * DAY_MS, list, NULL);
    double took = now_ms() - from;
    need(rc == S3HLS_OK && list->count == (size_t)days * PER_DAY, s3hls_strerror(rc));
    return took;
}

/* Measure a listing with an empty cache, then with a filled one. */
static void measure_listing(const char *url, const s3hls_s3_options *s3, const char *name, int days,
                            const char *peer, double peer_ms) {
    char figure[64];
    s3hls_archive *archive;
    s3hls_archive_cache *cache;
    s3hls_archive_cache_stats stats;
    s3hls_segment_list list;
    need(s3hls_archive_open(&archive, url, s3, NULL) == S3HLS_OK, url);
    need(s3hls_archive_cache_open(&cache, 64 << 20, NULL) == S3HLS_OK, "cache");
    s3hls_archive_set_cache(archive, cache);
    double cold = list_ms(archive, days, &list);
    s3hls_segment_list_deinit(&list, NULL);
    s3hls_archive_cache_get_stats(cache, &stats);
    double warm = list_ms(archive, days, &list);
    snprintf(figure, sizeof figure, "archive.%s.cold", name);
    report(figure, cold, "ms", peer, cold / peer_ms);
    snprintf(figure, sizeof figure, "archive.%s.warm", name);
    report(figure, warm, "ms", "cold", warm / cold);
    snprintf(figure, sizeof figure, "archive.%s.lists", name);
    report(figure, (double)stats.listed, "", NULL, 0);
    snprintf(figure, sizeof figure, "archive.%s.cache", name);
    report(figure, (double)stats.bytes / 1e6, "MB", NULL, 0);
    s3hls_segment_list_deinit(&list, NULL);
    s3hls_archive_close(&archive);
    s3hls_archive_cache_close(&cache);
}

static void measure_playlist(const char *url) {
    s3hls_archive *archive;
    s3hls_segment_list list;
    s3hls_playlist_config cfg;
    char *text;
    size_t size;
    need(s3hls_archive_open(&archive, url, NULL, NULL) == S3HLS_OK, url);
    list_ms(archive, 1, &list);
    double peer = print_ms(&list), from = now_ms();
    s3hls_playlist_config_init(&cfg);
    need(s3hls_playlist_write(&cfg, list.segments, list.count, &text, &size) == S3HLS_OK, "write");
    double took = now_ms() - from;
    report("archive.playlist_24h", took, "ms", "snprintf", took / peer);
    report("archive.playlist_24h.size", (double)size / 1e6, "MB", NULL, 0);
    s3hls_free(NULL, text);
    s3hls_segment_list_deinit(&list, NULL);
    s3hls_archive_close(&archive);
}

static void measure_s3(const char *url, double directory_ms) {
    s3hls_s3_options s3 = {.endpoint = getenv("S3HLS_LAB_ENDPOINT_TLS"),
                           .ca_file = getenv("S3HLS_LAB_CA")};
    s3hls_store *store;
    need(s3hls_store_open(&store, url, &s3, NULL) == S3HLS_OK, url);
    for (int i = 0; i < PER_DAY; i++) {
        char key[S3HLS_KEY_MAX];
        s3hls_span body = {(const uint8_t *)"ts", 2};
        key_of(i, key);
        need(s3hls_store_put(store, key, &body, 1, NULL, NULL) == S3HLS_OK, "put");
    }
    s3hls_store_close(&store);
    measure_listing(url, &s3, "s3_24h", 1, "directory", directory_ms);
}

int main(int argc, char **argv) {
    char url[64];
    s3hls_segment_list list;
    s3hls_archive *archive;
    need(mkdtemp(dir) != NULL, dir);
    snprintf(url, sizeof url, "file://%s", dir);
    for (int i = 0; i < PER_DAY; i++)
        make_file(i);
    double walk = walk_ms();
    measure_listing(url, NULL, "24h", 1, "nftw", walk);
    measure_playlist(url);
    if (argc > 1) {
        need(s3hls_archive_open(&archive, url, NULL, NULL) == S3HLS_OK, url);
        measure_s3(argv[1], list_ms(archive, 1, &list));
        s3hls_segment_list_deinit(&list, NULL);
        s3hls_archive_close(&archive);
    }
    for (int i = PER_DAY; i < 30 * PER_DAY; i++)
        make_file(i);
    walk = walk_ms();
    double before = peak_mb();
    measure_listing(url, NULL, "30d", 30, "nftw", walk);
    report("archive.30d.added_rss", peak_mb() - before, "MB", NULL, 0);
    nftw(dir, unlink_entry, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
