#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# docs/openapi.yaml and the server say the same: every route, every answer it describes, every bound of a parameter.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$top/tests/integration/lib_serve.sh"
python3 -c 'import jsonschema, yaml' 2>/dev/null || skip "python3-jsonschema or python3-yaml is not installed"
store=file://$work/store
record "site a/door" 2026-01-02T03:04:00Z
record cam-2 $(($(date +%s) - 4))
(umask 077 && echo "owner-token-0123456789 * owner" >tokens)
key=$(cd "store/site a/door" && find 2026 -name '*.ts' | sort | head -n 1)

serve open "$store"
open=$base
serve closed "$store" --token-file tokens
closed=$base
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none
serve away s3://none/none --endpoint http://127.0.0.1:1
python3 "$top/tests/integration/serve_openapi.py" "$top/docs/openapi.yaml" "$top/src/server/request.c" \
    "$open" "$closed" owner-token-0123456789 "$base" "$key"
