#!/bin/sh
# The README's first command: from a bare Debian 12 to an answering model. Installs packages, builds, fetches the starter
# model and starts Larder: the tray app where there is a display, else the server in the background. Prints how to talk to
# it. Safe to run again; then it only does what is missing.
# Usage: packaging/run.sh [--no-start] [options of `larder serve`]
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
larder=$root/build/release/larder
starter=SmolLM2-135M-Instruct.Q4_1

fail() {
    echo "larder: $*" >&2
    exit 1
}

# --- what the options mean for this script; all but --no-start go on to `larder serve` ---

start=yes
base=${LARDER_BASE_DIR:-${HOME:-.}/.larder}
models=
key="file"
expecting=
count=$#
while [ "$count" -gt 0 ]; do
    option=$1
    shift
    count=$((count - 1))
    case $expecting in
        base) base=$option ;;
        models) models=$option ;;
        key) key=$option ;;
    esac
    if [ -n "$expecting" ]; then
        expecting=
    else
        case $option in
            --help | -h)
                sed -n '2,5s/^# //p' "$0"
                exit 0
                ;;
            --no-start)
                start=no
                continue
                ;;
            --base-dir) expecting=base ;;
            --base-dir=*) base=${option#*=} ;;
            --model-dir) expecting=models ;;
            --model-dir=*) models=${option#*=} ;;
            --api-key) expecting=key ;;
            --api-key=*) key=${option#*=} ;;
            --no-api-key) key= ;;
        esac
    fi
    set -- "$@" "$option"
done

# An option like --base-dir=~/x reaches us with its tilde.
expand() {
    # shellcheck disable=SC2088  # a tilde as text is what is looked for
    case $1 in
        "~" | "~/"*) echo "${HOME:-.}${1#"~"}" ;;
        /* | "") echo "$1" ;;
        *) echo "$PWD/$1" ;;
    esac
}
base=$(expand "$base")
models=$(expand "$models")

# --- steps ---

build() {
    if [ ! -f "$root/build/release/build.ninja" ]; then
        free_kb=$(df -Pk "$root" | awk 'NR == 2 { print $4 }')
        [ "$free_kb" -gt 1000000 ] || fail "building needs 1 GB of disk space, and $root has $((free_kb / 1000)) MB: free some and start again"
        echo "larder: building (a few minutes the first time)"
    fi
    log=$(mktemp) || fail "cannot write to ${TMPDIR:-/tmp}: is the disk full?"
    if (cd "$root" && { [ -f build/release/build.ninja ] || cmake --preset release -DBUILD_TESTING=OFF -DLARDER_WERROR=OFF; } &&
        cmake --build build/release --target larder) >"$log" 2>&1 </dev/null; then
        rm -f "$log"
    else
        tail -n 20 "$log" >&2
        fail "the build failed; its last lines are above, all of it is in $log"
    fi
}

# Where `larder serve` will look for models.
model_folder() {
    if [ -n "$models" ]; then
        echo "$models"
    elif [ -f "$base/settings.json" ]; then
        python3 -c 'import json, os, sys
try: folder = json.load(open(sys.argv[1] + "/settings.json")).get("model_dir") or "models"
except (ValueError, AttributeError): folder = "models"  # larder serve says what is wrong with the file
print(os.path.join(sys.argv[1], os.path.expanduser(folder)))' "$base"
    else
        echo "$base/models"
    fi
}

# The address of the server that runs on this base directory; nothing if there is none.
running_address() {
    [ -r "$base/server.json" ] || return 0
    address=$(sed -n 's/.*"address" *: *"\([^"]*\)".*/\1/p' "$base/server.json")
    case $address in http://*) ;; *) return 0 ;; esac
    if curl --noproxy '*' --silent --fail --max-time 2 --output /dev/null "$address/health"; then
        echo "$address"
    fi
}

show_how_to_talk() {
    case $key in
        file)
            key_file=$base/api-key
            shown="'$key_file'"
            # shellcheck disable=SC2088  # for the user's shell to expand
            [ "$key_file" != "${HOME:-}/.larder/api-key" ] || shown="~/.larder/api-key"
            header=" -H \"Authorization: Bearer \$(cat $shown)\""
            where="The API key is in $key_file"
            ;;
        "")
            header=
            where="No API key is needed"
            ;;
        *)
            header=" -H 'Authorization: Bearer $key'"
            where="The API key is the one you gave"
            ;;
    esac
    echo "Larder is listening on $1"
    echo "Try:"
    echo "  curl $1/v1/chat/completions$header -H 'Content-Type: application/json' -d '{\"model\": \"$starter\", \"messages\": [{\"role\": \"user\", \"content\": \"What is a larder?\"}]}'"
    echo "$where"
}

# The tray app, with the window of its first questions when it is new. Fails when the display cannot be reached.
start_app() {
    (umask 077 && mkdir -p "$base/logs") || fail "cannot make the folder $base/logs"
    log=$base/logs/console.log
    : >"$log" || fail "cannot write $log: is the disk full?"
    setsid nohup "$larder" "$@" >"$log" 2>&1 </dev/null &
    app=$!
    tenths=0
    while [ "$tenths" -lt 50 ]; do
        address=$(running_address)
        if [ -n "$address" ]; then
            show_how_to_talk "$address"
            echo "Larder is in the tray; quit it there."
            return 0
        fi
        if ! kill -0 "$app" 2>/dev/null; then
            # One that runs already was asked to show itself.
            if wait "$app"; then return 0; fi
            grep -v '^$' "$log" >&2 || true
            return 1
        fi
        tenths=$((tenths + 1))
        sleep 0.1
    done
    echo "Larder is running: answer the questions in its window, or press Start there."
}

start_server() {
    (umask 077 && mkdir -p "$base/logs") || fail "cannot make the folder $base/logs"
    log=$base/logs/console.log
    : >"$log" || fail "cannot write $log: is the disk full?"
    setsid nohup "$larder" serve "$@" >"$log" 2>&1 </dev/null &
    server=$!
    tenths=0
    while :; do
        address=$(sed -n 's/^listening on //p' "$log")
        [ -z "$address" ] || break
        if ! kill -0 "$server" 2>/dev/null; then
            grep -v '^$' "$log" >&2 || true
            fail "Larder did not start; its own words are above"
        fi
        [ "$tenths" -lt 6000 ] || fail "Larder still loads its model after ten minutes: see $log"
        tenths=$((tenths + 1))
        sleep 0.1
    done
    show_how_to_talk "$address"
    echo "Stop it with: kill $server"
}

"$root/packaging/install_packages.sh" "$root/packaging/debian-packages.txt"
if [ "$start" = yes ]; then
    address=$(running_address)
    if [ -n "$address" ]; then
        show_how_to_talk "$address"
        exit 0
    fi
fi
build
models=$(model_folder)
"$root/packaging/fetch_starter.sh" "$models" >/dev/null
if [ "$start" = yes ]; then
    if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && start_app "$@"; then
        exit 0
    fi
    start_server "$@"
else
    echo "larder: ready; start it with: $larder serve"
fi
