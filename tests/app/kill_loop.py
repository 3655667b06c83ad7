#!/usr/bin/env python3
"""A server that is killed (-9) again and again while it computes and writes: its answers stay what they would be without a cache,
no block is ever bad, and what was on the disk before the kill is found after it.

Usage: tests/app/kill_loop.py LARDER FIXTURES [--kills 50] [--seed 1]

A second server without a cache computes what is right. Conversations grow, fork and start anew; each request is killed at a
moment of its own, so that kills meet prompts, answers, writing, and the start itself.
"""
import argparse
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

MODEL = "tiny_llama_q4_0"
BLOCK = 64
PATIENCE = 60


class Server:
    def __init__(self, larder, fixtures, base, *options):
        self.process = subprocess.Popen([larder, "serve", "--base-dir", base, "--model-dir", fixtures, "--model", MODEL, "--no-api-key",
                                         "--port", "0", "--threads", "1", "--hot-cache", "8M", *options], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), line
        self.address = line.split()[-1]

    def post(self, path, body):
        data = json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"})
        return json.loads(urllib.request.urlopen(request, timeout=PATIENCE).read())

    def cold(self):
        return json.loads(urllib.request.urlopen(self.address + "/api/status", timeout=PATIENCE).read())["cold_cache"]

    def complete(self, prompt, tokens):
        return self.post("/v1/completions", {"prompt": prompt, "max_tokens": tokens, "temperature": 0, "ignore_eos": True, "logprobs": 2})

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("larder")
    parser.add_argument("fixtures")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        right = Server(asked.larder, asked.fixtures, pathlib.Path(folder) / "right", "--cold-cache", "0")
        try:
            loaded = run(asked, chance, pathlib.Path(folder) / "killed", right)
        finally:
            right.kill()
    if loaded == 0:
        sys.exit("kill_loop: nothing ever came from the disk: the test does not test")
    print(f"{asked.kills} kills, {loaded} tokens came back from the disk, all answers right")


def grown(chance, conversations):
    """A prompt: one that goes on, forks, or is new."""
    known = chance.choice(conversations)
    if len(known) > 350 or chance.random() < 0.1:
        known = []
    elif chance.random() < 0.2:
        known = known[: chance.randrange(1, len(known) + 1)]
    conversations[chance.randrange(len(conversations))] = prompt = known + [chance.randrange(3, 90) for _ in range(chance.randrange(1, 120))]
    return prompt


def run(asked, chance, base, right):
    conversations = [[chance.randrange(3, 90) for _ in range(200)] for _ in range(4)]
    loaded = 0
    kept = None  # a prompt and how many of its tokens were on the disk before the last kill
    for kill in range(asked.kills):
        server = Server(asked.larder, asked.fixtures, base)
        if kept:
            wait_for(server, kept["blocks"])
            again = server.complete(kept["prompt"], 4)
            assert again["choices"] == right.complete(kept["prompt"], 4)["choices"], f"another answer after kill {kill}"
            assert again["timings"]["loaded_tokens"] >= kept["tokens"], (kill, again["timings"], kept)
            loaded += again["timings"]["loaded_tokens"]
        for _ in range(chance.randrange(1, 4)):
            prompt = grown(chance, conversations)
            answer = server.complete(prompt, 8)
            assert answer["choices"] == right.complete(prompt, 8)["choices"], f"another answer before kill {kill}"
            loaded += answer["timings"]["loaded_tokens"]
        kept = None
        if chance.random() < 0.7:
            written(server)
            kept = {"prompt": prompt, "tokens": len(prompt) - 1, "blocks": server.cold()["blocks"]}
        # And one that is in the midst of something.
        prompt = grown(chance, conversations)
        busy = threading.Thread(target=ask_in_vain, args=(server, prompt))
        busy.start()
        time.sleep(chance.random() * 0.15)
        server.kill()
        busy.join()
    server = Server(asked.larder, asked.fixtures, base)
    cold = server.cold()
    assert cold["quarantined_blocks"] + cold["quarantine_files"] == 0 and cold["problem"] == "", cold
    server.kill()
    return loaded


def ask_in_vain(server, prompt):
    try:
        server.complete(prompt, 200)
    except (OSError, urllib.error.URLError, json.JSONDecodeError, ConnectionError):
        pass


def wait_for(server, blocks):
    """What lost its row to the kill is adopted in the background."""
    end = time.monotonic() + PATIENCE
    while server.cold()["blocks"] < blocks:
        assert time.monotonic() < end, (server.cold(), blocks)
        time.sleep(0.02)


def written(server):
    end = time.monotonic() + PATIENCE
    while True:
        cold = server.cold()
        if cold["blocks"] > 0 and cold["staged_bytes"] == 0 and not cold["writing"]:
            return
        assert time.monotonic() < end, cold
        time.sleep(0.02)


if __name__ == "__main__":
    main()
