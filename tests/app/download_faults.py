#!/usr/bin/env python3
"""Random downloads that go wrong: larder pull against the fake hub with random content, random faults, kill -9, Ctrl-C, a full
disk, two downloads at once, content that changes on the hub.

Whatever happens, after every attempt: a file under its real name is byte-equal to the hub's, `larder list` shows nothing
else, a failure is exit code 1 and one sentence, nothing hangs. When the faults end, one more attempt completes and leaves
nothing behind. The token never reaches the second host.

Usage: download_faults.py PROGRAM [--runs N] [--seed S] [--jobs J] [--only RUN]     Standard library only.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import hub_faults  # noqa: E402
from fake_hub import FakeHub  # noqa: E402
from larder_program import PATIENCE, LarderProgram  # noqa: E402

TOKEN = "hf_tokenofthesefaultruns"
REPOSITORY = "acme/Run"
PACE = "0.02"    # of the usual pauses between tries, which are made for real hubs
SPARE = 80_000_000  # more than a download wants to leave free on a disk
GIVE_UP = 6      # seconds until the user loses patience with an attempt and presses Ctrl-C
STOP_SOON = 15   # and until the program must have ended then


class Failure(Exception):
    pass


def random_size(draw):
    """From nothing to a few parts: one connection alone fetches less than 4 MB."""
    edge = draw.choice([1 << 14, 1 << 16, 1 << 20, 1 << 22, 1 << 23])
    return draw.choice([0, 1, draw.randrange(100), draw.randrange(100_000), edge - 1, edge, edge + 1, draw.randrange(4_000_000),
                        draw.randrange(4_000_000, 20_000_000), draw.randrange(4_000_000, 20_000_000)])


def random_content(draw):
    """Files by name; and what the user types to get them all."""
    kind = draw.choice(["one", "one", "one", "split", "safetensors"])
    if kind == "one":
        files = {"Run-Q4_0.gguf": draw.randbytes(random_size(draw))}
    elif kind == "split":
        parts = draw.randrange(2, 5)
        files = {f"Run-Q4_0-{i + 1:05}-of-{parts:05}.gguf": draw.randbytes(1 + random_size(draw) // parts) for i in range(parts)}
    else:
        files = {"config.json": json.dumps({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "note": draw.random()}).encode(),
                 "tokenizer.json": json.dumps({"version": "1.0", "vocabulary": draw.randrange(1 << 30)}).encode(),
                 "model.safetensors": draw.randbytes(1 + random_size(draw))}
    return files, REPOSITORY + (":safetensors" if kind == "safetensors" else ":Q4_0")


def random_faults(draw):
    """Of every kind or a lot of one; on the way to the bytes, or everywhere."""
    kinds = sorted({kind for place in hub_faults.RANDOM_KINDS.values() for kind in place})
    if draw.random() < 0.5:
        kinds = [draw.choice(hub_faults.RANDOM_KINDS["cdn"])]
    where = draw.choice([["cdn"], ["cdn"], ["resolve", "cdn"], ["api", "resolve", "cdn"]])
    rate = draw.choice([0.2, 0.5]) if "api" in where else draw.choice([0.3, 0.6, 0.9])
    return {"random": {"seed": draw.randrange(1 << 30), "rate": rate, "budget": draw.choice([1, 3, 8, 20]), "kinds": kinds, "where": where},
            "link_uses": draw.choice([0, 0, 0, 1, 2]), "rate": draw.choice([0, 0, 2_000_000, 8_000_000])}


@contextlib.contextmanager
def small_disk(folder, size):
    """A disk of its own for the folder; gives False where mounting is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder],
                                                   capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], capture_output=True)


