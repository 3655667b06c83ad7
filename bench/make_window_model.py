#!/usr/bin/env python3
"""Writes a model with a window of 65,536 tokens and random weights, for measuring long prompts: it says nothing sensible.

Usage: bench/make_window_model.py FILE.gguf [--starter SmolLM2-135M-Instruct.Q4_1.gguf]

Widths, heads and tokenizer are the starter's, the layers are 8 instead of 30: a prompt of 30,000 tokens takes less than a minute
on two cores. Q4_0, the token embedding (which is the output too) Q8_0; 46 MB. From the same starter always the same bytes.

Matrices keep the scale of what they multiply. The embedding is small against what the layers add, so that the likeliest token is
not simply the last one again; logits have a standard deviation of about 2.5. Standard library only.
"""
import argparse
import math
import random
import struct
import sys

import gguf_file
from gguf_file import F32, FLOAT32, Q4_0, Q8_0, STRING, U32
from starter import starter_path

LAYERS, WINDOW = 8, 65536
EMBEDDING_RMS = 0.1
# Root mean squares of what random codes stand for, at a scale of 1.
Q4_0_RMS = math.sqrt(sum((code - 8) ** 2 for code in range(16)) / 16)
Q8_0_RMS = math.sqrt(sum(code**2 for code in range(-127, 128)) / 255)


class Shape:
    def __init__(self, metadata):
        def number(key):
            return gguf_file.unpacked_number(metadata["llama." + key])
        self.width, self.feed_forward = number("embedding_length"), number("feed_forward_length")
        self.keys = self.width // number("attention.head_count") * number("attention.head_count_kv")
        self.vocabulary = number("vocab_size")

    def tensors(self):
        """(name, type, shape with the contiguous dimension first)."""
        yield "token_embd.weight", Q8_0, (self.width, self.vocabulary)
        for layer in range(LAYERS):
            block = f"blk.{layer}."
            yield block + "attn_norm.weight", F32, (self.width,)
            yield block + "attn_q.weight", Q4_0, (self.width, self.width)
            yield block + "attn_k.weight", Q4_0, (self.width, self.keys)
            yield block + "attn_v.weight", Q4_0, (self.width, self.keys)
            yield block + "attn_output.weight", Q4_0, (self.width, self.width)
            yield block + "ffn_norm.weight", F32, (self.width,)
            yield block + "ffn_gate.weight", Q4_0, (self.width, self.feed_forward)
            yield block + "ffn_up.weight", Q4_0, (self.width, self.feed_forward)
            yield block + "ffn_down.weight", Q4_0, (self.feed_forward, self.width)
        yield "output_norm.weight", F32, (self.width,)


def metadata(starter):
    """The starter's, without what is said of its weights."""
    changed = {
        "general.architecture": (STRING, "llama"),
        "general.type": (STRING, "model"),
        "general.name": (STRING, "Random weights with a window of 65,536 tokens"),
        "general.file_type": (U32, 2),
        "general.quantization_version": (U32, 2),
        "llama.block_count": (U32, LAYERS),
        "llama.context_length": (U32, WINDOW),
        "llama.rope.freq_base": (FLOAT32, 1e6),
    }
    kept = {key: packed for key, packed in starter.items() if key.startswith(("llama.", "tokenizer."))}
    return list({**kept, **{key: gguf_file.packed_value(*value) for key, value in changed.items()}}.items())


def random_blocks(seed, count, code_bytes, scale):
    """Scale and random codes. Q4_0 has more negative codes than positive ones, so a scale's sign is random too."""
    chance = random.Random(seed)
    codes = chance.randbytes(count * code_bytes)
    if code_bytes == 32:
        codes = codes.replace(b"\x80", b"\x7f")  # Q8_0 does not use -128
    scales = [struct.pack("<e", scale), struct.pack("<e", -scale)]
    signs = chance.randbytes(count)
    return b"".join(scales[signs[at] & 1] + codes[at * code_bytes:(at + 1) * code_bytes] for at in range(count))


def tensor_data(name, kind, shape):
    if kind == F32:
        yield struct.pack("<f", 1.0) * math.prod(shape)
        return
    columns, rows = shape
    code_bytes, scale = (32, EMBEDDING_RMS / Q8_0_RMS) if kind == Q8_0 else (16, 1 / (Q4_0_RMS * math.sqrt(columns)))
    step = 4096  # rows at once: little memory
    for first in range(0, rows, step):
        yield random_blocks(f"{name} {first}", min(step, rows - first) * columns // 32, code_bytes, scale)


def make(path, starter):
    known = gguf_file.read_metadata(starter)
    if known.get("general.architecture") != gguf_file.packed_value(STRING, "llama"):
        raise ValueError(f"{starter} is not of the llama architecture")
    gguf_file.write(path, metadata(known), list(Shape(known).tensors()), tensor_data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("file", metavar="FILE.gguf")
    parser.add_argument("--starter", default=starter_path())
    asked = parser.parse_args()
    try:
        make(asked.file, asked.starter)
    except OSError as error:
        sys.exit(f"make_window_model: {error.filename}: {error.strerror}")
    except (ValueError, KeyError) as error:
        sys.exit(f"make_window_model: {error}")


if __name__ == "__main__":
    main()
