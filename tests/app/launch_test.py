"""End to end: larder launch, with a test double for the agent: a script called claude that says what it was given.

Python's standard library only. Usage: launch_test.py PROGRAM FIXTURE_FOLDER [test names]
"""
import contextlib
import http.client
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from larder_program import PATIENCE, LarderProgram  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
FIXTURES = pathlib.Path(sys.argv[2]).resolve()
MODEL = "tiny_llama_f32"
WINDOW = "512"  # of the fixture
ONE_SENTENCE = r"^larder: [^\n]+\n$"

# A double at the keyboard: says what it reads and how often Ctrl-C came.
TYPIST = f"""#!{sys.executable}
import os, signal, sys
count = 0
def interrupted(number, frame):
    global count
    count += 1
    print("interrupted", count, flush=True)
signal.signal(signal.SIGINT, interrupted)
print("ready", flush=True)
for line in map(str.strip, sys.stdin):
    if line == "stop alone":
        os.kill(os.getpid(), signal.SIGSTOP)
    if line == "end":
        sys.exit(3)
    print("read", line, "after", count, flush=True)
"""

# The double: its arguments and environment as JSON, a question to the server it was pointed at, and the exit code it was told.
DOUBLE = f"""#!{sys.executable}
import json, os, signal, sys, time, urllib.request
names = [n for n in os.environ if n.startswith(("ANTHROPIC_", "CLAUDE_", "API_TIMEOUT")) or n == "KEPT"]
said = {{"arguments": sys.argv[1:], "environment": {{n: os.environ[n] for n in names}}, "folder": os.getcwd(), "input": ""}}
if "--read" in sys.argv:
    said["input"] = sys.stdin.read()
request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/models",
                                 headers={{"Authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"]}})
said["models"] = json.load(urllib.request.urlopen(request))["data"]
if "--wait" in sys.argv:
    def stop(number, frame):
        print("stopped by", number, flush=True)
        sys.exit(9)
    signal.signal(signal.SIGTERM, stop)
    print("waiting", flush=True)
    time.sleep(600)
if "--die" in sys.argv:
    os.kill(os.getpid(), signal.SIGKILL)
print(json.dumps(said))
sys.exit(int(sys.argv[sys.argv.index("--exit") + 1]) if "--exit" in sys.argv else 0)
"""


class LaunchTest(unittest.TestCase):
    def setUp(self):
        self.larder = LarderProgram(PROGRAM)
        self.addCleanup(self.larder.remove)
        self.larder.models.mkdir()
        shutil.copy(FIXTURES / f"{MODEL}.gguf", self.larder.models)
        self.bin = self.larder.base / "bin"
        self.bin.mkdir()
        (self.bin / "claude").write_text(DOUBLE)
        (self.bin / "claude").chmod(0o755)

    def path(self, with_agent=True):
        system = "/usr/bin:/bin"
        return {"PATH": f"{self.bin}:{system}" if with_agent else system, "KEPT": "yes"}

    def launch(self, *arguments, with_agent=True, **changes):
        return self.larder.run("launch", *arguments, **{**self.path(with_agent), **changes})

    def launched(self, *arguments, **changes):
        code, out, err = self.launch("claude", *arguments, **changes)
        self.assertEqual(code, 0, err)
        return json.loads(out), err

    @contextlib.contextmanager
    def server(self, *arguments):
        server = self.larder.begin("serve", "--port", "0", *arguments)
        try:
            line = server.stdout.readline().decode()
            self.assertIn("listening on ", line)
            yield line.split()[-1]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(PATIENCE)
            server.stdout.close()
            server.stderr.close()

    def key(self):
        return (self.larder.base / "api-key").read_text().strip()


