/* SPDX-License-Identifier: MIT-0 */
#include "camera.h"
#include "address.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_BYTES = 768, PASSWORD_BYTES = 256, FIRST_MS = 1000, LONGEST_MS = 30000 };

/* ---- its address */

/* @return NULL, or the error. */
static const char *read_password(const char *path, char password[PASSWORD_BYTES]) {
    FILE *file = fopen(path, "re");
    if (!file)
        return "--input-password-file cannot be read";
    bool read = fgets(password, PASSWORD_BYTES, file) != NULL;
    fclose(file);
    size_t size = read ? strcspn(password, "\r\n") : 0;
    if (size == PASSWORD_BYTES - 1)
        return "--input-password-file: its first line is longer than a password";
    password[size] = 0;
    return size ? NULL : "--input-password-file: its first line is empty";
}

const char *camera_init(camera *c, const char *address, const char *password_file) {
    char password[PASSWORD_BYTES] = "";
    const char *wrong = NULL;
    c->name = address_masked(address);
    if (!c->name)
        return "out of memory";
    if (password_file)
        wrong = read_password(password_file, password);
    if (!wrong)
        c->address = address_encode(address, password_file ? password : NULL, &wrong);
    explicit_bzero(password, sizeof password);
    return c->address ? NULL : wrong;
}

void camera_deinit(camera *c) {
    free(c->address);
    free(c->name);
}

/* ---- finding it */

void camera_report(const camera *c, const char *event, const char *message, int64_t duration_ms) {
    fprintf(stderr, "s3hls record: %s: %s\n", c->name, message);
    events_tell_input(c->delivery->events, event, message, duration_ms);
}

/* Wait between 50 % and 100 % of the time. The displayed counters stay up to date meanwhile. */
static void pause_jittered(const camera *c, int64_t ms) {
    const s3hls_env env = s3hls_env_default();
    int64_t half = ms / 2;
    int64_t end_us =
        delivery_clock_us() + (half + (int64_t)(env.random(env.ctx) % (uint64_t)(half + 1))) * 1000;
    while (delivery_clock_us() < end_us && !delivery_interrupted()) {
        delivery_pause_ms(50);
        delivery_look(c->delivery);
    }
}

/* @param reported  the last reported reason; updated. */
static void report_reason(const camera *c, int status, const char *why, char reported[256]) {
    char message[MESSAGE_BYTES];
    const char *reason = why[0] ? why : s3hls_strerror(status), *advice = network_advice(status);
    if (strcmp(reason, reported) == 0)
        return;
    snprintf(reported, 256, "%s", reason);
    snprintf(message, sizeof message, "no video from the camera yet: %s (%s); trying again%s%s",
             reason, s3hls_status_name(status), advice[0] ? ". " : "", advice);
    camera_report(c, "input-failing", message, 0);
}

static void report_back(const camera *c, const char *what, int64_t gone_us) {
    char message[MESSAGE_BYTES];
    int64_t gap_ms = (delivery_clock_us() - gone_us) / 1000;
    snprintf(message, sizeof message, "%s; %.1f s were not recorded", what, (double)gap_ms / 1e3);
    camera_report(c, "input-back", message, gap_ms);
}

/* @param ms  pause before the first attempt
 * @param reported  initially ""; receives the last reported reason
 * @return false: interrupted. */
static bool find(const camera *c, media **input, int64_t ms, char reported[256]) {
    char why[256];
    c->delivery->input_gone = true;
    while (!*input) {
        pause_jittered(c, ms);
        ms = ms < FIRST_MS ? FIRST_MS : ms < LONGEST_MS / 2 ? ms * 2 : LONGEST_MS;
        if (delivery_interrupted())
            return false;
        why[0] = 0;
        int rc = media_open(input, c->address, c->options, why);
        if (rc && !delivery_interrupted())
            report_reason(c, rc, why, reported);
    }
    c->delivery->input_gone = false;
    return true;
}

bool camera_find(const camera *c, media **input) {
    char reported[256] = "";
    int64_t begun_us = delivery_clock_us();
    bool found = find(c, input, 0, reported);
    if (found && reported[0])
        report_back(c, "the camera is there", begun_us);
    return found;
}

bool camera_find_again(const camera *c, media **input, const char *why) {
    char message[MESSAGE_BYTES], reported[256] = "";
    int64_t gone_us = delivery_clock_us();
    snprintf(message, sizeof message, "the camera is gone (%s); trying to connect again", why);
    s3hls_recorder_flush(c->delivery->recorder); /* deliver the segment so far */
    camera_report(c, "input-lost", message, 0);
    if (!find(c, input, FIRST_MS, reported))
        return false;
    c->delivery->reconnects++;
    report_back(c, "the camera is back", gone_us);
    return true;
}
