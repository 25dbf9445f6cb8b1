/* SPDX-License-Identifier: MIT-0 */
#include "mask.h"
#include "s3hls/s3hls.h"
#include "tool.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"record", command_record, "record H.264 from a file, a pipe or a camera into a store"},
    {"flush", command_flush, "deliver what a recording has left in its spool"},
    {"ls", command_ls, "list what a store holds, segment by segment, with its gaps"},
    {"playlist", command_playlist, "write an m3u8 of any range of time"},
    {"verify", command_verify, "read a range back and check all of it"},
    {"doctor", command_doctor, "try all that recording and playback need of a store"},
    {"export", command_export, "write a range as one MP4"},
    {"retention", command_retention, "show or set how long recordings are kept"},
    {"cost", command_cost, "forecast what a month in S3 costs"},
    {"put", command_put, "store one file as one object"},
    {"get", command_get, "read one object"},
    {"presign", command_presign, "make an address that lets anyone read or write one object"},
    {"check", command_check, "check the file that describes the cameras of a site"},
    {"run", command_run, "record all cameras of such a file"},
    {"status", command_status, "show the cameras of a running `s3hls run`"},
    {"serve", command_serve, "play back in a browser: page, API, playlists and clips over HTTP"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static int usage(FILE *to) {
    fputs("s3hls: H.264 cameras to HLS segments in S3, and back as playlists\n\n"
          "usage: s3hls COMMAND [OPTION...]\n\n",
          to);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\ns3hls help COMMAND explains one. A first recording and its playlist:\n\n"
          "  s3hls record clip.h264 --fps 25 --to file:///var/rec/cam-1\n"
          "  s3hls playlist file:///var/rec/cam-1 > /var/rec/cam-1/all.m3u8\n\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage, 3 not all delivered, 4 input unreadable\n"
          "or not H.264, 5 delivered but the input was damaged, or verify found damage, 6 verify\n"
          "found segments missing.\n",
          to);
    return to == stdout ? EXIT_DONE : EXIT_USAGE;
}

static int run(const char *name, int argc, char **argv) {
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc, argv);
    fprintf(stderr, "s3hls: no command \"%s\"; s3hls --help lists them\n", name);
    return EXIT_USAGE;
}

static int run_arguments(int argc, char **argv) {
    if (argc < 2)
        return usage(stderr);
    if (strcmp(argv[1], "--version") == 0) {
        printf("s3hls %s\n", s3hls_version());
        return EXIT_DONE;
    }
    bool help = strcmp(argv[1], "help") == 0;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || (help && argc < 3))
        return usage(stdout);
    char ask[] = "--help", *asked[] = {argv[0], ask, NULL};
    int code = help ? run(argv[2], 2, asked) : run(argv[1], argc - 1, argv + 1);
    if ((fflush(stdout) || ferror(stdout)) && code == EXIT_DONE) {
        fprintf(stderr, "s3hls %s: cannot write to standard output: %s\n", argv[1],
                strerror(errno));
        code = EXIT_FAILED;
    }
    return code;
}

/* Passwords are removed from the process list first. */
int main(int argc, char **argv) {
    char **arguments = address_hide_arguments(argc, argv);
    if (!arguments) {
        fputs("s3hls: out of memory\n", stderr);
        return EXIT_FAILED;
    }
    int code = run_arguments(argc, arguments);
    address_free_arguments(arguments);
    return code;
}
