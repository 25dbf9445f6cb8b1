# SPDX-License-Identifier: MIT-0
# shellcheck shell=bash disable=SC2034,SC2154
# Shared by the tests of the tool before a store that has moods. Sourced, not run; $here is this folder.
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed: no server"
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret
server='' port=0

# serve MOOD [CERTIFICATE]: in place of the one before, at its port, over the same $work/s3; sets $endpoint.
serve() {
    end_server
    start_server python3 "$here/tool_s3_server.py" "$work/s3" "$1" "$port" "${@:2}"
    endpoint=http://127.0.0.1:$port
}
