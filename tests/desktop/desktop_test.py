"""The app as a person meets it, on a desktop of its own: first start, wizard, download from the fake hub, chat over HTTP, charts,
quit from the tray, second start. Once with an XEmbed tray (tint2), once against a StatusNotifierWatcher, once with no tray.

Usage: desktop_test.py PROGRAM FIXTURE_FOLDER [test names]   (Debian's Python: see desktop.py)
"""
import functools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import unittest
import urllib.request

import gi

gi.require_version("Atspi", "2.0")

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from desktop import PATIENCE, Desktop, wait_for  # noqa: E402
from fake_hub import FakeHub  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
FIXTURES = pathlib.Path(sys.argv[2]).resolve()
MODEL = "tiny_llama_f32"
REPOSITORY = "kitchen/tiny-llama-GGUF"
PICTURES = os.environ.get("LARDER_TEST_PICTURES")  # a folder for screenshots, to look at


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def telling(test):
    """A failed test says what was on the screen."""
    @functools.wraps(test)
    def run(self):
        try:
            test(self)
        except BaseException:
            print("on the screen:\n" + self.desktop.tree(), file=sys.stderr)
            self.picture("failed")
            raise
    return run


class Story(unittest.TestCase):
    """What the three desktops share; each test method is one desktop's whole story."""

    def open_desktop(self, tray, **options):
        self.desktop = Desktop(tray, **options)
        self.addCleanup(self.desktop.close)
        self.base = self.desktop.home / ".larder"
        self.port = free_port()
        hub_root = self.desktop.home / "hub"
        folder = hub_root / REPOSITORY
        folder.mkdir(parents=True)
        shutil.copy(FIXTURES / f"{MODEL}.gguf", folder)
        hub = FakeHub(hub_root)
        self.hub = hub.__enter__()
        self.addCleanup(hub.__exit__, None, None, None)

    def launch(self, *arguments):
        return self.desktop.start(str(PROGRAM), *arguments, env={"HF_ENDPOINT": self.hub.endpoint})

    def picture(self, name):
        if PICTURES:
            self.desktop.screenshot(pathlib.Path(PICTURES) / f"{self._testMethodName}-{name}.png")

    def walk_through_wizard(self):
        desktop = self.desktop
        desktop.press("push button", "Get started")
        desktop.find("text", "Model folder")
        if self.base != desktop.home / ".larder":
            desktop.fill("text", "Larder's folder", str(self.base))
        self.picture("folders")
        desktop.press("push button", "Next")
        port = desktop.find("spin button", "Port")
        port.get_component_iface().grab_focus()
        desktop.key("ctrl+a")
        desktop.type(str(self.port))
        self.picture("access")
        desktop.press("push button", "Next")
        desktop.press("radio button", "Another model from Hugging Face")
        desktop.fill("text", "Hugging Face ID", f"{REPOSITORY}:F32")
        desktop.press("push button", "Look up")
        desktop.find("combo box", "F32.*|File to download")
        self.picture("model")
        desktop.press("push button", "Start server")

    def address(self):
        """Where it listens, once it does."""
        def read():
            try:
                return json.loads((self.base / "server.json").read_text())
            except (OSError, ValueError):
                return None
        server = wait_for("the server", read)
        self.assertEqual(server["address"], f"http://127.0.0.1:{self.port}")
        return server["address"]

    def chat(self, words, expect=200):
        request = urllib.request.Request(
            self.address() + "/v1/chat/completions",
            json.dumps({"model": MODEL, "max_tokens": 40, "ignore_eos": True, "temperature": 0,
                        "messages": [{"role": "user", "content": words}]}).encode(),
            {"Authorization": "Bearer " + (self.base / "api-key").read_text().strip(), "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            self.assertEqual(reply.status, expect)
            return json.load(reply)["choices"][0]["message"]["content"]

    def first_start_to_chat(self):
        """Wizard, download, chat; returns the process."""
        app = self.launch()
        self.desktop.find("push button", "Get started")
        self.picture("welcome")
        self.walk_through_wizard()
        self.address()
        wait_for("the model", lambda: (self.base / "models" / REPOSITORY / f"{MODEL}.gguf").exists())
        self.assertEqual((self.base / "models" / REPOSITORY / f"{MODEL}.gguf").read_bytes(), (FIXTURES / f"{MODEL}.gguf").read_bytes())
        self.assertTrue(all(not entry["authorization"] for entry in self.hub.log() if entry["host"] == "cdn"))
        self.assertEqual((self.base / "api-key").stat().st_mode & 0o777, 0o600)

        self.desktop.find("list item", "Overview")
        first = self.chat("What is in the larder?")
        self.assertEqual(first, self.chat("What is in the larder?"), "the same question, another answer")
        self.charts_move()
        self.picture("overview")
        return app

    def charts_move(self):
        """The charts' text alternative names figures that were not there before the first answer."""
        chart = self.desktop.find(name="Speed in tokens per second.*")

        def moved():
            self.chat("And what else?")
            description = chart.get_description() + chart.get_name()
            return any(character in description for character in "123456789") and description
        self.assertRegex(wait_for("figures in the chart", moved, pause=0.5), r"Decode")

    def pages_open(self):
        for page, sign in (("Models", MODEL), ("Cache", "Prompt cache"), ("Logs", "listening on.*"), ("Settings", "Server")):
            item = self.desktop.find("list item", page)
            item.get_component_iface().grab_focus()
            extents = item.get_component_iface().get_extents(0)
            self.desktop.click(extents.x + extents.width / 2, extents.y + extents.height / 2)
            wait_for(f"{sign} on the page {page}", lambda: sign.rstrip(".*") in self.desktop.texts())
            self.picture(page.lower())

    def starts_at_login(self):
        """The box on the Settings page writes what desktops read at login, and takes it away."""
        entry = self.desktop.home / ".config/autostart/larder.desktop"
        self.desktop.press("check box", "Start .*log.*in.*")
        wait_for("the autostart entry", entry.exists)
        command = next(line for line in entry.read_text().splitlines() if line.startswith("Exec="))
        self.assertEqual(command, f'Exec="{PROGRAM}" --hidden')
        self.desktop.press("check box", "Start .*log.*in.*")
        wait_for("no autostart entry", lambda: not entry.exists())

    def second_start_raises(self):
        """A second start ends at once and shows the first one's window."""
        window = self.desktop.window("Larder")
        self.desktop.xdotool("windowminimize", window)
        other = self.launch()
        self.assertEqual(other.wait(PATIENCE), 0)
        wait_for("the window again", lambda: self.desktop.window("Larder"))

    def assert_second_start_serves(self):
        """Without wizard, with the port, the key and the model of the first time."""
        app = self.launch()
        self.address()
        self.chat("Hello again")
        self.assertFalse(self.desktop.all("push button", "Get started"))
        app.send_signal(signal.SIGTERM)
        self.assertEqual(app.wait(PATIENCE), 0)
        self.assertFalse((self.base / "server.json").exists())


class Xembed(Story):
    @telling
    def test_xembed(self):
        self.open_desktop("xembed")
        app = self.first_start_to_chat()
        self.pages_open()
        self.starts_at_login()
        self.second_start_raises()

        # The icon sits alone at the panel's right end.
        self.picture("tray")
        before = self.override_windows()
        self.desktop.click(*self.icon_position(), button=3)
        # Menus of a tray icon are no children of a window, so there are only keys: Quit is the last entry.
        wait_for("the menu", lambda: self.override_windows() - before)
        self.picture("menu")
        self.desktop.key("Up", "Return")
        self.assertEqual(app.wait(PATIENCE), 0)
        self.assert_second_start_serves()

    def override_windows(self):
        """The windows on the screen that the window manager leaves alone: menus among them."""
        tree = subprocess.run(["xwininfo", "-root", "-children"], env=self.desktop.environment, capture_output=True, text=True).stdout
        shown = set()
        for line in tree.splitlines():
            if line.strip().startswith("0x"):
                facts = subprocess.run(["xwininfo", "-id", line.split()[0]], env=self.desktop.environment, capture_output=True, text=True).stdout
                if "IsViewable" in facts and "Override Redirect State: yes" in facts:
                    shown.add(line.split()[0])
        return shown

    def icon_position(self):
        """Middle of the embedded icon's window, which tint2 keeps inside its panel."""
        panel = self.desktop.window("tint2")
        tree = subprocess.run(["xwininfo", "-id", panel, "-tree"], env=self.desktop.environment, capture_output=True, text=True).stdout
        for line in tree.splitlines():
            parts = line.split()
            if '"larder"' in line.lower() or "larder" in line.lower():
                position = parts[-1]  # +1250+772, absolute
                x, y = position.strip("+").split("+")
                return int(x) + 11, int(y) + 11
        raise AssertionError("no icon in the panel:\n" + tree)


class StatusNotifier(Story):
    @telling
    def test_status_notifier(self):
        import dbus
        self.open_desktop("sni")
        app = self.first_start_to_chat()
        line = self.desktop.watcher.stdout.readline().split()
        self.assertEqual(line[0], "item")
        bus = dbus.SessionBus()
        item = bus.get_object(line[1], line[2])

        def read(name):
            return item.Get("org.kde.StatusNotifierItem", name, dbus_interface="org.freedesktop.DBus.Properties")
        # A notification takes the tooltip's place while it is shown.
        wait_for("the address in the tooltip", lambda: "127.0.0.1" in str(read("ToolTip")[2]) + str(read("ToolTip")[3]))
        self.assertTrue(read("IconPixmap"), "no picture in the icon")
        menu = bus.get_object(line[1], str(read("Menu")))

        def entries(node, into):
            into[str(node[1].get("label", "")).replace("_", "")] = int(node[0])
            for child in node[2]:
                entries(child, into)
            return into
        _, layout = menu.GetLayout(dbus.Int32(0), dbus.Int32(-1), dbus.Array([], signature="s"), dbus_interface="com.canonical.dbusmenu")
        labels = entries(layout, {})
        for wanted in ("Stop server", "Serving stats", "Models", "Copy address", "Copy API key", "Settings", "Logs", "Quit"):
            self.assertTrue(any(label.startswith(wanted) for label in labels), f"{wanted} is not in {sorted(labels)}")

        def choose(label):
            number = next(number for text, number in labels.items() if text.startswith(label))
            menu.Event(dbus.Int32(number), "clicked", dbus.Int32(0), dbus.UInt32(0), dbus_interface="com.canonical.dbusmenu")
        choose("Stop server")
        wait_for("the server's end", lambda: not (self.base / "server.json").exists())

        def offers_start():
            _, anew = menu.GetLayout(dbus.Int32(0), dbus.Int32(-1), dbus.Array([], signature="s"), dbus_interface="com.canonical.dbusmenu")
            return next((number for text, number in entries(anew, {}).items() if text.startswith("Start server")), None)
        labels["Start server"] = wait_for("Start in the menu", offers_start)
        choose("Start server")
        self.address()
        choose("Quit")
        self.assertEqual(app.wait(PATIENCE), 0)
        self.assert_second_start_serves()


class NoTray(Story):
    @telling
    def test_no_tray(self):
        """The window opens by itself, and closing it asks once. Everything in a folder of the user's choice."""
        self.open_desktop("none")
        self.base = self.desktop.home / "a place of my own/larder"
        app = self.first_start_to_chat()
        self.desktop.xdotool("key", "--window", self.desktop.window("Larder"), "alt+F4")
        question = self.desktop.find("push button", "Quit.*")
        self.picture("question")
        self.assertTrue(question)
        self.desktop.press("push button", "Quit.*")
        self.assertEqual(app.wait(PATIENCE), 0)
        self.assert_second_start_serves()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
