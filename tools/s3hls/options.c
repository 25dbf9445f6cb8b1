/* SPDX-License-Identifier: MIT-0 */
#include "options.h"
#include "mask.h"
#include "site/quantity.h"
#include "text.h"
#include "tool.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { LINE_BYTES = 4096 };

/* ---- values */

bool parse_number(const char *text, double min, double max, double *value) {
    char *end;
    *value = strtod(text, &end);
    return text[0] && !text[strspn(text, "0123456789.")] && *end == 0 && *value >= min &&
           *value <= max;
}

bool parse_count(const char *text, uint32_t min, uint32_t max, uint32_t *count) {
    double value;
    bool ok = parse_number(text, min, max, &value);
    *count = ok ? (uint32_t)value : 0;
    return ok && *count == value;
}

bool parse_size(const char *text, uint64_t *bytes) {
    return s3hls__quantity_parse_size(text, bytes);
}

bool parse_rate(const char *text, uint32_t *num, uint32_t *den) {
    const char *slash = strchr(text, '/');
    char first[32];
    double n;
    size_t size = slash ? (size_t)(slash - text) : strlen(text);
    if (size >= sizeof first)
        return false;
    snprintf(first, sizeof first, "%.*s", (int)size, text);
    *den = 1;
    if (!parse_number(first, 0.001, 1000000, &n) ||
        (slash && !parse_count(slash + 1, 1, 1000000, den)))
        return false;
    if (n != (double)(uint32_t)n) { /* 29.97: in thousandths */
        n *= 1000;
        *den *= 1000;
    }
    *num = (uint32_t)(n + 0.5);
    return n / *den <= 1000 && *den <= 1000000;
}

/* ---- common options */

static const char *set_endpoint(void *ctx, const char *value) {
    ((common_options *)ctx)->s3.endpoint = value;
    return strncasecmp(value, "http://", 7) == 0 || strncasecmp(value, "https://", 8) == 0
               ? NULL
               : "not an endpoint; give https://host[:port][/path]";
}

static const char *set_ca(void *ctx, const char *value) {
    ((common_options *)ctx)->s3.ca_file = value;
    return access(value, R_OK) == 0 ? NULL : "cannot be read; give a PEM file of certificates";
}

static const char *set_path_style(void *ctx, const char *value) {
    (void)value;
    ((common_options *)ctx)->s3.addressing = S3HLS_ADDRESSING_PATH;
    return NULL;
}

static const char *set_virtual_host(void *ctx, const char *value) {
    (void)value;
    ((common_options *)ctx)->s3.addressing = S3HLS_ADDRESSING_VIRTUAL;
    return NULL;
}

static const char *set_file_mode(void *ctx, const char *value) {
    char *end;
    unsigned long mode = strtoul(value, &end, 8);
    ((common_options *)ctx)->s3.file_mode = (uint32_t)mode;
    return value[0] && !value[strspn(value, "01234567")] && mode <= 0777 && (mode & 0600) == 0600
               ? NULL
               : "not a mode of files; give 0600 to 0777, of which the owner has 6 at least";
}

static const char *set_checksum(void *ctx, const char *value) {
    static const struct {
        const char *name;
        s3hls_checksum checksum;
    } kinds[] = {
        {"auto", S3HLS_CHECKSUM_AUTO},          {"when_supported", S3HLS_CHECKSUM_AUTO},
        {"crc32c", S3HLS_CHECKSUM_CRC32C},      {"md5", S3HLS_CHECKSUM_MD5},
        {"when_required", S3HLS_CHECKSUM_NONE}, {"none", S3HLS_CHECKSUM_NONE},
    };
    common_options *common = ctx;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcasecmp(value, kinds[i].name) == 0) {
            common->s3.checksum = kinds[i].checksum;
            common->checksum_given = true;
            return NULL;
        }
    return "not a checksum; give auto, crc32c, md5 or none";
}

