/* SPDX-License-Identifier: MIT-0 */
/* How long the encoder waits in a put: 100 KB keyframes, 20 KB others, with the store alive,
 * refused, and silent. The peer is memcpy of the same frame, in the same run. */
#include "report.h"
#include "s3hls/s3hls.h"
#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PUTS = 20000, GOP = 25, KEY_BYTES = 100000, OTHER_BYTES = 20000, PAUSE_US = 200 };

static _Atomic long allocations;
static _Thread_local bool counting;

static void *counted(void *ctx, void *p, size_t size) {
    (void)ctx;
    allocations += counting && size;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A keyframe and another frame, with headers that parse and payload of no meaning. */
static void make_frames(uint8_t *key, uint8_t *other) {
    static const uint8_t sets[] = {0,    0,    0,    1,    0x67, 0x42, 0xc0, 0x1e, 0xda,
                                   0x02, 0x80, 0xf6, 0x40, 0,    0,    0,    1,    0x68,
                                   0xce, 0x38, 0x80, 0,    0,    1,    0x65, 0x88, 0x80};
    static const uint8_t slice[] = {0, 0, 1, 0x41, 0x9a, 0x02};
    memset(key, 0x5a, KEY_BYTES);
    memset(other, 0xa5, OTHER_BYTES);
    memcpy(key, sets, sizeof sets);
    memcpy(other, slice, sizeof slice);
}

static void measure(const char *name, const char *destination, const char *endpoint) {
    static uint8_t key[KEY_BYTES], other[OTHER_BYTES], copy[KEY_BYTES];
    static double put_us[PUTS], copy_us[PUTS];
    char label[64];
    s3hls_env env = {.reallocate = counted};
    s3hls_credentials keys = {"AKIDEXAMPLE", "secret", NULL, 0};
    s3hls_recorder_config cfg;
    s3hls_recorder *recorder;
    s3hls_recorder_stats stats;
    make_frames(key, other);
    s3hls_recorder_config_init(&cfg);
    cfg.destination = destination;
    cfg.s3.endpoint = endpoint;
    cfg.frame_rate_num = 25;
    cfg.pool_bytes = 16 << 20;
    cfg.env = &env;
    s3hls_credentials_open_static(&cfg.s3.credentials, &keys, &env);
    int rc = s3hls_recorder_open(&recorder, &cfg);
    if (rc) {
        fprintf(stderr, "%s: %s\n", name, s3hls_strerror(rc));
        exit(1);
    }
    allocations = 0;
    for (int i = 0; i < PUTS; i++) {
        s3hls_frame frame = {.data = i % GOP ? other : key,
                             .size = i % GOP ? OTHER_BYTES : KEY_BYTES};
        counting = true;
        double t0 = now_us();
        s3hls_recorder_put_video(recorder, &frame);
        double t1 = now_us();
        counting = false;
        memcpy(copy, frame.data, frame.size);
        copy_us[i] = now_us() - t1;
        put_us[i] = t1 - t0;
        usleep(PAUSE_US);
    }
    s3hls_recorder_get_stats(recorder, &stats);
    s3hls_recorder_close(&recorder, 100);
    s3hls_credentials_close(&cfg.s3.credentials);
    qsort(put_us, PUTS, sizeof *put_us, by_value);
    qsort(copy_us, PUTS, sizeof *copy_us, by_value);
    static const struct {
        const char *name;
        double share;
    } quantiles[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99_99", 0.9999}};
    for (int q = 0; q < 3; q++) {
        int at = (int)(quantiles[q].share * (PUTS - 1));
        snprintf(label, sizeof label, "put.%s.%s", name, quantiles[q].name);
        report(label, put_us[at], "us", "memcpy", put_us[at] / copy_us[at]);
    }
    snprintf(label, sizeof label, "put.%s.allocations", name);
    report(label, (double)allocations, "", NULL, 0);
    if (!stats.frames_in)
        fprintf(stderr, "%s: nothing was accepted\n", name);
}

int main(void) {
    char dir[] = "/dev/shm/s3hls-bench-XXXXXX", url[64], command[64], silent[64];
    if (!mkdtemp(dir))
        return 1;
    snprintf(url, sizeof url, "file://%s", dir);
    measure("alive", url, NULL);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    if (system(command))
        return 1;
    measure("refused", "s3://bench-bucket/cam", "http://127.0.0.1:9");

    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 16) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        return 1;
    snprintf(silent, sizeof silent, "http://127.0.0.1:%d", ntohs(address.sin_port));
    measure("silent", "s3://bench-bucket/cam", silent);
    close(listener);
    return 0;
}