class Launch(LaunchTest):
    def test_runs_the_agent_on_the_server_that_runs(self):
        with self.server() as address:
            said, err = self.launched("--", "-p", "fix the bug", "--flag=a b")
            self.assertEqual(said["arguments"], ["--model", MODEL, "--disallowedTools=LSP", "-p", "fix the bug", "--flag=a b"])
            given = said["environment"]
            self.assertEqual(given["ANTHROPIC_BASE_URL"], address)
            self.assertEqual(given["ANTHROPIC_AUTH_TOKEN"], self.key())
            self.assertEqual(given["ANTHROPIC_API_KEY"], "")
            self.assertEqual(given["CLAUDE_CODE_MAX_CONTEXT_TOKENS"], WINDOW)
            self.assertEqual(given["KEPT"], "yes", "the rest of the environment stays")
            self.assertTrue(said["models"][0]["loaded"], "the window is that of the loaded model")
            self.assertNotIn("serving on", err)
            self.assertRegex(err, r"larder: The window of tiny_llama_f32 has 512 tokens.*--context")

    def test_passes_on_input_and_exit_code(self):
        with self.server():
            code, out, err = self.larder.run("launch", "claude", "--", "--read", "--exit", "7", text="piped in", **self.path())
            self.assertEqual(code, 7, err)
            self.assertEqual(json.loads(out)["input"], "piped in")
            self.assertEqual(self.launch("claude", "--", "--die")[0], 128 + signal.SIGKILL)

    def test_serves_for_the_session_where_no_server_runs(self):
        said, err = self.launched()
        address = said["environment"]["ANTHROPIC_BASE_URL"]
        self.assertEqual(err.count(f"serving on {address} for this session"), 1)
        self.assertEqual([model["id"] for model in said["models"]], [MODEL])
        self.assertTrue(said["models"][0]["loaded"])
        self.assertFalse((self.larder.base / "server.json").exists(), "the server ended with the agent")
        host, port = address.removeprefix("http://").split(":")
        with self.assertRaises(OSError):
            http.client.HTTPConnection(host, int(port), timeout=5).connect()

    def test_context_counts_for_a_server_of_its_own(self):
        said, _ = self.launched("--context", "128")
        self.assertEqual(said["environment"]["CLAUDE_CODE_MAX_CONTEXT_TOKENS"], "128")
        self.assertEqual(said["environment"]["CLAUDE_CODE_MAX_OUTPUT_TOKENS"], "16")

    def test_a_signal_reaches_the_agent_and_the_server_ends_in_order(self):
        process = self.larder.begin("launch", "claude", "--", "--wait", **self.path())
        self.assertEqual(process.stdout.readline(), b"waiting\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 9)
        self.assertEqual(process.stdout.read(), b"stopped by 15\n")
        process.stdout.close()
        process.stderr.close()
        self.assertFalse((self.larder.base / "server.json").exists())

    def test_is_one_job_with_the_agent_for_the_shell(self):
        """Ctrl-C reaches the agent once, Ctrl-Z and fg stop and continue both, whoever was stopped."""
        (self.bin / "claude").write_text(TYPIST)
        process, terminal = pty.fork()
        if process == 0:
            os.execve("/bin/bash", ["bash", "--norc", "-i"], self.larder.environment(**self.path(), PS1="SHELL> ", TERM="dumb", LC_ALL="C"))
        self.addCleanup(os.close, terminal)
        seen = b""

        def expect(words):
            nonlocal seen
            while words.encode() not in seen:
                self.assertTrue(select.select([terminal], [], [], PATIENCE)[0], f"no {words} in {seen}")
                seen += os.read(terminal, 4096)
            before, seen = seen.split(words.encode(), 1)
            return before

        def type_in(text):
            os.write(terminal, text.encode())

        expect("SHELL> ")
        type_in(f"{PROGRAM} launch claude\n")
        expect("ready")
        for count in (1, 2):
            type_in("\x03")
            expect(f"interrupted {count}")
        type_in("first\n")
        expect("read first after 2")
        for stop in ("\x1a", "stop alone\n"):
            type_in(stop)
            expect("Stopped")
            expect("SHELL> ")
            type_in("fg\n")
            expect("launch claude")
            type_in("more\n")
            expect("read more after 2")
        type_in("end\n")
        expect("SHELL> ")
        type_in("echo code=$?\n")
        expect("code=3")
        type_in("exit\n")
        os.waitpid(process, 0)

    def test_dry_run_shows_a_command_that_works_and_hides_the_key(self):
        with self.server() as address:
            code, out, err = self.launch("claude", "--dry-run", "--", "-p", "it's fine", with_agent=False)
            self.assertEqual(code, 0, err)
            self.assertEqual(out.count("\n"), 1)
            self.assertNotIn(self.key(), out)
            self.assertIn(f"$(cat {self.larder.base}/api-key)", out)
            self.assertRegex(err, "larder: Claude Code was not found on this machine.*npm install")
            done = subprocess.run(["sh", "-c", out], capture_output=True, timeout=PATIENCE,
                                  env=self.larder.environment(**self.path()))
            self.assertEqual(done.returncode, 0, done.stderr)
            said = json.loads(done.stdout)
            self.assertEqual(said["environment"]["ANTHROPIC_AUTH_TOKEN"], self.key())
            self.assertEqual(said["environment"]["ANTHROPIC_BASE_URL"], address)
            self.assertEqual(said["arguments"][-2:], ["-p", "it's fine"])

    def test_dry_run_needs_no_server(self):
        (self.larder.base / "settings.json").write_text(json.dumps({"port": 4711}))
        code, out, _ = self.launch("claude", "--dry-run")
        self.assertEqual(code, 0)
        self.assertIn("ANTHROPIC_BASE_URL=http://127.0.0.1:4711 ", out)
        self.assertIn(f" {self.bin}/claude --model {MODEL} --disallowedTools=LSP", out)
        self.assertFalse((self.larder.base / "server.json").exists())
        self.assertFalse((self.larder.base / "api-key").exists(), "nothing is written")

    def test_dry_run_with_a_key_that_is_in_no_file(self):
        with self.server("--api-key", "my-key"):
            code, out, err = self.launch("claude", "--dry-run")
            self.assertEqual(code, 0)
            self.assertNotIn("my-key", out + err)
            self.assertIn('ANTHROPIC_AUTH_TOKEN="$LARDER_KEY"', out)
            self.assertIn("LARDER_KEY", err)
            self.assertEqual(self.launched()[0]["environment"]["ANTHROPIC_AUTH_TOKEN"], "my-key")

    def test_a_server_that_asks_for_no_key(self):
        with self.server("--no-api-key"):
            self.assertEqual(self.launched()[0]["environment"]["ANTHROPIC_AUTH_TOKEN"], "larder")
            self.assertIn("ANTHROPIC_AUTH_TOKEN=larder ", self.launch("claude", "--dry-run")[1])

    def test_which_model(self):
        shutil.copy(FIXTURES / "tiny_llama_f16.gguf", self.larder.models / "Other.gguf")

        def model(*arguments):
            return self.launched(*arguments)[0]["environment"]["ANTHROPIC_DEFAULT_SONNET_MODEL"]
        self.assertEqual(model("--model", "Other"), "Other")
        self.assertEqual(model("--model", "other.gguf"), "Other", "as larder run takes it")
        self.assertEqual(model("--model", self.larder.models / "Other.gguf"), "Other")
        (self.larder.base / "settings.json").write_text(json.dumps({"model": MODEL}))
        self.assertEqual(model(), MODEL)
        (self.larder.base / "settings.json").write_text("{}")
        with self.server("--model", "Other"):
            self.assertEqual(model(), "Other", "the loaded one")

    def test_warns_of_settings_that_win(self):
        settings = self.larder.base / ".claude" / "settings.json"
        settings.parent.mkdir()
        settings.write_text(json.dumps({"env": {"ANTHROPIC_BASE_URL": "https://elsewhere.example"}}))
        code, _, err = self.launch("claude", "--dry-run")
        self.assertEqual(code, 0)
        self.assertIn(f"{settings} sets ANTHROPIC_BASE_URL", err)
        self.assertNotIn("elsewhere", err)
        self.assertEqual(json.loads(settings.read_text())["env"]["ANTHROPIC_BASE_URL"], "https://elsewhere.example")

    def test_what_is_missing_is_one_sentence(self):
        for arguments, code, words in ((["emacs"], 2, "claude, codex, opencode, qwen"), ([], 2, "claude"), (["claude", "--model", "nothing"], 1, MODEL),
                                       (["claude", "--model", "nothing", "--dry-run"], 1, MODEL), (["claude", "--nothing"], 2, "--nothing")):
            ended, out, err = self.launch(*arguments)
            self.assertEqual((ended, out), (code, ""), arguments)
            self.assertRegex(err, ONE_SENTENCE, arguments)
            self.assertIn(words, err)
        ended, out, err = self.launch("claude", with_agent=False)
        self.assertEqual((ended, out), (1, ""))
        self.assertRegex(err, ONE_SENTENCE)
        self.assertIn("npm install -g @anthropic-ai/claude-code", err)
        (self.larder.models / f"{MODEL}.gguf").unlink()
        ended, out, err = self.launch("claude")
        self.assertEqual((ended, out), (1, ""))
        self.assertRegex(err, "larder: there is no model.*larder pull\n")

    def test_an_agent_that_cannot_be_started(self):
        (self.bin / "claude").write_text("#!/nowhere/interpreter\n")
        code, out, err = self.launch("claude")
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, f"larder: {self.bin}/claude cannot be started: ")

    def test_list(self):
        code, out, err = self.launch("--list")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, rf"claude +Claude Code +{self.bin}/claude\n")
        self.assertRegex(out, r"codex +Codex +no: npm install -g @openai/codex\n")
        listed = {each["id"]: each for each in json.loads(self.launch("--list", "--json")[1])}
        self.assertEqual(list(listed), ["claude", "codex", "opencode", "qwen"])
        self.assertEqual(listed["claude"], {"id": "claude", "name": "Claude Code", "found": True, "program": f"{self.bin}/claude",
                                            "install": "npm install -g @anthropic-ai/claude-code"})
        self.assertEqual((listed["qwen"]["found"], listed["qwen"]["program"]), (False, ""))


