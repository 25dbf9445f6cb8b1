/* SPDX-License-Identifier: MIT-0 */
#include "server/metrics.h"
#include <inttypes.h>

static void head(s3hls__strbuf *out, const char *name, const char *type, const char *help) {
    s3hls__strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void counter(s3hls__strbuf *out, const char *name, const char *help, uint64_t value) {
    head(out, name, "counter", help);
    s3hls__strbuf_addf(out, "%s %" PRIu64 "\n", name, value);
}

static void gauge(s3hls__strbuf *out, const char *name, const char *help, int64_t value) {
    head(out, name, "gauge", help);
    s3hls__strbuf_addf(out, "%s %" PRId64 "\n", name, value);
}

static void write_requests(const s3hls__metrics *m, s3hls__strbuf *out) {
    head(out, "s3hls_requests_total", "counter", "Requests answered.");
    for (int route = 0; route < S3HLS__ROUTES; route++)
        for (unsigned digit = 2; digit < 6; digit++)
            if (m->requests[route][digit])
                s3hls__strbuf_addf(
                    out, "s3hls_requests_total{route=\"%s\",status=\"%uxx\"} %" PRIu64 "\n",
                    s3hls__route_name(route), digit, m->requests[route][digit]);
    head(out, "s3hls_request_seconds_total", "counter", "Time taken by requests, all together.");
    for (int route = 0; route < S3HLS__ROUTES; route++)
        if (m->microseconds[route])
            s3hls__strbuf_addf(out, "s3hls_request_seconds_total{route=\"%s\"} %.6f\n",
                               s3hls__route_name(route), (double)m->microseconds[route] / 1e6);
}

static void write_hours(const s3hls_archive_cache_stats *hours, s3hls__strbuf *out) {
    const struct {
        const char *how;
        uint64_t count;
    } rows[] = {{"cache", hours->found}, {"refresh", hours->refreshed}, {"list", hours->listed}};
    head(out, "s3hls_hours_total", "counter", "Hours of recordings looked up.");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        s3hls__strbuf_addf(out, "s3hls_hours_total{by=\"%s\"} %" PRIu64 "\n", rows[i].how,
                           rows[i].count);
    gauge(out, "s3hls_hours_bytes", "Memory of hours kept.", (int64_t)hours->bytes);
}

/* US dollars for one LIST (AWS us-east-1, S3 Standard, 2026). */
#define LIST_PRICE 0.000005

static void write_lists(const s3hls__catalog_figures *c, s3hls__strbuf *out) {
    counter(out, "s3hls_lists_total", "LIST requests sent to S3.", c->lists);
    head(out, "s3hls_lists_dollars_total", "counter", "What they cost at AWS.");
    s3hls__strbuf_addf(out, "s3hls_lists_dollars_total %.6f\n", (double)c->lists * LIST_PRICE);
    gauge(out, "s3hls_lists_budget_per_minute",
          "LIST requests that looking after cameras may take.", c->lists_per_minute);
    head(out, "s3hls_lists_budget_dollars_per_day", "gauge", "What a day of that costs at most.");
    s3hls__strbuf_addf(out, "s3hls_lists_budget_dollars_per_day %.4f\n",
                       c->lists_per_minute * 1440 * LIST_PRICE);
}

void s3hls__metrics_write(const s3hls__metrics *m, uint64_t bytes_held,
                          const s3hls__catalog_figures *catalog, s3hls__strbuf *out) {
    write_requests(m, out);
    counter(out, "s3hls_sent_bytes_total", "Bytes of answers, without headers.", m->bytes);
    counter(out, "s3hls_answers_made_total", "Answers made by asking a store.", m->made);
    counter(out, "s3hls_answers_shared_total", "Answers that were there already.", m->shared);
    counter(out, "s3hls_connections_total", "Connections accepted.", m->accepted);
    counter(out, "s3hls_connections_refused_total", "Connections beyond a limit.", m->refused);
    counter(out, "s3hls_connections_slow_total",
            "Connections ended because no whole request came in time.", m->slow);
    counter(out, "s3hls_requests_broken_total", "Requests that were not understood.", m->broken);
    gauge(out, "s3hls_connections", "Connections open.", m->connections);
    gauge(out, "s3hls_requests_running", "Requests being answered.", m->requests_running);
    gauge(out, "s3hls_clips_running", "Clips being made.", m->clips_running);
    gauge(out, "s3hls_answers_bytes", "Memory of answers and segments.", (int64_t)bytes_held);
    write_hours(&catalog->hours, out);
    write_lists(catalog, out);
}
