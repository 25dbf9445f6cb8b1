#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# alloc_fail.sh PROGRAM: the program, with certificates and a spool of its own; in memory where that
# can be, for thousands of recordings are synced.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fast=/dev/shm
[ -w "$fast" ] || fast=${TMPDIR:-/tmp}
work=$(mktemp -d "$fast/s3hls-alloc.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
"$here/../lab/certificates.sh" "$work"
"$1" "$work"
