#!/bin/sh
# Larder against llama.cpp on the same file and threads, in turn: see bench/compare/compare.py, or --help.
exec python3 -B "$(dirname "$0")/compare/compare.py" "$@"
