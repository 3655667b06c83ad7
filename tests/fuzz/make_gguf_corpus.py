#!/usr/bin/env python3
"""Makes the seeds of gguf_fuzz: small GGUF files with every kind of value and some tensors. Run: make_gguf_corpus.py"""
import pathlib
import struct
import sys

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent / "fixtures"))
from gguf_writer import _string as string  # noqa: E402


def key(name, kind, payload):
    return string(name) + struct.pack("<I", kind) + payload


def array(kind, count, payload):
    return struct.pack("<IQ", kind, count) + payload


def tensor(name, kind, shape, offset):
    return string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def seed(name, version, keys, tensors, data, alignment=32):
    head = struct.pack("<4sIQQ", b"GGUF", version, len(tensors), len(keys)) + b"".join(keys + tensors)
    head += b"\0" * (-len(head) % alignment)
    (FOLDER / "gguf_corpus" / name).write_bytes(head + data)


SCALARS = [key(f"s{kind}", kind, struct.pack("<" + form, 1)) for kind, form in
           {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}.items()]
TEXT = [key("general.architecture", 8, string("llama")),
        key("tokens", 9, array(8, 3, string("a") + string("") + string("Ġthe")))]
ARRAYS = [key("i", 9, array(5, 3, struct.pack("<3i", 1, 2, 3))), key("f", 9, array(6, 1, struct.pack("<f", 1))),
          key("b", 9, array(7, 2, b"\0\1"))]

(FOLDER / "gguf_corpus").mkdir(exist_ok=True)
seed("scalars_v2", 2, SCALARS, [], b"")
seed("texts_v3", 3, TEXT, [], b"")
seed("arrays_v3", 3, ARRAYS, [], b"")
seed("tensors_v3", 3, TEXT + ARRAYS, [tensor("a.weight", 0, [2, 3], 0), tensor("b.weight", 3, [32, 2], 32)], b"\1" * 80)
seed("aligned_v3", 3, [key("general.alignment", 4, struct.pack("<I", 64))], 
     [tensor("a", 8, [32], 0), tensor("b", 1, [5], 64)], b"\2" * 80, 64)
seed("big_endian", 0x03000000, [], [], b"")
