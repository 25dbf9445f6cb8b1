#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Bring up the S3 server that the tests of this folder share, or say why not.
for program in radosgw ceph-mon ceph-osd; do
    command -v "$program" >/dev/null || {
        echo "SKIPPED: $program is not installed: no S3 server to test against"
        exit 77
    }
done
exec "$(dirname "${BASH_SOURCE[0]}")/../lab/rgw-up.sh"
