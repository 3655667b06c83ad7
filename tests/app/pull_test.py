"""End to end: larder pull, show, rm and list against the fake hub, as a user types them.

Python's standard library only. Usage: pull_test.py PROGRAM FIXTURE_FOLDER [test names]
"""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from fake_hub import FakeHub  # noqa: E402
from larder_program import PATIENCE, LarderProgram  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
FIXTURES = pathlib.Path(sys.argv[2]).resolve()
TINY = "acme/Tiny-GGUF"
TOKEN = "hf_secretsecretsecret"
ONE_SENTENCE = r"^larder: [^\n]+\n$"


class HubTest(unittest.TestCase):
    hub_options = {}

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="fake-hub-"))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        for kind in ("q4_0", "q8_0", "f16"):
            self.put(TINY, f"Tiny-{kind.upper()}.gguf", (FIXTURES / f"tiny_llama_{kind}.gguf").read_bytes())
        self.put(TINY, "README.md", b"# Tiny\n")
        self.facts(TINY, license="apache-2.0", downloads=12, gguf={"architecture": "llama", "context_length": 256, "total": 30000})
        self.hub = FakeHub(self.root, **self.hub_options)
        self.addCleanup(self.hub.stop)
        self.larder = LarderProgram(PROGRAM, HF_ENDPOINT=self.hub.endpoint, LARDER_HUB_PATIENCE="0.01")
        self.addCleanup(self.larder.remove)

    def put(self, repository, name, content):
        path = self.root / repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return content

    def facts(self, repository, **facts):
        (self.root / f"{repository}.json").write_text(json.dumps(facts))

    def big(self, megabytes=8):
        """A file large enough to be stopped in the middle. Not a model, but downloads do not look inside."""
        self.facts("acme/Big", gguf={"architecture": "llama", "context_length": 256, "total": 4_000_000})
        return self.put("acme/Big", "Big-Q8_0.gguf", os.urandom(megabytes * 1_000_000))

    def pull(self, *arguments, **changes):
        code, out, err = self.larder.run("pull", *arguments, **changes)
        self.assertEqual(code, 0, err)
        return out, err

    def refused(self, *arguments, code=1, **changes):
        """The one sentence of a command that fails, and leaves nothing."""
        got, out, err = self.larder.run(*arguments, **changes)
        self.assertEqual((got, out), (code, ""), err)
        self.assertRegex(err.splitlines(keepends=True)[-1], ONE_SENTENCE)
        return err

    def listed(self):
        code, out, err = self.larder.run("list", "--json")
        self.assertEqual(code, 0, err)
        return {model["name"]: model for model in json.loads(out)}

    def begin_pull(self, *arguments, until_bytes=1, **changes):
        """Starts a pull and waits until bytes flow."""
        process = self.larder.begin("pull", *arguments, **changes)
        self.addCleanup(self.end, process)
        deadline = time.monotonic() + PATIENCE
        while sum(entry["sent"] for entry in self.hub.log() if entry["server"] == "cdn") < until_bytes:
            self.assertIsNone(process.poll(), "it ended by itself")
            self.assertLess(time.monotonic(), deadline, "no bytes")
            time.sleep(0.01)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()

    def cdn(self):
        return [entry for entry in self.hub.log() if entry["server"] == "cdn"]


