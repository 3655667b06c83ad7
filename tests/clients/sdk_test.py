#!/usr/bin/env python3
"""Runs sdk_test.mjs, the official SDKs of Anthropic and OpenAI, against the whole server; only the model is a double.

Usage: sdk_test.py SCRIPTED_LARDER BUILD_FOLDER [part of a test's name]
Exit code 77: skipped, because npm or its registry is missing.
"""
import os
import pathlib
import subprocess
import sys

from harness import ScriptedLarder, call, node_modules

WEATHER = [call("get_weather", city="Köln", days=2), call("get_weather", city='Rio "de" Janeiro')]
RULES = {
    "SAY-HELLO": ["Hello. Größe: 5 µm ✓"],
    "USE-TOOLS": ["I ask for both.\n" + "\n".join(WEATHER), "Rain in one of them."],
    "FORCED": [call("get_weather", city="Bonn")],
    "THINK-FIRST": ["<think>\nA city is needed.\n</think>\n\n" + call("get_weather", city="Bonn"), "Sun."],
    "TALK-LONG": ["la " * 20000],
}


def main():
    program, build, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:]
    modules = node_modules(build)
    server = ScriptedLarder(program, RULES, template="qwen3_0_6b.jinja", delay_decode=2)
    try:
        server.start()
        environment = {**os.environ, "LARDER_ADDRESS": server.address, "LARDER_KEY": server.key, "LARDER_MODEL": server.model,
                       "LARDER_MODULES": str(modules)}
        pattern = [f"--test-name-pattern={name}" for name in names]
        script = pathlib.Path(__file__).with_name("sdk_test.mjs")
        done = subprocess.run(["node", "--test", "--test-reporter=spec", *pattern, script], env=environment, stdin=subprocess.DEVNULL, timeout=300)
        server.wait_until_idle(1)
        return done.returncode
    finally:
        server.remove()


if __name__ == "__main__":
    sys.exit(main())
