#!/usr/bin/env python3
"""What writing the cache behind costs: prefill and decode with --cold-cache against without, in turn.

Usage: bench/write_cost.py [--larder build/release/larder] [--model FILE] [--rounds 10] [--prompt 4096] [--answer 384]
                           [--threads 0] [--folder DIR] [--json]

Two servers on the same file, one of which writes; while one computes, the other sleeps. In every round each is sent a new prompt,
so that everything of it is written: a good part while the prompt is still computed, the rest beside the answer. Who goes first
changes from round to round; before the next one begins, the writer has finished.

Targets: prefill at most 5 % slower, decode at most 3 %: the medians of what each round lost. Exit code 1 when one is missed. The
folder holds the base directories and should lie on the disk that is meant (default ~/.cache/larder-bench); the model is the
starter unless named. Nothing else should run on the machine meanwhile. Linux. Standard library only.
"""
import argparse
import contextlib
import pathlib
import signal
import statistics
import sys

BENCH = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH / folder) for folder in ("http", "agents", "replay")]
import disk  # noqa: E402
from figure import Figure, tell  # noqa: E402
from place import Place  # noqa: E402
from served import Problem, Server  # noqa: E402
from starter import cache_folder, starter_path  # noqa: E402

PREFILL, DECODE = 5, 3  # % that writing may cost
SETTINGS = {"without": "0", "writing": "20G"}


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("--larder", type=pathlib.Path, default=BENCH.parent / "build/release/larder")
    parser.add_argument("--model", type=pathlib.Path, default=starter_path())
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--prompt", type=int, default=4096)
    parser.add_argument("--answer", type=int, default=384)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--folder", type=pathlib.Path, default=cache_folder())
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if min(asked.rounds, asked.prompt) < 1 or asked.answer < 2:
        sys.exit("write_cost: --rounds and --prompt must be 1 or more, --answer 2 or more")
    return asked


class Contest:
    def __init__(self, asked, stack):
        self.asked, self.places = asked, {}
        self.prefill = {setting: [] for setting in SETTINGS}  # tokens a second, one for each round
        self.decode = {setting: [] for setting in SETTINGS}
        self.written = []
        for seed, (setting, size) in enumerate(SETTINGS.items()):
            server = Server(asked.larder.resolve(), asked.model.resolve(), asked.threads, ["--cold-cache", size], asked.folder)
            stack.callback(server.stop)
            self.places[setting] = Place(server, seed)

    def round(self, number):
        before = disk.size(self._cache())
        for setting in list(SETTINGS)[::1 if number % 2 == 0 else -1]:
            place = self.places[setting]
            answer, = place.streams.ask(place.steady(place.prompts.fresh(self.asked.prompt), self.asked.answer))
            self.prefill[setting].append(self.asked.prompt / answer.ttft())
            self.decode[setting].append(answer.rate())
            if setting == "writing":
                disk.settle(self._cache())
        self.written.append(disk.size(self._cache()) - before)

    def _cache(self):
        return self.places["writing"].server.base / "cache"

    def figures(self):
        megabytes = statistics.median(self.written) / 1e6
        return [self._loss("prefill", self.prefill, PREFILL, f"; {megabytes:.0f} MB written a round"),
                self._loss("decode", self.decode, DECODE)]

    @staticmethod
    def _loss(name, rates, at_most, more=""):
        losses = [100 * (1 - on / off) for on, off in zip(rates["writing"], rates["without"])]
        medians = {setting: statistics.median(rates[setting]) for setting in SETTINGS}
        return Figure(f"write_cost: {name}, slower by", losses, "%", at_most=at_most,
                      note=f"{medians['writing']:.0f} of {medians['without']:.0f} tokens/s" + more)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its servers end with it
    asked = options()
    try:
        with contextlib.ExitStack() as stack:
            contest = Contest(asked, stack)
            for number in range(asked.rounds):
                print(f"round {number + 1} of {asked.rounds} ...", file=sys.stderr, flush=True)
                contest.round(number)
            measured = contest.figures()
    except (Problem, OSError) as problem:
        sys.exit(f"write_cost: {problem}")
    if not any(contest.written):
        sys.exit("write_cost: nothing was written")
    return tell(measured, asked.rounds, asked.json)


if __name__ == "__main__":
    sys.exit(main())