class Pull(HubTest):
    def test_a_named_choice_and_then_it_runs(self):
        out, err = self.pull(f"{TINY}:Q8_0")
        self.assertEqual(list(self.larder.files().values()), [(FIXTURES / "tiny_llama_q8_0.gguf").read_bytes()])
        name = out.strip()
        self.assertEqual(list(self.listed()), [name])
        self.assertEqual(self.listed()[name]["repository"], TINY)
        self.assertIn("102 KB", err)
        self.assertIn("apache-2.0", err)
        self.assertEqual(self.larder.run("run", name, "hello", "--max-tokens", "3")[0], 0)

        sent = len(self.cdn())
        self.assertEqual(self.pull(f"{TINY}:Q8_0")[0], out, "a second time it is there already")
        self.assertEqual(len(self.cdn()), sent)

    def test_the_recommended_choice_when_none_is_named(self):
        choices = json.loads(self.pull(TINY, "--list", "--json")[0])["choices"]
        best = next(choice for choice in choices if choice["recommended"])
        self.pull(TINY)
        self.assertEqual([pathlib.Path(path).name for path in self.larder.files()], [best["files"][0]["path"]])

    def test_a_file_a_revision_a_link(self):
        commit = self.hub.shelf.find(TINY).commit
        for reference in (f"{TINY}/Tiny-F16.gguf", f"{TINY}:F16@{commit}", f"{self.hub.endpoint}/{TINY}/blob/main/Tiny-F16.gguf"):
            self.pull(reference)
            self.assertEqual(list(self.larder.files().values()), [(FIXTURES / "tiny_llama_f16.gguf").read_bytes()], reference)
            shutil.rmtree(self.larder.models)

    def test_as_json(self):
        model = json.loads(self.pull(f"{TINY}:Q4_0", "--json")[0])
        self.assertEqual((model["name"], model["size_bytes"]), (*self.listed(), (FIXTURES / "tiny_llama_q4_0.gguf").stat().st_size))
        self.assertTrue(pathlib.Path(model["path"]).exists())

    def test_lists_the_choices(self):
        out, _ = self.pull(TINY, "--list")
        lines = out.splitlines()
        self.assertEqual(lines[0].split(), ["CHOICE", "SIZE", "FIT", "PROBLEM"])
        self.assertEqual({line.split()[0] for line in lines[1:]}, {"Q4_0", "Q8_0", "F16"})
        self.assertEqual(out.count("(recommended)"), 1)
        answer = json.loads(self.pull(TINY, "--list", "--json")[0])
        self.assertEqual((answer["repository"], answer["license"], answer["gated"]), (TINY, "apache-2.0", False))
        self.assertEqual({choice["label"]: choice["size_bytes"] for choice in answer["choices"]}["Q8_0"], 102240)
        self.assertFalse(self.larder.models.exists() and any(self.larder.models.iterdir()), "nothing was downloaded")

    def test_what_is_not_there(self):
        self.assertRegex(self.refused("pull", f"{TINY}:Q5_K_M"), "Q4_0")
        self.assertIn("acme/none", self.refused("pull", "acme/none"))
        self.assertIn("none.gguf", self.refused("pull", f"{TINY}/none.gguf"))
        self.refused("pull", f"{TINY}@nothing")
        self.put("acme/Pictures", "cat.txt", b"no model")
        self.refused("pull", "acme/Pictures")
        self.assertEqual(self.larder.run("pull", "acme/Pictures", "--list")[0], 0)
        for reference in ("", "tiny", "a/b/../../c.gguf", "../x", "a b/c", "acme/Tiny-GGUF:", "http://"):
            self.refused("pull", reference, code=2)
        self.refused("pull", code=2)
        self.refused("pull", TINY, "--connections", "0", code=2)
        self.assertEqual(self.larder.files(), {})

    def test_no_hub(self):
        self.refused("pull", TINY, HF_ENDPOINT="http://127.0.0.1:1")
        self.refused("pull", TINY, HF_ENDPOINT="not a link")

    def test_a_split_model_arrives_whole(self):
        parts = {f"split/Big-Q4_0-0000{i}-of-00003.gguf": self.put("acme/Split", f"split/Big-Q4_0-0000{i}-of-00003.gguf", os.urandom(50_000 + i))
                 for i in (1, 2, 3)}
        self.facts("acme/Split", gguf={"architecture": "llama", "context_length": 256, "total": 30000})
        choice, = json.loads(self.pull("acme/Split", "--list", "--json")[0])["choices"]
        self.assertEqual(len(choice["files"]), 3)
        self.pull("acme/Split:Q4_0")
        self.assertEqual(sorted(self.larder.files().values()), sorted(parts.values()))

    def test_what_this_version_cannot_run(self):
        content = self.put("acme/Other", "Other-Q4_0.gguf", os.urandom(3000))
        self.facts("acme/Other", gguf={"architecture": "mamba", "context_length": 256, "total": 30000})
        sentence = self.refused("pull", "acme/Other")
        self.assertIn("mamba", sentence)
        self.assertIn("acme/Other:Q4_0", sentence)
        self.assertEqual(self.larder.files(), {})
        _, err = self.pull("acme/Other:Q4_0")
        self.assertIn("warning", err)
        self.assertEqual(list(self.larder.files().values()), [content])

    def test_a_file_of_nothing(self):
        self.put("acme/Nothing", "Nothing-Q4_0.gguf", b"")
        self.facts("acme/Nothing", gguf={"architecture": "llama", "context_length": 256, "total": 30000})
        self.larder.run("pull", "acme/Nothing:Q4_0")
        self.assertLessEqual(set(self.larder.files().values()), {b""})

    def test_hostile_names_stay_inside(self):
        evil = {"id": TINY, "sha": "0" * 40, "siblings": [
            {"rfilename": name, "size": 70784, "lfs": {"sha256": "0" * 64, "size": 70784}}
            for name in ("../../../evil-Q4_0.gguf", "/tmp/evil-Q8_0.gguf", "a/../../../evil-F16.gguf", "a\\..\\evil-BF16.gguf", "\u0000evil.gguf")]}
        self.hub.set_faults({"rules": [{"kind": "garbage", "where": "api", "text": json.dumps(evil)}]})
        self.refused("pull", f"{TINY}:Q4_0")
        self.refused("pull", TINY)
        found = [path for path in self.larder.base.rglob("*evil*")]
        self.assertEqual(found, [])

    def test_progress_on_a_terminal(self):
        import pty
        self.big(4)
        self.hub.set_faults({"rate": 1_000_000})
        main, side = pty.openpty()
        process = subprocess.Popen([PROGRAM, "pull", "acme/Big:Q8_0", "--connections", "1"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=side, env=self.larder.environment())
        os.close(side)
        self.addCleanup(lambda: (process.poll() is None and process.kill(), process.wait()))
        seen = b""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if select.select([main], [], [], 1)[0]:
                try:
                    seen += os.read(main, 65536)
                except OSError:
                    break
        os.close(main)
        self.assertEqual(process.wait(PATIENCE), 0, seen)
        self.assertRegex(seen.decode(), r"\r\d+ %  [\d.]+ [KM]B of 4(\.0)? MB")
        self.assertRegex(seen.decode(), r"B/s")
        self.assertTrue(seen.endswith(b"\r\x1b[K"), seen[-100:])


class PullAgain(HubTest):
    def test_stopped_with_a_key_goes_on_where_it_was(self):
        content = self.big()
        self.hub.set_faults({"rate": 2_000_000})
        process = self.begin_pull("acme/Big:Q8_0", until_bytes=5_000_000)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, out), (1, b""))
        self.assertIn("run the same command", err.decode())
        self.assertEqual((self.listed(), self.larder.files()), ({}, {}))
        self.goes_on(content)

    def test_killed_goes_on_where_it_was(self):
        content = self.big()
        self.hub.set_faults({"rate": 2_000_000})
        process = self.begin_pull("acme/Big:Q8_0", until_bytes=6_000_000)
        process.kill()
        process.wait()
        self.assertEqual((self.listed(), self.larder.files()), ({}, {}))
        self.goes_on(content)

    def goes_on(self, content):
        self.hub.clear_faults()
        self.hub.clear_log()
        self.pull("acme/Big:Q8_0")
        self.assertEqual(list(self.larder.files().values()), [content])
        self.assertLess(sum(entry["sent"] for entry in self.cdn()), len(content), "what had arrived was fetched again")
        leftovers = [path.name for path in self.larder.models.rglob(".*")]
        self.assertEqual(leftovers, [], "nothing but the file stays")

    def test_new_content_on_the_hub_is_not_mixed_with_the_old(self):
        self.big()
        self.hub.set_faults({"rate": 2_000_000})
        process = self.begin_pull("acme/Big:Q8_0", until_bytes=3_000_000)
        process.kill()
        process.wait()
        self.hub.clear_faults()
        content = self.big()
        self.pull("acme/Big:Q8_0")
        self.assertEqual(list(self.larder.files().values()), [content])

    def test_two_at_once(self):
        content = self.big()
        self.hub.set_faults({"rate": 1_000_000})
        first = self.begin_pull("acme/Big:Q8_0")
        self.refused("pull", "acme/Big:Q8_0")
        self.hub.clear_faults()
        self.assertEqual(first.wait(PATIENCE), 0)
        self.assertEqual(list(self.larder.files().values()), [content])

    def test_faults_that_a_download_survives(self):
        content = self.big(3)
        for fault in ({"kind": "drop"}, {"kind": "drop", "reset": True}, {"kind": "hang_up"}, {"kind": "status", "status": 429, "retry_after": 0},
                      {"kind": "status", "status": 503, "retry_after": 1}, {"kind": "short_length"}, {"kind": "ignore_range"},
                      {"kind": "stall", "seconds": 0.3, "then": "go on"}, {"kind": "trickle", "seconds": 0.3}):
            self.hub.set_faults({"rules": [{"where": "cdn", "times": 2, **fault}]})
            code, _, err = self.larder.run("pull", "acme/Big:Q8_0")
            self.assertEqual((code, list(self.larder.files().values())), (0, [content]), (fault, err))
            shutil.rmtree(self.larder.models)

    def test_links_that_expire(self):
        content = self.big(3)
        self.hub.set_faults({"link_uses": 1, "rules": [{"kind": "drop", "where": "cdn", "times": 3}]})
        self.pull("acme/Big:Q8_0")
        self.assertEqual(list(self.larder.files().values()), [content])

    def test_wrong_bytes_are_never_kept(self):
        content = self.big(3)
        self.hub.set_faults({"rules": [{"kind": "wrong_bytes", "where": "cdn"}]})
        self.refused("pull", "acme/Big:Q8_0")
        self.assertEqual((self.listed(), self.larder.files()), ({}, {}))
        self.hub.clear_faults()
        self.pull("acme/Big:Q8_0")
        self.assertEqual(list(self.larder.files().values()), [content])

    def test_a_log_in_page_is_not_a_model(self):
        for where in ("api", "resolve", "cdn"):
            self.hub.set_faults({"rules": [{"kind": "portal", "where": where}]})
            self.refused("pull", f"{TINY}:Q4_0")
            self.assertEqual((self.listed(), self.larder.files()), ({}, {}))

    def test_redirects_that_lead_nowhere(self):
        for fault in ({"kind": "redirect_loop"}, {"kind": "bad_redirect"}, {"kind": "bad_redirect", "location": "file:///etc/passwd"},
                      {"kind": "bad_redirect", "location": "ftp://localhost/x"}):
            self.hub.set_faults({"rules": [{"where": "resolve", **fault}]})
            self.refused("pull", f"{TINY}:Q4_0")
            self.assertEqual(self.larder.files(), {})

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("mount"), "mounting needs root")
    def test_a_full_disk(self):
        self.big(6)
        self.larder.models.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", self.larder.models], capture_output=True).returncode != 0:
            self.skipTest("mounting is not allowed here")
        self.addCleanup(subprocess.run, ["umount", self.larder.models])
        sentence = self.refused("pull", "acme/Big:Q8_0")
        self.assertIn("6", sentence, "how much is needed")
        self.assertEqual(self.cdn(), [], "it is known before the first byte")
        self.assertEqual(self.larder.files(), {})

    def test_a_folder_that_cannot_be_written(self):
        (self.larder.base / "models").write_text("a file where the folder should be")
        self.refused("pull", f"{TINY}:Q4_0")


