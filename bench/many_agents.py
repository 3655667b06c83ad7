#!/usr/bin/env python3
"""What several agents at one server get: prompts that are remembered, fairness, batches, and the same bits. Figures with targets.

Usage: bench/many_agents.py [--larder build/release/larder] [--starter FILE] [--window-model FILE] [--only NAMES] [--rounds 3] [--json]

  warm_ttft          a prompt of 7,500 tokens sent again: first token within 30 ms and one decode step
  append             a conversation that grows: nothing of it is computed again; forks are taken over to the token
  together           8 identical prompts at the same time are computed once, and answered alike
  batch              1, 4 and 8 answers at once: 8 decode 4 times as fast as one; with a table
  short_behind_long  a short prompt that comes into a long one waits at most 3 steps of 100 ms; no token comes later than one
  fair               two long prompts leave an answer 60 % of its rate, and keep 35 % of their own
  same_bits          fresh, warm, partly warm, among strangers: the same log probabilities

--only takes names with commas between them. Each measurement starts servers of its own and talks to /v1/completions. A line is
the median of the rounds, or the worst one where nothing may go wrong, with (smallest..largest, values). The exit code is 1 when a
target is missed or a measurement failed. --json prints one JSON object instead.

The starter is LARDER_STARTER or the one in ~/.cache/larder-bench; the model with the long window is made there if need be (see
make_window_model.py). All of it takes about a quarter of an hour, most of it `fair`. Nothing else should run on the machine
meanwhile. Standard library only.
"""
import argparse
import gc
import json
import pathlib
import signal
import sys

BENCH = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH / "http"), str(BENCH / "agents")]
import make_window_model  # noqa: E402
from batch import batch  # noqa: E402
from bits import same_bits  # noqa: E402
from fairness import fair, short_behind_long  # noqa: E402
from place import Bench  # noqa: E402
from remembered import append, together, warm_ttft  # noqa: E402
from starter import cache_folder, starter_path  # noqa: E402

MEASUREMENTS = {measure.__name__: measure for measure in (warm_ttft, append, together, batch, short_behind_long, fair, same_bits)}
OF_THE_WINDOW = {"short_behind_long", "fair"}


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("--larder", type=pathlib.Path, default=BENCH.parent / "build/release/larder")
    parser.add_argument("--starter", type=pathlib.Path, default=starter_path())
    parser.add_argument("--window-model", type=pathlib.Path, default=cache_folder() / "window-64k.gguf")
    parser.add_argument("--only", default=",".join(MEASUREMENTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    asked.only = asked.only.split(",")
    if unknown := set(asked.only) - set(MEASUREMENTS):
        sys.exit(f"many_agents: there is no {', '.join(sorted(unknown))}, but {', '.join(MEASUREMENTS)}")
    if asked.rounds < 1:
        sys.exit("many_agents: --rounds must be 1 or more")
    for file, advice in ((asked.larder, "cmake --preset release && cmake --build --preset release --target larder"),
                         (asked.starter, "packaging/fetch_starter.sh DIR, and name it with --starter")):
        if not file.is_file():
            sys.exit(f"many_agents: {file} is not there: {advice}")
    return asked


def window_model(asked):
    if not asked.window_model.exists():
        print(f"making {asked.window_model}", file=sys.stderr)
        asked.window_model.parent.mkdir(parents=True, exist_ok=True)
        make_window_model.make(asked.window_model, asked.starter)
    return asked.window_model.resolve()


def measured(name, bench):
    """(figures, what went wrong): one fails alone."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    try:
        return MEASUREMENTS[name](bench), ""
    except Exception as error:  # whatever it is, the others go on
        return [], f"{type(error).__name__}: {error}"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its servers end with it
    asked = options()
    needed = OF_THE_WINDOW.intersection(asked.only)
    bench = Bench(asked.larder.resolve(), asked.starter.resolve(), window_model(asked) if needed else None, asked.rounds)
    gc.disable()
    records, missed = {}, 0
    for name in asked.only:
        figures, failure = measured(name, bench)
        gc.collect()
        missed += bool(failure) + sum(not figure.ok for figure in figures)
        records[name] = {"failure": failure, "figures": [figure.record() for figure in figures]}
        if not asked.json:
            print("\n".join(figure.line() for figure in figures) or f"{name:<42} FAILED: {failure}", flush=True)
    if asked.json:
        print(json.dumps({"rounds": asked.rounds, "missed": missed, "measurements": records}, indent=1))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