static const char *set_verbose(void *ctx, const char *value) {
    s3hls_env *env = &((common_options *)ctx)->env;
    (void)value;
    env->log_level = env->log_level < S3HLS_LOG_INFO ? S3HLS_LOG_INFO : S3HLS_LOG_DEBUG;
    return NULL;
}

static const char *set_very_verbose(void *ctx, const char *value) {
    (void)value;
    ((common_options *)ctx)->env.log_level = S3HLS_LOG_DEBUG;
    return NULL;
}

static const option_kind common_kinds[] = {
    OPTION_TEXT("--region", "NAME", "region of the bucket; else AWS_REGION, us-east-1",
                common_options, s3.region),
    OPTION("--endpoint", "URL", "an S3 server of your own; else AWS_ENDPOINT_URL_S3, AWS's own",
           set_endpoint),
    OPTION("--ca", "FILE", "authorities to trust beside the system's (PEM); else AWS_CA_BUNDLE",
           set_ca),
    OPTION_TEXT("--profile", "NAME", "of the shared credentials file; else the environment's keys",
                common_options, profile),
    OPTION_TEXT("--iot-endpoint", "HOST",
                "keys from AWS IoT Core's credentials provider, with these:", common_options,
                iot.endpoint),
    OPTION_TEXT("--iot-role-alias", "NAME", "what the certificate is exchanged for", common_options,
                iot.role_alias),
    OPTION_TEXT("--iot-thing", "NAME", "the device's thing", common_options, iot.thing_name),
    OPTION_TEXT("--iot-cert", "FILE", "the device's certificate (PEM)", common_options,
                iot.certificate),
    OPTION_TEXT("--iot-key", "FILE", "its key (PEM), or a pkcs11: URI", common_options, iot.key),
    OPTION_TEXT("--iot-ca", "FILE", "authorities to trust for it beside the system's (PEM)",
                common_options, iot.ca_file),
    OPTION("--path-style", NULL, "https://endpoint/bucket/key", set_path_style),
    OPTION("--virtual-host", NULL, "https://bucket.endpoint/key", set_virtual_host),
    OPTION("--file-mode", "MODE",
           "of new files in a directory or a spool, less the umask; default 0600", set_file_mode),
    OPTION("--checksum", "KIND",
           "auto, crc32c, md5 or none, for servers that refuse x-amz-checksum-*", set_checksum),
    OPTION("-v", NULL, "log more on standard error", set_verbose),
    OPTION("-vv", NULL, "log every request", set_very_verbose),
    OPTION_END,
};

static void log_line(void *ctx, s3hls_log_level level, const char *component, const char *message) {
    static const char *const levels[] = {"", "error", "warning", "info", "debug"};
    char masked[LINE_BYTES];
    (void)ctx;
    snprintf(masked, sizeof masked, "%s", message);
    address_mask_all(masked);
    s3hls_printable(masked);
    fprintf(stderr, "s3hls: %s: %s: %s\n", levels[level], component, masked);
}

static const char *variable(const char *a, const char *b) {
    const char *value = getenv(a);
    if ((!value || !value[0]) && b)
        value = getenv(b);
    return value && value[0] ? value : NULL;
}

static void set_defaults(common_options *common) {
    memset(common, 0, sizeof *common);
    common->env = s3hls_env_default();
    common->env.log = log_line;
    common->env.log_level = S3HLS_LOG_ERROR;
    common->s3.region = variable("AWS_REGION", "AWS_DEFAULT_REGION");
    common->s3.endpoint = variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
    common->s3.ca_file = variable("AWS_CA_BUNDLE", NULL);
}

