"""A desktop of its own for one test: X server, window manager, session bus and either a panel with an XEmbed tray (tint2) or a
StatusNotifierWatcher; and a person's hands on it: what is on the screen is found and pressed through the accessibility tree,
as a screen reader does, and by keys and mouse.

Needs Debian's Xvfb, openbox, tint2, xdotool, at-spi2-core, python3-gi, gir1.2-atspi-2.0, python3-dbus, imagemagick, so it
runs with Debian's own Python. Every program started here ends with the test.
"""
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE = int(os.environ.get("LARDER_TEST_PATIENCE", 60))  # seconds until something that should appear counts as missing


def wait_for(what, condition, patience=PATIENCE, pause=0.1):
    """The first true value of condition(); a failed test that names what was waited for."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience} s for {what}")
        time.sleep(pause)


def read_line(reader):
    """A line from a pipe, to its very end: the writer may write number and newline apart. Closes the pipe."""
    line = b""
    while not line.endswith(b"\n") and select.select([reader], [], [], PATIENCE)[0]:
        part = os.read(reader, 4096)
        if not part:
            break
        line += part
    os.close(reader)
    return line.decode().strip()


class Desktop:
    def __init__(self, tray, size="1280x800", scale="1"):
        """tray: "xembed", "sni" or "none"."""
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="larder-desktop-"))
        self.processes = []
        runtime = self.home / "runtime"
        runtime.mkdir(mode=0o700)
        keep = {key: os.environ[key] for key in ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LARDER_STARTER") if key in os.environ}
        self.environment = {**keep, "HOME": str(self.home), "XDG_RUNTIME_DIR": str(runtime), "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
                            "LC_ALL": "C.UTF-8", "QT_SCALE_FACTOR": scale, "XDG_CURRENT_DESKTOP": "test"}
        try:
            self._start_display(size)
            self._start_bus()
            self.start("openbox")
            if tray == "xembed":
                (self.home / "tint2rc").write_text("panel_items = S\npanel_size = 100% 32\npanel_position = bottom center horizontal\n"
                                                   "panel_background_id = 1\nsystray_icon_size = 22\nrounded = 0\nborder_width = 0\n"
                                                   "background_color = #2b2b2b 100\n")
                self.start("tint2", "-c", str(self.home / "tint2rc"))
                wait_for("the panel", lambda: self.window("tint2"))
            elif tray == "sni":
                self.watcher = self.start(sys.executable, str(pathlib.Path(__file__).with_name("status_notifier_watcher.py")),
                                          stdout=subprocess.PIPE, text=True)
                self.watcher.stdout.readline()  # "ready"
        except BaseException:
            self.close()
            raise

    def _start_display(self, size):
        reader, writer = os.pipe()
        server = self.start("Xvfb", "-displayfd", str(writer), "-screen", "0", f"{size}x24", "-nolisten", "tcp", pass_fds=[writer])
        os.close(writer)
        number = read_line(reader)
        if not number:
            raise RuntimeError(f"Xvfb did not start: {server.poll()}")
        self.environment["DISPLAY"] = ":" + number

    def _start_bus(self):
        reader, writer = os.pipe()
        self.start("dbus-daemon", "--session", "--nofork", f"--print-address={writer}", pass_fds=[writer])
        os.close(writer)
        address = read_line(reader)
        if not address:
            raise RuntimeError("dbus-daemon did not start")
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = address
        # For this process: the libraries below read it when they first connect. One desktop a process.
        os.environ.update({key: self.environment[key] for key in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "XDG_RUNTIME_DIR")})

    def start(self, *command, env=None, **options):
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", None if os.environ.get("LARDER_TEST_VERBOSE") else subprocess.DEVNULL)
        process = subprocess.Popen(command, env={**self.environment, **(env or {})}, stdin=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    # --- the screen ---

    def xdotool(self, *arguments):
        done = subprocess.run(["xdotool", *map(str, arguments)], env=self.environment, capture_output=True, text=True, timeout=PATIENCE)
        return done.stdout.strip()

    def window(self, name):
        """The X id of a visible window whose title matches, or nothing."""
        return self.xdotool("search", "--onlyvisible", "--name", name).split("\n")[0]

    def screenshot(self, path):
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True, timeout=PATIENCE)

    def type(self, text):
        self.xdotool("type", "--delay", "5", "--", text)

    def key(self, *keys):
        self.xdotool("key", "--delay", "20", *keys)

    def click(self, x, y, button=1):
        self.xdotool("mousemove", int(x), int(y), "click", button)

    # --- the accessibility tree ---

    def application(self, name="larder"):
        from gi.repository import Atspi
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(i)
            if child is not None and child.get_name().lower() == name:
                return child
        return None

    def all(self, role=None, name=None, showing=True, root=None):
        """Every element with this role ("push button") and a name that the pattern matches whole."""
        import gi
        gi.require_version("Atspi", "2.0")
        from gi.repository import Atspi, GLib
        found = []

        def walk(node, depth):
            if node is None or depth > 40:
                return
            try:
                states = node.get_state_set()
                if (not showing or depth == 0 or states.contains(Atspi.StateType.SHOWING) or node.get_role_name() in ("application", "frame")):
                    if (role is None or node.get_role_name() == role) and (name is None or re.fullmatch(name, node.get_name() or "", re.S)):
                        if not showing or states.contains(Atspi.StateType.SHOWING):
                            found.append(node)
                    for i in range(min(node.get_child_count(), 2000)):
                        walk(node.get_child_at_index(i), depth + 1)
            except GLib.Error:
                pass  # it went away while we looked

        walk(root or self.application(), 0)
        return found

    def find(self, role=None, name=None, patience=PATIENCE, root=None):
        return wait_for(f"{role or 'element'} {name!r}", lambda: next(iter(self.all(role, name, root=root)), None), patience)

    def press(self, role, name, patience=PATIENCE):
        """Presses a button, item or box as assistive technology does."""
        from gi.repository import Atspi
        node = wait_for(f"enabled {role} {name!r}",
                        lambda: next((n for n in self.all(role, name) if n.get_state_set().contains(Atspi.StateType.SENSITIVE)), None), patience)
        action = node.get_action_iface()
        names = [action.get_action_name(i).lower() for i in range(action.get_n_actions())]
        for wanted in ("press", "toggle", "click", "showmenu"):
            if wanted in names:
                action.do_action(names.index(wanted))
                return node
        raise AssertionError(f"{role} {name!r} has no press action, only {names}")

    def fill(self, role, name, text):
        node = self.find(role, name)
        node.get_component_iface().grab_focus()
        wait_for(f"focus in {name!r}", lambda: node.get_state_set().contains(__import__("gi.repository.Atspi", fromlist=["StateType"]).StateType.FOCUSED))
        self.key("ctrl+a")
        self.type(text)
        return node

    def text_of(self, node):
        text = node.get_text_iface()
        from gi.repository import Atspi
        return Atspi.Text.get_text(text, 0, -1) if text else node.get_name()

    def texts(self):
        """All that can be read on the screen, joined: for looking something up in it."""
        return "\n".join(filter(None, (node.get_name() for node in self.all())))

    def tree(self):
        """For a person who wonders what is there."""
        return "\n".join(f"{node.get_role_name()}: {node.get_name()!r}" for node in self.all() if node.get_name())
