#!/usr/bin/env python3
"""`larder launch AGENT` with the real Codex, OpenCode and Qwen Code against the whole server: a task with a tool, a second process, a home
whose settings lead elsewhere, and nothing of it changed. Only the model is a double. (Claude Code: claude_code_test.py.)

Usage: launch_test.py SCRIPTED_LARDER LARDER BUILD_FOLDER [test names]
Exit code 77: skipped, because npm or its registry is missing.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import ScriptedLarder, call, node_modules

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
LARDER = pathlib.Path(sys.argv[2]).resolve()
PROGRAMS = node_modules(sys.argv[3]) / ".bin"
BLOCK = 64  # tokens; what is left of the last block may be computed again


class LaunchTest(unittest.TestCase):
    def begin(self, rules):
        self.server = ScriptedLarder(PROGRAM, rules)
        self.addCleanup(self.server.remove)
        self.server.start()
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="larder-launch-"))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.home = self.root / "home"
        self.folder = self.root / "work"
        for folder in (self.home, self.folder, self.root / "tmp"):
            folder.mkdir()
        (self.folder / "numbers.txt").write_text("one\ntwo\nthree\n")
        self.environment = {
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": str(self.home), "LANG": "C.UTF-8",
            "TMPDIR": str(self.root / "tmp"), "LARDER_BASE_DIR": str(self.server.base),
            "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1",  # this machine only
            "OPENAI_API_KEY": "sk-of-the-user", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_MODEL": "of-the-user",
        }

    def settings(self, place, text):
        """A file of the user's, which stays as it is."""
        file = self.home / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.addCleanup(lambda: self.assertEqual(file.read_text(), text, "nothing of the user's is written"))

    def launch(self, agent, *arguments):
        done = subprocess.run([LARDER, "launch", agent, "--model", self.server.model, "--", *arguments], cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def numbers(self):
        return (self.folder / "numbers.txt").read_text()

    def assertAllFollow(self):
        """Of the conversation's requests each finds in the cache what the one before it left."""
        requests = [each for each in self.server.get("/api/requests")["requests"] if each["cause"] == "grown"]
        self.assertGreaterEqual(len(requests), 2, requests)
        for request in requests:
            self.assertGreaterEqual(request["cached_tokens"], request["closest_tokens"] - BLOCK, request)


def two_tasks(tool, argument="command", **more):
    """Two calls of a shell and a second turn. argument: what the tool calls its command; more: what else it wants."""
    def run(command):
        return call(tool, **{argument: command}, **more)
    return {"TASK-ONE": ["I look at the file first.\n" + run("cat numbers.txt"), run("echo vier >> numbers.txt"),
                         "The file is changed: TASK ONE is done."],
            "TASK-TWO": [run("wc -l < numbers.txt"), "There are 4 lines."]}


class Codex(LaunchTest):
    def test_a_task_and_a_second_process(self):
        self.begin(two_tasks("exec_command", "cmd"))
        self.settings(".codex/config.toml", 'model = "gpt-5.5"\nmodel_provider = "openai"\nmodel_context_window = 1000\n')
        free = ("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
        self.assertIn("TASK ONE is done.", self.launch("codex", "exec", *free, "TASK-ONE: append."))
        self.assertEqual(self.numbers(), "one\ntwo\nthree\nvier\n")
        self.assertIn("There are 4 lines.", self.launch("codex", "exec", "resume", "--last", *free, "TASK-TWO: how many lines?"))
        self.assertAllFollow()


class OpenCode(LaunchTest):
    def test_a_task_and_a_second_process(self):
        self.begin(two_tasks("bash", description="Work"))
        self.settings(".config/opencode/opencode.json", json.dumps({
            "$schema": "https://opencode.ai/config.json", "model": "openai/gpt-5", "small_model": "openai/gpt-5-mini",
            "enabled_providers": ["openai"], "disabled_providers": ["larder"], "provider": {"larder": {"options": {"baseURL": "http://127.0.0.1:9"}}}}))
        self.assertIn("TASK ONE is done.", self.launch("opencode", "run", "--auto", "TASK-ONE: append."))
        self.assertEqual(self.numbers(), "one\ntwo\nthree\nvier\n")
        self.assertIn("There are 4 lines.", self.launch("opencode", "run", "--auto", "--continue", "TASK-TWO: how many lines?"))
        self.assertAllFollow()


class QwenCode(LaunchTest):
    def test_a_task_and_a_second_process(self):
        self.begin(two_tasks("run_shell_command", description="Work", is_background=False))
        self.settings(".qwen/settings.json", json.dumps({
            "$version": 4, "security": {"auth": {"selectedType": "qwen-oauth"}},
            "model": {"name": "of-the-user", "generationConfig": {"contextWindowSize": 1000}}, "env": {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
            "modelProviders": {"openai": [{"id": "of-the-user", "envKey": "OPENAI_API_KEY", "baseUrl": "http://127.0.0.1:9/v1"}]}}))
        self.assertIn("TASK ONE is done.", self.launch("qwen", "--yolo", "-p", "TASK-ONE: append."))
        self.assertEqual(self.numbers(), "one\ntwo\nthree\nvier\n")
        self.assertIn("There are 4 lines.", self.launch("qwen", "--yolo", "--continue", "-p", "TASK-TWO: how many lines?"))
        self.assertAllFollow()
        file = self.server.base / "agents" / "qwen-code.json"
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(self.server.key, file.read_text())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
