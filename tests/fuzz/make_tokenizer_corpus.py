#!/usr/bin/env python3
"""Makes the seeds of tokenizer_fuzz: a small vocabulary as a GGUF file, and choices for some more. Run: make_tokenizer_corpus.py"""
import pathlib
import struct

FOLDER = pathlib.Path(__file__).parent / "tokenizer_corpus"
FILE, CHOICES = 0, 1


def text(string):
    data = string.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key, kind, value):
    return text(key) + struct.pack("<I", kind) + value


def array(kind, items):
    return struct.pack("<IQ", kind, len(items)) + b"".join(items)


UINT32, INT32, BOOL, STRING, ARRAY = 4, 5, 7, 8, 9
TOKENS = ["a", "b", "c", "\u0120", "ab", "\u0120ab", "<|im_end|>", "<think>", "<0x0A>", "\u010a", "1", "\u00e9"]
TYPES = [1, 1, 1, 1, 1, 1, 3, 4, 6, 1, 1, 5]
ENTRIES = [
    entry("tokenizer.ggml.model", STRING, text("gpt2")), entry("tokenizer.ggml.pre", STRING, text("qwen2")),
    entry("tokenizer.ggml.tokens", ARRAY, array(STRING, [text(token) for token in TOKENS])),
    entry("tokenizer.ggml.token_type", ARRAY, array(INT32, [struct.pack("<i", kind) for kind in TYPES])),
    entry("tokenizer.ggml.merges", ARRAY, array(STRING, [text("a b"), text("\u0120 ab")])),
    entry("tokenizer.ggml.bos_token_id", UINT32, struct.pack("<I", 6)), entry("tokenizer.ggml.eos_token_id", UINT32, struct.pack("<I", 6)),
    entry("tokenizer.ggml.add_bos_token", BOOL, b"\x01"),
]

FOLDER.mkdir(exist_ok=True)
(FOLDER / "file").write_bytes(bytes([FILE]) + b"GGUF" + struct.pack("<IQQ", 3, 0, len(ENTRIES)) + b"".join(ENTRIES))
PIECES = [(3 | 8, b"<|im_end|>"[:6]), (4 | 8, b"<think"), (1, b"ab"), (5, b"xy"), (2, b"q"), (6 | 8, b"<0x41>")]
CHOSEN = bytes([len(PIECES)]) + b"".join(bytes([shape, len(content) - 1]) + content for shape, content in PIECES)
MERGES = bytes([4, 32, 33, 0, 36, 37, 129, 40, 41, 0, 125, 126, 0])
for number, (pre, missing, every) in enumerate([(0, 0, 0), (1, 4, 21), (2, 0, 0), (3, 1, 2), (4, 10, 0)]):
    (FOLDER / f"choices_{number}").write_bytes(bytes([CHOICES, pre, missing, every]) + CHOSEN + MERGES + "<|im_<think AB ab's é 123\n\n  <|im_ <0x41> ".encode() * 3 + b"\xff\xc3")
