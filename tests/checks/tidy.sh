#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# tidy.sh [FILE...]: static analysis of the libraries, the tool and compat: clang's analyzer and its checks for bugs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cmake --preset clang >/dev/null
[ $# -gt 0 ] || set -- src/*/*.c tools/*/*.c compat/*/*.c
printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -n 4 clang-tidy -quiet -p build/clang 2>/dev/null
