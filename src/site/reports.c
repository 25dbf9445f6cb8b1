/* SPDX-License-Identifier: MIT-0 */
#include "site/reports.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_position(const void *one, const void *other) {
    const s3hls__site_entry *a = one, *b = other;
    if (a->at.line != b->at.line)
        return a->at.line < b->at.line ? -1 : 1;
    return a->at.column < b->at.column ? -1 : a->at.column > b->at.column;
}

/* The message without the name of the setting. */
static const char *fault_of(const s3hls__site_entry *entry) {
    const char *colon = strstr(entry->message, ": ");
    return colon ? colon : entry->message;
}

/* An alias is read wherever it is used: each time it has the same fault. */
static bool is_known(const s3hls__site_reports *r, const s3hls__site_entry *entry) {
    for (unsigned i = 0; i < r->errors + r->warnings; i++)
        if (by_position(&r->entries[i], entry) == 0 &&
            strcmp(fault_of(&r->entries[i]), fault_of(entry)) == 0)
            return true;
    return false;
}

static void __attribute__((format(printf, 4, 0)))
add(s3hls__site_reports *r, bool warning, s3hls__site_mark at, const char *format, va_list list) {
    unsigned *count = warning ? &r->warnings : &r->errors;
    s3hls__site_entry *entry = &r->entries[r->errors + r->warnings];
    /* the last error is about the rest */
    unsigned max = warning ? S3HLS__SITE_REPORTS_MAX : S3HLS__SITE_REPORTS_MAX - 1;
    if (*count == max) {
        r->more |= !warning;
        return;
    }
    *entry = (s3hls__site_entry){.at = at, .warning = warning};
    vsnprintf(entry->message, sizeof entry->message, format, list);
    s3hls_printable(entry->message);
    if (!is_known(r, entry))
        ++*count;
}

void s3hls__site_add_error(s3hls__site_reports *r, s3hls__site_mark at, const char *format, ...) {
    va_list list;
    va_start(list, format);
    add(r, false, at, format, list);
    va_end(list);
}

void s3hls__site_add_warning(s3hls__site_reports *r, s3hls__site_mark at, const char *format, ...) {
    va_list list;
    va_start(list, format);
    add(r, true, at, format, list);
    va_end(list);
}

void s3hls__site_send_reports(s3hls__site_reports *r, const s3hls__site_origin *origin) {
    unsigned count = r->errors + r->warnings;
    if (!origin->report)
        return;
    qsort(r->entries, count, sizeof *r->entries, by_position);
    for (unsigned i = 0; i < count; i++) {
        const s3hls__site_entry *e = &r->entries[i];
        s3hls__site_report report = {e->warning, e->at.line, e->at.column, e->message};
        origin->report(origin->ctx, &report);
    }
    if (r->more) {
        s3hls__site_report report = {.message = "there are more errors, which are not shown"};
        origin->report(origin->ctx, &report);
    }
}
