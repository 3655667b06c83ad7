"""End to end: starts the built larder as a user does, on a base directory of its own, and talks to it.

Python's standard library only. Usage: larder_test.py PROGRAM FIXTURE_FOLDER [test names]
"""
import fcntl
import http.client
import http.server
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
FIXTURES = pathlib.Path(sys.argv[2]).resolve()
MODEL = "tiny_llama_f32"
PATIENCE = 120  # seconds until a step counts as hanging; sanitizer builds on a loaded machine are slow


def environment(**changes):
    values = {key: value for key, value in os.environ.items() if not key.startswith(("LARDER_", "HF_"))}
    values["HF_HOME"] = os.devnull  # not the user's own models
    values.update(changes)
    return values


def without_display(values):
    return {key: value for key, value in values.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}


class LarderTest(unittest.TestCase):
    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="larder-test-"))
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        (self.base / "models").mkdir()
        shutil.copy(FIXTURES / f"{MODEL}.gguf", self.base / "models")

    def larder(self, *arguments, text="", **changes):
        """Runs a command to its end: exit code, standard output, standard error."""
        done = subprocess.run([PROGRAM, *map(str, arguments)], input=text.encode(), capture_output=True, timeout=PATIENCE,
                              env=environment(LARDER_BASE_DIR=str(self.base), **changes))
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def start(self, *arguments, **changes):
        """Starts `larder serve` on a free port and waits for its line."""
        if "--port" not in arguments:
            arguments += ("--port", "0")
        server = subprocess.Popen([PROGRAM, "serve", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=environment(LARDER_BASE_DIR=str(self.base), **changes))
        self.addCleanup(self.kill, server)
        readable, _, _ = select.select([server.stdout], [], [], PATIENCE)
        self.assertTrue(readable, "no line in time")
        line = server.stdout.readline().decode()
        if not line:
            self.fail("serve ended: " + server.stderr.read().decode())
        self.assertRegex(line, r"^listening on http://127\.0\.0\.1:\d+\n$")
        self.port = int(line.rsplit(":", 1)[1])
        return server

    @staticmethod
    def kill(server):
        if server.poll() is None:
            server.kill()
        server.wait()
        server.stdout.close()
        server.stderr.close()

    def stop(self, server, number):
        server.send_signal(number)
        self.assertEqual(server.wait(PATIENCE), 0)
        self.assertEqual(server.stdout.read(), b"", "one line on standard output, no more")

    def key(self):
        return (self.base / "api-key").read_text().strip()

    def request(self, method, path, body=None, key=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        fields = dict(headers or {})
        if key is not None:
            fields["Authorization"] = f"Bearer {key}"
        if body is not None:
            fields["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection.request(method, path, body, fields)
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        return reply.status, text


class Serve(LarderTest):
    def test_answers_over_http(self):
        server = self.start()
        status, text = self.request("GET", "/health")
        self.assertEqual(status, 200, text)
        self.assertEqual(self.request("GET", "/v1/models")[0], 401)
        self.assertEqual(self.request("GET", "/v1/models", key="wrong")[0], 401)
        status, text = self.request("GET", "/v1/models", key=self.key())
        self.assertEqual(status, 200, text)
        self.assertEqual([model["id"] for model in json.loads(text)["data"]], [MODEL])
        self.assertEqual(self.request("GET", "/v1/models", headers={"x-api-key": self.key()})[0], 200)

        question = {"model": MODEL, "prompt": [1, 2, 3], "max_tokens": 5, "temperature": 0, "ignore_eos": True}
        status, text = self.request("POST", "/v1/completions", question, self.key())
        self.assertEqual(status, 200, text)
        answer = json.loads(text)
        self.assertEqual(answer["usage"]["prompt_tokens"], 3)
        self.assertEqual(answer["usage"]["completion_tokens"], 5)
        self.assertEqual(answer["choices"][0]["finish_reason"], "length")
        self.assertEqual(json.loads(self.request("POST", "/v1/completions", question, self.key())[1])["choices"],
                         answer["choices"], "the same question has the same answer")
        self.assertEqual(self.request("POST", "/v1/completions", dict(question, model="none"), self.key())[0], 404)
        self.stop(server, signal.SIGTERM)

    def test_stops_cleanly_on_either_signal_and_starts_again(self):
        keys = set()
        for number in (signal.SIGINT, signal.SIGTERM):
            server = self.start()
            self.assertTrue((self.base / "server.json").exists())
            self.stop(server, number)
            self.assertFalse((self.base / "server.json").exists())
            keys.add(self.key())
        self.assertEqual(len(keys), 1, "the key stays")

    def test_stops_while_an_answer_is_streaming(self):
        server = self.start("--model", MODEL)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        body = {"model": MODEL, "prompt": [1, 2, 3], "stream": True, "ignore_eos": True}
        connection.request("POST", "/v1/completions", json.dumps(body), {"Authorization": f"Bearer {self.key()}",
                                                                         "Content-Type": "application/json"})
        self.assertEqual(connection.getresponse().status, 200)
        self.stop(server, signal.SIGTERM)
        connection.close()

    def test_survives_being_killed(self):
        server = self.start()
        server.kill()
        server.wait()
        self.stop(self.start(), signal.SIGTERM)

    def test_what_it_writes_is_private(self):
        server = self.start()
        for name in ("api-key", "server.json"):
            self.assertEqual(stat.S_IMODE((self.base / name).stat().st_mode), 0o600, name)
        self.assertRegex(self.key(), r"^[0-9a-f]{64}$")
        self.stop(server, signal.SIGTERM)

    def test_makes_a_base_directory_that_is_private(self):
        base = self.base / "new" / "base"
        server = self.start("--base-dir", base)
        self.assertEqual(stat.S_IMODE(base.stat().st_mode), 0o700)
        self.stop(server, signal.SIGTERM)

    def test_is_alone_on_its_base_directory(self):
        server = self.start()
        code, out, err = self.larder("serve", "--port", "0")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, r"^larder: .*already runs.*\n$")
        self.assertIn(f":{self.port}", err)
        self.stop(server, signal.SIGTERM)

    def test_says_that_the_port_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            code, out, err = self.larder("serve", "--port", port)
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, rf"^larder: .*{port}.*\n$")

    def test_says_that_the_model_is_missing(self):
        code, out, err = self.larder("serve", "--port", "0", "--model", "nothing")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, rf"^larder: .*nothing.*{MODEL}.*\n$")

    def test_needs_a_key_where_others_can_reach_it(self):
        code, out, err = self.larder("serve", "--port", "0", "--host", "0.0.0.0", "--no-api-key")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, r"^larder: .*key.*\n$")

    def test_asks_no_key_when_told_so(self):
        server = self.start("--no-api-key")
        self.assertEqual(self.request("GET", "/v1/models")[0], 200)
        self.assertFalse((self.base / "api-key").exists())
        self.stop(server, signal.SIGTERM)

    def test_takes_the_key_it_is_given(self):
        server = self.start("--api-key", "my-key")
        self.assertEqual(self.request("GET", "/v1/models", key="my-key")[0], 200)
        self.assertEqual(self.request("GET", "/v1/models", key="other")[0], 401)
        self.stop(server, signal.SIGTERM)

    def test_without_a_command_and_a_display(self):
        """The tray app needs one; the sentence names the way without."""
        for display in ({}, {"DISPLAY": ":4711"}):
            done = subprocess.run([PROGRAM, "--port", "0"], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
                                  env={**without_display(environment(LARDER_BASE_DIR=str(self.base))), **display})
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertRegex(done.stderr.decode(), r"^larder: .*larder serve.*\n$")