class PullWithToken(HubTest):
    hub_options = {"token": TOKEN}

    def setUp(self):
        super().setUp()
        self.facts(TINY, gated="auto", gguf={"architecture": "llama", "context_length": 256, "total": 30000})

    def nobody_saw_the_token(self):
        for entry in self.cdn():
            self.assertNotIn(TOKEN, json.dumps(entry))

    def test_gated_needs_a_token(self):
        sentence = self.refused("pull", f"{TINY}:Q4_0")
        self.assertIn(f"{self.hub.endpoint}/{TINY}", sentence)
        self.refused("pull", f"{TINY}:Q4_0", HF_TOKEN="hf_wrong")
        self.facts(TINY, gated="manual", accepted=False)
        self.assertIn(f"{self.hub.endpoint}/{TINY}", self.refused("pull", f"{TINY}:Q4_0", HF_TOKEN=TOKEN))
        self.assertEqual(self.larder.files(), {})

    def test_the_token_opens_it_and_goes_nowhere_else(self):
        out, err = self.pull(f"{TINY}:Q4_0", HF_TOKEN=TOKEN)
        self.assertEqual(list(self.larder.files().values()), [(FIXTURES / "tiny_llama_q4_0.gguf").read_bytes()])
        self.assertTrue(self.cdn())
        self.nobody_saw_the_token()
        self.assertNotIn(TOKEN, out + err)
        for path in self.larder.base.rglob("*"):
            if path.is_file():
                self.assertNotIn(TOKEN.encode(), path.read_bytes(), path)

    def test_a_token_file(self):
        (self.larder.base / "hf").mkdir()
        (self.larder.base / "hf" / "token").write_text(TOKEN + "\n")
        self.pull(f"{TINY}:Q4_0")
        self.nobody_saw_the_token()

    def test_a_private_repository_looks_like_none(self):
        self.facts(TINY, private=True)
        self.assertIn(TINY, self.refused("pull", f"{TINY}:Q4_0"))
        self.pull(f"{TINY}:Q4_0", HF_TOKEN=TOKEN)


