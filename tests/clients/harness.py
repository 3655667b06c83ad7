"""What tests with real clients share: npm packages in the build folder, the real server with a scripted model, a proxy that
notes what went over the wire, and Claude Code and Codex, each in a home of its own (others: chat_agents.py).

Python's standard library only.
"""
import contextlib
import fcntl
import http.client
import http.server
import json
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "support"))
from gguf_template import with_template  # noqa: E402

SKIPPED = 77  # ctest's SKIP_RETURN_CODE here
PATIENCE = 120
PACKAGES = {"@anthropic-ai/claude-code": "2.1.328", "@anthropic-ai/sdk": "1.14.0", "@openai/codex": "0.169.0", "@qwen-code/qwen-code": "0.24.4",
            "openai": "7.57.0", "opencode-ai": "1.18.33"}


def skip(why):
    print("skipped:", why)
    sys.exit(SKIPPED)


def node_modules(build):
    """The packages, installed at the first call; ends the test as skipped where npm or its registry cannot be had."""
    folder = pathlib.Path(build).resolve() / "node"
    modules = folder / "node_modules"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if all(installed_version(modules / name) == version for name, version in PACKAGES.items()):
            return modules
        if not shutil.which("npm") or not shutil.which("node"):
            skip("node and npm are not installed")
        print("installing", *PACKAGES, flush=True)
        (folder / "package.json").write_text("{}\n")
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", *(f"{name}@{version}" for name, version in PACKAGES.items())]
        try:
            done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
        except subprocess.TimeoutExpired:
            skip("npm took longer than 10 minutes")
        if done.returncode != 0:
            skip("npm could not install the packages (no network?):\n" + "\n".join(done.stderr.splitlines()[-5:]))
    return modules


def installed_version(folder):
    with contextlib.suppress(OSError, ValueError):
        return json.loads((folder / "package.json").read_text())["version"]


def call(tool, **arguments):
    """A tool call as a model writes it."""
    return "<tool_call>\n" + json.dumps({"name": tool, "arguments": arguments}) + "\n</tool_call>"