class CommandLine(LarderTest):
    def test_usage_errors_are_one_sentence_and_2(self):
        for arguments in (["nothing"], ["serve", "--port", "99999"], ["serve", "--port", "x"], ["serve", "--threads", "-1"],
                          ["serve", "--hot-cache", "many"], ["serve", "--kv-type", "q9"], ["serve", "--nothing"], ["run"],
                          ["serve", "--api-key", "k", "--no-api-key"], ["list", "extra"], ["serve", "--max-running", "0"],
                          ["serve", "--model-memory", "much"], ["serve", "--idle-unload", "-1"]):
            code, out, err = self.larder(*arguments)
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertRegex(err, r"^larder: [^\n]+\n$", arguments)

    def test_help_and_version(self):
        code, out, err = self.larder("--help")
        self.assertEqual((code, err), (0, ""))
        for command in ("serve", "run", "list", "bench"):
            self.assertIn(command, out)
            self.assertEqual(self.larder(command, "--help")[0], 0)
        self.assertRegex(self.larder("--version")[1], r"^larder \d+\.\d+\.\d+\n$")
        self.assertEqual(self.larder("--version"), self.larder("version"))

    def test_an_instruction_set_that_is_not_there_is_2(self):
        for name in ("mmx", "AVX2", " ", "neon-i8mm" if os.uname().machine == "x86_64" else "avx2"):
            for command in (["serve", "--port", "0"], ["list"], ["run", MODEL, "hi"], ["bench"]):
                code, out, err = self.larder(*command, LARDER_ISA=name)
                self.assertEqual((code, out), (2, ""), (name, command))
                self.assertRegex(err, r"^larder: LARDER_ISA [^\n]*scalar[^\n]*\n$")
        self.assertEqual(self.larder("list", LARDER_ISA="scalar")[0], 0)
        self.assertEqual(self.larder("list", LARDER_ISA="")[0], 0)

    def test_broken_settings_are_named(self):
        (self.base / "settings.json").write_text('{"port": "high"}')
        for command in (["serve"], ["list"], ["run", MODEL, "hi"], ["bench"]):
            code, out, err = self.larder(*command)
            self.assertEqual((code, out), (1, ""), command)
            self.assertRegex(err, r'^larder: [^\n]*settings\.json[^\n]*"port"[^\n]*\n$')

    def test_bench_measures_what_is_named(self):
        code, out, err = self.larder("bench", MODEL, "--only", "prefill,decode", "--repeats", 1, "--threads", 1, "--json")
        self.assertEqual(code, 0, err)
        figures = json.loads(out)
        self.assertGreater(figures["decode_tok_s"], 0)
        self.assertNotIn("batch_decode_tok_s", figures)
        self.assertEqual(figures["threads"], 1)
        code, out, _ = self.larder("bench", MODEL, "--only", "decode", "--repeats", 1)
        self.assertEqual(code, 0)
        self.assertRegex(out, r"(?m)^decode +[0-9.]+ tokens/s$")
        code, out, err = self.larder("bench", MODEL, "--only", "warp")
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, r"^larder: --only: warp[^\n]+\n$")

    def test_bench_of_the_cache_needs_a_window(self):
        code, out, err = self.larder("bench", MODEL, "--cache")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, r"^larder: [^\n]*window of 512 tokens[^\n]*\n$")

    def test_list(self):
        shutil.copy(FIXTURES / f"{MODEL}.gguf", self.base / "models" / "half.gguf")
        with open(self.base / "models" / "half.gguf", "r+b") as half:
            half.truncate(half.seek(0, os.SEEK_END) // 2)
        code, out, err = self.larder("list")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out.splitlines()[0].split(), ["NAME", "SIZE", "TYPE", "CONTEXT", "PROBLEM"])
        self.assertEqual([line.split()[0] for line in out.splitlines()[1:]], ["half", MODEL])
        code, out, err = self.larder("list", "--json")
        self.assertEqual((code, err), (0, ""))
        half, model = json.loads(out)
        self.assertEqual((model["name"], model["architecture"], model["quantisation"], model["problem"]), (MODEL, "llama", "F32", ""))
        self.assertEqual(model["size_bytes"], (self.base / "models" / f"{MODEL}.gguf").stat().st_size)
        self.assertNotEqual(half["problem"], "")

    def test_list_of_nothing(self):
        empty = self.base / "empty"
        code, out, _ = self.larder("list", "--model-dir", empty)
        self.assertEqual(code, 0)
        self.assertIn(str(empty), out)
        self.assertEqual(self.larder("list", "--json", "--model-dir", empty)[:2], (0, "[\n]\n"))


