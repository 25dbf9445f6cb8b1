/* SPDX-License-Identifier: MIT-0 */
/* The commands, and the exit codes they share. */
#ifndef TOOL_H
#define TOOL_H

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,      /* a store or the system refused */
    EXIT_USAGE = 2,       /* the command line is wrong */
    EXIT_UNDELIVERED = 3, /* recorded, but the store does not contain all of it */
    EXIT_INPUT = 4,       /* the input cannot be read, or is not H.264 */
    EXIT_DAMAGED = 5,     /* all delivered, but the input had unreadable parts; verify: damage;
                            export: something was left out */
    EXIT_MISSING = 6      /* verify: segments are missing */
};

int command_record(int argc, char **argv);
int command_flush(int argc, char **argv);
int command_ls(int argc, char **argv);
int command_playlist(int argc, char **argv);
int command_put(int argc, char **argv);
int command_get(int argc, char **argv);
int command_presign(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_cost(int argc, char **argv);
int command_export(int argc, char **argv);
int command_retention(int argc, char **argv);
int command_check(int argc, char **argv);
int command_run(int argc, char **argv);
int command_status(int argc, char **argv);

#endif
