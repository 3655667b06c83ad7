"""Decoding several answers at once."""
import statistics

from figure import Figure, Table
from place import request

SIZES = [1, 4, 8]
PROMPT, ANSWER = 32, 256
TARGET = 4  # times the rate of one, at 8


def batch(bench):
    """Tokens a second of all streams together, from the first token of any to the end of the last."""
    rates = {size: [] for size in SIZES}
    with bench.place(bench.starter) as place:
        for _ in range(bench.rounds):
            for size in SIZES:
                answers = place.streams.ask(*[request(place.prompts.fresh(PROMPT), ANSWER) for _ in range(size)])
                seconds = max(answer.end for answer in answers) - min(answer.first for answer in answers)
                rates[size].append(sum(answer.tokens - 1 for answer in answers) / seconds)
    ratios = {size: [rate / one for rate, one in zip(rates[size], rates[1])] for size in SIZES}
    medians = {size: statistics.median(rates[size]) for size in SIZES}
    table = ["| answers at once | tokens/s, all together | of one |", "|--:|--:|--:|"]
    table += [f"| {size} | {medians[size]:.0f} | {statistics.median(ratios[size]):.1f}x |" for size in SIZES]
    return [Figure("batch: 4 at once, of one", ratios[4], "times", digits=2, note=f"{medians[4]:.0f} tokens/s"),
            Figure("batch: 8 at once, of one", ratios[8], "times", at_least=TARGET, digits=2, note=f"{medians[8]:.0f} tokens/s"),
            Table(table)]