class Numbers(LarderTest):
    QUESTION = {"model": MODEL, "prompt": list(range(1, 40)), "max_tokens": 7, "temperature": 0, "ignore_eos": True}

    def ask(self, **changes):
        status, text = self.request("POST", "/v1/completions", dict(self.QUESTION, **changes), self.key())
        self.assertEqual(status, 200, text)
        return json.loads(text)

    def metrics(self):
        status, text = self.request("GET", "/metrics", key=self.key())
        self.assertEqual(status, 200, text)
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    def status(self):
        code, out, err = self.larder("status", "--json")
        self.assertEqual((code, err), (0, ""))
        return json.loads(out)

    def test_everybody_tells_the_same_and_a_restart_forgets_nothing(self):
        code, out, err = self.larder("status")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("none runs", out)
        self.assertIsNone(self.status()["server"])
        for run in (1, 2):
            server = self.start()
            self.ask()
            self.ask()
            self.ask(stream=False, max_tokens=3)
            status = self.status()
            metrics = self.metrics()
            hours = json.loads(self.request("GET", "/api/usage?from=0", key=self.key())[1])["hours"]
            total, everything = status["total"], status["all_time"]
            self.assertEqual((total["requests"], total["generated_tokens"], total["prompt_tokens"]), (3, 17, 117))
            self.assertGreater(total["cached_tokens"], 0)
            for name in ("requests", "prompt_tokens", "cached_tokens", "loaded_tokens", "computed_tokens", "generated_tokens"):
                self.assertEqual(sum(model[name] for model in status["models"]), total[name], name)
                self.assertEqual(metrics[f'larder_{name}_total{{model="{MODEL}"}}'], total[name], name)
                self.assertEqual(sum(hour[name] for hour in hours), everything[name], name)
                self.assertEqual(sum(model[name] for model in everything["models"]), everything[name], name)
            self.assertEqual(everything["requests"], 3 * run)
            self.assertEqual(metrics[f'larder_ttft_seconds_count{{model="{MODEL}"}}'], 3)
            code, out, err = self.larder("status")
            self.assertEqual((code, err), (0, ""))
            self.assertRegex(out, rf"(?m)^{MODEL} +loaded ")
            self.stop(server, signal.SIGTERM)
            self.assertEqual(stat.S_IMODE((self.base / "usage.sqlite3").stat().st_mode), 0o600)
            self.assertEqual(self.status()["all_time"]["requests"], 3 * run)

    def test_a_killed_server_loses_seconds_and_a_broken_file_nothing_else(self):
        server = self.start()
        self.ask()
        self.stop(server, signal.SIGTERM)
        server = self.start()
        self.ask()
        server.kill()
        server.wait()
        self.assertIn(self.status()["all_time"]["requests"], (1, 2))
        (self.base / "usage.sqlite3").write_bytes(b"this is no database" * 100)
        for left in ("usage.sqlite3-wal", "usage.sqlite3-shm"):
            (self.base / left).unlink(missing_ok=True)
        server = self.start()
        self.ask()
        self.assertEqual(self.status()["all_time"]["requests"], 1)
        self.stop(server, signal.SIGTERM)
        self.assertTrue((self.base / "usage.sqlite3.broken").exists())
        self.assertEqual(self.status()["all_time"]["requests"], 1)

    def test_what_the_routes_refuse(self):
        server = self.start()
        for path in ("/api/status", "/metrics", "/api/usage", "/api/cache"):
            self.assertEqual(self.request("GET", path)[0], 401)
            self.assertEqual(self.request("POST", path, {}, self.key())[0], 405)
        self.assertEqual(self.request("GET", "/api/usage?from=yesterday", key=self.key())[0], 400)
        self.assertEqual(self.request("POST", "/api/cache/pin", {}, self.key())[0] in (400, 503), True)
        status, text = self.request("POST", "/v1/completions", dict(self.QUESTION, cache={"pin": True, "no_store": True}), self.key())
        self.assertEqual(status, 400)
        self.assertIn("cache.pin", text)
        self.assertIn("loaded_tokens", self.ask(cache={"no_store": True})["timings"])
        self.stop(server, signal.SIGTERM)


