#!/usr/bin/env python3
"""How fast larder pull is: against curl with one connection, in turn, from the fake hub on this machine; medians and ratios.

Usage: bench/download_rate.py [--larder build/release/larder] [--megabytes 500] [--repeats 5] [--limit 20] [--folder DIR]

First as fast as it goes (target: one connection has at least 80 % of curl's rate, though larder also computes the sha256
and syncs what it wrote), then with a hub that gives each connection so many megabytes a second (several must win). DIR is
where the files go; a folder in memory such as /dev/shm takes the disk out of the comparison. Standard library and curl only.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests" / "support"))
from larder_program import LarderProgram  # noqa: E402

REPOSITORY, FILE = "acme/Big", "Big-Q8_0.gguf"


class Hub:
    """The fake hub in a process of its own, so that it has its own interpreter lock."""

    def __init__(self, root):
        self.process = subprocess.Popen([sys.executable, SOURCE / "tests/support/fake_hub.py", "--root", root, "--until-eof"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.endpoint = json.loads(self.process.stdout.readline())["endpoint"]

    def limit(self, bytes_per_second):
        body = json.dumps({"rate": bytes_per_second}).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(urllib.request.Request(self.endpoint + "/_faults", body, method="POST")).read()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Contest:
    def __init__(self, hub, larder, folder):
        self.hub, self.larder, self.folder = hub, larder, folder

    def timed(self, command, **more):
        begin = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
        return time.monotonic() - begin

    def curl(self, then_hash=False):
        target = self.folder / "curl.gguf"
        url = f"{self.hub.endpoint}/{REPOSITORY}/resolve/main/{FILE}"
        seconds = self.timed(["curl", "-sSfL", "--noproxy", "*", "-o", target, url])
        if then_hash:
            seconds += self.timed(["sha256sum", target])
        target.unlink()
        return seconds

    def pull(self, connections):
        seconds = self.timed([self.larder.program, "pull", f"{REPOSITORY}:Q8_0", "--connections", str(connections)],
                             env=self.larder.environment(), stdin=subprocess.DEVNULL)
        shutil.rmtree(self.larder.models)
        return seconds

    def play(self, title, megabytes, repeats):
        players = {"curl, 1 connection": self.curl, "curl, then sha256sum": lambda: self.curl(then_hash=True),
                   "larder, 1 connection": lambda: self.pull(1), "larder, 4 connections": lambda: self.pull(4)}
        times = {name: [] for name in players}
        for repeat in range(repeats + 1):
            for name, player in players.items():
                seconds = player()
                if repeat > 0:  # the first round warms up
                    times[name].append(seconds)
        rates = {name: megabytes / statistics.median(seconds) for name, seconds in times.items()}
        print(f"{title}: {megabytes} MB, medians of {repeats}")
        for name, rate in rates.items():
            print(f"  {name:24} {rate:8.0f} MB/s  {rate / rates['curl, 1 connection']:6.2f} of curl")
        return rates


def write_file(path, megabytes):
    path.parent.mkdir(parents=True)
    block = os.urandom(1_000_000)
    with open(path, "wb") as out:
        for number in range(megabytes):
            out.write(number.to_bytes(8, "little") + block[8:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--larder", default=SOURCE / "build/release/larder", type=pathlib.Path)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--limit", type=int, default=20, help="megabytes per second and connection, for the second part")
    parser.add_argument("--folder", help="where to work (default: the temporary folder)")
    asked = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="download-rate-", dir=asked.folder))
    try:
        root = work / "hub"
        path = root / REPOSITORY / FILE
        write_file(path, asked.megabytes)
        (root / f"{REPOSITORY}.json").write_text('{"gguf": {"architecture": "llama", "context_length": 256, "total": 1000000}}')
        hub = Hub(root)
        larder = LarderProgram(asked.larder, HF_ENDPOINT=hub.endpoint)
        larder.remove()
        larder.base = work / "base"
        larder.base.mkdir()
        larder.models = larder.base / "models"
        try:
            free = Contest(hub, larder, work).play("as fast as it goes", asked.megabytes, asked.repeats)
            small = min(asked.megabytes, 5 * asked.limit)
            shutil.rmtree(root)
            write_file(path, small)
            (root / f"{REPOSITORY}.json").write_text('{"gguf": {"architecture": "llama", "context_length": 256, "total": 1000000}}')
            hub.limit(asked.limit * 1_000_000)
            limited = Contest(hub, larder, work).play(f"{asked.limit} MB/s for each connection", small, min(asked.repeats, 3))
        finally:
            hub.stop()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    one, four = free["larder, 1 connection"] / free["curl, 1 connection"], limited["larder, 4 connections"] / limited["larder, 1 connection"]
    print(f"one connection: {one:.2f} of curl (target 0.80); limited, four connections: {four:.2f} of one (target 2)")
    return 0 if one >= 0.8 and four >= 2 else 1


if __name__ == "__main__":
    sys.exit(main())
