"""End to end: starts the built larder as a user does, on a base directory of its own, and talks to it.

Python's standard library only. Usage: larder_test.py PROGRAM FIXTURE_FOLDER [test names]
"""
import http.client
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
