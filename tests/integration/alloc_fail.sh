#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# alloc_fail.sh PROGRAM: the program, with certificates of its own.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/s3hls-alloc.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
"$here/../lab/certificates.sh" "$work"
"$1" "$work"
