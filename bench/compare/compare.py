#!/usr/bin/env python3
"""Larder against llama.cpp on the same file with the same number of threads, in turn: a table of medians and spreads.

Usage: bench/compare_llama_cpp.sh [MODEL ...] [options]

MODEL is starter-q4_1, starter-q4_0, starter-q8_0, qwen-q4_0 (Qwen3-0.6B's shape, random weights) or a GGUF file; without one,
all four. llama.cpp is the one that llama-cpp-python 0.3.36 ships, built for this machine. Sources, builds and models are made
once, in ~/.cache/larder-bench (or below XDG_CACHE_HOME): 3 GB, about ten minutes for each build on two cores.

A cell is the median of the rounds with (smallest..largest); a ratio is taken inside each round, where both ran close together.
Nothing else should run on the machine meanwhile.
"""
import argparse
import pathlib
import sys
import tempfile

import models
import peer
from contest import Contest, Larder, LlamaCpp, with_spread
from run import Problem, say

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "bench"))
from starter import cache_folder  # noqa: E402


def options():
    parser = argparse.ArgumentParser(prog="compare_llama_cpp.sh", description=__doc__, usage=argparse.SUPPRESS,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="rounds (default 5)")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="default: one for each core")
    parser.add_argument("--batched", action="store_true", help="also decode 1, 2, 4 and 8 sequences at once")
    parser.add_argument("--read-control", action="store_true",
                        help="measure the read bandwidth between the runs, and decode's share of it")
    parser.add_argument("--peer-avx2", action="store_true", help="also both with nothing better than AVX2")
    parser.add_argument("--peer-no-amx", action="store_true", help="also both with AVX-512 VNNI and without AMX")
    parser.add_argument("--larder", type=pathlib.Path, default=ROOT / "build/release/larder", metavar="PROGRAM")
    return parser.parse_args()


def made_cache_folder():
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"the folder {folder} cannot be made: {error.strerror}") from error
    return folder


def table(contests, read_control):
    """contests: [(model, instruction set, contest)]"""
    print("| model | instructions | tokens/s | Larder | llama.cpp | ratio |" + (" reads, Larder | llama.cpp |" if read_control else ""))
    print("|---|---|---|--:|--:|--:|" + ("--:|--:|" if read_control else ""))
    for model, isa, contest in contests:
        for figure in contest.figures():
            ours, theirs, ratios = contest.rates(figure)
            row = f"| {model} | {isa} | {figure} | {with_spread(ours)} | {with_spread(theirs)} | {with_spread(ratios, 2, 'x')} |"
            if read_control:
                shares = contest.shares() if figure == "decode 128" else None
                row += "".join(f" {with_spread([100 * s for s in side], 0, ' %')} |" for side in shares) if shares else " | |"
            print(row)


def compare(asked):
    if not asked.larder.exists():
        raise Problem(f"{asked.larder} is not there: cmake --preset release && cmake --build --preset release --target larder")
    if asked.repeats < 1 or asked.threads < 0:
        raise Problem("--repeats must be 1 or more, and --threads not negative")
    variants = [peer.NATIVE]
    variants += [peer.AVX2] if asked.peer_avx2 else []
    variants += [peer.without_amx()] if asked.peer_no_amx else []
    cache = made_cache_folder()
    tools = {variant: peer.build(cache, variant) for variant in variants}
    files = {name: models.find(name, cache, tools[peer.NATIVE]) for name in asked.models or models.MAKERS}

    contests = []
    with tempfile.TemporaryDirectory(prefix="larder-compare-") as base:
        for name, file in files.items():
            for variant in variants:
                larder = Larder(asked.larder.resolve(), file, variant.isa, asked.threads, base)
                isa, threads = larder.check()
                llama_cpp = LlamaCpp(tools[variant], file, threads)
                llama_cpp.check()
                label = pathlib.Path(name).stem
                say(f"{label}: Larder with {isa}, llama.cpp with {variant.words}, {threads} threads each")
                contest = Contest(larder, llama_cpp, asked.read_control)
                contest.play(asked.repeats, asked.batched)
                contests.append((label, isa if variant.isa else f"best ({isa})", contest))
    table(contests, asked.read_control)


def main():
    asked = options()
    try:
        compare(asked)
    except Problem as problem:
        sys.exit(f"compare_llama_cpp: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
