#!/usr/bin/env python3
"""Clients that give up at any moment, and bodies that make no sense, against the whole server; only the model is a double.

Usage: abuse_test.py SCRIPTED_LARDER [--rounds 1000] [--seed 1] [test names]
"""
import argparse
import copy
import http.client
import json
import pathlib
import random
import socket
import struct
import sys
import threading
import time
import unittest

from harness import PATIENCE, ScriptedLarder, call, wait

PATHS = {"/v1/messages": "anthropic", "/v1/chat/completions": "openai", "/v1/messages/count_tokens": "anthropic"}


def words(chance, count):
    return " ".join(f"word{chance.randrange(1000)}" for _ in range(count))


def anthropic_body(model):
    """One of everything that Claude Code sends."""
    schema = {"type": "object", "properties": {"command": {"type": "string"}, "timeout": {"type": "number"}}, "required": ["command"]}
    return {
        "model": model, "max_tokens": 50, "stream": False, "temperature": 1, "thinking": {"type": "adaptive", "display": "omitted"},
        "metadata": {"user_id": "{\"session_id\": \"x\"}"}, "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "high"}, "stop_sequences": ["STOP"], "tool_choice": {"type": "auto"},
        "system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.328.abc; cc_entrypoint=cli;"},
                   {"type": "text", "text": "You help.", "cache_control": {"type": "ephemeral"}}],
        "tools": [{"name": "Bash", "description": "Runs it", "input_schema": schema},
                  {"name": "WebFetch", "description": "Fetches", "input_schema": schema, "defer_loading": True}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "<system-reminder>\nx\n</system-reminder>"}, {"type": "text", "text": "Go."}]},
            {"role": "system", "content": "# Environment"},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}, {"type": "text", "text": "I run it."},
                                              {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls", "timeout": 5}},
                                              {"type": "tool_use", "id": "toolu_2", "name": "Bash", "input": {"command": "pwd"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "a\nb", "is_error": False},
                                         {"type": "tool_result", "tool_use_id": "toolu_2", "content": [{"type": "text", "text": "/"}], "is_error": True}]},
            {"role": "assistant", "content": "One moment."},
            {"role": "user", "content": [{"type": "text", "text": "Well?", "cache_control": {"type": "ephemeral"}}]}]}


def openai_body(model):
    schema = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
    return {
        "model": model, "max_tokens": 50, "stream": False, "temperature": 0.5, "top_p": 0.9, "stop": ["STOP"], "seed": 1, "parallel_tool_calls": True,
        "tools": [{"type": "function", "function": {"name": "Bash", "description": "Runs it", "parameters": schema}}], "tool_choice": "auto",
        "messages": [
            {"role": "developer", "content": "You help."}, {"role": "user", "content": [{"type": "text", "text": "Go."}]},
            {"role": "assistant", "content": None, "reasoning_content": "Hm.", "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "Bash", "arguments": "{\"command\": \"ls\"}"}}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "a\nb"}, {"role": "user", "content": "Well?", "name": "me"}]}


BODIES = {"anthropic": anthropic_body, "openai": openai_body}


class AbuseTest(unittest.TestCase):
    def begin(self, rules, **options):
        self.server = ScriptedLarder(PROGRAM, rules, **options)
        self.addCleanup(self.server.remove)
        self.server.start()
        self.port = int(self.server.address.rsplit(":", 1)[1])
        self.chance = random.Random(ASKED.seed)

    def status(self):
        return self.server.get("/api/status")

    def expect_nothing_left(self):
        wait(self.status, lambda status: status["total"]["running"] + status["total"]["waiting"] + status["hot_cache"]["leased_bytes"] == 0, 5)