@unittest.skipUnless(shutil.which("openssl"), "certificates are made with openssl")
class PullEncrypted(HubTest):
    hub_options = {"tls": True, "token": TOKEN}

    def trust(self):
        (self.larder.base / "settings.json").write_text(json.dumps({"ca_file": self.hub.ca}))

    def test_an_unknown_certificate_is_refused(self):
        self.assertIn("certificate", self.refused("pull", f"{TINY}:Q4_0"))
        self.assertEqual(self.hub.log(), [])

    def test_a_certificate_of_ones_own(self):
        self.trust()
        self.pull(f"{TINY}:Q4_0", HF_TOKEN=TOKEN)
        self.assertEqual(list(self.larder.files().values()), [(FIXTURES / "tiny_llama_q4_0.gguf").read_bytes()])

    def test_never_from_encrypted_to_open(self):
        self.trust()
        self.hub.set_faults({"rules": [{"kind": "insecure_redirect", "where": "resolve"}]})
        self.refused("pull", f"{TINY}:Q4_0")
        self.assertEqual((self.cdn(), self.larder.files()), ([], {}))


class ShowAndRemove(HubTest):
    def setUp(self):
        super().setUp()
        self.name = self.pull(f"{TINY}:Q8_0")[0].strip()

    def test_shows_a_model(self):
        code, out, err = self.larder.run("show", self.name)
        self.assertEqual((code, err), (0, ""))
        for words in (self.name, str(self.larder.models), "model folder", TINY, "102 KB", "llama", "Q8_0", "tokens", "of this machine's"):
            self.assertIn(words, out)
        model = json.loads(self.larder.run("show", self.name.lower(), "--json")[1])
        self.assertEqual((model["name"], model["quantisation"], model["source"], model["repository"], model["fit"], model["problem"]),
                         (self.name, "Q8_0", "model folder", TINY, "good", ""))
        self.assertEqual(json.loads(self.larder.run("list", "--json")[1]), [model])
        self.assertIn(self.name, self.refused("show", "nothing"))
        self.refused("show", code=2)

    def test_removes_a_model(self):
        self.assertIn("--yes", self.refused("rm", self.name, code=2))
        self.assertEqual(list(self.listed()), [self.name])
        code, out, err = self.larder.run("rm", self.name, "--yes")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("102 KB", out)
        self.assertEqual((self.listed(), self.larder.files()), ({}, {}))
        self.assertTrue(self.larder.models.is_dir(), "the model folder itself stays")
        self.assertEqual(list(self.larder.models.iterdir()), [], "empty folders go")
        self.refused("rm", self.name, "--yes")

    def test_asks_on_a_terminal(self):
        self.assertEqual(self.answered("n"), 1)
        self.assertEqual(list(self.listed()), [self.name])
        self.assertEqual(self.answered(""), 1)
        self.assertEqual(list(self.listed()), [self.name])
        self.assertEqual(self.answered("y"), 0)
        self.assertEqual(self.listed(), {})

    def answered(self, answer):
        import pty
        main, side = pty.openpty()
        process = subprocess.Popen([PROGRAM, "rm", self.name], stdin=side, stdout=side, stderr=side, env=self.larder.environment(),
                                   start_new_session=True)
        os.close(side)
        seen = b""
        while b"[y/N]" not in seen:
            self.assertTrue(select.select([main], [], [], PATIENCE)[0], seen)
            seen += os.read(main, 4096)
        self.assertIn(self.name.encode(), seen)
        os.write(main, answer.encode() + b"\n")
        try:
            return process.wait(PATIENCE)
        finally:
            os.close(main)

    def test_what_is_not_larders_is_left_alone(self):
        snapshot = self.larder.base / "hf/hub/models--acme--Cached-GGUF/snapshots/0123456789abcdef0123456789abcdef01234567"
        snapshot.mkdir(parents=True)
        (snapshot.parent.parent / "refs").mkdir()
        (snapshot.parent.parent / "refs/main").write_text(snapshot.name)
        cached = snapshot / "Cached-Q4_0.gguf"
        shutil.copy(FIXTURES / "tiny_llama_q4_0.gguf", cached)
        names = {model["source"]: name for name, model in self.listed().items()}
        self.assertIn("Hugging Face cache", names)
        self.assertIn(str(snapshot.parent.parent), self.refused("rm", names["Hugging Face cache"], "--yes"))
        outside = self.larder.base / "outside.gguf"
        shutil.copy(FIXTURES / "tiny_llama_q4_0.gguf", outside)
        self.assertIn(str(outside), self.refused("rm", outside, "--yes"))
        self.assertTrue(cached.exists() and outside.exists())
        self.assertIn("HF cache", self.larder.run("list")[1])

    def test_the_list_is_readable(self):
        shutil.copy(self.larder.models / next(iter(self.larder.files())), self.larder.models / "SmolLM2-135M-Instruct.Q4_1.gguf")
        lines = self.larder.run("list")[1].splitlines()
        self.assertTrue(re.match(r"NAME +SIZE +TYPE +CONTEXT", lines[0]), lines)
        self.assertTrue(all(len(line) <= 80 for line in lines), lines)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
