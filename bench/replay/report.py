"""What the replays say: a table with a row for each step, sums, and figures against targets."""
import statistics

from figure import Figure

COMPUTED, PREFILL, SLOWER_MS = 1.03, 1.1, 10
NAMES = {"ram": "RAM", "ssd": "SSD", "llama": "llama.cpp"}


class Results:
    """plays: {mode: [outcomes of a round]}; alone: [{(known, new): seconds} of a round]; off: [seconds of each step, of a round].
    Whatever was not asked for is empty.
    """

    def __init__(self, trace):
        self.trace, self.plays, self.alone, self.off = trace, {}, [], []

    def ttft_ms(self, mode):
        """Of each step the median of the rounds."""
        return [1e3 * statistics.median(outcome.ttft for outcome in outcomes) for outcomes in zip(*self.plays[mode])]

    def computed(self, mode):
        """Of each step the most that a round computed."""
        return [max(outcome.computed for outcome in outcomes) for outcomes in zip(*self.plays[mode])]

    def alone_seconds(self, outcomes, round_number):
        """The same work with nothing else, in the same round."""
        measured = self.alone[round_number]
        return sum(measured[outcome.tokens - outcome.ideal, outcome.ideal] for outcome in outcomes)

    def rows(self):
        """Of each step its kind, tokens of the prompt, and for each mode (ideal, computed, ms to the first token)."""
        modes = {mode: (self.plays[mode][0], self.computed(mode), self.ttft_ms(mode)) for mode in self.plays}
        tokens = [outcome.tokens for outcome in next(iter(self.plays.values()))[0]] if self.plays else []
        for number, (step, prompt) in enumerate(zip(self.trace.steps, tokens)):
            yield step, prompt, {mode: (outcomes[number].ideal, computed[number], ttft[number])
                                 for mode, (outcomes, computed, ttft) in modes.items()}

    def faster_peer(self, mode):
        """[(number of the step, by how many ms)]: where llama.cpp has its first token clearly before Larder."""
        pairs = zip(self.ttft_ms(mode), self.ttft_ms("llama"))
        return [(number + 1, ours - theirs) for number, (ours, theirs) in enumerate(pairs) if ours - theirs > SLOWER_MS]


def table(results):
    modes = list(results.plays)
    lines = ["| # | step | prompt | " + " | ".join(f"{NAMES[mode]}: ideal | computed | ms" for mode in modes) + " |",
             "|--:|---|--:|" + "--:|--:|--:|" * len(modes)]
    for number, (step, prompt, found) in enumerate(results.rows()):
        cells = " | ".join(f"{ideal} | {computed} | {ttft:.1f}" for ideal, computed, ttft in found.values())
        kind = step.kind + (", restarted" if step.restart else "")
        lines.append(f"| {number + 1} | {kind} | {prompt} | {cells} |")
    return lines


def figures(results):
    found = []
    for mode, rounds in results.plays.items():
        found += _of_mode(results, mode, rounds)
    if "llama" in results.plays:
        found += [_against_peer(results, mode) for mode in results.plays if mode != "llama"]
    return found


def _of_mode(results, mode, rounds):
    name, peer = NAMES[mode], mode == "llama"
    computed = [sum(outcome.computed for outcome in outcomes) for outcomes in rounds]
    ideal = [sum(outcome.ideal for outcome in outcomes) for outcomes in rounds]
    ttft = [sum(outcome.ttft for outcome in outcomes) for outcomes in rounds]
    found = [Figure(f"{name}: tokens computed, of the ideal", [one / other for one, other in zip(computed, ideal)], "times", digits=3,
                    at_most=None if peer else COMPUTED, judge=max, note=f"{max(computed)} of {ideal[0]}"),
             Figure(f"{name}: first tokens, all steps", ttft, "s")]
    if results.alone and not peer:
        alone = [results.alone_seconds(outcomes, number) for number, outcomes in enumerate(rounds)]
        found.append(Figure(f"{name}: first tokens, of the ideal's prefill", [one / other for one, other in zip(ttft, alone)], "times",
                            at_most=PREFILL, digits=2, note=f"with nothing else {statistics.median(alone):.1f} s"))
    if results.off and not peer:
        off = [sum(seconds) for seconds in results.off]
        found.append(Figure(f"{name}: faster than without a cache", [one / other for one, other in zip(off, ttft)], "times",
                            note=f"without {statistics.median(off):.0f} s, reckoned from a sample"))
    return found


def _against_peer(results, mode):
    faster = results.faster_peer(mode)
    worst = ", ".join(f"step {number} by {ms:.0f} ms" for number, ms in sorted(faster, key=lambda one: -one[1])[:5])
    ours, theirs = results.ttft_ms(mode), results.ttft_ms("llama")
    return Figure(f"{NAMES[mode]}: steps where llama.cpp is faster", [len(faster)], "steps", at_most=0, digits=0,
                  note=worst or f"all first tokens: {sum(theirs) / sum(ours):.1f} times as long there")


def record(results, measured):
    rows = [{"step": step.kind, "restart": step.restart, "prompt_tokens": prompt,
             **{mode: {"ideal": ideal, "computed": computed, "ttft_ms": round(ttft, 2)}
                for mode, (ideal, computed, ttft) in found.items()}}
            for step, prompt, found in results.rows()]
    return {"steps": rows, "figures": [figure.record() for figure in measured]}
