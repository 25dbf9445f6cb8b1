/* SPDX-License-Identifier: MIT-0 */
#include "s3/xml.h"
#include <expat.h>
#include <string.h>

void s3hls__xml_stop(s3hls__xml *x, int status) {
    if (!x->status)
        x->status = status;
    XML_StopParser(x->parser, XML_FALSE);
}

static void on_start(void *ctx, const XML_Char *name, const XML_Char **attributes) {
    s3hls__xml *x = ctx;
    (void)attributes;
    x->depth++;
    x->text_size = 0;
    if (x->depth == 1 && strcmp(name, x->root) != 0)
        s3hls__xml_stop(x, S3HLS_E_PROTOCOL);
    x->root_seen = true;
    x->begin(x, name);
}

static void on_text(void *ctx, const XML_Char *text, int size) {
    s3hls__xml *x = ctx;
    if ((size_t)size >= sizeof x->text - x->text_size) {
        s3hls__xml_stop(x, S3HLS_E_PROTOCOL);
        return;
    }
    memcpy(x->text + x->text_size, text, (size_t)size);
    x->text_size += (size_t)size;
}

static void on_end(void *ctx, const XML_Char *name) {
    s3hls__xml *x = ctx;
    x->text[x->text_size] = 0;
    x->end(x, name);
    x->depth--;
    x->text_size = 0;
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
                       const XML_Char *public_id, int internal) {
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)internal;
    s3hls__xml_stop(ctx, S3HLS_E_PROTOCOL);
}

int s3hls__xml_read(s3hls__xml *x, const char *xml, size_t size) {
    XML_Parser parser = x->parser = XML_ParserCreate("UTF-8");
    if (!parser)
        return S3HLS_E_NOMEM;
    XML_SetUserData(parser, x);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
    bool whole = size <= INT32_MAX &&
                 XML_Parse(parser, xml, (int)size, XML_TRUE) == XML_STATUS_OK && x->root_seen;
    bool memory = XML_GetErrorCode(parser) == XML_ERROR_NO_MEMORY;
    XML_ParserFree(parser);
    if (!x->status && !whole)
        x->status = memory ? S3HLS_E_NOMEM : S3HLS_E_PROTOCOL;
    return x->status;
}
