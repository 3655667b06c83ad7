#!/usr/bin/env python3
"""The real Qwen Code against the whole server: a task with tools, a second process, reasoning, and what each turn finds in the cache.
Only the model is a double: it says what the tests tell it.

Usage: qwen_code_test.py SCRIPTED_LARDER BUILD_FOLDER [test names]
Exit code 77: skipped, because npm or its registry is missing.
"""
import json
import pathlib
import sys
import unittest

from chat_agents import QwenCode
from harness import Proxy, ScriptedLarder, call, node_modules

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
MODULES = node_modules(sys.argv[2])
BLOCK = 64  # tokens; what is left of the last block may be computed again
THINK = "<think>\nI think about it.\n</think>\n\n"


class QwenCodeTest(unittest.TestCase):
    def begin(self, before="", **options):
        """before: what the model writes in front of each answer."""
        self.server = ScriptedLarder(PROGRAM, {}, **options)
        self.addCleanup(self.server.remove)
        self.proxy = Proxy("")
        self.addCleanup(self.proxy.close)
        # The key is made at the first start; the script needs the folder.
        self.server.start()
        self.client = QwenCode(MODULES, self.proxy.address, self.server.model, self.server.key, self.server.options["context"])
        self.addCleanup(self.client.remove)
        self.server.stop()
        rules = {"TASK-ONE": ["I look at the file first.\n" + call("read_file", file_path=f"{self.client.folder}/numbers.txt"),
                              # Numbers and truth as text, and an order of arguments that is no schema's.
                              call("run_shell_command", timeout="5000", is_background="false", description="Change it",
                                   command="sed -i s/two/zwei/ numbers.txt && echo vier >> numbers.txt && cat numbers.txt"),
                              "The file is changed: TASK ONE is done."],
                 "TASK-TWO": [call("run_shell_command", command="wc -l < numbers.txt", is_background=False), "There are 4 lines."]}
        self.server.write_script({find: [before + each for each in say] for find, say in rules.items()})
        self.server.start()
        self.proxy.upstream = self.server.address

    def ask(self, prompt, resume=False):
        """What it said in the end."""
        code, events, output = self.client.ask(prompt, resume=resume)
        self.assertEqual(code, 0, f"{output}\n{self.proxy.exchanges}")
        self.end = events[-1]
        return self.end["result"]

    def turns(self):
        """Of the main conversation: what it remembers of one it asks beside it, with tools of its own."""
        return [each for each in self.proxy.chats("run_shell_command") if each.body["messages"][0]["content"].startswith("You are Qwen Code")]

    def assertAllFollow(self, turns):
        """Nothing of the turn before is computed again but what its last block leaves."""
        for before, turn in zip(turns, turns[1:]):
            self.assertGreaterEqual(turn.cached(), before.prompt() + before.answered() - BLOCK, f"{before} -> {turn}")


class TwoTools(QwenCodeTest):
    def test_a_task_and_a_second_process(self):
        self.begin()
        self.assertEqual(self.ask("TASK-ONE: translate and append."), "The file is changed: TASK ONE is done.")
        self.assertEqual((self.client.folder / "numbers.txt").read_text(), "one\nzwei\nthree\nvier\n")
        self.assertGreater(self.end["usage"]["cache_read_input_tokens"], 0, "it shows what came from the cache")
        self.assertEqual(self.ask("TASK-TWO: how many lines?", resume=True), "There are 4 lines.")
        turns = self.turns()
        self.assertEqual(len(turns), 5, self.proxy.exchanges)
        self.assertAllFollow(turns[:3])
        self.assertAllFollow(turns[3:])
        # A process that goes on takes a reminder of the date out of the first message: up to there all is known.
        second = next(each for each in self.server.get("/api/requests")["requests"] if each["prompt_tokens"] == turns[3].prompt())
        self.assertGreaterEqual(turns[3].cached(), second["shared_tokens"] - BLOCK, second)
        self.assertGreater(second["shared_tokens"], turns[3].prompt() * 0.8, f"{second}: instructions and tools are known")


class Reasoning(QwenCodeTest):
    def test_a_model_that_thinks_before_each_call(self):
        """With a template that knows tools and reasoning."""
        self.begin(before=THINK, template="qwen3_0_6b.jinja")
        self.assertEqual(self.ask("TASK-ONE: translate and append."), "The file is changed: TASK ONE is done.")
        turns = self.turns()
        self.assertEqual(len(turns), 3, self.proxy.exchanges)
        self.assertAllFollow(turns)
        self.assertIn("I think about it.", json.dumps(turns[-1].body["messages"]), "it came back")
        thoughts = sum(turn.chat_usage()["completion_tokens_details"]["reasoning_tokens"] for turn in turns)
        self.assertGreater(thoughts, 0)
        self.assertGreaterEqual(self.end["stats"]["models"][self.server.model]["tokens"]["thoughts"], thoughts, "they are shown")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
