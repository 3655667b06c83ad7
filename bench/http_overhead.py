#!/usr/bin/env python3
"""What the server costs: the decode rate and the time to the first token over HTTP, against the engine alone, in turn.

Usage: bench/http_overhead.py MODEL.gguf [--build build/release] [--rounds 10] [--prompt 512] [--tokens 128] [--threads N]

Starts `larder serve` and larder_raw_engine (built with -DLARDER_BENCH=ON) on the same file and threads; while one computes, the
other sleeps. In every round, for each way to sample: the raw engine, then one streaming /v1/completions.

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
import http.client
import json
import pathlib
import random
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests" / "support"))
from larder_program import environment  # noqa: E402

WAYS = {
    "greedy": {"temperature": 0},
    "temperature": {"temperature": 0.8},
    "temperature, top_p": {"temperature": 0.8, "top_p": 0.95},
    "temperature, top_k, top_p": {"temperature": 0.8, "top_k": 40, "top_p": 0.95},
    "temperature, min_p": {"temperature": 0.8, "min_p": 0.05},
}
PATIENCE = 120  # seconds for the model to load, or one answer
WORDS = """the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you
were her all she there would their we him been has when who will more no if out so said what up its about into than them can only
other new some could time these two may then do first any my now such like our over man me even most made after also did many
before must through back years where much your way well down should because each just those people how too little state good very
make world still own see men work long get here between both life being under never day same another know while last might us
great old year off come since against go came right used take three""".split()


class Answer:
    """Times are seconds from sending the request; last is that of the end, behind the last token."""

    def __init__(self, first, text, last, timings, tokens):
        self.first, self.text, self.last, self.timings, self.tokens = first, text, last, timings, tokens

    def rate(self):
        return (self.tokens - 1) / (self.last - self.first)

    def engine_rate(self):
        return (self.tokens - 1) / (self.timings["decode_ms"] / 1e3)


class Server:
    def __init__(self, program, model, threads, base, **changes):
        values = environment(base, **changes)
        self.process = subprocess.Popen([program, "serve", "--no-api-key", "--port", "0", "--model", model, "--threads", str(threads)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=values)
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline().decode() if ready else ""
        if not line.startswith("listening on "):
            sys.exit("http_overhead: larder serve did not start: try it by hand")
        self.port = int(line.rsplit(":", 1)[1])

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def tokenize(self, text):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("POST", "/tokenize", json.dumps({"content": text}), {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())["tokens"]

    def ask(self, prompt, tokens, sampling):
        body = json.dumps({"prompt": prompt, "max_tokens": tokens, "ignore_eos": True, "stream": True,
                           "stream_options": {"include_usage": True}, **sampling}).encode()
        head = (f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode()
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pieces = []
            start = time.perf_counter()
            connection.sendall(head + body)
            while piece := connection.recv(65536):
                pieces.append((time.perf_counter() - start, piece))
                if piece.endswith(b"[DONE]\n\n") or b"data: [DONE]" in piece:
                    break
        return self._read(pieces, tokens)

    @staticmethod
    def _read(pieces, tokens):
        """A frame counts at the time its last byte came."""
        first, text, last, timings, usage, rest = None, "", None, None, None, b""
        for moment, piece in pieces:
            rest += piece
            *lines, rest = rest.split(b"\n")
            for line in lines:
                if not line.startswith(b"data: {"):
                    continue
                frame = json.loads(line[6:])
                if first is None and frame["choices"] and frame["choices"][0]["text"]:
                    first, text = moment, frame["choices"][0]["text"]
                if "timings" in frame:
                    last, timings = moment, frame["timings"]
                usage = frame.get("usage") or usage
        if first is None or timings is None or usage is None or usage["completion_tokens"] != tokens:
            sys.exit(f"http_overhead: not the answer that was asked for: {b''.join(piece for _, piece in pieces)[:500]!r}")
        return Answer(first, text, last, timings, tokens)


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
        self.raw_rates = {way: [] for way in WAYS}
        self.answers = {way: [] for way in WAYS}
        self.raw_short, self.short = [], []

    def prompt(self, tokens):
        """Never the same twice, so that nothing can be remembered."""
        return self.server.tokenize(" ".join(self.random.choices(WORDS, k=tokens)))[-tokens:]

    def ask(self, prompt, tokens, sampling):
        """An answer that began with one token, or None."""
        answer = self.server.ask(self.prompt(prompt), tokens, sampling)
        return answer if len(self.server.tokenize(answer.text)) == 1 else None

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
        self.__init__(self.raw, self.server, self.asked)


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
        engine = [100 * answer.engine_rate() / raw for answer, raw in zip(answers, contest.raw_rates[way])]
        print(f"| {way} | {spread(contest.raw_rates[way])} | {spread(rates)} | {spread(shares[way])} | {spread(engine)} |")
    raw = statistics.median(contest.raw_short) * 1e3
    short = [1e3 * answer.first - raw for answer in contest.short]
    long = [1e3 * answer.first - answer.timings["prefill_ms"] for answer in contest.answers["greedy"]]
    queue = [answer.timings["queue_ms"] for answer in contest.answers["greedy"]]
    print(f"time to the first token, prompt of 1: {spread([1e3 * answer.first for answer in contest.short], 2)} ms; "
          f"overhead over the raw engine's {raw:.2f} ms: {spread(short, 2)} ms")
    print(f"time to the first token, prompt of {asked.prompt}: {spread([1e3 * answer.first for answer in contest.answers['greedy']], 1)} ms; "
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
        server = Server(larder, model, asked.threads, base, **changes)
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
    sys.exit(main())