class ScriptedLarder:
    """The server, on a base directory that outlives it. template: a file of tests/golden/chat_templates, instead of the model's
    plain ChatML, which knows no tools. name: the model's."""

    def __init__(self, program, rules, otherwise="There is nothing to say.", template=None, name="scripted", **options):
        self.program = program
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="larder-clients-"))
        self.models = self.base / "models"
        self.models.mkdir()
        # A vocabulary of 49,152 tokens where there is one; with the fixture nearly every byte is a token.
        starter = os.environ.get("LARDER_STARTER")
        self.bytes_per_token = 3.5 if starter else 1.0
        model = pathlib.Path(starter or TESTS / "fixtures" / "tiny_llama_f32.gguf").resolve()
        if template:
            with_template(model, self.models / f"{name}.gguf", (TESTS / "golden" / "chat_templates" / template).read_text())
        else:
            (self.models / f"{name}.gguf").symlink_to(model)
        self.model = name
        self.script = self.base / "script.json"
        self.options = {"context": self.tokens(230_000), **options}
        self.write_script(rules, otherwise)
        self.process = None

    def tokens(self, size):
        """About how many tokens so many bytes of text are."""
        return int(size / self.bytes_per_token)

    def write_script(self, rules, otherwise="There is nothing to say."):
        self.script.write_text(json.dumps({"rules": [{"find": find, "say": say} for find, say in rules.items()], "otherwise": otherwise}))

    def start(self):
        options = [f"--{name.replace('_', '-')}={value}" for name, value in self.options.items()]
        arguments = [part for option in options for part in option.split("=", 1)]
        self.process = subprocess.Popen([self.program, "--base-dir", self.base, "--model-dir", self.models, "--script", self.script,
                                         *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://"), line
        self.address = line.split()[-1]
        self.key = (self.base / "api-key").read_text().strip()
        return self

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE)
        if self.process:
            self.process.stdout.close()

    def remove(self):
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.base, ignore_errors=True)

    def get(self, path):
        request = urllib.request.Request(self.address + path, headers={"Authorization": f"Bearer {self.key}"})
        return json.loads(urllib.request.urlopen(request, timeout=PATIENCE).read())

    def post(self, path, body, **headers):
        """Status and document, errors too."""
        request = urllib.request.Request(self.address + path, json.dumps(body).encode(),
                                         {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers})
        try:
            reply = urllib.request.urlopen(request, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            reply = error
        return reply.status, json.loads(reply.read())

    def wait_until_written(self):
        """Until everything computed is on the disk."""
        wait(lambda: self.get("/api/status")["cold_cache"],
             lambda cold: cold["blocks"] > 0 and cold["staged_bytes"] == 0 and not cold["writing"])

    def wait_until_idle(self, seconds=PATIENCE):
        wait(lambda: self.get("/api/status"), lambda status: status["total"]["running"] + status["total"]["waiting"] == 0, seconds)


def wait(look, good, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not good(seen := look()):
        assert time.monotonic() < end, seen
        time.sleep(0.02)
    return seen


class Exchange:
    """One request and its reply."""

    def __init__(self, method, path, headers, body):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = json.loads(body) if body else None
        self.status = 0
        self.reply = b""
        self.complete = False

    def is_message(self):
        return self.method == "POST" and self.path.split("?")[0] == "/v1/messages"

    def is_response(self):
        """Of OpenAI's Responses protocol."""
        return self.method == "POST" and self.path == "/v1/responses"

    def is_chat(self):
        """Of OpenAI's chat protocol."""
        return self.method == "POST" and self.path == "/v1/chat/completions"

    def is_subagent(self):
        return "x-claude-code-agent-id" in self.headers

    def is_title(self):
        return not self.body.get("tools")

    def asks_for_summary(self):
        return "create a detailed summary" in json.dumps(self.body["messages"][-1])

    def is_main(self):
        return self.is_message() and not self.is_subagent() and not self.is_title() and not self.asks_for_summary()

    def events(self):
        """(type, document) of a stream."""
        found = []
        for block in self.reply.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
            if "data" in lines:
                found.append((lines.get("event"), json.loads(lines["data"])))
        return found

    def usage(self):
        if self.is_response():
            usage = self.response()["usage"]
            return {"prompt": usage["input_tokens"], "cache_read_input_tokens": usage["input_tokens_details"]["cached_tokens"],
                    "output_tokens": usage["output_tokens"]}
        if self.is_chat():
            usage = self.chat_usage()
            return {"prompt": usage["prompt_tokens"], "cache_read_input_tokens": usage["prompt_tokens_details"]["cached_tokens"],
                    "output_tokens": usage["completion_tokens"]}
        if not self.body.get("stream"):
            return json.loads(self.reply)["usage"]
        usage = {}
        for kind, document in self.events():
            if kind == "message_start":
                usage.update(document["message"]["usage"])
            elif kind == "message_delta":
                usage.update({name: value for name, value in document["usage"].items() if value is not None})
        return usage

    def chat_usage(self):
        """Of OpenAI's chat protocol, as it is there."""
        if not self.body.get("stream"):
            return json.loads(self.reply)["usage"]
        frames = [json.loads(line[6:]) for line in self.reply.decode().splitlines() if line.startswith("data: {")]
        return next(frame["usage"] for frame in reversed(frames) if frame.get("usage"))

    def response(self):
        """The response object, whole."""
        if not self.body.get("stream"):
            return json.loads(self.reply)
        return next(document["response"] for kind, document in self.events() if kind in ("response.completed", "response.incomplete"))

    def cached(self):
        return self.usage().get("cache_read_input_tokens") or 0

    def prompt(self):
        """Tokens of the prompt: Anthropic's three numbers are disjoint."""
        usage = self.usage()
        if "prompt" in usage:
            return usage["prompt"]
        return usage["input_tokens"] + self.cached() + (usage.get("cache_creation_input_tokens") or 0)

    def answered(self):
        return self.usage()["output_tokens"]

    def __repr__(self):
        what = "subagent" if self.is_subagent() else "message"
        with contextlib.suppress(Exception):
            return f"<{what} {self.status} prompt {self.prompt()} cached {self.cached()} answered {self.answered()}>"
        return f"<{self.method} {self.path} {self.status}>"


class Proxy:
    """Between client and server: notes every exchange, changes nothing. Its address stays when the server's does not."""

    def __init__(self, upstream):
        self.upstream = upstream  # "http://127.0.0.1:PORT"
        self.exchanges = []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                proxy.pass_on(self)

            do_GET = do_POST = do_HEAD = handle_one

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def pass_on(self, client):
        body = client.rfile.read(int(client.headers.get("Content-Length", 0)))
        exchange = Exchange(client.command, client.path, {name.lower(): value for name, value in client.headers.items()}, body)
        self.exchanges.append(exchange)
        connection = http.client.HTTPConnection(self.upstream.removeprefix("http://"), timeout=600)
        headers = {name: value for name, value in client.headers.items() if name.lower() not in ("host", "connection", "content-length")}
        try:
            connection.request(client.command, client.path, body or None, headers)
            reply = connection.getresponse()
            exchange.status = reply.status
            client.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                    client.send_header(name, value)
            client.send_header("Transfer-Encoding", "chunked")
            client.end_headers()
            while client.command != "HEAD" and (piece := reply.read1(65536)):
                exchange.reply += piece
                client.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                client.wfile.flush()
            if client.command != "HEAD":
                client.wfile.write(b"0\r\n\r\n")
            exchange.complete = True
        except OSError:
            client.close_connection = True
        finally:
            connection.close()

    def messages(self):
        return [each for each in self.exchanges if each.is_message()]

    def responses(self):
        """Those of OpenAI's Responses protocol that were answered."""
        return [each for each in self.exchanges if each.is_response() and each.status == 200]

    def chats(self, tool):
        """Of OpenAI's chat protocol, those that offer this tool and were answered."""
        return [each for each in self.exchanges if each.is_chat() and each.status == 200 and
                tool in [offered["function"]["name"] for offered in each.body.get("tools", [])]]

    def main_turns(self):
        """Of the main conversation, those that were answered."""
        return [each for each in self.exchanges if each.is_main() and each.status == 200]


class ClaudeCode:
    """The real client, in a home and a git folder of its own."""

    def __init__(self, modules, address, key, model, window):
        self.program = modules / "@anthropic-ai" / "claude-code" / "bin" / "claude.exe"
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="larder-claude-"))
        self.home = self.root / "home"
        self.folder = self.root / "work"
        self.home.mkdir()
        self.folder.mkdir()
        self.model = model
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", "TERM": "xterm-256color", "TMPDIR": str(self.root),
            "ANTHROPIC_BASE_URL": address, "ANTHROPIC_AUTH_TOKEN": key, "ANTHROPIC_API_KEY": "",
            "IS_SANDBOX": "1",  # it refuses to run as root otherwise
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1",  # this machine only
            "CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(window), "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "8192",
        }
        self.git("init", "-q", "-b", "main")
        (self.folder / "numbers.txt").write_text("one\ntwo\nthree\n")
        (self.folder / "README.md").write_text("# Scratch\n")
        self.git("add", ".")
        self.git("-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "-q", "-m", "Begin")

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def git(self, *arguments):
        subprocess.run(["git", *arguments], cwd=self.folder, env=self.environment, check=True, capture_output=True)

    def ask(self, prompt, *options, patience=PATIENCE):
        """One `claude -p`: exit code, the result document (None when there is none), everything it said."""
        command = [self.program, "-p", prompt, "--model", self.model, "--dangerously-skip-permissions", "--output-format", "json", *options]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=patience)
        with contextlib.suppress(ValueError):
            return done.returncode, json.loads(done.stdout), done.stdout + done.stderr
        return done.returncode, None, done.stdout + done.stderr


