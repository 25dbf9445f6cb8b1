/* SPDX-License-Identifier: MIT-0 */
#include "tool.h"

int command_doctor(int argc, char **argv) {
    (void)argc;
    (void)argv;
    return EXIT_FAILED;
}