class Cache(LarderTest):
    def test_off_is_one_sentence_for_every_verb(self):
        verbs = (["stats"], ["ls"], ["verify"], ["pin", "ab"], ["unpin", "ab"], ["clear", "--yes"], ["export", "ab", self.base / "x"],
                 ["import", self.base / "x"])
        (self.base / "settings.json").write_text('{"cold_cache": 0}')
        for running in (False, True):
            server = self.start() if running else None
            for verb in verbs:
                code, out, err = self.larder("cache", *verb)
                self.assertEqual((code, out), (1, ""), verb)
                self.assertRegex(err, r"^larder: [^\n]+\n$", verb)
            if server:
                self.stop(server, signal.SIGTERM)

    def test_usage(self):
        for arguments in (["cache"], ["cache", "nothing"], ["cache", "pin"], ["cache", "export", "ab"], ["status", "extra"],
                          ["serve", "--cold-compression", "lz4"]):
            code, out, err = self.larder(*arguments)
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertRegex(err, r"^larder: [^\n]+\n$", arguments)
        for verb in ("stats", "ls", "verify", "pin", "unpin", "clear", "export", "import"):
            self.assertEqual(self.larder("cache", verb, "--help")[0], 0)


class ColdCache(LarderTest):
    """What is kept on the disk: over a restart and a kill, and every verb with and without a server."""
    QUESTION = {"model": MODEL, "prompt": list(range(3, 203)), "max_tokens": 20, "temperature": 0, "ignore_eos": True}

    def ask(self, **changes):
        status, text = self.request("POST", "/v1/completions", dict(self.QUESTION, **changes), self.key())
        self.assertEqual(status, 200, text)
        return json.loads(text)

    def wait_until_written(self, blocks):
        end = time.monotonic() + PATIENCE
        while True:
            cold = json.loads(self.request("GET", "/api/status", key=self.key())[1])["cold_cache"]
            if cold["blocks"] >= blocks and cold["staged_bytes"] == 0 and not cold["writing"]:
                return cold
            self.assertLess(time.monotonic(), end, cold)
            time.sleep(0.05)

    def json_of(self, *arguments):
        code, out, err = self.larder("cache", *arguments, "--json")
        self.assertEqual((code, err), (0, ""), arguments)
        return json.loads(out)

    def test_a_prompt_survives_a_stop_and_a_kill(self):
        server = self.start("--hot-cache", "64M")
        first = self.ask()
        self.assertEqual(first["timings"]["loaded_tokens"], 0)
        self.wait_until_written(4)
        for end in (lambda: self.stop(server, signal.SIGTERM), lambda: (server.kill(), server.wait())):
            end()
            server = self.start("--hot-cache", "64M")
            again = self.ask()
            self.assertEqual(again["choices"], first["choices"], "the same answer")
            self.assertEqual(again["timings"]["loaded_tokens"], 199)
            self.assertEqual(again["timings"]["computed_tokens"], 1)
            status = json.loads(self.request("GET", "/api/status", key=self.key())[1])
            self.assertEqual(status["total"]["loaded_tokens"], 199)
            self.assertGreater(status["cold_cache"]["hits"], 0)
        self.stop(server, signal.SIGTERM)

    def test_verbs_say_the_same_with_and_without_a_server(self):
        server = self.start()
        self.ask()
        self.wait_until_written(4)
        listed = self.json_of("ls")
        self.assertEqual([prefix["model"] for prefix in listed], [MODEL])
        one = listed[0]["id"]
        self.assertEqual(self.larder("cache", "pin", one[:10])[0], 0)
        self.assertTrue(self.json_of("ls")[0]["pinned"])
        exported = self.json_of("export", one, self.base / "with")
        self.assertEqual(stat.S_IMODE((self.base / "with").stat().st_mode), 0o600)
        self.assertEqual(self.json_of("verify")["bad_blocks"], 0)
        with_server = self.json_of("stats")["models"]
        self.stop(server, signal.SIGTERM)

        self.assertEqual(self.json_of("stats")["models"], with_server)
        self.assertEqual(self.json_of("verify")["bad_blocks"], 0)
        self.assertEqual({**self.json_of("export", one, self.base / "without"), "file": ""}, {**exported, "file": ""})
        self.assertEqual((self.base / "with").read_bytes(), (self.base / "without").read_bytes())
        self.assertEqual(self.json_of("clear", "--yes")["bytes"], 0, "what is pinned stays")
        self.assertGreater(self.json_of("clear", MODEL, "--pinned-too", "--yes")["bytes"], 0)
        self.assertEqual(self.json_of("ls"), [])
        code, out, err = self.larder("cache", "ls")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("nothing is kept", out)
        code, out, err = self.larder("cache", "import", self.base / "with")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, r"^larder: [^\n]*start the server[^\n]*\n$")

        server = self.start()
        imported = self.json_of("import", self.base / "with")
        self.assertEqual((imported["model"], imported["tokens"]), (MODEL, exported["tokens"]))
        self.assertEqual(self.ask()["timings"]["loaded_tokens"], 199)
        damaged = bytearray((self.base / "with").read_bytes())
        damaged[len(damaged) // 2] ^= 1
        (self.base / "damaged").write_bytes(damaged)
        for verb in (["pin", "zz"], ["clear", "nothing", "--yes"], ["export", one, self.base / "none" / "x"],
                     ["import", self.base / "none"], ["import", self.base / "damaged"]):
            code, out, err = self.larder("cache", *verb)
            self.assertEqual((code, out), (1, ""), verb)
            self.assertRegex(err, r"^larder: [^\n]+\n$", verb)
        self.stop(server, signal.SIGTERM)

    def test_no_store_leaves_nothing_and_pin_pins(self):
        server = self.start()
        self.ask(cache={"no_store": True})
        self.request("POST", "/v1/completions", self.QUESTION, self.key(), {"Cache-Control": "no-store"})
        kept = self.ask(prompt=list(range(100, 300)), cache={"pin": True})
        self.assertEqual(kept["usage"]["prompt_tokens_details"]["cached_tokens"], 0)
        self.wait_until_written(4)
        self.assertEqual(len(self.json_of("ls")), 1, "of the others nothing is there")
        model, = self.json_of("stats")["models"]
        self.assertEqual(model["pinned_bytes"] * 4, model["bytes"] * 3, "three whole blocks of prompt; its end and the answer are the fourth")
        self.assertEqual(self.ask()["timings"]["cached_tokens"], 0)
        self.stop(server, signal.SIGTERM)

    def test_a_damaged_block_is_found(self):
        server = self.start()
        self.ask()
        self.wait_until_written(4)
        self.stop(server, signal.SIGTERM)
        block = max((path for path in (self.base / "cache" / "blocks").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
        with open(block, "r+b") as file:
            file.seek(block.stat().st_size // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        code, out, err = self.larder("cache", "verify")
        self.assertEqual(code, 1)
        self.assertIn("1 damaged", out)
        self.assertIn("checksum", err, "the log names the block")
        self.assertEqual(self.larder("cache", "verify")[0], 0, "it is in quarantine")


class CannedServer(http.server.BaseHTTPRequestHandler):
    """Answers what a test put into `answers`, by method and path; notes what was asked."""

    def answer(self, method):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((method, self.path, json.loads(body) if body else None, self.headers["Authorization"]))
        status, text = self.server.answers[(method, self.path)]
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def log_message(self, *_):
        pass


class Why(LarderTest):
    """What a server says of the requests it really had."""
    def ask(self, prompt, **more):
        question = {"model": MODEL, "prompt": prompt, "max_tokens": 3, "temperature": 0, "ignore_eos": True, **more}
        status, text = self.request("POST", "/v1/completions", question, self.key())
        self.assertEqual(status, 200, text)

    def newest(self):
        code, out, err = self.larder("cache", "why", "--json")
        self.assertEqual((code, err), (0, ""))
        number = json.loads(out)["requests"][0]["number"]
        return json.loads(self.larder("cache", "why", str(number), "--json")[1])

    def test_without_a_server(self):
        code, out, err = self.larder("cache", "why")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, r"^larder: no server runs on [^\n]*\n$")

    def test_causes(self):
        server = self.start()
        self.assertEqual(self.larder("cache", "why"), (0, "no request came since the server started\n", ""))
        first = [1 + i % 200 for i in range(150)]
        self.ask(first)
        self.assertEqual((self.newest()["cause"], self.newest()["state"], self.newest()["prompt_tokens"]), ("new", "done", 150))
        self.ask(first)
        self.assertEqual(self.newest()["cause"], "nothing")
        self.ask(first[:100] + [7] * 50)
        differs = self.newest()
        self.assertEqual((differs["cause"], differs["shared_tokens"], differs["cached_tokens"]), ("differs", 100, 100))
        self.assertNotEqual(differs["known_text"], differs["asked_text"])
        unkept = {"model": MODEL, "prompt": [9] * 100, "max_tokens": 1, "temperature": 0}
        self.assertEqual(self.request("POST", "/v1/completions", unkept, self.key(), {"Cache-Control": "no-store"})[0], 200)
        self.ask([9] * 100)
        self.assertEqual(self.newest()["cause"], "not_stored")
        self.ask(first, echo=True, logprobs=0)
        self.assertEqual(self.newest()["cause"], "asked")
        self.assertEqual(self.larder("cache", "clear", "--yes")[0], 0)
        self.ask(first)
        self.assertEqual(self.newest()["cause"], "evicted")
        code, out, err = self.larder("cache", "why")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("150 tokens in the prompt: 0 from the cache; 150 computed", out)
        self.assertEqual(self.request("POST", "/api/requests/1/cancel", key=self.key())[0], 404)
        self.stop(server, signal.SIGTERM)


class CacheOfAServer(LarderTest):
    """The commands against documents of the API, without a cache: a server that is not ours holds the lock."""
    PREFIXES = [
        {"id": "abcdef0123", "model": "tiny", "tokens": 12345, "bytes": 5_000_000, "own_bytes": 1_000_000, "uses": 3,
         "created_unix_ms": 1, "last_used_unix_ms": 1_700_000_000_000, "pinned": True},
        {"id": "abcdef0199", "model": "tiny", "tokens": 64, "bytes": 4096, "own_bytes": 4096, "uses": 1, "created_unix_ms": 1,
         "last_used_unix_ms": 1_700_000_000_000, "pinned": False}]
    MODELS = [{"name": "tiny", "identity": "00", "blocks": 200, "bytes": 5_004_096, "pinned_bytes": 5_000_000, "prefixes": 2,
               "last_used_unix_ms": 1_700_000_000_000}]
    COLD = {"on": True, "folder": "/base/cache", "limit_bytes": 20_000_000_000, "used_bytes": 5_100_000, "blocks": 200, "hits": 7}

    def setUp(self):
        super().setUp()
        self.lock = open(self.base / "LOCK", "w")
        self.addCleanup(self.lock.close)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), CannedServer)
        self.server.answers, self.server.asked = {}, []
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(lambda: (self.server.shutdown(), thread.join(), self.server.server_close()))
        (self.base / "server.json").write_text(json.dumps(
            {"address": f"http://127.0.0.1:{self.server.server_port}", "api_key": "k", "pid": os.getpid()}))
        self.answers("GET", "/api/cache", {"cold_cache": self.COLD, "models": self.MODELS, "prefixes": self.PREFIXES})

    def answers(self, method, path, document, status=200):
        self.server.answers[(method, path)] = (status, document if isinstance(document, str) else json.dumps(document))

    def asked(self):
        return [(method, path, body) for method, path, body, _ in self.server.asked]

    def test_lists_and_sums(self):
        code, out, err = self.larder("cache", "ls")
        self.assertEqual((code, err), (0, ""))
        lines = [line.split() for line in out.splitlines()]
        self.assertEqual(lines[0][:3], ["ID", "MODEL", "TOKENS"])
        self.assertEqual([line[0] for line in lines[1:]], ["abcdef012", "abcdef019"], "as short as tells them apart")
        self.assertEqual(lines[1][2], "12,345")
        self.assertEqual(lines[1][-1], "yes")
        self.assertEqual(json.loads(self.larder("cache", "ls", "--json")[1]), self.PREFIXES)
        code, out, err = self.larder("cache", "stats")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("5.1 MB of 20 GB", out.replace("20.0 GB", "20 GB"))
        self.assertRegex(out, r"(?m)^tiny +5\.0 MB")
        self.assertEqual(json.loads(self.larder("cache", "stats", "--json")[1]), {"cold_cache": self.COLD, "models": self.MODELS})
        self.assertEqual({key for *_, key in self.server.asked}, {"Bearer k"})

    def test_pins_exports_and_imports(self):
        self.answers("POST", "/api/cache/pin", {"id": "abcdef012", "pinned": True})
        self.assertEqual(self.larder("cache", "pin", "abcdef012"), (0, "pinned abcdef012\n", ""))
        self.assertEqual(self.larder("cache", "unpin", "abcdef012"), (0, "unpinned abcdef012\n", ""))
        self.answers("POST", "/api/cache/export", {"file": "/x", "tokens": 12345, "blocks": 193, "bytes": 5_000_000})
        code, out, err = self.larder("cache", "export", "abc", "x.larder")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("12,345 tokens", out)
        self.answers("POST", "/api/cache/import", {"model": "tiny", "tokens": 128, "blocks": 2, "bytes": 4096, "checked_block": 1})
        code, out, err = self.larder("cache", "import", "/y")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("128 tokens of tiny", out)
        self.assertEqual(self.asked(), [
            ("POST", "/api/cache/pin", {"id": "abcdef012", "pinned": True}),
            ("POST", "/api/cache/pin", {"id": "abcdef012", "pinned": False}),
            ("POST", "/api/cache/export", {"id": "abc", "file": os.path.join(os.getcwd(), "x.larder")}),
            ("POST", "/api/cache/import", {"file": "/y"})])

    def test_clears_only_when_sure(self):
        self.answers("POST", "/api/cache/clear", {"blocks": 200, "bytes": 4096, "kept_pinned_blocks": 3})
        code, out, err = self.larder("cache", "clear")
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, r"^larder: [^\n]*--yes\n$")
        self.assertNotIn("POST", [method for method, *_ in self.asked()])
        code, out, err = self.larder("cache", "clear", "tiny", "--pinned-too", "--yes")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("200 blocks", out)
        self.assertIn("3 pinned blocks stay", out)
        self.assertEqual(self.asked()[-1], ("POST", "/api/cache/clear", {"model": "tiny", "pinned_too": True}))
        self.assertEqual(json.loads(self.larder("cache", "clear", "--yes", "--json")[1])["bytes"], 4096)

    REQUEST = {"number": 7, "id": "chatcmpl-1", "model": "tiny", "protocol": "openai chat", "title": "Say \x1b[31mred", "state": "done",
               "priority": "interactive", "started_unix_ms": 1_700_000_000_000, "ended_unix_ms": 1_700_000_001_000, "prompt_tokens": 12345,
               "cached_tokens": 12000, "followed_tokens": 0, "loaded_tokens": 500, "done_tokens": 12345, "answer_tokens": 3,
               "prefill_ms": 1234.5, "cause": "differs", "shared_tokens": 12000, "closest_tokens": 12900, "closest_number": 5}
    TEXTS = {"why": "It leaves the closest known prompt.", "shared_text": "a\nb", "known_text": "Mon\x1b[2Jday", "asked_text": "Tuesday"}

    def test_says_why(self):
        waiting = dict(self.REQUEST, number=8, state="waiting", ended_unix_ms=0, cause="unknown")
        self.answers("GET", "/api/requests", {"requests": [waiting] + [dict(self.REQUEST, number=7 - i) for i in range(12)]})
        self.answers("GET", "/api/requests/7", dict(self.REQUEST, **self.TEXTS))
        code, out, err = self.larder("cache", "why")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"(?m)^NO +STARTED")
        self.assertRegex(out, r"(?m)^8 .* waiting ")
        self.assertRegex(out, r"(?m)^7 .* tiny +12,345 +12,000 +345 +3 +differs ")
        self.assertNotRegex(out, r"(?m)^-2 ", "the last ten")
        self.assertIn("12,345 tokens in the prompt: 12,000 from the cache, 500 of them read from the disk; 345 computed in 1.2 s", out)
        self.assertIn("It leaves the closest known prompt.\n", out)
        self.assertIn("(request 5):\n  | a\n  | b\nThere stood:\n  | Mon [2Jday\nHere stands:\n  | Tuesday\n", out)
        self.assertNotIn("\x1b", out, "nothing in a prompt steers the terminal")
        self.assertIn(out.split("\n\n", 1)[1], self.larder("cache", "why", "7")[1])
        self.assertEqual(json.loads(self.larder("cache", "why", "7", "--json")[1]), dict(self.REQUEST, **self.TEXTS))
        self.assertEqual(len(json.loads(self.larder("cache", "why", "--json")[1])["requests"]), 13)
        self.answers("GET", "/api/requests/9", {"error": {"message": "There is no request 9."}}, 404)
        self.assertEqual(self.larder("cache", "why", "9"), (1, "", "larder: There is no request 9.\n"))
        self.answers("GET", "/api/requests", {"requests": []})
        self.assertEqual(self.larder("cache", "why")[1], "no request came since the server started\n")
        self.assertEqual(self.larder("cache", "why", "x")[0], 2)

    def test_asks_a_person(self):
        import pty
        self.answers("POST", "/api/cache/clear", {"blocks": 1, "bytes": 1, "kept_pinned_blocks": 0})
        for typed, cleared in ((b"n\n", False), (b"y\n", True)):
            main, side = pty.openpty()
            program = subprocess.Popen([PROGRAM, "cache", "clear"], stdin=side, stdout=side, stderr=side, start_new_session=True,
                                       env=environment(LARDER_BASE_DIR=str(self.base)))
            os.close(side)
            os.write(main, typed)
            self.assertEqual(program.wait(PATIENCE), 0 if cleared else 1)
            self.assertIn(b"4.1 KB", os.read(main, 65536), "what is pinned stays")
            os.close(main)
            self.assertEqual(any(method == "POST" for method, *_ in self.asked()), cleared)

    def test_verifies(self):
        def events(bad, complete):
            result = {"blocks": 200, "bytes": 5_000_000, "bad_blocks": bad, "complete": complete}
            return "".join(f"data: {line}\n\n" for line in ('{"progress":0.5}', json.dumps({"result": result}), "[DONE]"))
        for bad, complete, expected in ((0, True, 0), (2, True, 1), (0, False, 1)):
            self.answers("POST", "/api/cache/verify", events(bad, complete))
            code, out, err = self.larder("cache", "verify")
            self.assertEqual((code, err), (expected, ""))
            self.assertIn("200 blocks", out)
            self.assertEqual(json.loads(self.larder("cache", "verify", "--json")[1])["bad_blocks"], bad)

    def test_what_the_server_says_is_the_sentence(self):
        for status in (400, 404, 500, 503, 507):
            for path in ("pin", "clear", "verify", "export", "import"):
                self.answers("POST", "/api/cache/" + path, {"error": {"message": f"it is {status}"}}, status)
            for verb in (["pin", "ab"], ["unpin", "ab"], ["clear", "--yes"], ["verify"], ["export", "ab", "x"], ["import", "x"]):
                self.assertEqual(self.larder("cache", *verb), (1, "", f"larder: it is {status}\n"), verb)


