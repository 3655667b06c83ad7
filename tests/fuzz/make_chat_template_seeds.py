#!/usr/bin/env python3
"""Makes the seeds of chat_template_fuzz out of tests/golden/chat_templates: the templates themselves and the snippets, which have
every filter, test and method. Run: make_chat_template_seeds.py FOLDER"""
import json
import pathlib
import shutil
import sys

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "chat_templates"

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for template in GOLDEN.glob("*.jinja"):
    shutil.copy(template, folder)
for number, case in enumerate(json.loads((GOLDEN / "snippets.json").read_text())["cases"]):
    (folder / f"snippet_{number}").write_text(case["template"])
