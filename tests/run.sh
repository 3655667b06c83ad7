#!/bin/sh
# The README's second command, and CI: installs what the tests need, builds with warnings as errors, and runs every test:
# release, then AddressSanitizer + UBSan, then ThreadSanitizer for what has threads, then the kernels for 64-bit Arm under
# qemu, then three minutes of fuzzing, divided among the formats.
# Usage: tests/run.sh [--full]      --full: long fuzzing campaigns as well, hours, by hand
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
# A first argument is the whole interface.
case ${1:-} in
    "") fuzz_seconds=180 ;;
    --full) fuzz_seconds=86400 ;;
    *)
        sed -n '2,5s/^# //p' "$0"
        exit 2
        ;;
esac
jobs=$(nproc)
# What was compiled in another copy of the tree counts too.
export CCACHE_MAXSIZE="${CCACHE_MAXSIZE:-3G}" CCACHE_BASEDIR="${CCACHE_BASEDIR:-$root}" CCACHE_NOHASHDIR=1
export QT_QPA_PLATFORM=offscreen
exec </dev/null

# Kernels that spread addresses widely leave no room for the sanitizers' shadow memory.
fixed_addresses="setarch $(uname -m) --addr-no-randomize"
$fixed_addresses true 2>/dev/null || fixed_addresses=""

results=$(mktemp)
output=$(mktemp)
trap 'rm -f "$results" "$output"' EXIT
trap 'exit 1' HUP INT TERM
failed_phases=""

phase() {
    echo
    echo "=== $* ($(date +%H:%M:%S)) ==="
}

# build PRESET [options of cmake --build] : configures and builds; a failure ends everything, for nothing after it would mean anything.
build() {
    preset=$1
    shift
    cmake --preset "$preset" -DLARDER_WERROR=ON -DBUILD_TESTING=ON >"$output" 2>&1 || {
        cat "$output"
        exit 1
    }
    cmake --build "build/$preset" --parallel "$jobs" "$@"
}

# run_tests PRESET [options of ctest] : runs on after failures, and remembers the summary line.
run_tests() {
    preset=$1
    shift
    status=0
    $fixed_addresses ctest --test-dir "build/$preset" --parallel "$jobs" --output-on-failure --no-tests=error "$@" >"$output" 2>&1 || status=$?
    # Thousands of passing lines tell nothing: failures, what was skipped, and the summary.
    grep -v ' Passed \|^ *Start ' "$output" || true
    grep 'tests passed, .* tests failed out of' "$output" >>"$results" || true
    [ "$status" -eq 0 ] || failed_phases="$failed_phases $preset"
}

phase packages
packaging/install_packages.sh packaging/debian-packages.txt tests/debian-packages.txt

# For the tests with real coding agents. A Node.js of another origin is not touched; without any they are skipped.
command -v node >/dev/null && command -v npm >/dev/null || packaging/install_packages.sh tests/node-packages.txt ||
    echo "tests with real coding agents are skipped"

# Tests against a real model run when there is one; without a network the rest still does.
if [ -z "${LARDER_STARTER:-}" ]; then
    LARDER_STARTER=$(packaging/fetch_starter.sh "$root/build/starter") || {
        LARDER_STARTER=
        echo "tests against the starter model are skipped"
    }
fi
export LARDER_STARTER

# For kv.format, which is skipped without. Nothing but build/ is changed.
[ -d build/python/safetensors ] || python3 -m pip install --quiet --no-deps --disable-pip-version-check --target build/python safetensors ||
    echo "the format of KV on the disk is not checked with the safetensors package"

phase "release: build"
build release
phase "release: tests"
run_tests release

phase "AddressSanitizer and UBSan: build"
build asan
phase "AddressSanitizer and UBSan: tests"
# Freed memory is overwritten, so that a view that outlives its buffer gives a wrong answer even where no check sees it.
export ASAN_OPTIONS=max_free_fill_size=1000000:free_fill_byte=219
export UBSAN_OPTIONS=print_stacktrace=1
# Desktop tests: release only; the libraries of a whole desktop leak by design. Real clients: release only, for their time.
run_tests asan --label-exclude '^(desktop|clients)$'

phase "ThreadSanitizer: build"
build tsan --target base_tests kv_tests generate_tests engine_tests api_tests hub_tests scenario_tests
phase "ThreadSanitizer: tests"
export TSAN_OPTIONS=halt_on_error=1
# Same bits: arithmetic, the same on any thread, and slow here.
run_tests tsan --label-regex '^(base|kv|generate|engine|api|hub|scenario)$' --exclude-regex SameBits

phase "NEON under qemu: build"
build neon
phase "NEON under qemu: tests"
run_tests neon

fuzz_formats="gguf safetensors tokenizer chat_template output_parser schema request_body"
fuzz_each=$((fuzz_seconds / $(echo "$fuzz_formats" | wc -w)))
phase "fuzzing, $fuzz_each s for each format"
cmake --preset fuzz >"$output" 2>&1 || {
    cat "$output"
    exit 1
}
cmake --build build/fuzz --parallel "$jobs" --target $(printf '%s_fuzz ' $fuzz_formats)
for format in $fuzz_formats; do
    # Seeds lie beside the targets, or are made of other tests' files.
    seeds=tests/fuzz/${format}_corpus
    if [ ! -d "$seeds" ]; then
        seeds=build/fuzz/seeds/$format
        "tests/fuzz/make_${format}_seeds.py" "$seeds"
    fi
    mkdir -p "build/fuzz/corpus/$format"
    if "build/fuzz/${format}_fuzz" -max_total_time="$fuzz_each" -timeout=30 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix=build/fuzz/ "build/fuzz/corpus/$format" "$seeds" >"$output" 2>&1; then
        echo "$format: $(grep 'stat::number_of_executed_units' "$output")"
        echo "100% tests passed, 0 tests failed out of 1" >>"$results"
    else
        tail -n 60 "$output"
        echo "0% tests passed, 1 tests failed out of 1" >>"$results"
        failed_phases="$failed_phases fuzz"
    fi
done

phase summary
[ -z "$failed_phases" ] || echo "failed:$failed_phases"
awk '{ for (i = 2; i <= NF; ++i) { if ($i == "failed") bad += $(i - 2); if ($i == "of") all += $(i + 1) } }
    END { good = all - bad
          printf "%d%% tests passed, %d tests failed out of %d\n", all ? int(100 * good / all) : 0, bad, all }' "$results"
[ -z "$failed_phases" ]
