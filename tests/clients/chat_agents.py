"""Coding agents that speak OpenAI's chat protocol, each in a home and a folder of its own: OpenCode and Qwen Code.

Python's standard library only.
"""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from harness import PATIENCE, run_for_events


class OpenCode:
    """The real client, set up by the environment alone. package: the SDK that it speaks with."""

    def __init__(self, modules, address, model, key, window, package):
        self.program = modules / ".bin" / "opencode"
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="larder-opencode-"))
        self.folder = self.root / "work"
        for folder in (self.root / "home", self.folder):
            folder.mkdir()
        (self.folder / "numbers.txt").write_text("one\ntwo\nthree\n")
        self.model = f"larder/{model}"
        about = {"name": model, "limit": {"context": window, "output": 8192}, "tool_call": True, "reasoning": True}
        provider = {"npm": package, "name": "Larder", "options": {"baseURL": f"{address}/v1", "apiKey": key}, "models": {model: about}}
        settings = {"autoupdate": False, "share": "disabled", "model": self.model, "enabled_providers": ["larder"],
                    "provider": {"larder": provider}}
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.root / "home"), "LANG": "C.UTF-8", "TMPDIR": str(self.root),
            "OPENCODE_CONFIG_CONTENT": json.dumps(settings), "OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1", "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
            "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1",  # this machine only
        }

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def ask(self, prompt, resume=False, patience=PATIENCE):
        """One `opencode run`: exit code, its events, everything it said."""
        command = [self.program, "run", "-m", self.model, "--format", "json", "--auto", *(["--continue"] if resume else []), prompt]
        return run_for_events(command, self.folder, self.environment, patience)


class QwenCode:
    """The real client, set up by the environment and a settings file."""

    def __init__(self, modules, address, model, key, window):
        self.program = modules / ".bin" / "qwen"
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="larder-qwen-"))
        self.folder = self.root / "work"
        settings = self.root / "home" / ".qwen" / "settings.json"
        settings.parent.mkdir(parents=True)
        self.folder.mkdir()
        (self.folder / "numbers.txt").write_text("one\ntwo\nthree\n")
        # A proxy it would ask for loopback addresses too: nothing is left that asks for anything else.
        settings.write_text(json.dumps({"privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False},
                                        "general": {"enableAutoUpdate": False, "disableAutoUpdate": True},
                                        "model": {"generationConfig": {"contextWindowSize": window}}}))
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.root / "home"), "LANG": "C.UTF-8", "TMPDIR": str(self.root),
            "OPENAI_BASE_URL": f"{address}/v1", "OPENAI_API_KEY": key, "OPENAI_MODEL": model, "QWEN_CODE_SUPPRESS_YOLO_WARNING": "1",
        }

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def ask(self, prompt, resume=False, patience=PATIENCE):
        """One `qwen -p`: exit code, its events, everything it said."""
        command = [self.program, "--auth-type", "openai", "--yolo", "-o", "json", *(["--continue"] if resume else []), "-p", prompt]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=patience)
        with contextlib.suppress(ValueError):
            return done.returncode, json.loads(done.stdout), done.stdout + done.stderr
        return done.returncode, [], done.stdout + done.stderr
