"""A `larder serve` of one's own: started on any free port with a base directory that is thrown away."""
import contextlib
import http.client
import json
import pathlib
import select
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "tests" / "support"))
from larder_program import environment  # noqa: E402

PATIENCE = 120  # seconds for the model to load, or a short answer


class Problem(Exception):
    """One sentence that says what to do."""


class Server:
    """Runs from the constructor to stop(). One model, loaded; no key.

    base: its base directory, made in `folder` (the system's for temporary files unless named), which goes with stop().
    """

    def __init__(self, program, model, threads=0, options=(), folder=None, **changes):
        self._base = tempfile.TemporaryDirectory(prefix="larder-http-", dir=folder)
        self.base = pathlib.Path(self._base.name)
        self._command = [program, "serve", "--no-api-key", "--port", "0", "--model", model, "--threads", str(threads), *options]
        self._environment = environment(self.base, **changes)
        self._said = self.base / "stderr"
        self.start()

    def start(self):
        """Again, on the same base directory: after kill()."""
        with open(self._said, "wb") as said:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
                                             env=self._environment)
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        line = self._process.stdout.readline().decode() if ready else ""
        if not line.startswith("listening on "):
            said = self.last_words()
            self.stop()
            raise Problem(f"larder serve did not start: {said}")
        self.port = int(line.rsplit(":", 1)[1])

    def kill(self):
        """As a crash ends it: nothing more is written."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def ended(self):
        return self._process.poll() is not None

    def last_words(self):
        """The last line on its standard error, and its exit code if it has ended."""
        lines = self._said.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
        code = self._process.poll()
        return lines[-1] if code is None else f"{lines[-1]} (it ended with {code})"

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._base.cleanup()

    def post(self, path, fields):
        """The JSON of a short answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("POST", path, json.dumps(fields), {"Content-Type": "application/json"})
            reply = connection.getresponse()
            body = reply.read()
        if reply.status != 200:
            raise Problem(f"{path} answered {reply.status}: {body[:300].decode(errors='replace')}")
        return json.loads(body)

    def tokenize(self, text):
        return self.post("/tokenize", {"content": text})["tokens"]
