#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Every source is formatted as .clang-format says (but for a program that stands as its authors wrote it).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
git ls-files -z '*.c' '*.h' ':!tests/unit/compat/readme.c' | xargs -0 clang-format --dry-run -Werror
