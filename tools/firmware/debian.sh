#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# debian.sh source SUITE PACKAGE DIR: the source of a Debian package, with Debian's patches, in DIR.
# debian.sh sysroot SUITE ARCHITECTURE DIR PACKAGE...: these packages and what they depend on, unpacked below DIR.
# SUITE: bullseye, bookworm, sid, ...; "-" is the suite of this machine. The mirror is the one that apt uses on this
# machine, and apt verifies signatures and hashes. The machine's own package state stays as it is: apt's lists of the
# other suites and architectures are in DIR.apt, which can be removed afterwards.
# Exit status 77: this machine's apt cannot reach the suite or the package; the last line names the reason.
set -euo pipefail

unavailable() { echo "SKIPPED: $*"; exit 77; }
usage() { sed -n '3,4s/^# //p' "$0" >&2; exit 2; }

# mirror: "address codename" of the Debian archive in the machine's configuration
mirror() {
    apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
        awk '$3 == "Debian" && $4 == "Debian" { print $1, $2; exit }'
}

# private_apt STATE TYPE SUITE ARCHITECTURE: apt's lists in the folder STATE; sets the array $apt
private_apt() {
    local state=$1 type=$2 suite=$3 architecture=$4 address codename
    command -v apt-get >/dev/null || unavailable "there is no apt on this machine"
    read -r address codename < <(mirror) || unavailable "apt has no Debian archive; run apt-get update first"
    [ "$suite" != - ] || suite=$codename
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    : >"$state/status"
    printf 'Types: %s\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$type" "$address" "$suite" \
        /usr/share/keyrings/debian-archive-keyring.gpg >"$state/mirror.sources"
    apt=(apt-get -qq -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
        -o "Dir::Etc::SourceList=$state/mirror.sources" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$state/lists"
        -o "Dir::State::Status=$state/status" -o "Dir::Cache=$state/cache" -o APT::Sandbox::User=
        -o Debug::NoLocking=1 -o Acquire::Languages=none -o Acquire::Retries=2)
    "${apt[@]}" update >"$state/log" 2>&1 || unavailable "apt cannot read $suite: $(tail -n 1 "$state/log")"
    if grep -q '^[EW]:' "$state/log"; then
        unavailable "apt cannot read $suite: $(grep -m 1 '^[EW]:' "$state/log")"
    fi
}

source_of() { # SUITE PACKAGE DIR
    local suite=$1 package=$2 to state
    to=$(realpath -m "$3")
    state=$to.apt
    command -v dpkg-source >/dev/null || unavailable "dpkg-source is not installed (package dpkg-dev)"
    private_apt "$state" deb-src "$suite" "$(dpkg --print-architecture)"
    (cd "$state" && rm -f ./*.dsc && "${apt[@]}" source --download-only "$package" >>log 2>&1) ||
        unavailable "apt has no source of $package: $(tail -n 1 "$state/log")"
    rm -rf "$to"
    dpkg-source --no-check --no-copy -x "$state"/*.dsc "$to" >>"$state/log" # apt has checked it
}

sysroot_of() { # SUITE ARCHITECTURE DIR PACKAGE...
    local suite=$1 architecture=$2 to state
    to=$(realpath -m "$3")
    state=$to.apt
    shift 3
    private_apt "$state" deb "$suite" "$architecture"
    "${apt[@]}" install -y --download-only --no-install-recommends "$@" >>"$state/log" 2>&1 ||
        unavailable "apt cannot get $*: $(tail -n 1 "$state/log")"
    mkdir -p "$to"
    for package in "$state"/cache/archives/*.deb; do dpkg-deb --fsys-tarfile "$package"; done |
        tar --extract --ignore-zeros --keep-directory-symlink --no-same-owner -C "$to"
    rm -f "$state"/cache/archives/*.deb
    find "$to" -type l -lname '/*' | while read -r link; do # absolute links lead out of the tree
        ln -sfn --relative "$to$(readlink "$link")" "$link"
    done
}

case ${1:-} in
source) [ $# = 4 ] || usage; source_of "${@:2}" ;;
sysroot) [ $# -gt 4 ] || usage; sysroot_of "${@:2}" ;;
*) usage ;;
esac
