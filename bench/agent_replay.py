#!/usr/bin/env python3
"""A coding agent's requests, played to Larder with and without its caches, and to llama-server: first tokens and tokens computed.

Usage: bench/agent_replay.py [--only ram,ssd,alone,off,llama] [--short] [--turns 30] [--rounds 3] [--seed 1] [--json]
                             [--larder build/release/larder] [--model FILE] [--threads N] [--peer native|no-amx]
                             [--peer-options "..."] [--folder DIR]

The trace is made up from a seed (bench/replay/agent_trace.py says what is in it): a system prompt with tools of 6,000 tokens, 30
turns of answers and tool results up to 40,000 tokens, a side call beside each, a subagent, a fork, a summary and a conversation
that goes on from it, and a restart by kill -9. Each server gets its own answers back in the prompts that follow. Answers are
plain words, so that no token is held back until its character is whole.

  ram     --cold-cache 0: a restart loses everything, and what is ideal reckons with that
  ssd     --cold-cache 20G: nothing is lost; the files are dropped from the page cache at the restart
  alone   what `ideal` costs at least: the same numbers of new tokens behind as many known ones, each alone (the server's own time)
  off     without a cache: every fifth prompt by length, those between in proportion
  llama   llama-server on the same file and threads, with its prompt cache

Ideal: tokens of a prompt that no earlier request of the trace has computed; those of the answers count as known, but for the last.
Targets: computed at most 1.03 times the ideal; first tokens of all steps at most 1.1 times what `alone` takes; no step at which
llama-server has its first token more than 10 ms before Larder. Exit code 1 when one is missed. A time is the median of the rounds,
in which the modes take turns; a number of tokens is the largest.

--short is a trace of 12 turns for the starter's window of 8,192; without it the model is that of make_window_model.py. The folder
holds the servers' files while it runs (default ~/.cache/larder-bench): it should lie on the disk that is meant. A round of all modes
takes a quarter of an hour, --short a few minutes. Nothing else should run on the machine meanwhile. Linux. Standard library only.
"""
import argparse
import contextlib
import dataclasses
import gc
import json
import os
import pathlib
import shlex
import signal
import sys

BENCH = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH / folder) for folder in ("http", "agents", "compare", "replay")]
import make_window_model  # noqa: E402
import peer  # noqa: E402
import player  # noqa: E402
from agent_trace import FULL, SHORT, Trace  # noqa: E402
from engines import Larder, LlamaServer  # noqa: E402
from report import Results, figures, record, table  # noqa: E402
from run import Problem as PeerProblem  # noqa: E402
from served import Problem  # noqa: E402
from starter import cache_folder, starter_path  # noqa: E402

MODES = ("ram", "ssd", "alone", "off", "llama")
SLOTS = 4


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("--only", default=",".join(MODES))
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--turns", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--larder", type=pathlib.Path, default=BENCH.parent / "build/release/larder")
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--peer", choices=("native", "no-amx"), default="native")
    parser.add_argument("--peer-options", default="")
    parser.add_argument("--folder", type=pathlib.Path, default=cache_folder())
    asked = parser.parse_args()
    asked.only = asked.only.split(",")
    if unknown := set(asked.only) - set(MODES):
        sys.exit(f"agent_replay: there is no {', '.join(sorted(unknown))}, but {', '.join(MODES)}")
    if min(asked.rounds, asked.threads) < 1 or (asked.turns and asked.turns < 3):
        sys.exit("agent_replay: --rounds and --threads must be 1 or more, --turns 3 or more")
    if not asked.larder.is_file():
        sys.exit(f"agent_replay: {asked.larder} is not there: cmake --preset release && cmake --build --preset release --target larder")
    return asked


def model_of(asked):
    if asked.model:
        return asked.model.resolve()
    if asked.short:
        return starter_path().resolve()
    path = cache_folder() / "window-64k.gguf"
    if not path.exists():
        print(f"making {path}", file=sys.stderr)
        make_window_model.make(path, starter_path())
    return path


def peer_server(asked):
    """The program, built the first time."""
    variant = peer.NATIVE if asked.peer == "native" else peer.without_amx()
    return peer.build(cache_folder(), variant) / "llama-server"


class Replay:
    def __init__(self, asked):
        self.asked, self.model = asked, model_of(asked)
        shape = SHORT if asked.short else FULL
        self.trace = Trace(dataclasses.replace(shape, turns=asked.turns or shape.turns), asked.seed)
        self.results = Results(self.trace)
        self.results.plays = {mode: [] for mode in asked.only if mode in ("ram", "ssd", "llama")}
        self.peer = peer_server(asked) if "llama" in asked.only else None

    @contextlib.contextmanager
    def engine(self, mode):
        asked = self.asked
        if mode == "llama":
            # A slot for each conversation that is going on, each with the whole window, so that none has to be copied aside.
            usual = ["-np", str(SLOTS), "--no-kv-unified", "-c", str(SLOTS * self.trace.shape.window), "--cache-ram", "-1",
                     "--no-cache-idle-slots"]
            engine = LlamaServer(self.peer, self.model, asked.threads, shlex.split(asked.peer_options) or usual)
        else:
            engine = Larder(asked.larder.resolve(), self.model, asked.threads, asked.folder, survives=mode == "ssd")
        try:
            yield engine
        finally:
            engine.stop()

    def round(self, number):
        # Every other round in reverse, so that nothing always comes first.
        for mode in self.asked.only if number % 2 == 0 else self.asked.only[::-1]:
            print(f"round {number + 1} of {self.asked.rounds}: {mode} ...", file=sys.stderr, flush=True)
            with self.engine(mode) as engine:
                if mode == "alone":
                    wanted = {*player.works(self.trace, True), *player.works(self.trace, False)}
                    self.results.alone.append(player.alone(engine, wanted, number))
                elif mode == "off":
                    self.results.off.append(player.without_cache(engine, self.trace))
                else:
                    self.results.plays[mode].append(player.play(engine, self.trace))
            gc.collect()

    def report(self):
        measured = figures(self.results)
        if self.asked.json:
            print(json.dumps({"rounds": self.asked.rounds, "seed": self.asked.seed, **record(self.results, measured)}, indent=1))
        else:
            lines = table(self.results) + [""] if self.results.plays else []
            print("\n".join(lines + [figure.line() for figure in measured]))
        return 0 if all(figure.ok for figure in measured) else 1


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its servers end with it
    asked = options()
    try:
        replay = Replay(asked)
        gc.disable()
        for number in range(asked.rounds):
            replay.round(number)
        return replay.report()
    except (Problem, PeerProblem, OSError, ValueError) as problem:
        sys.exit(f"agent_replay: {problem}")


if __name__ == "__main__":
    sys.exit(main())
