#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Every public header compiles alone, as C11 and as C++17, by both compilers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for header in include/s3hls/*.h compat/*/*.h; do
    for compiler in gcc clang; do
        "$compiler" -std=c11 -pedantic -Wall -Wextra -Wno-unused-function -Werror -Iinclude -fsyntax-only -x c "$header"
        "$compiler" -std=c++17 -pedantic -Wall -Wextra -Wno-unused-function -Werror -Iinclude -fsyntax-only -x c++ "$header"
    done
done
echo "$(ls include/s3hls/*.h compat/*/*.h | wc -l) headers alone"