# Says what it was given, whichever agent it stands for.
ANY_DOUBLE = f"""#!{sys.executable}
import json, os, sys
print(json.dumps({{"arguments": sys.argv[1:], "environment": dict(os.environ)}}))
"""


class OtherAgents(LaunchTest):
    """Codex, OpenCode and Qwen Code, as far as a double can tell; tests/clients has the real ones."""

    def setUp(self):
        super().setUp()
        for name in ("codex", "opencode", "qwen"):
            (self.bin / name).write_text(ANY_DOUBLE)
            (self.bin / name).chmod(0o755)

    def start(self, *arguments, **changes):
        code, out, err = self.launch(*arguments, **changes)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def test_codex_is_told_by_arguments(self):
        with self.server() as address:
            said = self.start("codex", "--", "exec", "it's fine")
            self.assertIn(f'model_providers.larder.base_url="{address}/v1"', said["arguments"])
            self.assertIn(f'model="{MODEL}"', said["arguments"])
            self.assertIn(f"model_context_window={WINDOW}", said["arguments"])
            self.assertEqual(said["arguments"][-2:], ["exec", "it's fine"])
            self.assertEqual(said["environment"]["LARDER_KEY"], self.key())

    def test_opencode_is_told_by_a_variable(self):
        with self.server() as address:
            said = self.start("opencode")
            settings = json.loads(said["environment"]["OPENCODE_CONFIG_CONTENT"])
            self.assertEqual(settings["model"], f"larder/{MODEL}")
            self.assertEqual(settings["provider"]["larder"]["options"]["baseURL"], f"{address}/v1")
            self.assertEqual(said["environment"]["LARDER_KEY"], self.key())
            self.assertEqual(said["arguments"], [])

    def test_qwen_is_told_by_a_file_of_larders_made_anew(self):
        file = self.larder.base / "agents" / "qwen-code.json"
        file.parent.mkdir()
        file.write_text("old")
        file.chmod(0o644)
        with self.server() as address:
            said = self.start("qwen")
            self.assertEqual(said["environment"]["QWEN_CODE_SYSTEM_SETTINGS_PATH"], str(file))
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)
            self.assertEqual(json.loads(file.read_text())["modelProviders"]["openai"][0]["baseUrl"], f"{address}/v1")
            self.assertNotIn(self.key(), file.read_text())

    def test_dry_runs_work_in_a_shell(self):
        with self.server():
            for agent in ("codex", "opencode", "qwen"):
                code, out, err = self.launch(agent, "--dry-run", "--", "it's fine")
                self.assertEqual(code, 0, err)
                self.assertEqual(out.count("\n"), 1)
                self.assertNotIn(self.key(), out)
                self.assertFalse((self.larder.base / "agents").exists(), "nothing is written")
                done = subprocess.run(["sh", "-c", out], capture_output=True, timeout=PATIENCE, env=self.larder.environment(**self.path()))
                self.assertEqual(done.returncode, 0, done.stderr)
                said = json.loads(done.stdout)
                self.assertEqual(said["environment"]["LARDER_KEY"], self.key())
                self.assertEqual(said["arguments"][-1], "it's fine")
            self.assertEqual((self.larder.base / "agents" / "qwen-code.json").stat().st_mode & 0o777, 0o600)

    def test_one_that_is_not_here(self):
        for agent, package in (("codex", "@openai/codex"), ("opencode", "opencode-ai"), ("qwen", "@qwen-code/qwen-code")):
            ended, out, err = self.launch(agent, with_agent=False)
            self.assertEqual((ended, out), (1, ""))
            self.assertRegex(err, ONE_SENTENCE)
            self.assertIn(f"Install it with: npm install -g {package}", err)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
