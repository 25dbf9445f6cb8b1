#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# fetch.sh: have hls.js from npm, once; afterwards nothing is asked of the network. Fails where it cannot be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

exec 9>.lock # several builds may want it at once
flock 9
have=node_modules/.package-lock.json
[ -e "$have" ] && [ ! package-lock.json -nt "$have" ] && exit 0
timeout 60 npm ci --silent --fetch-retries=1 --fetch-retry-mintimeout=1000
