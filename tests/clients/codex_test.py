#!/usr/bin/env python3
"""The real Codex CLI against the whole server: a task with tools, a second process, reasoning, tools of a namespace and of free text, an
overflowing window, and what each turn finds in the cache. Only the model is a double: it says what the tests tell it.

Usage: codex_test.py SCRIPTED_LARDER BUILD_FOLDER [test names]
Exit code 77: skipped, because npm or its registry is missing.
"""
import json
import pathlib
import sys
import unittest

from harness import Codex, Proxy, ScriptedLarder, call, node_modules

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
MODULES = node_modules(sys.argv[2])
BLOCK = 64  # tokens; what is left of the last block may be computed again


class CodexTest(unittest.TestCase):
    def begin(self, rules, **options):
        self.server = ScriptedLarder(PROGRAM, rules, **options)
        self.addCleanup(self.server.remove)
        self.server.start()
        self.proxy = Proxy(self.server.address)
        self.addCleanup(self.proxy.close)
        self.codex = Codex(MODULES, self.proxy.address, self.server.model, self.server.key, self.server.options["context"])
        self.addCleanup(self.codex.remove)

    def ask(self, prompt, *options, resume=False):
        """What it said in the end."""
        code, events, output = self.codex.ask(prompt, *options, resume=resume)
        self.assertEqual(code, 0, f"{output}\n{self.proxy.exchanges}")
        self.said = [each["item"] for each in events if each.get("type") == "item.completed"]
        return [each["text"] for each in self.said if each["type"] == "agent_message"][-1]

    def assertAllFollow(self, turns):
        """Nothing of the turn before is computed again but what its last block leaves."""
        for before, turn in zip(turns, turns[1:]):
            self.assertGreaterEqual(turn.cached(), before.prompt() + before.answered() - BLOCK, f"{before} -> {turn}")

    def outputs(self):
        """Of the calls, in the last request."""
        return [str(each["output"]) for each in self.proxy.responses()[-1].body["input"] if each["type"].endswith("_call_output")]


TWO_TOOLS = {
    "TASK-ONE": ["I look at the file first.\n" + call("exec_command", cmd="cat numbers.txt"),
                 # Numbers as text, and an order of arguments that is no schema's.
                 call("exec_command", yield_time_ms=5000, cmd="sed -i s/two/zwei/ numbers.txt && echo vier >> numbers.txt && cat numbers.txt"),
                 "The file is changed: TASK ONE is done."],
    "TASK-TWO": [call("exec_command", cmd="wc -l < numbers.txt"), "There are 4 lines."],
}


class TwoTools(CodexTest):
    def test_a_task_and_a_second_process(self):
        self.begin(TWO_TOOLS)
        self.assertEqual(self.ask("TASK-ONE: translate and append."), "The file is changed: TASK ONE is done.")
        self.assertEqual((self.codex.folder / "numbers.txt").read_text(), "one\nzwei\nthree\nvier\n")
        self.assertEqual([each["type"] for each in self.said].count("command_execution"), 2, self.said)
        self.assertEqual(self.ask("TASK-TWO: how many lines?", resume=True), "There are 4 lines.")
        turns = self.proxy.responses()
        self.assertEqual(len(turns), 5, self.proxy.exchanges)
        self.assertIn("4", self.outputs()[-1], "the tool's result came back")
        self.assertEqual(turns[0].cached(), 0)
        self.assertAllFollow(turns)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
