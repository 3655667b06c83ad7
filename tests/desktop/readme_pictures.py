#!/usr/bin/env python3
"""The README's pictures of Overview: the real program under load, in light and in dark.

Usage: readme_pictures.py PROGRAM MODEL.gguf FOLDER [SECONDS]   (Debian's Python: see desktop.py)
The other two come from larder_pictures.
"""
import json
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import gi

gi.require_version("Atspi", "2.0")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from desktop import Desktop, wait_for  # noqa: E402

program, model, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 120
desktop = Desktop("none", size="1120x900")
base = desktop.home / ".larder"
(base / "models").mkdir(parents=True)
(base / "models" / model.name).symlink_to(model)


def ask(address, number):
    body = {"model": model.stem, "stream": False, "max_tokens": 160,
            "messages": [{"role": "user", "content": "Tell me about the things that are kept in a larder. " * (5 + number % 7 * 9) + f"Question {number}."}]}
    request = urllib.request.Request(address + "/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=120).read()
    except (urllib.error.URLError, OSError):
        pass  # the program ends before the answer does


def picture(appearance):
    (base / "settings.json").write_text(json.dumps({"setup_done": True, "port": 1337, "use_hugging_face_cache": False, "require_api_key": False,
                                                    "appearance": appearance, "model": model.stem}))
    app = desktop.start(str(program))
    wait_for("the server", lambda: (base / "server.json").exists())
    address = json.loads((base / "server.json").read_text())["address"]
    desktop.find("list item", "Overview")
    window = desktop.window("Larder")
    desktop.xdotool("windowsize", window, 1080, 840)
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        clients = [threading.Thread(target=ask, args=(address, number + i)) for i in range(1 + number % 3)]
        for client in clients:
            client.start()
        number += len(clients)
        time.sleep(2 + number % 5)
    desktop.xdotool("mousemove", 5, 5)
    time.sleep(1)
    subprocess.run(["import", "-window", window, str(folder / ("overview.png" if appearance == "light" else "overview-dark.png"))],
                   env=desktop.environment, check=True)
    app.send_signal(signal.SIGTERM)
    app.wait(30)


try:
    picture("light")
    picture("dark")
finally:
    desktop.close()
