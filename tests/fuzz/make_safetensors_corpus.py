#!/usr/bin/env python3
"""Makes the seeds of safetensors_fuzz: small files with metadata and tensors. Run: make_safetensors_corpus.py"""
import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).parent / "safetensors_corpus"


def seed(name, header, data=b"", padding=0):
    text = json.dumps(header, ensure_ascii=False).encode() + b" " * padding
    (FOLDER / name).write_bytes(struct.pack("<Q", len(text)) + text + data)


def tensor(kind, shape, first, last):
    return {"dtype": kind, "shape": shape, "data_offsets": [first, last]}


FOLDER.mkdir(exist_ok=True)
seed("empty", {})
seed("metadata", {"__metadata__": {"format": "pt", "ключ": "\n\"\\"}}, padding=7)
seed("tensors", {"b": tensor("F16", [2, 3], 4, 16), "a": tensor("I32", [], 0, 4), "none": tensor("U8", [0, 9], 4, 4)}, b"\1" * 16)
seed("block", {"__metadata__": {"crc32c": "00000000"}, "tokens": tensor("I32", [4], 0, 16), "group_0": tensor("U8", [9], 16, 25)},
     b"\2" * 25)
