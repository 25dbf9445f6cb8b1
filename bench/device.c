/* SPDX-License-Identifier: MIT-0 */
/* A device program: 1080p at about 4.6 Mbit/s, 25 pictures per second, put one by one as an encoder
 * does, at SPEED times real time. Prints its CPU time, how often the library's threads woke per
 * second while it recorded and while it was idle, and its peak memory.
 *   bench_device URL ENDPOINT CA SECONDS SPEED */
#include "s3hls/s3hls.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { RATE = 25, KEY_BYTES = 100000, OTHER_BYTES = 20000, IDLE_S = 5 };

/* ---- what it costs */

static double cpu_s(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
}

static long peak_kib(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_maxrss;
}

static long sleeps_of(const char *thread) {
    char path[300], line[128];
    long count = 0;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "voluntary_ctxt_switches: %ld", &count);
    if (f)
        fclose(f);
    return count;
}

/* How often the library's threads have gone to sleep. */
static long sleeps(void) {
    long sum = 0, own = (long)getpid();
    DIR *d = opendir("/proc/self/task");
    for (struct dirent *e; d && (e = readdir(d));)
        if (atol(e->d_name) > 0 && atol(e->d_name) != own)
            sum += sleeps_of(e->d_name);
    if (d)
        closedir(d);
    return sum;
}

/* ---- the encoder */

/* A keyframe and another frame, with valid headers and arbitrary payload. */
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

static void encode(s3hls_recorder *recorder, int pictures, int speed) {
    static uint8_t key[KEY_BYTES], other[OTHER_BYTES];
    struct timespec next;
    make_frames(key, other);
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (int i = 0; i < pictures; i++) {
        s3hls_frame frame = {.data = i % RATE ? other : key,
                             .size = i % RATE ? OTHER_BYTES : KEY_BYTES,
                             .pts_us = (int64_t)i * (1000000 / RATE)};
        s3hls_recorder_put_video(recorder, &frame);
        next.tv_nsec += 1000000000 / RATE / speed;
        if (next.tv_nsec >= 1000000000) {
            next.tv_nsec -= 1000000000;
            next.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
}

/* ---- */

static int record(s3hls_recorder *recorder, int seconds, int speed) {
    s3hls_recorder_stats stats;
    long before = sleeps();
    encode(recorder, seconds * RATE, speed);
    double awake = (double)(sleeps() - before) * speed / seconds;
    int rc = s3hls_recorder_drain(recorder, 10000);
    double cpu = cpu_s();
    before = sleeps();
    sleep(IDLE_S);
    double idle = (double)(sleeps() - before) / IDLE_S;
    s3hls_recorder_get_stats(recorder, &stats);
    printf("%.3f %.1f %.1f %ld %lu %lu\n", cpu, awake, idle, peak_kib(),
           (unsigned long)stats.bytes_delivered, (unsigned long)stats.segments_delivered);
    return rc;
}

int main(int argc, char **argv) {
    s3hls_recorder *recorder;
    s3hls_recorder_config cfg;
    if (argc != 6) {
        fprintf(stderr, "usage: bench_device URL ENDPOINT CA SECONDS SPEED\n");
        return 2;
    }
    s3hls_recorder_config_init(&cfg);
    cfg.destination = argv[1];
    cfg.s3.endpoint = argv[2];
    cfg.s3.ca_file = argv[3];
    cfg.frame_rate_num = RATE;
    int rc = s3hls_recorder_open(&recorder, &cfg);
    if (!rc) {
        rc = record(recorder, atoi(argv[4]), atoi(argv[5]));
        s3hls_recorder_close(&recorder, 1000);
    }
    if (rc)
        fprintf(stderr, "%s\n", s3hls_strerror(rc));
    return rc != S3HLS_OK;
}
