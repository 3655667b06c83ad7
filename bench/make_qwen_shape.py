#!/usr/bin/env python3
"""Writes a model of Qwen3-0.6B's shape with random weights, for measuring speed: it says nothing sensible.

Usage: bench/make_qwen_shape.py FILE.gguf

F16, 1.2 GB, in well under a minute; llama-quantize makes a Q4_0 of it. Always the same bytes. It calls itself a llama, and
so has no norms of queries and keys, as Qwen3 has; the matrices are those of Qwen3-0.6B. Standard library only.

Width 1024, 28 layers, 16 heads of 128 on 8 KV heads, feed-forward 3072, vocabulary 151,936, output tied to the embedding.
The tokenizer is a byte-level BPE without merges: 3 control tokens, 256 bytes, and words that only a model can say.
"""
import math
import random
import struct
import sys

import gguf_file
from gguf_file import ARRAY, BOOL, F16, F32, FLOAT32, I32, STRING, U32

WIDTH, LAYERS, HEADS, KV_HEADS, HEAD, FEED_FORWARD, VOCABULARY = 1024, 28, 16, 8, 128, 3072, 151936
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n'}}"
            "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")


def byte_letters():
    """The printable letters that stand for the 256 bytes in byte-level BPE, in the order of the letters."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    return [chr(code) for code in plain] + [chr(256 + spare) for spare in range(256 - len(plain))]


def tokens():
    known = SPECIAL + byte_letters()
    return known + [f"Ġword{number}" for number in range(VOCABULARY - len(known))]


def metadata():
    return [
        ("general.architecture", STRING, "llama"),
        ("general.type", STRING, "model"),
        ("general.name", STRING, "Random weights of Qwen3 0.6B's shape"),
        ("general.file_type", U32, 1),
        ("general.quantization_version", U32, 2),
        ("llama.block_count", U32, LAYERS),
        ("llama.context_length", U32, 8192),
        ("llama.embedding_length", U32, WIDTH),
        ("llama.feed_forward_length", U32, FEED_FORWARD),
        ("llama.attention.head_count", U32, HEADS),
        ("llama.attention.head_count_kv", U32, KV_HEADS),
        ("llama.attention.key_length", U32, HEAD),
        ("llama.attention.value_length", U32, HEAD),
        ("llama.attention.layer_norm_rms_epsilon", FLOAT32, 1e-6),
        ("llama.rope.freq_base", FLOAT32, 1e6),
        ("llama.rope.dimension_count", U32, HEAD),
        ("llama.vocab_size", U32, VOCABULARY),
        ("tokenizer.ggml.model", STRING, "gpt2"),
        ("tokenizer.ggml.pre", STRING, "smollm"),
        ("tokenizer.ggml.tokens", (ARRAY, STRING), tokens()),
        ("tokenizer.ggml.token_type", (ARRAY, I32), [3] * len(SPECIAL) + [1] * (VOCABULARY - len(SPECIAL))),
        ("tokenizer.ggml.merges", (ARRAY, STRING), []),
        ("tokenizer.ggml.bos_token_id", U32, 1),
        ("tokenizer.ggml.eos_token_id", U32, 2),
        ("tokenizer.ggml.add_bos_token", BOOL, False),
        ("tokenizer.chat_template", STRING, TEMPLATE),
    ]


def tensors():
    """(name, type, shape with the contiguous dimension first)."""
    queries, keys = HEADS * HEAD, KV_HEADS * HEAD
    yield "token_embd.weight", F16, (WIDTH, VOCABULARY)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        yield block + "attn_norm.weight", F32, (WIDTH,)
        yield block + "attn_q.weight", F16, (WIDTH, queries)
        yield block + "attn_k.weight", F16, (WIDTH, keys)
        yield block + "attn_v.weight", F16, (WIDTH, keys)
        yield block + "attn_output.weight", F16, (queries, WIDTH)
        yield block + "ffn_norm.weight", F32, (WIDTH,)
        yield block + "ffn_gate.weight", F16, (WIDTH, FEED_FORWARD)
        yield block + "ffn_up.weight", F16, (WIDTH, FEED_FORWARD)
        yield block + "ffn_down.weight", F16, (FEED_FORWARD, WIDTH)
    yield "output_norm.weight", F32, (WIDTH,)


def random_halves(seed, count, columns):
    """Numbers in F16 whose mean square is about 1 / columns, so that products keep their scale.

    Sign and mantissa are random, the exponent is the same in all: sizes from s to 2 s, of a mean square of 7/3 s^2.
    """
    exponent = 15 + round(-math.log2(7 / 3 * columns) / 2)  # F16 adds 15
    same = int.from_bytes(struct.pack("<H", exponent << 10) * count, "little")
    free = int.from_bytes(struct.pack("<H", 0x8000 | 0x3FF) * count, "little")
    chance = int.from_bytes(random.Random(seed).randbytes(2 * count), "little")
    return (chance & free | same).to_bytes(2 * count, "little")


def tensor_data(name, kind, shape):
    if kind == F32:
        yield struct.pack("<f", 1.0) * math.prod(shape)
        return
    columns, rows = shape
    step = 4096  # rows at once: little memory
    for first in range(0, rows, step):
        yield random_halves(f"{name} {first}", min(step, rows - first) * columns, columns)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    packed = [(key, gguf_file.packed_value(kind, value)) for key, kind, value in metadata()]
    try:
        gguf_file.write(sys.argv[1], packed, list(tensors()), tensor_data)
    except OSError as error:
        sys.exit(f"make_qwen_shape: cannot write {error.filename or sys.argv[1]}: {error.strerror}")


if __name__ == "__main__":
    main()
