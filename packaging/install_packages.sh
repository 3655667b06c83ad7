#!/bin/sh
# Installs the Debian packages named in the given files, one a line; does nothing, fast, when all are there.
# Usage: packaging/install_packages.sh FILE...
set -eu

fail() {
    echo "larder: $*" >&2
    exit 1
}

packages=$(cat "$@")
# shellcheck disable=SC2086  # lists of words
missing=$({
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' $packages 2>/dev/null || true
    printf '%s wanted\n' $packages
} | awk '$2 == "installed" { there[$1] = 1 } $2 == "wanted" && !there[$1] { print $1 }')
[ -n "$missing" ] || exit 0
missing=$(echo "$missing" | tr '\n' ' ')

command -v apt-get >/dev/null || fail "this is not a Debian system: install by hand what provides: $missing"

if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null; then
    as_root="sudo"
else
    fail "packages are missing and there is no sudo: as root, run: apt-get install $missing"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "larder: installing $missing"
# shellcheck disable=SC2086  # $as_root may be empty, $missing is a list
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
}
# The lists may be older than the packages; a first install without them saves the update where they are fresh.
if ! install >"$log" 2>&1 </dev/null; then
    # shellcheck disable=SC2086
    $as_root apt-get update >"$log" 2>&1 </dev/null || true
    install >"$log" 2>&1 </dev/null || {
        tail -n 5 "$log" >&2
        fail "apt-get could not install the packages (its last lines are above): check the network and the disk, or install by hand: $missing"
    }
fi