def run_for_events(command, folder, environment, patience):
    """A client that prints an event of JSON a line: exit code, its events, everything it said."""
    done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patience)
    events = []
    for line in done.stdout.splitlines():
        with contextlib.suppress(ValueError):
            events.append(json.loads(line))
    return done.returncode, events, done.stdout + done.stderr


class Codex:
    """The real client, in a home and a folder of its own, set up by options alone as the Agents page shows it."""

    def __init__(self, modules, address, model, key, window):
        self.program = modules / ".bin" / "codex"
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="larder-codex-"))
        self.folder = self.root / "work"
        for folder in (self.root / "home", self.root / "codex", self.folder):
            folder.mkdir()
        (self.folder / "numbers.txt").write_text("one\ntwo\nthree\n")
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.root / "home"), "CODEX_HOME": str(self.root / "codex"), "LANG": "C.UTF-8",
            "TMPDIR": str(self.root), "LARDER_KEY": key,
            "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1",  # this machine only
        }
        settings = {
            "model_provider": "larder", "model_providers.larder.name": '"Larder"', "model_providers.larder.base_url": f'"{address}/v1"',
            "model_providers.larder.wire_api": '"responses"', "model_providers.larder.env_key": '"LARDER_KEY"',
            "model_context_window": str(window), "analytics.enabled": "false",
        }
        self.options = ["-m", model, *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def ask(self, prompt, *options, resume=False, patience=PATIENCE):
        """One `codex exec`: exit code, its events, everything it said."""
        command = [self.program, "exec", *(["resume", "--last"] if resume else []), *self.options, *options, "--skip-git-repo-check",
                   "--dangerously-bypass-approvals-and-sandbox", "--json", prompt]
        return run_for_events(command, self.folder, self.environment, patience)


class Terminal:
    """Claude Code as a user sees it, in a terminal. Starts with a prompt; type() sends more."""

    def __init__(self, claude, prompt):
        trusted = {str(claude.folder): {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}}
        (claude.home / ".claude.json").write_text(json.dumps({"hasCompletedOnboarding": True, "theme": "dark", "projects": trusted}))
        # Only a client that may send what is not essential asks for a title.
        environment = {name: value for name, value in claude.environment.items() if name != "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"}
        environment.update(DISABLE_TELEMETRY="1", DISABLE_AUTOUPDATER="1", DISABLE_ERROR_REPORTING="1")
        master, slave = pty.openpty()
        self.master = master
        self.screen = b""
        self.process = subprocess.Popen([claude.program, "--model", claude.model, "--allowedTools", "Bash,Read,Edit", "--", prompt], cwd=claude.folder,
                                        env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        with contextlib.suppress(OSError):
            while piece := os.read(self.master, 65536):
                self.screen += piece

    def type(self, text):
        os.write(self.master, text.encode())
        time.sleep(0.5)  # else the line end counts as pasted text
        os.write(self.master, b"\r")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)
