#!/usr/bin/env python3
"""The real Claude Code against the whole server: tool loops, a second process, a server that was killed, an overflowing window,
and what each turn finds in the cache. Only the model is a double: it says what the tests tell it (speaking_model.h).

Usage: claude_code_test.py SCRIPTED_LARDER LARDER BUILD_FOLDER [test names]
Exit code 77: skipped, because npm or its registry is missing.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from harness import ClaudeCode, Proxy, ScriptedLarder, Terminal, call, node_modules, wait

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
LARDER = pathlib.Path(sys.argv[2]).resolve()
MODULES = node_modules(sys.argv[3])
BLOCK = 64  # tokens; what is left of the last block may be computed again
SUMMARY = "create a detailed summary"  # in Claude Code's request for one


class ClaudeCodeTest(unittest.TestCase):
    def begin(self, rules, window=None, **options):
        """Server, proxy and client. window: what Claude Code believes, in tokens."""
        self.server = ScriptedLarder(PROGRAM, rules, **options)
        self.addCleanup(self.server.remove)
        self.server.start()
        self.proxy = Proxy(self.server.address)
        self.addCleanup(self.proxy.close)
        self.claude = self.client(window)

    def client(self, window=None):
        claude = ClaudeCode(MODULES, self.proxy.address, self.server.key, self.server.model, window or self.server.options["context"])
        self.addCleanup(claude.remove)
        return claude

    def ask(self, prompt, *options, claude=None):
        """What it said in the end."""
        code, result, output = (claude or self.claude).ask(prompt, *options)
        self.assertEqual(code, 0, f"{output}\n{self.proxy.exchanges}")
        return result["result"]

    def assertFollows(self, turn, before):
        """Nothing of the turn before is computed again but what its last block leaves."""
        self.assertGreaterEqual(turn.cached(), before.prompt() + before.answered() - BLOCK, f"{before} -> {turn}")

    def assertAllFollow(self, turns):
        for before, turn in zip(turns, turns[1:]):
            self.assertFollows(turn, before)

    def count(self, body):
        """The tokens of such a prompt, as the server counts them."""
        asked = {name: body[name] for name in ("model", "system", "messages", "tools", "thinking") if name in body}
        status, document = self.server.post("/v1/messages/count_tokens", asked)
        self.assertEqual(status, 200, document)
        return document["input_tokens"]

    def numbers(self):
        return (self.claude.folder / "numbers.txt").read_text()


TWO_TOOLS = {
    "TASK-ONE": ["I look at the file first." + call("Read", file_path="numbers.txt"),
                 # In an order that Claude Code does not keep, and with a number as text, which it makes one.
                 call("Edit", old_string="two", new_string="zwei", file_path="numbers.txt"),
                 call("Bash", timeout="5000", description="Append a line", command="echo vier >> numbers.txt && cat numbers.txt"),
                 "The file is changed: TASK ONE is done."],
    "TASK-TWO": [call("Bash", command="wc -l < numbers.txt", description="Count lines"), "There are 4 lines."],
}


class TwoTools(ClaudeCodeTest):
    def test_a_task_and_a_second_process(self):
        self.begin(TWO_TOOLS)
        self.assertEqual(self.ask("TASK-ONE: translate and append."), "The file is changed: TASK ONE is done.")
        self.assertEqual(self.numbers(), "one\nzwei\nthree\nvier\n")
        self.assertEqual(self.ask("TASK-TWO: how many lines?", "--continue"), "There are 4 lines.")
        turns = self.proxy.main_turns()
        self.assertEqual(len(turns), 6, self.proxy.exchanges)
        self.assertIn("4", str(turns[-1].body["messages"][-1]["content"]), "the tool's result came back")
        self.assertAllFollow(turns)
        self.assertEqual(turns[0].cached(), 0)
        self.assertEqual(self.count(turns[-1].body), turns[-1].prompt(), "counting is exact")


class Reasoning(ClaudeCodeTest):
    def test_a_model_that_thinks_before_each_call(self):
        """With a template that knows tools and reasoning, and drops the reasoning of earlier tasks."""
        def think(say):
            return "<think>\nI think about it.\n</think>\n\n" + say
        self.begin({task: [think(say) for say in says] for task, says in TWO_TOOLS.items()}, template="qwen3_0_6b.jinja")
        self.assertEqual(self.ask("TASK-ONE: translate and append."), "The file is changed: TASK ONE is done.")
        self.assertEqual(self.numbers(), "one\nzwei\nthree\nvier\n")
        self.assertEqual(self.ask("TASK-TWO: how many lines?", "--continue"), "There are 4 lines.")
        turns = self.proxy.main_turns()
        self.assertEqual(len(turns), 6, self.proxy.exchanges)
        self.assertAllFollow(turns[:4])
        # Here the template leaves out what was thought in the task before: that task is computed once more, and no more than that.
        self.assertGreaterEqual(turns[4].cached(), turns[0].prompt() - BLOCK)
        self.assertAllFollow(turns[4:])


class Killed(ClaudeCodeTest):
    def test_a_server_that_was_killed_goes_on_from_the_disk(self):
        self.begin(TWO_TOOLS)
        self.ask("TASK-ONE: translate and append.")
        self.server.wait_until_written()
        self.server.stop(signal.SIGKILL)
        self.server.start()
        self.proxy.upstream = self.server.address
        self.assertEqual(self.ask("TASK-TWO: how many lines?", "--continue"), "There are 4 lines.")
        turns = self.proxy.main_turns()
        self.assertEqual(len(turns), 6, self.proxy.exchanges)
        self.assertAllFollow(turns)


class InATerminal(ClaudeCodeTest):
    def test_the_call_for_a_title_costs_the_conversation_nothing(self):
        self.begin({**TWO_TOOLS, "naming a coding session": ['{"title": "Counting lines"}'], "Write the title": ['{"title": "Counting lines"}']})
        terminal = Terminal(self.claude, "TASK-ONE: translate and append.")
        self.addCleanup(terminal.close)
        wait(self.proxy.main_turns, lambda turns: len(turns) == 4 and turns[3].complete)
        titles = wait(lambda: [each for each in self.proxy.messages() if each.is_title()], lambda found: found and found[0].complete)
        self.assertEqual(titles[0].status, 200, titles)
        self.assertIn(b"Counting lines", terminal.screen, "the answer to the call is the terminal's title")
        time.sleep(1)  # until the line takes input again
        terminal.type("TASK-TWO: how many lines?")
        turns = wait(self.proxy.main_turns, lambda seen: len(seen) == 6 and seen[5].complete)
        self.assertEqual(self.numbers(), "one\nzwei\nthree\nvier\n")
        self.assertAllFollow(turns)


class Overflow(ClaudeCodeTest):
    def test_a_window_that_overflows_is_compacted(self):
        rules = {f"FILL-{n}": [call("Bash", command=f"seq -s ' ' {n}0000 {n}2000", description="Numbers"), f"Filled {n}."] for n in (1, 2, 3)}
        rules[SUMMARY] = ["<analysis>Short.</analysis><summary>REMEMBERED: the user wants numbers.</summary>"]
        rules["REMEMBERED"] = ["Back to work."]
        rules["AFTER"] = [call("Bash", command="echo after > after.txt", description="Write"), "Went on."]
        self.begin(rules)
        self.ask("FILL-1: please.")
        first = self.proxy.main_turns()
        # Not quite room for three fillings, and Claude Code believes in more, so that the server has to say no.
        room = first[0].prompt() + 3 * (first[1].prompt() - first[0].prompt())
        self.server.stop()
        self.server.options["context"] = room
        self.server.start()
        self.proxy.upstream = self.server.address
        self.assertEqual(self.ask("FILL-2: please.", "--continue"), "Filled 2.")
        self.assertEqual(self.ask("FILL-3: please.", "--continue"), "Back to work.")
        refused = [each for each in self.proxy.messages() if each.status == 400]
        self.assertTrue(refused, self.proxy.exchanges)
        self.assertRegex(refused[0].reply.decode(), rf'"invalid_request_error".*prompt is too long: \d+ tokens > {room} maximum')
        summaries = [each for each in self.proxy.messages() if each.asks_for_summary() and each.status == 200]
        self.assertTrue(summaries, self.proxy.exchanges)
        self.assertGreater(summaries[0].cached(), first[1].prompt(), "the request for a summary goes on from the conversation")
        self.assertEqual(self.ask("AFTER: go on.", "--continue"), "Went on.")
        self.assertEqual((self.claude.folder / "after.txt").read_text(), "after\n")
        last = self.proxy.main_turns()[-2:]
        self.assertIn("REMEMBERED", str(last[0].body["messages"]), "the summary is what is left")
        self.assertAllFollow(last)


class TenTurns(ClaudeCodeTest):
    def test_every_turn_follows_whatever_comes_between(self):
        rules = {f"TURN-{n}.": [f"Turn {n}: I run something.\n" + call("Bash", description=f"Echo {n}", command=f"echo {n}; ls"),
                                f"Turn {n} is over."] for n in range(1, 11)}
        rules["TURN-4."] = [call("Agent", description="Look around", prompt="SIDE-WORK: list the files.", subagent_type="general-purpose",
                                 run_in_background=False),
                            "The helper is back."]
        rules["SIDE-WORK"] = [call("Bash", command="ls", description="List"), "Two files are there."]
        rules["TITLE-PLEASE"] = ['{"title": "Ten turns"}']
        self.begin(rules)
        for n in range(1, 11):
            said = self.ask(f"TURN-{n}. Go.", *(["--continue"] if n > 1 else []))
            self.assertEqual(said, "The helper is back." if n == 4 else f"Turn {n} is over.")
            if n == 6:
                self.ask_for_title()
        turns = self.proxy.main_turns()
        self.assertEqual(len(turns), 20, self.proxy.exchanges)
        self.assertTrue(any(each.is_subagent() for each in self.proxy.messages()), "a subagent ran")
        self.assertAllFollow(turns)
        self.new_conversation(turns[0])
        self.explained()

    def explained(self):
        """The server has a cause for everything that it computed."""
        requests = self.server.get("/api/requests")["requests"]
        self.assertEqual(len(requests), len(self.proxy.messages()) + 1, "and the call for a title")
        for request in requests:
            self.assertIn(request["cause"], ("nothing", "grown", "new", "differs"), request)
            self.assertNotEqual(self.server.get(f"/api/requests/{request['number']}")["why"], "")
            if request["cause"] == "grown":
                self.assertGreaterEqual(request["cached_tokens"], request["closest_tokens"] - BLOCK, request)

    def ask_for_title(self):
        """As the window of a terminal asks beside the first turn: no tools, a schema for the answer."""
        status, reply = self.server.post("/v1/messages", {
            "model": self.server.model, "max_tokens": 200, "tools": [], "stream": False,
            "system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.328.abc; cc_entrypoint=cli;"},
                       {"type": "text", "text": "You name conversations."}],
            "messages": [{"role": "user", "content": "TITLE-PLEASE " + "some words of the conversation " * 100}]})
        self.assertEqual(status, 200, reply)

    def new_conversation(self, first):
        """Tools and system are there already; the prompt is not."""
        self.assertEqual(self.ask("TURN-2. In a new conversation.", claude=self.claude), "Turn 2 is over.")
        fresh = self.proxy.main_turns()[20]
        shared = self.count(dict(fresh.body, messages=[{"role": "user", "content": "x"}]))
        self.assertGreaterEqual(fresh.cached(), shared - BLOCK, f"{first} -> {fresh}")
        self.assertLess(fresh.cached(), fresh.prompt())


class Launched(ClaudeCodeTest):
    """By `larder launch claude`, which sets the environment."""

    def larder(self, base, *arguments, codes=(0,), patience=300):
        environment = {name: value for name, value in self.claude.environment.items() if not name.startswith(("ANTHROPIC", "CLAUDE_CODE"))}
        environment.update(LARDER_BASE_DIR=str(base), PATH=f"{MODULES / '.bin'}:{environment['PATH']}")
        done = subprocess.run([LARDER, *map(str, arguments)], cwd=self.claude.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=patience)
        self.assertIn(done.returncode, codes, done.stdout + done.stderr)
        return done.stdout

    def totals(self, base):
        return json.loads(self.larder(base, "status", "--json"))["all_time"]

    def test_on_a_running_server(self):
        self.begin(TWO_TOOLS)
        ask = ("launch", "claude", "--model", self.server.model, "--", "--dangerously-skip-permissions", "-p")
        self.assertIn("TASK ONE is done.", self.larder(self.server.base, *ask, "TASK-ONE: translate and append."))
        self.assertEqual(self.numbers(), "one\nzwei\nthree\nvier\n")
        self.assertIn("There are 4 lines.", self.larder(self.server.base, *ask, "TASK-TWO: how many lines?", "--continue"))
        total = self.server.get("/api/status")["total"]
        self.assertLessEqual(total["computed_tokens"], total["prompt_tokens"] / 6 + 6 * BLOCK, f"six requests, one prompt: {total}")

    @unittest.skipUnless(os.environ.get("LARDER_STARTER"), "no starter model")
    def test_with_a_server_of_its_own_and_a_real_model(self):
        """Twice: the second process, with a server of its own again, goes on from the disk."""
        self.begin({})
        base = pathlib.Path(tempfile.mkdtemp(prefix="larder-clients-"))
        self.addCleanup(shutil.rmtree, base, ignore_errors=True)
        (base / "models").mkdir()
        (base / "models" / "starter.gguf").symlink_to(pathlib.Path(os.environ["LARDER_STARTER"]).resolve())
        # A small model babbles: each answer is cut off, and Claude Code lets it go on a few times before it gives up.
        (self.claude.home / ".claude").mkdir()
        (self.claude.home / ".claude" / "settings.json").write_text(json.dumps({"env": {"CLAUDE_CODE_MAX_OUTPUT_TOKENS": "64"}}))
        ask = ("launch", "claude", "--model", "starter", "--context", 32768, "--", "--tools=Read", "-p")
        self.larder(base, *ask, "Say hello.", codes=(0, 1))
        first = self.totals(base)
        self.assertGreater(first["prompt_tokens"], 2000)
        self.larder(base, *ask, "Say it again.", "--continue", codes=(0, 1))
        both = self.totals(base)
        self.assertGreater(both["requests"], first["requests"])
        begin = first["prompt_tokens"] // first["requests"]  # more than the first prompt
        self.assertGreaterEqual(both["loaded_tokens"], begin - 4 * BLOCK, both)
        # The second process computes what is new, not the conversation.
        self.assertLess(both["computed_tokens"] - first["computed_tokens"], begin / 2, both)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