class Aborts(AbuseTest):
    def test_nothing_computes_for_clients_that_are_gone(self):
        self.begin({"TALK": ["la " * 5000]}, delay_prefill=2, delay_decode=1)
        shared = words(self.chance, 2000)
        self.server.post("/v1/chat/completions", {"model": self.server.model, "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]})
        threads = [threading.Thread(target=self.abort_often, args=(random.Random(self.chance.random()), shared)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.expect_nothing_left()
        steps = self.status()["total"]["steps"]
        time.sleep(0.3)
        self.assertEqual(self.status()["total"]["steps"], steps, "it still computes")
        status, answer = self.server.post("/v1/messages", {**anthropic_body(self.server.model), "max_tokens": 5})
        self.assertEqual(status, 200, answer)

    def abort_often(self, chance, shared):
        for _ in range(ASKED.rounds // 8):
            path = chance.choice(["/v1/messages", "/v1/chat/completions"])
            begin = shared[:chance.randrange(len(shared))] if chance.random() < 0.7 else words(chance, chance.randrange(1, 2000))
            self.abort(chance, path, {"model": self.server.model, "max_tokens": 5000, "stream": chance.random() < 0.8,
                                      "messages": [{"role": "user", "content": begin + " TALK"}]})

    def abort(self, chance, path, body):
        data = json.dumps(body).encode()
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as client:
            client.sendall(b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
                           % (path.encode(), self.server.key.encode(), len(data)))
            client.sendall(data[:chance.randrange(len(data))] if chance.random() < 0.1 else data)
            client.settimeout(chance.random() * 0.1)
            try:
                wanted = chance.randrange(1, 3000)
                while wanted > 0 and (piece := client.recv(wanted)):
                    wanted -= len(piece)
            except TimeoutError:
                pass
            if chance.random() < 0.5:  # with a reset instead of a farewell
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class MutatedBodies(AbuseTest):
    JUNK = [None, True, -1, 0, 1e300, 2**70, "", "x" * 5000, "\x00\ud83d", [], {}, [[]], {"type": "text"}, {"type": "nobody"}, "<|im_start|>system\n", [None], {"": {}}]

    def test_each_gets_an_answer_or_a_proper_error(self):
        self.begin({"Well": [call("Bash", command="ls")]}, template="qwen3_0_6b.jinja")
        refused = 0
        for number in range(ASKED.rounds):
            path = self.chance.choice(list(PATHS))
            body = self.mutated(BODIES[PATHS[path]](self.server.model))
            status, text = self.post(path, body)
            with self.subTest(number=number, path=path, body=body[:2000], status=status, text=text[:500]):
                self.assertLess(status, 500)
                if status >= 400:
                    refused += 1
                    document = json.loads(text)
                    self.assertTrue(document["error"]["message"] and document["error"]["type"])
                    self.assertEqual(document.get("type"), "error" if PATHS[path] == "anthropic" else None)
        self.assertGreater(refused, ASKED.rounds // 10, "mutations that nobody minds test nothing")
        self.assertLess(refused, ASKED.rounds)
        self.expect_nothing_left()

    def mutated(self, body):
        for _ in range(self.chance.choice([1, 1, 1, 2, 5])):
            self.mutate(body)
        data = bytearray(json.dumps(body, ensure_ascii=self.chance.random() < 0.5).encode("utf-8", "surrogatepass"))
        if self.chance.random() < 0.15:
            for _ in range(self.chance.randrange(1, 4)):
                data[self.chance.randrange(len(data))] = self.chance.randrange(256)
        if self.chance.random() < 0.05:
            del data[self.chance.randrange(len(data)):]
        return bytes(data)

    def mutate(self, body):
        """Somewhere in it: something replaced, left out, doubled or moved."""
        places = []

        def walk(node):
            for key in list(node) if isinstance(node, dict) else range(len(node)):
                places.append((node, key))
                if isinstance(node[key], (dict, list)):
                    walk(node[key])
        walk(body)
        node, key = self.chance.choice(places)
        how = self.chance.randrange(4)
        if how == 0:
            node[key] = copy.deepcopy(self.chance.choice(self.JUNK))
        elif how == 1:
            del node[key]
        elif how == 2 and isinstance(node, list):
            node.insert(self.chance.randrange(len(node) + 1), copy.deepcopy(node[key]))
        else:
            other, place = self.chance.choice(places)
            node[key] = copy.deepcopy(other[place])

    def post(self, path, data):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("POST", path, data, {"Authorization": f"Bearer {self.server.key}", "Content-Type": "application/json"})
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    ASKED = parser.parse_args()
    PROGRAM = pathlib.Path(ASKED.program).resolve()
    unittest.main(argv=[sys.argv[0], *ASKED.names], verbosity=2)
