#!/usr/bin/env python3
"""What the server costs: the decode rate and the time to the first token over HTTP, against the engine alone, in turn.

Usage: bench/http_overhead.py MODEL.gguf [--build build/release] [--rounds 10] [--prompt 512] [--tokens 128] [--threads N]

Starts `larder serve --cold-cache 0` and larder_raw_engine (built with -DLARDER_BENCH=ON) on the same file and threads; while one
computes, the other sleeps. No prompt comes twice here, so that all KV would be written to the disk: what that costs is measured by
write_cost.py, and --cold-cache 1G adds it here. In every round, for each way to sample: the raw engine, then one streaming /v1/completions.

Decode: tokens between the first and the last that arrived, over that time, as a share of the raw engine's rate just before.
Target: 97 % without sampling. "of it, engine" is what the server's engine thread reports, so that the rest is HTTP.
Time to the first token: from sending the request over an open connection to its first token here. Without the prefill that is
the overhead (target: under 3 ms), taken in two ways: a prompt of 1 token, minus the raw engine's time for it, where both are
short enough to be compared; and the long prompt, minus the prefill time that the server reports of the same request. Answers
whose first piece of text is more than one token are left out: a character cut in two is held until the rest is there.

The client only notes bytes and times while an answer comes, and looks into them later: it has the cores with the engine.
Nothing else should run on the machine meanwhile. Standard library only.
"""
import argparse
import contextlib
import gc
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(SOURCE / "tests" / "support"), str(SOURCE / "bench" / "http")]
from larder_program import environment  # noqa: E402
from prompts import WORDS  # noqa: E402
from served import Problem, Server  # noqa: E402
from streams import Streams  # noqa: E402

WAYS = {
    "greedy": {"temperature": 0},
    "temperature": {"temperature": 0.8},
    "temperature, top_p": {"temperature": 0.8, "top_p": 0.95},
    "temperature, top_k, top_p": {"temperature": 0.8, "top_k": 40, "top_p": 0.95},
    "temperature, min_p": {"temperature": 0.8, "min_p": 0.05},
}


