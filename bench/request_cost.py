#!/usr/bin/env python3
"""What a coding agent's request costs before any token is computed: reading the JSON, making it canonical, the template, the tokens.

Usage: bench/request_cost.py [--larder build/release/larder] [--starter FILE] [--rounds 15] [--size 200] [--json]

A request like Claude Code's of 200 KB (32 KB of tools, a system prompt, 60 messages with tool calls and results) is sent to
/v1/messages/count_tokens: once as nobody has seen it, and once more with a turn added to it. What an empty request takes is
subtracted: it is HTTP's share, and a process's that has slept. `kv_bench` says what hashing and looking up add.

Targets: 25 ms, and 8 ms with a turn added. Exit code 1 when one is missed. Nothing else should run meanwhile. Standard library only.
"""
import argparse
import http.client
import json
import pathlib
import random
import statistics
import sys
import time

BENCH = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH / folder) for folder in ("http", "agents")]
from figure import Figure, tell  # noqa: E402
from served import Problem, Server  # noqa: E402
from starter import starter_path  # noqa: E402

FRESH_MS, GROWN_MS = 25, 8
WORDS = ("the file reads each line and returns what it found when no error was seen before while value index buffer result "
         "state = self.items[0] if (x < 10) { return; } // see also docs/notes.md #42 void run(const std::string& name)").split()


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("--larder", type=pathlib.Path, default=BENCH.parent / "build/release/larder")
    parser.add_argument("--starter", type=pathlib.Path, default=starter_path())
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--size", type=int, default=200, help="KB of the request")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


class Writer:
    """Text and code that no other seed has."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self, size):
        pieces, length = [], 0
        while length < size:
            word = self.random.choice(WORDS) if self.random.random() < 0.9 else format(self.random.getrandbits(24), "x")
            pieces.append(word + ("\n" if self.random.random() < 0.1 else " "))
            length += len(pieces[-1])
        return "".join(pieces)

    def tool(self, number):
        properties = {f"argument_{i}": {"type": "string", "description": self.text(100)} for i in range(4)}
        return {"name": f"Tool{number}", "description": self.text(1900),
                "input_schema": {"type": "object", "properties": properties, "required": ["argument_0"], "additionalProperties": False}}

    def turn(self, number, size):
        call = f"toolu_{self.random.getrandbits(96):024x}"
        return [{"role": "assistant", "content": [{"type": "text", "text": self.text(size // 10)},
                                                  {"type": "tool_use", "id": call, "name": f"Tool{number % 12}",
                                                   "input": {"argument_0": self.text(size // 5), "argument_1": "src/main.cpp"}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call, "content": self.text(size * 7 // 10)}]}]


def request(writer, size):
    body = {"model": "", "max_tokens": 100, "tools": [writer.tool(i) for i in range(12)],
            "system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.328.abc; cc_entrypoint=cli;"},
                       {"type": "text", "text": writer.text(6000), "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": writer.text(9000)}]}]}
    turns = 30
    share = (size - len(json.dumps(body))) // turns
    for number in range(turns):
        body["messages"] += writer.turn(number, share)
    return body


class Client:
    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.headers = {"anthropic-version": "2023-06-01"}

    def milliseconds(self, body):
        payload = json.dumps(body).encode()
        began = time.perf_counter()
        self.connection.request("POST", "/v1/messages/count_tokens", payload, self.headers)
        reply = self.connection.getresponse()
        text = reply.read()
        took = 1e3 * (time.perf_counter() - began)
        if reply.status != 200:
            raise Problem(f"count_tokens: {reply.status} {text[:300]!r}")
        self.tokens = json.loads(text)["input_tokens"]
        return took


def measure(asked, server):
    client = Client(server)
    model = asked.starter.name.removesuffix(".gguf")
    fresh, grown, sizes = [], [], []
    nothing = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
    for seed in range(asked.rounds + 2):  # the first two warm up
        writer = Writer(seed)
        body = request(writer, 1000 * asked.size)
        body["model"] = model
        base = statistics.median(client.milliseconds(nothing) for _ in range(9))
        first = client.milliseconds(body) - base
        body["messages"] += writer.turn(99, 5000)
        second = client.milliseconds(body) - base
        if seed >= 2:
            fresh.append(first)
            grown.append(second)
            sizes.append(client.tokens)
    note = f"{asked.size} KB, {statistics.median(sizes):,.0f} tokens"
    return [Figure("request_cost: as nobody has seen it", fresh, "ms", at_most=FRESH_MS, note=note),
            Figure("request_cost: with a turn added", grown, "ms", at_most=GROWN_MS, note=note)]


def main():
    asked = options()
    server = None
    try:
        server = Server(asked.larder.resolve(), asked.starter.resolve(), 0, ["--cold-cache", "0"])
        measured = measure(asked, server)
    except (Problem, OSError) as problem:
        sys.exit(f"request_cost: {problem}")
    finally:
        if server:
            server.stop()
    return tell(measured, asked.rounds, asked.json)


if __name__ == "__main__":
    sys.exit(main())
