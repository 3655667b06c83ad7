#!/usr/bin/env python3
"""How far logits are from the reference: compare_kl.py TOKENS.json REFERENCE.f32 [NAME=]OTHER.f32 ...

For each file: KL(reference || other) in nats, mean, median and maximum over positions; mean and largest change of the
log-probability of the text's own next token; how often the most likely token agrees; and, where it does not, the
reference's top-2 margins (logit difference). Exit code 1 if one is 0.3 or more in the first file.
"""
import json
import pathlib
import sys

import numpy as np

MARGIN = 0.3


def read(path, tokens):
    raw = np.fromfile(path, "<f4")
    if raw.size == 0 or raw.size % tokens:
        sys.exit(f"{path}: {raw.size} numbers are not [{tokens} tokens, vocabulary]")
    return raw.reshape(tokens, -1)


def log_softmax(logits):
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def compare(name, tokens, reference, other):
    """-> the top-2 margins of the reference where the most likely token differs."""
    ours, theirs = log_softmax(reference), log_softmax(other)
    kl = np.maximum((np.exp(ours) * (ours - theirs)).sum(axis=-1), 0)
    rows = np.arange(len(tokens) - 1)
    change = np.abs(ours[rows, tokens[1:]] - theirs[rows, tokens[1:]])
    best, other_best = ours.argmax(axis=-1), theirs.argmax(axis=-1)
    differ = np.flatnonzero(best != other_best)
    top = np.partition(reference, -2, axis=-1)
    margins = top[differ, -1] - top[differ, -2]
    print(f"{name}: KL mean {kl.mean():.3e} median {np.median(kl):.3e} max {kl.max():.3e} | next-token logprob off by mean "
          f"{change.mean():.4f} max {change.max():.4f} | "
          f"top-1 agrees {len(tokens) - len(differ)} of {len(tokens)}")
    for position, margin in zip(differ, margins):
        print(f"  position {position}: reference {best[position]}, here {other_best[position]}, margin {margin:.3f}")
    return margins


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    document = json.load(open(sys.argv[1]))
    tokens = np.array(document["tokens"] if isinstance(document, dict) else document)
    reference = read(sys.argv[2], len(tokens))
    ok = True
    for index, argument in enumerate(sys.argv[3:]):
        name, _, path = argument.rpartition("=")
        other = read(path, len(tokens))
        if other.shape != reference.shape:
            sys.exit(f"{path}: vocabulary {other.shape[1]}, the reference has {reference.shape[1]}")
        margins = compare(name or pathlib.Path(path).stem, tokens, reference, other)
        ok = ok and (index > 0 or not (margins >= MARGIN).any())
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
