#!/usr/bin/env python3
"""A server answers and is killed (-9) or ended; what it had computed is lost in one way or another; the next one gets the same prompt
and says why it had to be computed: never that it is new.

Usage: tests/app/known_after_restart.py LARDER FIXTURES
"""
import contextlib
import json
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

LARDER, FIXTURES = sys.argv[1:3]
MODEL = "tiny_llama_q4_0"
PATIENCE = 60
PROMPT = [3 + i * 7 % 80 for i in range(300)]


class Server:
    def __init__(self, base, *options):
        self.base = base
        self.process = subprocess.Popen([LARDER, "serve", "--base-dir", base, "--model-dir", FIXTURES, "--model", MODEL, "--no-api-key",
                                         "--port", "0", "--threads", "1", "--hot-cache", "8M", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), line
        self.address = line.split()[-1]

    def request(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=PATIENCE) as reply:
            return json.loads(reply.read())

    def complete(self, prompt, **more):
        return self.request("/v1/completions", {"prompt": prompt, "max_tokens": 4, "temperature": 0, "ignore_eos": True, **more})

    def why(self):
        """Of the newest that ended, as `larder cache why --json` tells it."""
        for _ in range(100):  # its entry ends just after its answer, and may be settled when the record is read
            told = subprocess.run([LARDER, "cache", "why", "--json", "--base-dir", self.base], capture_output=True, timeout=PATIENCE, check=True)
            newest = json.loads(told.stdout)["requests"][0]
            if newest["ended_unix_ms"] > 0 and newest["cause"] != "unknown":
                return self.request(f"/api/requests/{newest['number']}")
            time.sleep(0.05)
        raise AssertionError("the request does not end")

    def written(self):
        last = None
        for _ in range(600):
            cold = self.request("/api/status")["cold_cache"]
            if not cold["writing"] and cold["blocks"] > 0 and cold["blocks"] == last:
                return cold["blocks"]
            last = None if cold["writing"] else cold["blocks"]
            time.sleep(0.1)
        raise AssertionError("blocks are never written")

    def kill(self):
        self.end(signal.SIGKILL)

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(PATIENCE)
        self.process.stdout.close()


class KnownAfterRestart(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.base = pathlib.Path(self.folder.name)
        self.running = []

    def tearDown(self):
        for server in self.running:
            if server.process.poll() is None:
                server.kill()

    def server(self, *options):
        self.running.append(Server(self.base, *options))
        return self.running[-1]

    def ask(self, server, prompt=PROMPT, **more):
        server.complete(prompt, **more)
        return server.why()

    def recorded(self, states):
        """Waits until the one prompt is in the record, in one of these states (PromptState)."""
        for _ in range(6000):
            with contextlib.suppress(sqlite3.OperationalError):  # it is being made
                with contextlib.closing(sqlite3.connect(f"file:{self.base}/prompts.sqlite3?mode=ro", uri=True)) as record:
                    if [state for state, in record.execute("SELECT state FROM prompts")] in [[state] for state in states]:
                        return
            time.sleep(0.01)
        raise AssertionError("the prompt is never recorded")

    def blocks(self):
        return sorted((self.base / "cache" / "blocks").rglob("*.safetensors"))

    def test_killed_without_a_cold_cache(self):
        first = self.server("--cold-cache", "0")
        self.assertEqual(self.ask(first)["cause"], "new")
        self.recorded((1,))
        first.kill()
        told = self.ask(self.server("--cold-cache", "0"))
        self.assertEqual(told["cause"], "not_written", told)
        self.assertIn("it is off", told["why"])
        self.assertEqual((told["shared_tokens"], told["closest_number"]), (300, 0))

    def test_the_cold_cache_was_off_then(self):
        first = self.server("--cold-cache", "0")
        self.ask(first)
        first.end()
        told = self.ask(self.server())
        self.assertEqual(told["cause"], "not_written", told)
        self.assertIn("was off then", told["why"])

    def test_killed_and_the_blocks_are_removed(self):
        first = self.server()
        self.ask(first)
        first.written()
        self.recorded((1,))
        first.kill()
        for block in self.blocks():
            block.unlink()
        told = self.ask(self.server())
        self.assertIn(told["cause"], ("not_written", "evicted"), told)
        self.assertRegex(told["why"], "removed|gone")

    def test_ended_and_the_cache_is_removed(self):
        first = self.server()
        self.ask(first)
        first.end()
        shutil.rmtree(self.base / "cache")
        told = self.ask(self.server())
        self.assertEqual(told["cause"], "evicted", told)
        self.assertIn("their files were removed", told["why"])

    def test_a_damaged_block(self):
        first = self.server()
        self.ask(first)
        first.written()
        first.end()
        for block in self.blocks():
            bytes_of = bytearray(block.read_bytes())
            bytes_of[-1] ^= 1
            block.write_bytes(bytes_of)
        told = self.ask(self.server())
        self.assertEqual(told["cause"], "damaged", told)

    def test_killed_while_it_was_computed(self):
        first = self.server("--cold-cache", "0")
        body = {"prompt": PROMPT, "max_tokens": 200, "ignore_eos": True, "stream": True}
        asked = urllib.request.Request(first.address + "/v1/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=PATIENCE) as reply:
            self.assertTrue(reply.readline())
            self.recorded((0, 1, 2))  # a small model may have ended it already
            first.kill()
        told = self.ask(self.server("--cold-cache", "0"))
        self.assertIn(told["cause"], ("not_written", "not_stored"), told)

    def test_what_is_still_there_is_no_miss_and_what_is_added_is_grown(self):
        first = self.server()
        self.ask(first)
        first.written()
        self.recorded((1,))
        first.kill()
        second = self.server()
        self.assertEqual(self.ask(second)["cause"], "nothing")
        second.end()
        told = self.ask(self.server(), PROMPT + [5] * 100)
        self.assertEqual(told["cause"], "differs", told)

    def test_what_nothing_may_be_kept_of_is_not_known_later(self):
        first = self.server()
        self.ask(first, cache={"no_store": True})
        first.end()
        self.assertEqual(self.ask(self.server())["cause"], "new")

    def test_what_was_cleared_is_not_known_later(self):
        for model in ("", MODEL):
            for running in (True, False):
                with self.subTest(model=model, running=running):
                    server = self.server()
                    self.ask(server)
                    server.written()
                    clear = [LARDER, "cache", "clear", "--base-dir", self.base, *([model] if model else []), "--yes"]
                    if not running:
                        server.end()
                    subprocess.run(clear, check=True, capture_output=True, timeout=PATIENCE)
                    server.end()
                    told = self.ask(again := self.server())
                    self.assertEqual(told["cause"], "new", told)
                    subprocess.run([LARDER, "cache", "clear", "--base-dir", self.base, "--yes"], check=True, capture_output=True, timeout=PATIENCE)
                    again.end()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