static int open_credentials(common_options *common, const char **what) {
    s3hls_credentials_provider **out = &common->credentials;
    if (common->iot.endpoint || common->iot.certificate || common->iot.role_alias) {
        *what = "--iot-*: no keys by these";
        return s3hls_credentials_open_iot(out, &common->iot, &common->env);
    }
    if (common->profile) {
        *what = "--profile: its keys cannot be read";
        return s3hls_credentials_open_profile(out, NULL, common->profile, &common->env);
    }
    *what = "no AWS keys found";
    return s3hls_credentials_open_default(out, &common->env);
}

static bool find_checksum(common_options *common, const char *command) {
    if (common->checksum_given ||
        s3hls_s3_checksum_configured(common->profile, &common->s3.checksum) == S3HLS_OK)
        return true;
    fprintf(stderr,
            "s3hls %s: AWS_REQUEST_CHECKSUM_CALCULATION, or request_checksum_calculation of the "
            "profile: give when_supported or when_required\n",
            command);
    return false;
}

bool common_options_open(const command_line *line, const char *url, int *exit_code) {
    common_options *common = line->common;
    if (strncmp(url, "s3://", 5) != 0)
        return true;
    const char *what;
    if (!find_checksum(common, line->command)) {
        *exit_code = EXIT_USAGE;
        return false;
    }
    int rc = open_credentials(common, &what);
    if (rc) {
        complain(line->command, what, rc, NULL);
        *exit_code = EXIT_FAILED;
    }
    common->s3.credentials = common->credentials;
    return rc == S3HLS_OK;
}

void common_options_close(common_options *common) {
    s3hls_credentials_close(&common->credentials);
}

/* ---- the command line */

static void print_kinds(const option_kind *kinds) {
    for (; kinds->name; kinds++) {
        char head[48];
        snprintf(head, sizeof head, "%s %s", kinds->name, kinds->value ? kinds->value : "");
        printf("  %-26s %s\n", head, kinds->help);
    }
}

static void print_help(const command_line *line) {
    printf("usage: s3hls %s %s\n\n%s\n\noptions:\n", line->command, line->arguments,
           line->explanation);
    print_kinds(line->options);
    if (line->also)
        print_kinds(line->also);
    puts("\nreaching S3:");
    print_kinds(common_kinds);
}

static const option_kind *find_kind(const option_kind *kinds, const char *argument, size_t size) {
    for (; kinds->name; kinds++)
        if (strlen(kinds->name) == size && memcmp(kinds->name, argument, size) == 0)
            return kinds;
    return NULL;
}

static const option_kind *find_option(const command_line *line, const char *argument, size_t size,
                                      void **ctx) {
    const option_kind *kind = find_kind(line->options, argument, size);
    *ctx = line->ctx;
    if (!kind && line->also) {
        kind = find_kind(line->also, argument, size);
        *ctx = line->also_ctx;
    }
    if (!kind) {
        kind = find_kind(common_kinds, argument, size);
        *ctx = line->common;
    }
    return kind;
}

static const char *set_option(const option_kind *kind, void *ctx, const char *value) {
    char *member = (char *)ctx + kind->offset;
    if (kind->set)
        return kind->set(ctx, value);
    if (kind->value)
        memcpy(member, &value, sizeof value);
    else
        memcpy(member, &(bool){true}, sizeof(bool));
    return NULL;
}

/* Process one option at argv[*at]. @return false: invalid; the error was reported. */
static bool take_option(command_line *line, int argc, char **argv, int *at) {
    const char *argument = argv[*at], *equals = strchr(argument, '=');
    size_t size = equals ? (size_t)(equals - argument) : strlen(argument);
    void *ctx;
    const option_kind *kind = find_option(line, argument, size, &ctx);
    /* the value of an unknown option may be a secret: it is not printed */
    const char *wrong = NULL, *value = equals && kind ? equals + 1 : NULL;
    if (!kind)
        wrong = "no such option";
    else if (!kind->value && equals)
        wrong = "takes no value";
    else if (kind->value && !equals && *at + 1 == argc)
        wrong = "needs a value";
    else if (kind->value && !equals)
        value = argv[++*at];
    if (!wrong)
        wrong = set_option(kind, ctx, value);
    if (wrong)
        report(line->command, "%.*s%s%s: %s; s3hls help %s explains", (int)size, argument,
               value ? " " : "", value ? value : "", wrong, line->command);
    return !wrong;
}

