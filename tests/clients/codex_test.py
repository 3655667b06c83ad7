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


def think(say):
    return "<think>\nI think about it.\n</think>\n\n" + say


class Reasoning(CodexTest):
    def test_a_model_that_thinks_before_each_call(self):
        """With a template that knows tools and reasoning."""
        self.begin({task: [think(say) for say in says] for task, says in TWO_TOOLS.items()}, template="qwen3_0_6b.jinja")
        self.assertEqual(self.ask("TASK-ONE: translate and append."), "The file is changed: TASK ONE is done.")
        self.assertEqual([each["text"].strip() for each in self.said if each["type"] == "reasoning"], ["I think about it."] * 3, "it is shown")
        turns = self.proxy.responses()
        self.assertEqual(len(turns), 3, self.proxy.exchanges)
        self.assertAllFollow(turns)
        self.assertEqual([each["type"] for each in turns[-1].body["input"]].count("reasoning"), 2, "it came back")
        for turn in turns:
            self.assertGreater(turn.response()["usage"]["output_tokens_details"]["reasoning_tokens"], 0)


class Namespace(CodexTest):
    def test_a_subagent_by_a_tool_of_a_namespace(self):
        self.begin({"TASK-ONE": [call("spawn_agent", message="SIDE-WORK: count the lines."), "It is on its way."],
                    "SIDE-WORK": [call("exec_command", cmd="wc -l < numbers.txt > counted.txt"), "There are 3 lines."]})
        self.assertEqual(self.ask("TASK-ONE: let another one count."), "It is on its way.")
        # The subagent asks beside it, if Codex does not end before.
        main = [each for each in self.proxy.exchanges if "TASK-ONE" in str(each.body["input"])]
        items = {each["type"]: each for each in main[-1].body["input"]}
        self.assertEqual((items["function_call"]["namespace"], items["function_call"]["name"]), ("multi_agent_v1", "spawn_agent"))
        self.assertIn("agent_id", items["function_call_output"]["output"], "Codex knows the call")


class FreeText(CodexTest):
    def test_a_patch_by_a_custom_tool(self):
        patch = "*** Begin Patch\n*** Update File: numbers.txt\n@@\n one\n-two\n+\"zwei\"\n three\n*** End Patch\n"
        self.begin({"TASK-ONE": ["I patch it.\n" + call("apply_patch", input=patch), call("exec_command", cmd="cat numbers.txt"), "It is patched."]}, name="gpt-5.5")
        self.assertEqual(self.ask("TASK-ONE: translate."), "It is patched.")
        self.assertIn("file_change", [each["type"] for each in self.said])
        self.assertEqual((self.codex.folder / "numbers.txt").read_text(), "one\n\"zwei\"\nthree\n")
        self.assertAllFollow(self.proxy.responses())


class Overflow(CodexTest):
    RULES = {**{f"FILL-{n}": [call("exec_command", cmd=f"seq -s ' ' {n}0000 {n}1000"), f"Filled {n}."] for n in (1, 2, 3)},
             "CONTEXT CHECKPOINT COMPACTION": ["REMEMBERED: the user wants numbers."]}

    def test_a_window_that_overflows_is_told(self):
        self.begin(self.RULES)
        self.ask("FILL-1: please.")
        self.server.stop()
        room = self.proxy.responses()[-1].prompt() + self.server.tokens(2000)
        self.server.options["context"] = room
        self.server.start()
        self.proxy.upstream = self.server.address
        code, events, output = self.codex.ask("FILL-2: please.", resume=True)
        self.assertEqual(code, 1, output)
        self.assertIn("ran out of room in the model's context window", output)
        refused = json.loads(self.proxy.exchanges[-1].reply)["error"]
        self.assertEqual(refused["code"], "context_length_exceeded")

    def test_codex_compacts_by_what_it_is_told_of_the_window(self):
        self.begin(self.RULES)
        self.ask("FILL-1: please.")
        before = self.proxy.responses()[-1]
        limit = f"model_auto_compact_token_limit={before.prompt() + before.answered() + self.server.tokens(2000)}"
        self.assertEqual(self.ask("FILL-2: please.", "-c", limit, resume=True), "Filled 2.")
        self.assertEqual(self.ask("FILL-3: please.", "-c", limit, resume=True), "Filled 3.")
        compactions = [each for each in self.proxy.responses() if not each.body["tools"]]
        self.assertTrue(compactions, self.proxy.exchanges)
        self.assertIn("REMEMBERED", str(self.proxy.responses()[-1].body["input"]), "the summary is what is left")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
