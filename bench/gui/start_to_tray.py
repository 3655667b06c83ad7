#!/usr/bin/env python3
"""Seconds from starting the program until its icon is registered with the tray, and its memory then, without a model.

Usage: start_to_tray.py PROGRAM [RUNS]   (Debian's Python: see tests/desktop/desktop.py)
"""
import json
import pathlib
import signal
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/desktop"))
from desktop import Desktop  # noqa: E402

program, runs = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 5
desktop = Desktop("sni")
try:
    base = desktop.home / ".larder"
    base.mkdir()
    (base / "settings.json").write_text(json.dumps({"setup_done": True, "port": 0, "use_hugging_face_cache": False}))
    seconds, memory = [], []
    for _ in range(runs):
        begin = time.monotonic()
        app = desktop.start(str(program), "--hidden")
        assert desktop.watcher.stdout.readline().startswith("item")
        seconds.append(time.monotonic() - begin)
        time.sleep(3)
        status = pathlib.Path(f"/proc/{app.pid}/status").read_text()
        memory.append(int(status.split("VmRSS:")[1].split()[0]) / 1000)
        app.send_signal(signal.SIGTERM)
        app.wait(20)
    print(f"start to tray icon: median {statistics.median(seconds):.2f} s of {runs}, worst {max(seconds):.2f} s; "
          f"resident without a model: {statistics.median(memory):.0f} MB")
finally:
    desktop.close()
