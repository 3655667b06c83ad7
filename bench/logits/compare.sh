#!/bin/sh
# How close Larder and llama.cpp are to float32 maths on the expanded weights, on the same 500 tokens, in one run.
# Usage: bench/logits/compare.sh MODEL.gguf LLAMA_CPP [BUILD]
#   LLAMA_CPP  a llama.cpp source folder with its build in build/; needs numpy and g++
#   BUILD      where larder_logits and larder_greedy are (default build/dev)
set -eu
if [ $# -lt 2 ]; then
    sed -n '2,5s/^# //p' "$0"
    exit 2
fi
model=$1
peer=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/bench/logits
build=${3:-$root/build/dev}
tokens=$here/text_500.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

g++ -std=c++20 -O2 -I"$peer/include" -I"$peer/ggml/include" "$here/llama_cpp_logits.cpp" -L"$peer/build/bin" \
    -lllama -lggml -lggml-base -lggml-cpu -Wl,-rpath,"$peer/build/bin" -o "$work/llama_cpp_logits"

python3 "$here/reference_logits.py" "$model" "$tokens" "$work/reference.f32"
"$build/larder_logits" "$model" "$tokens" "$work/larder.f32"
"$work/llama_cpp_logits" "$model" "$tokens" "$work/llama_cpp.f32"
"$work/llama_cpp_logits" "$model" "$tokens" "$work/llama_cpp_no_flash.f32" no-flash
status=0
python3 "$here/compare_kl.py" "$tokens" "$work/reference.f32" "larder=$work/larder.f32" \
    "llama.cpp=$work/llama_cpp.f32" "llama.cpp, flash attention off=$work/llama_cpp_no_flash.f32" || status=1

# Greedy text from the first 64 tokens of the same text.
python3 -c "import json, sys; print(json.load(open(sys.argv[1]))['tokens'][:64])" "$tokens" >"$work/prompt.json"
"$build/larder_greedy" "$model" "$work/prompt.json" 200 "$work/greedy.json"
python3 "$here/greedy_check.py" "$model" "$work/greedy.json" || status=1
exit $status