bool command_line_parse(command_line *line, int argc, char **argv, int *exit_code) {
    bool only_positional = false;
    set_defaults(line->common);
    *exit_code = EXIT_USAGE;
    for (int i = 1; i < argc; i++) {
        char *a = argv[i];
        if (!only_positional && (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0)) {
            print_help(line);
            *exit_code = EXIT_DONE;
            return false;
        }
        if (!only_positional && strcmp(a, "--") == 0) {
            only_positional = true;
        } else if (!only_positional && a[0] == '-' && a[1]) {
            if (!take_option(line, argc, argv, &i))
                return false;
        } else if (line->positional_count < line->positional_max) {
            line->positional[line->positional_count++] = a;
        } else {
            report(line->command, "one argument too many: %s; usage: s3hls %s %s", a, line->command,
                   line->arguments);
            return false;
        }
    }
    int needed = line->positional_optional ? 0 : line->positional_list ? 1 : line->positional_max;
    if (line->positional_count < needed) {
        fprintf(stderr, "s3hls %s: an argument is missing; usage: s3hls %s %s\n", line->command,
                line->command, line->arguments);
        return false;
    }
    return true;
}

/* ---- errors */

static const char *remedy(int status) {
    switch (status) {
    case S3HLS_E_CREDENTIALS:
        return "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, "
               "--profile, or --iot-*.";
    case S3HLS_E_ACCESS:
        return "Allow s3:PutObject, s3:GetObject and s3:ListBucket on this prefix, or make the "
               "directory writable.";
    case S3HLS_E_NO_BUCKET:
        return "Create the bucket, or correct its name.";
    case S3HLS_E_CLOCK:
        return "Set this machine's clock; S3 allows 15 minutes.";
    case S3HLS_E_RESOLVE:
        return "Check --endpoint, --region and the name server.";
    case S3HLS_E_CONNECT:
        return "Is the server up, and are its host and port right?";
    case S3HLS_E_TLS:
        return "Name the server's certificate authority with --ca; check the host name and the "
               "clock.";
    case S3HLS_E_REGION:
        return "Set --region to the bucket's own.";
    case S3HLS_E_NOSPC:
        return "Free some space.";
    default:
        return "";
    }
}

void report(const char *command, const char *format, ...) {
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    address_mask(line, strlen(line));
    s3hls_printable(line);
    fprintf(stderr, "s3hls %s: %s\n", command, line);
}

/* Print the operation and the status, without a line end. */
static void begin_complaint(const char *command, const char *what, int status) {
    char masked[LINE_BYTES];
    snprintf(masked, sizeof masked, "%s", what);
    address_mask(masked, strlen(masked));
    s3hls_printable(masked);
    fprintf(stderr, "s3hls %s: %s: %s (%s)", command, masked, s3hls_strerror(status),
            s3hls_status_name(status));
}

static void end_complaint(const char *advice) {
    fprintf(stderr, "%s%s\n", advice[0] ? ". " : "", advice);
}

void complain(const char *command, const char *what, int status, const s3hls_s3_error *error) {
    begin_complaint(command, what, status);
    if (error && error->http_status)
        fprintf(stderr, ": HTTP %ld %s", error->http_status, error->code);
    if (error && error->message[0]) {
        fprintf(stderr, ": ");
        text_print(stderr, error->message); /* for a directory, it contains file names */
    }
    if (error && error->request_id[0])
        fprintf(stderr, " [request %s]", error->request_id);
    end_complaint(remedy(status));
}

void complain_of_input(const char *command, const char *what, int status, const char *advice) {
    begin_complaint(command, what, status);
    end_complaint(advice);
}
