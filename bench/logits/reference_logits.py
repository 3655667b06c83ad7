#!/usr/bin/env python3
"""Writes the exact logits of a llama GGUF model: reference_logits.py MODEL.gguf TOKENS.json OUT.f32 [float32|float64]

Weights are expanded to the type named (float32 unless given) and all maths runs in it: what the file means, without the
rounding of int8 activations or a half-precision cache. OUT: little-endian float32 [tokens, vocabulary].
"""
import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests" / "fixtures"))
from llama_reference import Llama  # noqa: E402


def read_tokens(path):
    document = json.load(open(path))
    return document["tokens"] if isinstance(document, dict) else document


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    dtype = getattr(np, sys.argv[4] if len(sys.argv) == 5 else "float32")
    logits = Llama(sys.argv[1], dtype).forward(read_tokens(sys.argv[2]))
    logits.astype("<f4").tofile(sys.argv[3])
    print(f"{logits.shape[0]} positions, {logits.shape[1]} logits each")


if __name__ == "__main__":
    main()