class RawEngine:
    def __init__(self, program, model, threads, base, **changes):
        self.process = subprocess.Popen([program, model, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=environment(base, **changes), text=True)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()

    def answer(self, prompt, tokens):
        """(seconds for the prompt, seconds for decoding)"""
        self.process.stdin.write(f"{prompt} {tokens}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("http_overhead: larder_raw_engine ended: try it by hand")
        return tuple(map(float, line.split()))


class Contest:
    def __init__(self, raw, server, asked):
        self.raw, self.server, self.asked = raw, server, asked
        self.random = random.Random(1)
        self.streams = Streams(server)
        self.raw_rates = {way: [] for way in WAYS}
        self.answers = {way: [] for way in WAYS}
        self.raw_short, self.short = [], []

    def prompt(self, tokens):
        """Never the same twice, so that nothing can be remembered."""
        return self.server.tokenize(" ".join(self.random.choices(WORDS, k=tokens)))[-tokens:]

    def ask(self, prompt, tokens, sampling):
        """An answer that began with one token, or None."""
        answer, = self.streams.ask({"prompt": self.prompt(prompt), "max_tokens": tokens, "ignore_eos": True, **sampling})
        if answer.tokens != tokens:
            raise Problem(f"{answer.tokens} tokens came instead of {tokens}")
        return answer if len(self.server.tokenize(answer.first_text)) == 1 else None

    def round(self):
        tokens = self.asked.tokens
        for way, sampling in WAYS.items():
            # As many tokens as the server decodes behind the first, at the same depths.
            _, decode = self.raw.answer(self.asked.prompt, tokens - 1)
            if answer := self.ask(self.asked.prompt, tokens, sampling):
                self.raw_rates[way].append((tokens - 1) / decode)
                self.answers[way].append(answer)
        for _ in range(5):
            self.raw_short.append(self.raw.answer(1, 0)[0])
            if answer := self.ask(1, 1, WAYS["greedy"]):
                self.short.append(answer)

    def forget(self):
        """All but the random numbers: no prompt comes again."""
        for figures in (self.raw_short, self.short, *self.raw_rates.values(), *self.answers.values()):
            figures.clear()


def engine_rate(answer):
    """Tokens per second as the server's engine thread measured it."""
    return (answer.tokens - 1) / (answer.timings["decode_ms"] / 1e3)


def spread(values, digits=1):
    if not values:
        sys.exit("http_overhead: no answer began with a whole token: try more rounds")
    values = sorted(values)
    low, high = values[len(values) // 10], values[-1 - len(values) // 10]
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f}..{high:.{digits}f})"


def report(contest):
    asked = contest.asked
    print(f"medians of {asked.rounds} rounds (without the lowest and highest tenth); {asked.prompt} tokens of prompt, {asked.tokens} decoded")
    print("| sampling | raw engine, tokens/s | over HTTP | % of the raw engine | of it, engine: % |\n|---|--:|--:|--:|--:|")
    shares = {}
    for way, answers in contest.answers.items():
        rates = [answer.rate() for answer in answers]
        shares[way] = [100 * rate / raw for rate, raw in zip(rates, contest.raw_rates[way])]
        engine = [100 * engine_rate(answer) / raw for answer, raw in zip(answers, contest.raw_rates[way])]
        print(f"| {way} | {spread(contest.raw_rates[way])} | {spread(rates)} | {spread(shares[way])} | {spread(engine)} |")
    raw = statistics.median(contest.raw_short) * 1e3
    short = [1e3 * answer.ttft() - raw for answer in contest.short]
    long = [1e3 * answer.ttft() - answer.timings["prefill_ms"] for answer in contest.answers["greedy"]]
    queue = [answer.timings["queue_ms"] for answer in contest.answers["greedy"]]
    print(f"time to the first token, prompt of 1: {spread([1e3 * answer.ttft() for answer in contest.short], 2)} ms; "
          f"overhead over the raw engine's {raw:.2f} ms: {spread(short, 2)} ms")
    print(f"time to the first token, prompt of {asked.prompt}: {spread([1e3 * answer.ttft() for answer in contest.answers['greedy']], 1)} ms; "
          f"overhead over the server's own prefill time: {spread(long, 2)} ms, of it queued {spread(queue, 2)} ms")
    decode, first = statistics.median(shares["greedy"]), max(statistics.median(short), statistics.median(long))
    print(f"greedy decode {decode:.1f} % of the raw engine (target 97), overhead to the first token {first:.2f} ms (target 3)")
    return 0 if decode >= 97 and first < 3 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path, default=SOURCE / "build/release")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=0, help="default: one for each core")
    parser.add_argument("--cold-cache", default="0", help="disk for KV, such as 1G; default: none")
    parser.add_argument("--isa", default="", help="LARDER_ISA for both")
    asked = parser.parse_args()
    larder, raw_engine = asked.build / "larder", asked.build / "larder_raw_engine"
    for program in (larder, raw_engine):
        if not program.exists():
            sys.exit(f"http_overhead: {program} is not there: cmake --preset release -DLARDER_BENCH=ON && cmake --build --preset release")
    if not asked.model.is_file():
        sys.exit(f"http_overhead: there is no file {asked.model}")
    if min(asked.rounds, asked.prompt) < 1 or asked.tokens < 2:
        sys.exit("http_overhead: --rounds and --prompt must be 1 or more, --tokens 2 or more")
    changes = {"LARDER_ISA": asked.isa} if asked.isa else {}
    with tempfile.TemporaryDirectory(prefix="larder-http-") as folder, contextlib.ExitStack() as stack:
        base, model = pathlib.Path(folder), asked.model.resolve()
        server = Server(larder, model, asked.threads, ["--cold-cache", asked.cold_cache], **changes)
        stack.callback(server.stop)
        raw = RawEngine(raw_engine, model, asked.threads or cores(larder, model, base), base, **changes)
        stack.callback(raw.stop)
        contest = Contest(raw, server, asked)
        contest.round()  # loads and warms up
        contest.forget()
        gc.disable()
        for number in range(asked.rounds):
            contest.round()
            print(f"round {number + 1} of {asked.rounds}", file=sys.stderr)
        return report(contest)


def cores(larder, model, base):
    """How many threads the server takes by itself."""
    done = subprocess.run([larder, "bench", model, "--only", "limits", "--repeats", "1", "--json"], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(base, LARDER_ISA="avx2"))
    return json.loads(done.stdout)["threads"]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as problem:
        sys.exit(f"http_overhead: {problem}")
