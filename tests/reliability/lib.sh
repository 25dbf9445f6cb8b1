# SPDX-License-Identifier: MIT-0
# shellcheck shell=bash disable=SC2034,SC2154
# Shared by the tests of reliability: a server that fails at random, and what ends with the script. Sourced, not
# run; $here is this folder.
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed: no server"
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret
unset AWS_SESSION_TOKEN AWS_PROFILE
work=$(readlink -f "$work")
server='' mounted=''
cleanup() { [ -z "$mounted" ] || umount "$mounted"; }

serve() { # serve PERCENT SEED: in place of the one before, over the same bucket; sets endpoint
    end_server
    start_server "$here/flaky_s3.py" "$work/bucket" "$work/log" "$1" "$2"
    endpoint=http://127.0.0.1:$port
}
