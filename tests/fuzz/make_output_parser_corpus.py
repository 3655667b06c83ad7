#!/usr/bin/env python3
"""Makes the seeds of output_parser_fuzz: an answer for each way in which models write calls. Run: make_output_parser_corpus.py"""
import pathlib

FOLDER = pathlib.Path(__file__).parent / "output_parser_corpus"
HERMES, XML, LLAMA, REASONING, OPEN, NO_TOOLS = 1, 2, 3, 4, 8, 16


def seed(name, settings, text):
    (FOLDER / name).write_bytes(bytes([settings, 7]) + text.encode())


FOLDER.mkdir(exist_ok=True)
seed("hermes", HERMES, 'So:\n<tool_call>\n{"name": "f", "arguments": {"s": "é\\n\\u00e9\\ud83d\\ude00", "n": "-1.5e3", "i": "null", "b": "True"}}\n</tool_call>\n')
seed("hermes_late_name", HERMES | NO_TOOLS, '<tool_call>{"arguments": "{\\"o\\": {\\"a\\": [1, true]}}", "name": "f"}</tool_call><tool_call>\n{"name": "f"}')
seed("hermes_nested", HERMES, '<tool_call>{"name": "f", "parameters": {"a": "[{\\"n\\": \\"5\\"}]", "o": {"m": [], "z": "1"}}}\n{"name": "f"}\n</tool_call>')
seed("hermes_in_reasoning", HERMES | REASONING | OPEN, 'hm\n<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>\n</think>\n\nDone')
seed("xml", XML, "<tool_call>\n<function=f>\n<parameter=s>\nA </parameter> é\n</parameter>\n<parameter=n>\n5\n</parameter>\n</function>\n</tool_call>")
seed("xml_bare", XML | REASONING, "<think>\nhm\n</think>\n\n<function=f>\n<parameter=m>\nnull\n</parameter>\n<parameter=a>\n[{}]\n</parameter>\n</function>\n</tool_call>")
seed("llama", LLAMA, '{"name": "f", "parameters": {"b": "false"}}; {"type": "function", "name": "f", "parameters": null}\nDone')
seed("llama_tag", LLAMA | REASONING | OPEN, 'hm</think><|python_tag|>{"parameters": {"z": 1}, "name": "f"}')
