"""The servers that are asked: Larder in its modes, and llama-server. Both are started, killed and asked in the same way.

Times are seconds of time.perf_counter(). While an answer comes, only lines and times are noted.
"""
import contextlib
import dataclasses
import http.client
import json
import pathlib
import socket
import subprocess
import tempfile
import time

import disk
from prompts import Prompts
from served import PATIENCE, Problem, Server

LONG_PATIENCE = 900  # seconds for a long prompt
WARM_UP = [11, 12, 13, 14]  # a prompt that no trace begins with


@dataclasses.dataclass(frozen=True)
class Reply:
    ids: list
    prompt_tokens: int
    cached: int          # tokens of the prompt that were not computed
    ttft: float          # from sending the request to its first token here
    prefill: float       # the server's own time for the prompt


def exchange(port, path, fields):
    """(moment of sending, [(moment, JSON of a frame)]) of one streamed answer."""
    body = json.dumps({"stream": True, **fields}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_PATIENCE)
    with contextlib.closing(connection):
        connection.connect()
        sent = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": "application/json", "Connection": "close"})
        reply = connection.getresponse()
        if reply.status != 200:
            raise Problem(f"{path} answered {reply.status}: {reply.read(300).decode(errors='replace')}")
        lines = []
        while line := reply.readline():
            lines.append((time.perf_counter(), line))
    frames = [(moment, json.loads(line[6:])) for moment, line in lines if line.startswith(b"data: {")]
    for _, frame in frames:
        if "error" in frame:
            raise Problem(f"the answer broke off: {frame['error']}")
    return sent, frames


def _reply(sent, tokens, asked, prompt_tokens, cached, prefill_ms):
    """tokens: [(moment, ids)]"""
    ids = [token for _, frame in tokens for token in frame]
    if len(ids) != asked:
        raise Problem(f"{len(ids)} tokens came instead of {asked}")
    return Reply(ids, prompt_tokens, cached, tokens[0][0] - sent, prefill_ms / 1e3)


class Larder:
    """survives: what it knows outlives a restart."""

    def __init__(self, program, model, threads, folder, survives):
        self.survives = survives
        self._server = Server(program, model, threads, ["--cold-cache", "20G" if survives else "0"], folder)
        self.words = Prompts(self._server).ids
        self.warm_up()

    def forget_files(self):
        """The page cache has nothing of them any more."""
        disk.forget(self._server.base / "cache")

    def warm_up(self):
        """The model is loaded from here on."""
        self.ask(WARM_UP, 2)

    def kill(self):
        self._server.kill()

    def start(self):
        self._server.start()
        self.warm_up()

    def stop(self):
        self._server.stop()

    def ask(self, prompt, tokens, **more):
        """Answers of plain words: each is a token whose text is whole, so that none is held back for the next one. more: fields
        of the request.
        """
        sent, frames = exchange(self._server.port, "/v1/completions", {
            "prompt": prompt, "max_tokens": tokens, "temperature": 0, "ignore_eos": True, "logprobs": 0,
            "logit_bias": {str(word): 100 for word in self.words}, "stream_options": {"include_usage": True}, **more})
        found = [(moment, choice["logprobs"]["token_ids"]) for moment, frame in frames for choice in frame["choices"]
                 if choice.get("logprobs") and choice["logprobs"]["token_ids"]]
        usage = next(frame["usage"] for _, frame in reversed(frames) if frame.get("usage"))
        timings = next(frame["timings"] for _, frame in reversed(frames) if "timings" in frame)
        return _reply(sent, found, tokens, usage["prompt_tokens"], usage["prompt_tokens_details"]["cached_tokens"],
                      timings["prefill_ms"])


class LlamaServer:
    """With a cache of prompts in RAM without limit, and slots enough that no conversation of a trace has to leave its own."""

    survives = False

    def __init__(self, program, model, threads, options):
        self._folder = tempfile.TemporaryDirectory(prefix="larder-llama-")
        self._said = pathlib.Path(self._folder.name) / "said"
        self._command = [program, "-m", model, "-t", str(threads), "--host", "127.0.0.1", *options]
        self._start()
        self.words = Prompts(self).ids
        self.warm_up()

    def _start(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        with open(self._said, "wb") as said:
            self._process = subprocess.Popen([*self._command, "--port", str(self.port)], stdin=subprocess.DEVNULL, stdout=said,
                                             stderr=said)
        limit = time.perf_counter() + PATIENCE
        while not self._healthy():
            if self._process.poll() is not None or time.perf_counter() > limit:
                lines = self._said.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
                self.stop()
                raise Problem(f"llama-server did not start: {lines[-1]}")
            time.sleep(0.1)

    def _healthy(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        return False

    def tokenize(self, text):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("POST", "/tokenize", json.dumps({"content": text}), {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())["tokens"]

    def warm_up(self):
        self.ask(WARM_UP, 2)

    def kill(self):
        self._process.kill()
        self._process.wait()

    def forget_files(self):
        """It keeps none."""

    def start(self):
        self._start()
        self.warm_up()

    def stop(self):
        self.kill()
        self._folder.cleanup()

    def ask(self, prompt, tokens):
        sent, frames = exchange(self.port, "/completion", {
            "prompt": prompt, "n_predict": tokens, "temperature": 0, "ignore_eos": True, "cache_prompt": True, "return_tokens": True,
            "logit_bias": [[word, 100] for word in self.words]})
        found = [(moment, frame["tokens"]) for moment, frame in frames if frame.get("tokens")]
        timings = frames[-1][1]["timings"]
        return _reply(sent, found, tokens, timings["cache_n"] + timings["prompt_n"], timings["cache_n"], timings["prompt_ms"])
