#!/usr/bin/env python3
"""The real OpenCode against the whole server, by both protocols that it speaks: a task with tools, a second process, reasoning, an
overflowing window, and what each turn finds in the cache. Only the model is a double: it says what the tests tell it.

Usage: opencode_test.py SCRIPTED_LARDER BUILD_FOLDER [test names]
Exit code 77: skipped, because npm or its registry is missing.
"""
import json
import pathlib
import sys
import unittest

from chat_agents import OpenCode
from harness import Proxy, ScriptedLarder, call, node_modules

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
MODULES = node_modules(sys.argv[2])
BLOCK = 64  # tokens; what is left of the last block may be computed again
TITLE = {"Generate a title": ["Numbers"]}


class OpenCodeTest(unittest.TestCase):
    def begin(self, rules, package="@ai-sdk/openai-compatible", **options):
        self.server = ScriptedLarder(PROGRAM, {**rules, **TITLE}, **options)
        self.addCleanup(self.server.remove)
        self.server.start()
        self.proxy = Proxy(self.server.address)
        self.addCleanup(self.proxy.close)
        self.client = OpenCode(MODULES, self.proxy.address, self.server.model, self.server.key, self.server.options["context"], package)
        self.addCleanup(self.client.remove)

    def ask(self, prompt, resume=False):
        """What it said in the end."""
        code, events, output = self.client.ask(prompt, resume=resume)
        self.assertEqual(code, 0, f"{output}\n{self.proxy.exchanges}")
        self.steps = [each["part"]["tokens"] for each in events if each["type"] == "step_finish"]
        return [each["part"]["text"] for each in events if each["type"] == "text"][-1]

    def assertAllFollow(self, turns):
        """Nothing of the turn before is computed again but what its last block leaves."""
        for before, turn in zip(turns, turns[1:]):
            self.assertGreaterEqual(turn.cached(), before.prompt() + before.answered() - BLOCK, f"{before} -> {turn}")

    def do_two_tasks(self, turns):
        """turns: the requests of the main conversation, by a call."""
        self.assertEqual(self.ask("TASK-ONE: translate and append."), "The file is changed: TASK ONE is done.")
        self.assertEqual((self.client.folder / "numbers.txt").read_text(), "one\nzwei\nthree\nvier\n")
        self.assertGreater(self.steps[-1]["cache"]["read"], 0, "it shows what came from the cache")
        self.assertEqual(self.ask("TASK-TWO: how many lines?", resume=True), "There are 4 lines.")
        self.assertEqual(len(turns()), 5, self.proxy.exchanges)
        self.assertAllFollow(turns())


TWO_TOOLS = {
    "TASK-ONE": ["I look at the file first.\n" + call("read", filePath="numbers.txt"),
                 # A number as text, and an order of arguments that is no schema's.
                 call("bash", timeout="5000", command="sed -i s/two/zwei/ numbers.txt && echo vier >> numbers.txt && cat numbers.txt",
                      description="Change it"),
                 "The file is changed: TASK ONE is done."],
    "TASK-TWO": [call("bash", command="wc -l < numbers.txt", description="Count"), "There are 4 lines."],
}


class TwoTools(OpenCodeTest):
    def test_by_openais_protocol(self):
        self.begin(TWO_TOOLS)
        self.do_two_tasks(lambda: self.proxy.chats("bash"))

    def test_by_anthropics_protocol(self):
        self.begin(TWO_TOOLS, package="@ai-sdk/anthropic")
        self.do_two_tasks(self.proxy.main_turns)


class Reasoning(OpenCodeTest):
    def test_a_model_that_thinks_before_each_call(self):
        """With a template that knows tools and reasoning."""
        self.begin({"TASK-ONE": ["<think>\nI think about it.\n</think>\n\n" + say for say in TWO_TOOLS["TASK-ONE"]]}, template="qwen3_0_6b.jinja")
        self.assertEqual(self.ask("TASK-ONE: translate and append."), "The file is changed: TASK ONE is done.")
        turns = self.proxy.chats("bash")
        self.assertEqual(len(turns), 3, self.proxy.exchanges)
        self.assertAllFollow(turns)
        self.assertIn("I think about it.", json.dumps(turns[-1].body["messages"]), "it came back")
        for step, turn in zip(self.steps, turns):
            self.assertGreater(step["reasoning"], 0, "it is shown as reasoning")
            self.assertEqual(step["reasoning"], turn.chat_usage()["completion_tokens_details"]["reasoning_tokens"])


class Overflow(OpenCodeTest):
    def test_a_window_that_overflows_is_told_and_the_conversation_compacted(self):
        fill = {f"FILL-{n}": [call("bash", command=f"seq -s ' ' {n}0000 {n}3000", description="Fill"), f"Filled {n}."] for n in (1, 2)}
        self.begin({**fill, "summar": ["REMEMBERED: the user wants numbers."]})
        self.ask("FILL-1: please.")
        self.server.stop()
        self.server.options["context"] = self.proxy.chats("bash")[-1].prompt() + self.server.tokens(2000)
        self.server.start()
        self.proxy.upstream = self.server.address
        code, events, output = self.client.ask("FILL-2: please.", resume=True)
        refused = [json.loads(each.reply)["error"]["code"] for each in self.proxy.exchanges if each.status == 400]
        self.assertEqual(refused, ["context_length_exceeded"], output)
        self.assertIn("ContextOverflowError", output, "it knows the words")
        last = self.proxy.chats("bash")[-1]
        self.assertIn("REMEMBERED", json.dumps(last.body["messages"]), "the summary is what is left")
        self.assertEqual([each["part"]["text"] for each in events if each["type"] == "text"][-1], "Filled 2.", output)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
