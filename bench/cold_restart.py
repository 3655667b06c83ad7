#!/usr/bin/env python3
"""A long prompt after a crash: how fast its KV comes back from the disk, and that the answer is the same to the last bit.

Usage: bench/cold_restart.py [--larder build/release/larder] [--starter FILE] [--rounds 5] [--threads 0] [--folder DIR] [--json]

In every round, with a new base directory: a prompt of 7,500 tokens is answered; two seconds later the server is killed (-9), the
cache's files are dropped from the page cache, read one after the other by this script (the disk's time), and dropped again. The
server is started, a short request loads the model, and the prompt is sent again.

Target: the first token, less one decode step, within 1.3 times the disk's time. No token and no log probability may differ. Exit
code 1 when one is missed. The folder holds the base directory and should lie on the disk that is meant, not on a tmpfs (default
~/.cache/larder-bench). Nothing else should run on the machine meanwhile. Linux. Standard library only.
"""
import argparse
import pathlib
import signal
import statistics
import sys
import time

BENCH = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH / folder) for folder in ("http", "agents", "replay")]
import disk  # noqa: E402
from figure import Figure, tell  # noqa: E402
from place import Place, request  # noqa: E402
from served import Problem, Server  # noqa: E402
from starter import cache_folder, starter_path  # noqa: E402

PROMPT, ANSWER, PAUSE = 7500, 33, 2
TIMES_THE_DISK = 1.3


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("--larder", type=pathlib.Path, default=BENCH.parent / "build/release/larder")
    parser.add_argument("--starter", type=pathlib.Path, default=starter_path())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--folder", type=pathlib.Path, default=cache_folder())
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.rounds < 1:
        sys.exit("cold_restart: --rounds must be 1 or more")
    return asked


class Round:
    """What one prompt, one crash and the same prompt again show. Times in seconds."""

    def __init__(self, asked, seed):
        server = Server(asked.larder.resolve(), asked.starter.resolve(), asked.threads, ["--cold-cache", "20G"], asked.folder)
        try:
            self._play(server, seed)
        finally:
            server.stop()

    def _play(self, server, seed):
        place, cache = Place(server, seed), server.base / "cache"
        prompt = request(place.prompts.fresh(PROMPT), ANSWER, logprobs=5)
        before, = place.streams.ask(prompt)
        time.sleep(PAUSE)
        server.kill()
        disk.forget(cache)
        self.bytes, self.disk = disk.read(cache)
        disk.forget(cache)
        server.start()
        place.settle()
        disk.forget(cache)  # whatever the start has read
        after, = place.streams.ask(prompt)
        if not self.bytes:
            raise Problem(f"there is nothing in {cache} after {PROMPT} tokens")
        self.fresh, self.again, self.step = before.ttft(), after.ttft(), statistics.median(before.gaps())
        self.computed = PROMPT - after.cached_tokens
        self.different = sum(one != other for one, other in zip(_bits(before), _bits(after)))


def _bits(answer):
    if not len(answer.ids) == len(answer.logprobs) == ANSWER:
        raise Problem(f"{len(answer.ids)} tokens came instead of {ANSWER}")
    return list(zip(answer.ids, answer.logprobs))


def figures(rounds):
    def median_ms(values):
        return f"{1e3 * statistics.median(values):.0f} ms"
    megabytes = statistics.median(one.bytes for one in rounds) / 1e6
    times = [(one.again - one.step) / one.disk for one in rounds]
    return [Figure("cold_restart: first token, of the disk's time", times, "times", at_most=TIMES_THE_DISK, digits=2,
                   note=f"{median_ms([one.again for one in rounds])}, one step {median_ms([one.step for one in rounds])}; "
                        f"{megabytes:.0f} MB read in {median_ms([one.disk for one in rounds])}"),
            Figure("cold_restart: first token, of a fresh one", [100 * one.again / one.fresh for one in rounds], "%",
                   note=median_ms([one.fresh for one in rounds])),
            Figure("cold_restart: prompt tokens computed again", [one.computed for one in rounds], "tokens", judge=max, digits=0,
                   note=f"of {PROMPT}"),
            Figure("cold_restart: tokens that differ", [one.different for one in rounds], "tokens", at_most=0, judge=max, digits=0,
                   note=f"of {ANSWER}, with 5 log probabilities each")]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its server ends with it
    asked = options()
    rounds = []
    try:
        for number in range(asked.rounds):
            print(f"round {number + 1} of {asked.rounds} ...", file=sys.stderr, flush=True)
            rounds.append(Round(asked, number))
    except (Problem, OSError) as problem:
        sys.exit(f"cold_restart: {problem}")
    measured = figures(rounds)
    return tell(measured, asked.rounds, asked.json)


if __name__ == "__main__":
    sys.exit(main())
