#!/usr/bin/env python3
"""Whether greedy text is the exact one: greedy_check.py MODEL.gguf GREEDY.json [float32|float64]

GREEDY.json: {"prompt": [ids], "generated": [ids]} (larder_greedy writes it). One exact forward pass over both gives the
exact choice at every step, on the text generated so far. Exit code 1 if a token differs from it although the exact
top-2 margin (logit difference) there is 0.3 or more.
"""
import json
import sys

import numpy as np

from reference_logits import Llama

MARGIN = 0.3


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    document = json.load(open(sys.argv[2]))
    prompt, generated = document["prompt"], document["generated"]
    dtype = getattr(np, sys.argv[3] if len(sys.argv) == 4 else "float32")
    logits = Llama(sys.argv[1], dtype).forward(prompt + generated)[len(prompt) - 1:-1]
    worst = 0.0
    different = 0
    for step, (row, token) in enumerate(zip(logits, generated)):
        best = int(row.argmax())
        if best == token:
            continue
        second, first = np.partition(row, -2)[-2:]
        different += 1
        worst = max(worst, float(first - second))
        print(f"  step {step}: exact {best}, generated {token}, margin {first - second:.3f}, "
              f"chosen is {first - row[token]:.3f} below")
    print(f"{len(generated)} tokens, {different} differ from the exact choice, largest margin there {worst:.3f}")
    sys.exit(0 if worst < MARGIN else 1)


if __name__ == "__main__":
    main()
