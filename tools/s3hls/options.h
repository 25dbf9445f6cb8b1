/* SPDX-License-Identifier: MIT-0 */
/* Command lines: a table of the options of a command, and functions that all commands share: store
 * access, verbosity and error messages. */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include "s3hls/s3hls.h"
#include <stdbool.h>
#include <stddef.h>

/* An option, made by one of the macros below. */
typedef struct option_kind {
    const char *name;  /* "--to" */
    const char *value; /* "URL"; NULL: the option has no value */
    const char *help;
    /* @return NULL, or the fault of the value and the correct form. ctx: the command's. NULL: the
     * member at offset of ctx is set: a bool, or with a value a const char * */
    const char *(*set)(void *ctx, const char *value);
    size_t offset;
} option_kind;

#define OPTION(name, value, help, set)                                                             \
    { name, value, help, set, 0 }
/* A bool of the command's options that becomes true. */
#define OPTION_FLAG(name, help, type, member)                                                      \
    { name, NULL, help, NULL, offsetof(type, member) + 0 * OPTION_SAME(type, member, bool) }
/* A text, as it stands in argv. */
#define OPTION_TEXT(name, value, help, type, member)                                               \
    { name, value, help, NULL, offsetof(type, member) + 0 * OPTION_SAME(type, member, char *) }
#define OPTION_END OPTION(NULL, NULL, NULL, NULL)
/* Fails to compile if the member has another size. */
#define OPTION_SAME(type, member, other)                                                           \
    sizeof(char[sizeof(((type *)0)->member) == sizeof(other) ? 1 : -1])

enum { POSITIONAL_MAX = 64 };

/* Options of every command. */
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
    const char *explanation;    /* for --help, with examples */
    const option_kind *options; /* ended by a NULL name */
    void *ctx;
    const option_kind *also; /* shared with another command; NULL: none */
    void *also_ctx;
    common_options *common;
    char *positional[POSITIONAL_MAX]; /* from argv */
    int positional_count, positional_max;
    bool positional_list;     /* at least one, up to positional_max */
    bool positional_optional; /* none is valid too */
} command_line;

/* Parse argv. @return true: continue; false: exit with *exit_code (help was printed, or an error
 * was reported). */
bool command_line_parse(command_line *line, int argc, char **argv, int *exit_code);
/* Find the credentials that an s3:// URL requires. @return false: exit with *exit_code. */
bool common_options_open(const command_line *line, const char *url, int *exit_code);
void common_options_close(common_options *common);

/* Parse a size such as "4M" into bytes. @return false: invalid. */
bool parse_size(const char *text, uint64_t *bytes);
/* Parse "25", "29.97" or "30000/1001" into a fraction. */
bool parse_rate(const char *text, uint32_t *num, uint32_t *den);
/* Parse a decimal number within bounds; parse_count: an integer. */
bool parse_number(const char *text, double min, double max, double *value);
bool parse_count(const char *text, uint32_t min, uint32_t max, uint32_t *count);

/* Print one line on standard error. Possible passwords in addresses are masked, up to the last @ of
 * the line. Use this instead of fprintf() for text from arguments. */
__attribute__((format(printf, 2, 3))) void report(const char *command, const char *format, ...);

/* Print one line on standard error: the failed operation, the status, the server's message, and how
 * to fix it. */
void complain(const char *command, const char *what, int status, const s3hls_s3_error *error);
/* The same for an input, with advice about inputs ("": none). */
void complain_of_input(const char *command, const char *what, int status, const char *advice);

#endif