class Run(LarderTest):
    ASK = ("--temperature", "0", "--max-tokens", "8")

    def test_answers_one_prompt_without_a_server(self):
        code, out, err = self.larder("run", MODEL, "hello", *self.ASK, "--verbose")
        self.assertEqual(code, 0, err)
        self.assertRegex(err, r"prompt tokens: [1-9]\d* ")
        self.assertRegex(err, r"eval tokens: +[1-9]\d*, ")
        self.assertEqual(self.larder("run", MODEL, *self.ASK, text="hello")[1], out, "a prompt may be piped in")
        self.assertEqual(self.larder("run", MODEL, "hello", *self.ASK)[1], out, "the same prompt has the same answer")
        self.assertEqual(self.larder("run", self.base / "models" / f"{MODEL}.gguf", "hello", *self.ASK)[1], out)
        self.assertFalse((self.base / "server.json").exists())

    def test_uses_the_server_that_runs(self):
        alone = self.larder("run", MODEL, "hello", *self.ASK)[1]
        server = self.start()
        code, out, err = self.larder("run", MODEL, "hello", *self.ASK)
        self.assertEqual((code, out), (0, alone), err)
        self.assertEqual(self.larder("run", self.base / "models" / f"{MODEL}.gguf", "hello", *self.ASK)[1], alone)
        self.assertTrue((self.base / "server.json").exists(), "the server is still there")
        code, _, err = self.larder("run", FIXTURES / "tiny_llama_f16.gguf", "hello")
        self.assertEqual(code, 1)
        self.assertRegex(err, r"^larder: [^\n]*model folder[^\n]*\n$")
        code, _, err = self.larder("run", "nothing", "hello")
        self.assertEqual(code, 1)
        self.assertRegex(err, r"^larder: [^\n]*nothing[^\n]*\n$")
        self.stop(server, signal.SIGTERM)

    def test_an_unknown_model_is_one_sentence(self):
        code, out, err = self.larder("run", "nothing", "hello")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, rf"^larder: [^\n]*nothing[^\n]*{MODEL}[^\n]*\n$")

    def test_an_empty_prompt_is_usage(self):
        self.assertEqual(self.larder("run", MODEL, " ")[0], 2)
        self.assertEqual(self.larder("run", MODEL, text="\n")[0], 2)

    def test_chats_in_a_terminal(self):
        import pty
        main, side = pty.openpty()
        chat = subprocess.Popen([PROGRAM, "run", MODEL, *self.ASK], stdin=side, stdout=side, stderr=side, start_new_session=True,
                                env=environment(LARDER_BASE_DIR=str(self.base)))
        os.close(side)
        self.addCleanup(lambda: (chat.poll() is None and chat.kill(), chat.wait()))
        seen = b""

        def wait_for(words, times):
            nonlocal seen
            end = time.monotonic() + PATIENCE
            while seen.count(words) < times:
                self.assertLess(time.monotonic(), end, seen)
                if select.select([main], [], [], 1)[0]:
                    seen += os.read(main, 65536)

        wait_for(b">>> ", 1)
        os.write(main, b"hello\n")
        wait_for(b">>> ", 2)
        os.write(main, b"/clear\nagain\n")
        wait_for(b">>> ", 4)
        os.write(main, b"/exit\n")
        self.assertEqual(chat.wait(PATIENCE), 0)
        os.close(main)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
