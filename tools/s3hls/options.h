/* SPDX-License-Identifier: MIT-0 */
/* Command lines: a table of options a command takes, and what the commands share: how to reach a
 * store, how loud to be, how to say what went wrong. */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include "s3hls/s3hls.h"
#include <stdbool.h>

typedef struct option_kind {
    const char *name;  /* "--to" */
    const char *value; /* "URL"; NULL: takes none */
    const char *help;
    /* @return NULL, or what is wrong with the value and what would be right. ctx: the command's. */
    const char *(*set)(void *ctx, const char *value);
} option_kind;

enum { POSITIONAL_MAX = 64 };

/* What every command takes. */
typedef struct common_options {
    s3hls_s3_options s3;
    s3hls_env env;
    const char *profile;
    bool checksum_given;
    s3hls_iot_options iot; /* endpoint NULL: not used */
    s3hls_credentials_provider *credentials;
} common_options;

typedef struct command_line {
    const char *command;        /* "record" */
    const char *arguments;      /* "INPUT --to URL" */
    const char *explanation;    /* of --help, with examples */
    const option_kind *options; /* ended by a NULL name */
    void *ctx;
    const option_kind *also; /* shared with another command; NULL: none */
    void *also_ctx;
    common_options *common;
    char *positional[POSITIONAL_MAX]; /* of argv */
    int positional_count, positional_max;
    bool positional_list;     /* one is enough, up to positional_max */
    bool positional_optional; /* none is right too */
} command_line;

/* Read argv. @return true: go on; false: stop with *exit_code (help was given, or something is
 * wrong). */
bool command_line_parse(command_line *line, int argc, char **argv, int *exit_code);
/* Find the credentials that an s3:// URL needs. @return false: stop with *exit_code. */
bool common_options_open(const command_line *line, const char *url, int *exit_code);
void common_options_close(common_options *common);

/* "4M" to bytes. @return false: no such size. */
bool parse_size(const char *text, uint64_t *bytes);
/* "25", "29.97", "30000/1001" to a fraction. */
bool parse_rate(const char *text, uint32_t *num, uint32_t *den);
/* A decimal number within bounds; the second: a whole one. */
bool parse_number(const char *text, double min, double max, double *value);
bool parse_count(const char *text, uint32_t min, uint32_t max, uint32_t *count);

/* One line on standard error. What may be a password in an address is masked, up to the last @ of
 * the line; so give text of arguments by this, not by fprintf(). */
__attribute__((format(printf, 2, 3))) void report(const char *command, const char *format, ...);

/* One line on standard error: what failed, the status, the server's own words, the mend. */
void complain(const char *command, const char *what, int status, const s3hls_s3_error *error);
/* The same of an input, with advice about inputs ("": none). */
void complain_of_input(const char *command, const char *what, int status, const char *advice);

#endif
