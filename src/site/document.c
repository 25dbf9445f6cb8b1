/* SPDX-License-Identifier: MIT-0 */
/* The YAML of a file. It is parsed twice: first its events are counted, so that no file takes much
 * memory or time (libyaml compares each anchor with all earlier ones), then they are loaded. */
#include "site/reader.h"
#include <string.h>

enum { NODES_MAX = 100000, ANCHORS_MAX = 1000, DEPTH_MAX = 20 };

typedef struct counts {
    unsigned documents, nodes, anchors, depth;
} counts;

/* ---- faults */

/* @return what a person can do about a fault of libyaml's scanner; "": nothing that is known */
static const char *remedy(const yaml_parser_t *parser, const char *data, size_t size) {
    size_t at = parser->problem_mark.index;
    if (at < size && data[at] == '\t')
        return "; indent with spaces, not with tabs";
    if (strstr(parser->problem, "cannot start any token"))
        return "; put the value into quotation marks";
    return "";
}

static s3hls__site_mark mark_of_byte(const char *data, size_t size, size_t at) {
    s3hls__site_mark mark = {1, 1};
    for (size_t i = 0; i < at && i < size; i++) {
        mark.column = data[i] == '\n' ? 1 : mark.column + 1;
        mark.line += data[i] == '\n';
    }
    return mark;
}

static void add_parser_error(s3hls__site_reader *r, const yaml_parser_t *parser, const char *data,
                             size_t size) {
    const char *problem = parser->problem ? parser->problem : "malformed";
    if (parser->error == YAML_MEMORY_ERROR)
        r->out_of_memory = true;
    else if (parser->error == YAML_READER_ERROR)
        s3hls__site_add_error(&r->reports, mark_of_byte(data, size, parser->problem_offset),
                              "not valid YAML: %s", problem);
    else
        s3hls__site_add_error(&r->reports, s3hls__site_mark_of(&parser->problem_mark),
                              "not valid YAML: %s%s%s%s", parser->context ? parser->context : "",
                              parser->context ? ", " : "", problem,
                              parser->problem ? remedy(parser, data, size) : "");
}

/* ---- counting */

static const unsigned char *anchor_of(const yaml_event_t *e) {
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return e->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return e->data.mapping_start.anchor;
    default:
        return NULL;
    }
}

/* @return NULL, or why the file is refused at this event. */
static const char *count(counts *c, const yaml_event_t *e) {
    bool begins = e->type == YAML_SEQUENCE_START_EVENT || e->type == YAML_MAPPING_START_EVENT;
    bool ends = e->type == YAML_SEQUENCE_END_EVENT || e->type == YAML_MAPPING_END_EVENT;
    c->documents += e->type == YAML_DOCUMENT_START_EVENT;
    c->nodes += begins || e->type == YAML_SCALAR_EVENT || e->type == YAML_ALIAS_EVENT;
    c->anchors += anchor_of(e) != NULL;
    c->depth += begins;
    c->depth -= ends;
    return c->documents > 1           ? "a second document begins here; a site is one document"
           : c->nodes > NODES_MAX     ? "the file has more values than any site"
           : c->anchors > ANCHORS_MAX ? "the file has too many anchors"
           : c->depth > DEPTH_MAX     ? "the file is nested too deeply"
                                      : NULL;
}

static bool survey(s3hls__site_reader *r, const char *data, size_t size) {
    yaml_parser_t parser;
    yaml_event_t event;
    counts c = {0};
    const char *wrong = NULL;
    bool ended = false, ok = true;
    if (!yaml_parser_initialize(&parser)) {
        r->out_of_memory = true;
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)data, size);
    while (ok && !ended && !wrong) {
        ok = yaml_parser_parse(&parser, &event);
        if (!ok)
            break;
        ended = event.type == YAML_STREAM_END_EVENT;
        wrong = count(&c, &event);
        if (wrong)
            s3hls__site_add_error(&r->reports, s3hls__site_mark_of(&event.start_mark), "%s", wrong);
        yaml_event_delete(&event);
    }
    if (!ok)
        add_parser_error(r, &parser, data, size);
    else if (!wrong && !c.documents)
        s3hls__site_add_error(&r->reports, (s3hls__site_mark){0}, "the file is empty");
    yaml_parser_delete(&parser);
    return ok && !wrong && c.documents;
}

/* ---- loading */

bool s3hls__site_parse(s3hls__site_reader *r, const char *data, size_t size) {
    yaml_parser_t parser;
    if (!survey(r, data, size))
        return false;
    if (!yaml_parser_initialize(&parser)) {
        r->out_of_memory = true;
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)data, size);
    bool ok = yaml_parser_load(&parser, &r->document);
    if (!ok)
        add_parser_error(r, &parser, data, size);
    yaml_parser_delete(&parser);
    return ok;
}
