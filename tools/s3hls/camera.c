/* SPDX-License-Identifier: MIT-0 */
#include "camera.h"
#include "av_messages.h"
#include "mask.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_BYTES = 768, FIRST_MS = 1000 };

const char *camera_advice(int status) {
    switch (status) {
    case S3HLS_E_ACCESS:
        return "Check the user and the password in the address. Reserved characters in it are "
               "written "
               "percent-encoded: # as %23, / as %2F, ? as %3F, @ as %40, % as %25.";
    case S3HLS_E_RESOLVE:
        return "Check the host's name. If the password contains @, /, ? or #, write it "
               "percent-encoded: %40, %2F, %3F, %23.";
    case S3HLS_E_CONNECT:
    case S3HLS_E_TIMEOUT:
        return "Is the camera up, and are its host and port right?";
    case S3HLS_E_TLS:
        return "Name the authority that signed the camera's certificate with --input-ca; check the "
               "host's name and the clock. --input-insecure accepts any certificate.";
    default:
        return "";
    }
}

/* ---- reports */

void camera_report(const camera *c, const char *event, const char *message, int64_t duration_ms) {
    fprintf(stderr, "s3hls record: %s: %s\n", c->name, message);
    events_write_input(c->delivery->events, event, message, duration_ms);
}

/* Report each new reason once. */
static void report_failure(void *ctx, int status, const char *why) {
    camera *c = ctx;
    char message[MESSAGE_BYTES];
    const char *reason = why[0] ? why : s3hls_strerror(status), *advice = camera_advice(status);
    if (strcmp(reason, c->why) == 0)
        return;
    snprintf(c->why, sizeof c->why, "%s", reason);
    snprintf(message, sizeof message, "no video from the camera yet: %s (%s); trying again%s%s",
             reason, s3hls_status_name(status), advice[0] ? ". " : "", advice);
    camera_report(c, "input-failing", message, 0);
}

static void report_back(const camera *c, const char *what, int64_t lost_us) {
    char message[MESSAGE_BYTES];
    int64_t gap_ms = (delivery_clock_us() - lost_us) / 1000;
    snprintf(message, sizeof message, "%s; %.1f s were not recorded", what, (double)gap_ms / 1e3);
    camera_report(c, "input-back", message, gap_ms);
}

/* ---- its address */

/* @return NULL, or the error. */
static const char *read_password(const char *path, char password[CAMERA_PASSWORD_BYTES]) {
    FILE *file = fopen(path, "re");
    if (!file)
        return "--input-password-file cannot be read";
    bool read = fgets(password, CAMERA_PASSWORD_BYTES, file) != NULL;
    fclose(file);
    size_t size = read ? strcspn(password, "\r\n") : 0;
    if (size == CAMERA_PASSWORD_BYTES - 1)
        return "--input-password-file: its first line is longer than a password";
    password[size] = 0;
    return size ? NULL : "--input-password-file: its first line is empty";
}

static int stopped(void *ctx) {
    const camera *c = ctx;
    if (c->delivery->input_lost) /* the displayed counters stay up to date meanwhile */
        delivery_look(c->delivery);
    return delivery_interrupted();
}

static const char *take_logged_error(void *ctx) {
    (void)ctx;
    return av_messages_take_error();
}

const char *camera_init(camera *c, const char *address, const char *password_file) {
    const char *wrong = NULL;
    c->name = address_masked(address);
    if (!c->name)
        return "out of memory";
    if (password_file)
        wrong = read_password(password_file, c->password);
    c->source.address = address;
    c->source.password = password_file ? c->password : NULL;
    c->source.stopped = stopped;
    c->source.on_failure = report_failure;
    c->source.take_logged_error = take_logged_error;
    c->source.ctx = c;
    if (!wrong && s3hls_source_check(&c->source, c->why))
        wrong = c->why[0] ? c->why : "out of memory";
    return wrong;
}

void camera_deinit(camera *c) {
    explicit_bzero(c->password, sizeof c->password);
    free(c->name);
}

/* ---- finding it */

/* @return false: interrupted */
static bool find(camera *c, s3hls_source **source, uint32_t pause_ms) {
    c->why[0] = 0;
    c->delivery->input_lost = true;
    bool found = s3hls_source_reopen(source, &c->source, pause_ms) == S3HLS_OK;
    c->delivery->input_lost = !found;
    return found;
}

bool camera_find(camera *c, s3hls_source **source) {
    int64_t begun_us = delivery_clock_us();
    bool found = find(c, source, 0);
    if (found && c->why[0])
        report_back(c, "the camera is there", begun_us);
    return found;
}

bool camera_find_again(camera *c, s3hls_source **source, const char *why) {
    char message[MESSAGE_BYTES];
    int64_t lost_us = delivery_clock_us();
    snprintf(message, sizeof message, "the camera is lost (%s); trying to connect again", why);
    camera_report(c, "input-lost", message, 0);
    if (!find(c, source, FIRST_MS))
        return false;
    c->delivery->reconnects++;
    report_back(c, "the camera is back", lost_us);
    return true;
}
