#!/usr/bin/env python3
"""Runs every example of docs/http_api.md against a server, as a reader would who copies it, and holds the replies against what the
page says they look like.

Usage: http_api_test.py PROGRAM FIXTURE_FOLDER HTTP_API_MD

An `sh` block is run by bash, line after line; every curl in it must succeed. What follows it says what comes out: a comment behind
the command (`# {"tokens": [19556]}`) or the next `json` or `http` block. Their JSON must have the reply's keys and kinds of values,
all the way down; for lists the first entry counts. "..." stands for anything. Values themselves belong to the model.
"""
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import larder_program  # noqa: E402

PROGRAM, FIXTURES, PAGE = (pathlib.Path(name).resolve() for name in sys.argv[1:4])
STARTER = os.environ.get("LARDER_STARTER")

# What a page for people leaves to the shell: failing loudly, silence about progress.
PRELUDE = 'curl() { command curl --silent --show-error --fail-with-body --max-time 100 "$@"; }\nset -e\n'


def blocks(text):
    """(language, lines) of the fenced blocks, in order."""
    return [(match[1], match[2]) for match in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)]


def commands(block):
    """(command, expected JSON or None) of an sh block: a command ends where its line does not end in a backslash."""
    lines = []
    for line in block.splitlines():
        lines.append(line)
        if line.rstrip().endswith("\\") or "\n".join(lines).count("'") % 2 == 1:
            continue
        command = "\n".join(lines)
        lines = []
        match = re.search(r"\s# (\{.*)$", command)
        yield (command[:match.start()], match[1]) if match else (command, None)


def shape_problem(expected, got, where="reply"):
    """Empty, or where the reply is not made as the page says."""
    if expected == "...":
        return ""
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            return f"{where} is {got!r}, not an object"
        for key, value in expected.items():
            if key not in got:
                return f"{where} has no {key!r}: {got!r}"
            problem = shape_problem(value, got[key], f"{where}.{key}")
            if problem:
                return problem
        return ""
    if isinstance(expected, list):
        if not isinstance(got, list):
            return f"{where} is {got!r}, not a list"
        return shape_problem(expected[0], got[0], f"{where}[0]") if expected and got else ""
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", type(None): "null"}
    if isinstance(expected, str) and got is None or expected is None:
        return ""  # null stands where nothing is known
    same = kinds[type(expected)] == kinds.get(type(got))
    return "" if same else f"{where} is {got!r}, where the page has {expected!r}"


def documents(text):
    """The JSON documents in a reply: one, or those of a stream's data lines."""
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: ") and line != "data: [DONE]"]
    return [json.loads(line) for line in lines] if lines else [json.loads(text)]


def expected_document(text):
    return json.loads(re.sub(r"(?<=[\[{,:\s])\.\.\.(?=[\]},\s])", '"..."', text))


class HttpApi(unittest.TestCase):
    def setUp(self):
        self.larder = larder_program.LarderProgram(PROGRAM)
        self.addCleanup(self.larder.remove)
        self.larder.models.mkdir()
        # The page's model is the starter; any model with a chat template has replies of the same make.
        shutil.copy(STARTER or FIXTURES / "tiny_llama_f32.gguf", self.larder.models / "SmolLM2-135M-Instruct.Q4_1.gguf")
        self.server = self.larder.begin("serve", "--port", "0", "--context", "8192")
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        self.assertTrue(select.select([self.server.stdout], [], [], larder_program.PATIENCE)[0], "the server does not start")
        line = self.server.stdout.readline().decode()
        self.assertIn("listening on ", line)
        self.address = line.split()[-1]

    def bash(self, script):
        return subprocess.run(["bash", "-c", PRELUDE + script], capture_output=True, text=True, timeout=larder_program.PATIENCE,
                              env=self.larder.environment())

    def test_every_example_does_what_the_page_says(self):
        page = PAGE.read_text().replace("http://127.0.0.1:1337", self.address).replace("~/.larder", str(self.larder.base))
        found = blocks(page)
        key = "KEY=$(cat " + str(self.larder.base) + "/api-key)\n"
        ran = 0
        for number, (language, block) in enumerate(found):
            if language != "sh":
                continue
            following = found[number + 1] if number + 1 < len(found) else ("", "")
            for command, comment in commands(block):
                with self.subTest(command=command):
                    done = self.bash(key + command)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    if "curl" not in command:
                        continue
                    ran += 1
                    expected = comment or (following[1] if following[0] == "json" else None)
                    if expected is None:
                        continue
                    replies = documents(done.stdout)
                    problems = [shape_problem(expected_document(expected), each) for each in replies]
                    self.assertIn("", problems, done.stdout)
        self.assertGreaterEqual(ran, 18, "the page's examples are not found any more")

    def test_every_route_of_the_page_is_there(self):
        table = re.findall(r"^\| (`(?:GET|POST|HEAD) .*?) \|", PAGE.read_text(), re.M)
        self.assertGreater(len(table), 5)
        key = (self.larder.base / "api-key").read_text().strip()
        for row in table:
            method = re.search(r"GET|POST|HEAD", row)[0]
            for path in re.findall(r"(?<![\w.])(/[\w/{}.-]+)", row.replace("`", " ")):
                if "{" in path or path.endswith("...") or "/N" in path:
                    continue  # of something that is not there
                with self.subTest(route=f"{method} {path}"):
                    method_option = ["--head"] if method == "HEAD" else ["-X", method]
                    status = subprocess.run(
                        ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-H", f"Authorization: Bearer {key}", "--max-time", "60",
                         *method_option, *(["-d", "{}"] if method == "POST" else []), self.address + path],
                        capture_output=True, text=True, env=self.larder.environment()).stdout
                    self.assertNotIn(status, ("000", "405", "404"), path)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