class Run:
    def __init__(self, program, seed, number):
        self.draw = random.Random(f"{seed}/{number}")
        self.story = []          # what was done, for the report
        self.versions = []       # every content the repository had: {name: bytes}
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="fake-hub-"))
        self.hub = FakeHub(self.root, token=TOKEN)
        self.larder = LarderProgram(program, HF_ENDPOINT=self.hub.endpoint, HF_TOKEN=TOKEN, LARDER_HUB_PATIENCE=PACE)
        self.publish()

    def close(self):
        self.hub.stop()
        self.larder.remove()
        shutil.rmtree(self.root, ignore_errors=True)

    def publish(self):
        """Puts new content on the hub, of the same kind each time."""
        state = self.draw.getstate()
        for _ in range(100):  # draws until it is of the same kind
            files, self.reference = random_content(self.draw)
            if not self.versions or files.keys() == self.versions[0].keys():
                break
        else:
            self.draw.setstate(state)
            return
        folder = self.root / REPOSITORY
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():  # the hub may look at any moment
            (self.root / "new").write_bytes(content)
            (self.root / "new").replace(folder / name)
        (self.root / f"{REPOSITORY}.json").write_text(json.dumps(
            {"gguf": {"architecture": "llama", "context_length": 256, "total": 1000}, "gated": self.draw.choice([False, "auto"])}))
        self.versions.append(files)
        self.story.append("content " + ", ".join(f"{name} {len(content)}" for name, content in files.items()))

    def expect(self, true, words):
        if not true:
            raise Failure(words)

    def check_files(self, when):
        """Nothing wrong or half-made lies under a real name."""
        found = self.larder.files()
        for path, content in found.items():
            name = path.rsplit("/", 1)[-1]
            good = any(version.get(name) == content for version in self.versions)
            self.expect(good, f"{when}: {path} ({len(content)} bytes) is not what the hub has")
        return found

    def check_list(self, found):
        code, out, err = self.larder.run("list", "--json")
        self.expect(code == 0, f"list failed: {err}")
        for model in json.loads(out):
            path = pathlib.Path(model["path"]).relative_to(self.larder.models).as_posix()
            whole = path in found or any(name.startswith(path + "/") for name in found)
            self.expect(whole, f"list shows {path}, which is not there")
            self.expect(".part" not in model["name"], f"list shows a partial file: {model['name']}")

    def check_end(self, process, may_stop):
        """The exit code of an attempt that ended by itself or was asked to."""
        out, err = (stream.decode("utf-8", "replace") for stream in process.communicate())
        code, lines = process.returncode, err.splitlines()
        self.story.append(f"exit {code}: {lines[-1] if lines else ''}")
        if may_stop and out + err == "" and code in (1, -signal.SIGINT):
            return 1  # the signal came before the program was ready for it: it ends at once and says nothing
        self.expect(TOKEN not in out + err, "the token was printed")
        self.expect(code in (0, 1), f"exit code {code}: {err}")
        if code == 0:
            files = self.check_files("after success")
            names = sorted(path.rsplit("/", 1)[-1] for path in files)
            self.expect(names == sorted(self.versions[0]), f"exit 0, but there is only {names}")
            self.expect(len(out.splitlines()) == 1, f"not one name on standard output: {out!r}")
        else:
            self.expect(out == "" and lines and lines[-1].startswith("larder: ") and len(lines[-1]) > 20, f"no clear sentence: {err!r}")
            self.expect(may_stop or "run the same command" not in err, "it says it was stopped, but nobody did")
        return code

    def begin(self, file_limit=None):
        if file_limit is None:
            return self.larder.begin("pull", self.reference, "--connections", self.connections)
        # As a full disk, for whoever may not mount one: writes beyond the limit fail.
        return subprocess.Popen(["sh", "-c", f"trap '' XFSZ; ulimit -f {file_limit // 512}; exec \"$@\"", "sh", str(self.larder.program), "pull",
                                 self.reference], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=self.larder.environment())

    def watch(self, process, seconds):
        """Looks at the files while it runs; whether it ended in time."""
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline:
            self.check_files("while it runs")
            time.sleep(0.03)
        return process.poll() is not None

    def finish(self, process):
        """Waits, loses patience, presses Ctrl-C."""
        ended = self.watch(process, GIVE_UP)
        if not ended:
            self.story.append("Ctrl-C")
            process.send_signal(signal.SIGINT)
            self.expect(self.watch(process, STOP_SOON), "it does not stop")
        return self.check_end(process, may_stop=not ended)

    def attempt(self):
        self.connections = self.draw.choice([1, 2, 4, 8])
        what = self.draw.choice(["plain", "plain", "kill", "kill", "stop", "two", "full disk", "new content"])
        moment = self.draw.choice([0.0, 0.05, 0.1, 0.2, 0.4, 0.8])
        self.story.append(f"{what}, {self.connections} connections, {moment} s")
        if what == "full disk":
            return self.attempt_on_full_disk(moment)
        processes = [self.begin()]
        try:
            if what == "two":
                time.sleep(moment)
                processes.append(self.begin())
            if what == "new content":
                time.sleep(moment)
                self.publish()
            if what in ("kill", "stop") and not self.watch(processes[0], moment):
                processes[0].send_signal(signal.SIGKILL if what == "kill" else signal.SIGINT)
                self.expect(self.watch(processes[0], STOP_SOON), "it does not stop")
            for process in processes:
                if what == "kill" and process.returncode == -signal.SIGKILL:
                    continue
                if what == "stop":
                    self.check_end(process, may_stop=True)
                else:
                    self.finish(process)
            return self.check_list(self.check_files("after the attempt"))
        finally:
            self.reap(processes)

    @staticmethod
    def reap(processes):
        for process in processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()

    def attempt_on_full_disk(self, moment):
        whole = sum(len(content) for content in self.versions[-1].values())
        size = self.draw.choice([whole // 2 + (1 << 16), whole + SPARE, whole + SPARE, whole + SPARE])
        shutil.rmtree(self.larder.models, ignore_errors=True)
        with small_disk(self.larder.models, size) as mounted:
            processes = [self.begin(None if mounted else max(4096, whole // 2))]
            try:
                if mounted:  # somebody else fills the disk meanwhile
                    time.sleep(moment)
                    for piece in (bytes(1 << 20), bytes(1 << 12)):
                        with contextlib.suppress(OSError), open(self.larder.models / ".others", "ab", buffering=0) as filler:
                            while True:
                                filler.write(piece)
                self.finish(processes[0])
                self.check_list(self.check_files("on a full disk"))
            finally:
                self.reap(processes)

    def go(self):
        self.hub.set_faults(random_faults(self.draw))
        for _ in range(self.draw.choice([1, 1, 2, 3])):
            self.attempt()
        self.hub.clear_faults()
        self.story.append("faults lifted")
        self.connections = 4
        process = self.begin()
        try:
            self.expect(self.watch(process, PATIENCE), "it does not end without faults either")
            self.expect(self.check_end(process, may_stop=False) == 0, "it fails without faults too")
        finally:
            self.reap([process])
        found = {path.rsplit("/", 1)[-1]: content for path, content in self.larder.files().items()}
        self.expect(found == self.versions[-1], "the files are not those that the hub has now")
        left = [str(path) for path in self.larder.models.rglob(".*")]
        self.expect(left == [], f"left behind: {left}")
        listed = json.loads(self.larder.run("list", "--json")[1])
        self.expect(len(listed) == 1 or any(path.endswith(".safetensors") for path in found), f"listed: {[m['name'] for m in listed]}")
        for entry in self.hub.log():
            self.expect(entry["server"] != "cdn" or TOKEN not in json.dumps(entry), "the token reached the second host")


def one(program, seed, number):
    """The faults there were; and nothing, or what went wrong."""
    run, trouble = Run(program, seed, number), None
    try:
        run.go()
    except Failure as failure:
        trouble = f"{failure}\n  " + "\n  ".join(run.story)
    except Exception:  # of this test itself
        trouble = traceback.format_exc() + "  " + "\n  ".join(run.story)
    finally:
        run.close()
    return [f"{entry['server']} {entry['fault']}" for entry in run.hub.log() if entry["fault"]], trouble


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=6, help="runs at the same time; most of a run is waiting")
    parser.add_argument("--only", type=int, help="just this run, for a closer look")
    asked = parser.parse_args()
    begin, failures, done, faults = time.monotonic(), 0, 0, collections.Counter()
    numbers = range(asked.runs) if asked.only is None else [asked.only]
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        futures = {pool.submit(one, asked.program, asked.seed, number): number for number in numbers}
        for future in concurrent.futures.as_completed(futures):
            done += 1
            seen, trouble = future.result()
            faults.update(seen)
            if trouble:
                failures += 1
                print(f"run {futures[future]} of seed {asked.seed}: {trouble}\n  faults: {', '.join(seen)}\n", flush=True)
    print("faults: " + ", ".join(f"{count} {kind}" for kind, count in sorted(faults.items())))
    print(f"{done - failures} of {done} runs were right, {time.monotonic() - begin:.0f} s, seed {asked.seed}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
