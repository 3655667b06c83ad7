"""One model and one build of each program: both measured in turn, round after round."""
import json
import os
import statistics

from run import Problem, output, say

BATCHES = [1, 2, 4, 8]
BATCH_PROMPT = 1      # tokens before the decoding of batches, as in larder bench
DECODED = 128


class Larder:
    def __init__(self, program, model, isa, threads, base):
        self.model, self.threads, self.program = model, threads, program
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("LARDER_")}
        self.environment["LARDER_BASE_DIR"] = str(base)  # nobody's settings
        if isa:
            self.environment["LARDER_ISA"] = isa

    def _bench(self, stages, repeats=1):
        return json.loads(output([self.program, "bench", self.model, "--json", "--only", stages, "--repeats", repeats,
                                  "--threads", self.threads], self.environment))

    def check(self):
        """What it uses: (instruction set, threads)."""
        figures = self._bench("decode")
        return figures["isa"], figures["threads"]

    def measure(self, batched):
        figures = self._bench("prefill,decode,batch" if batched else "prefill,decode")
        rates = {"prefill 512": figures["prefill_512_tok_s"], "prefill 2048": figures["prefill_2048_tok_s"],
                 f"decode {DECODED}": figures["decode_tok_s"]}
        if batched:
            rates.update({f"decode, {size} at once": figures["batch_decode_tok_s"][str(size)] for size in BATCHES})
        return rates

    def limits(self):
        """GB/s that reading as much as a token's weights reaches, and how many bytes those are."""
        figures = self._bench("limits", repeats=5)
        return figures["read_gb_s"], figures["weights_read_mb"] * 1e6


class LlamaCpp:
    def __init__(self, tools, model, threads):
        self.tools, self.model, self.threads = tools, model, threads

    def _bench(self, prompts, tokens):
        rows = json.loads(output([self.tools / "llama-bench", "-m", self.model, "-t", self.threads, "-p", prompts, "-n", tokens,
                                  "-r", 1, "-o", "json"]))
        return {f"prefill {row['n_prompt']}" if row["n_prompt"] else f"decode {row['n_gen']}": row["avg_ts"] for row in rows}

    def check(self):
        self._bench(32, 1)

    def measure(self, batched):
        rates = self._bench("512,2048", DECODED)
        if batched:
            sizes = ",".join(map(str, BATCHES))
            context = max(BATCHES) * 2 * DECODED
            text = output([self.tools / "llama-batched-bench", "-m", self.model, "-t", self.threads, "-c", context, "-npp",
                           BATCH_PROMPT, "-ntg", DECODED, "-npl", sizes, "--output-format", "jsonl"])
            rows = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
            rates.update({f"decode, {row['pl']} at once": row["speed_tg"] for row in rows})
        return rates


class Contest:
    """Medians of several rounds, in which the two take turns in going first."""

    def __init__(self, larder, peer, read_control):
        self.larder, self.peer, self.read_control = larder, peer, read_control
        self.rounds = []  # of (Larder's rates, llama.cpp's, Larder's share of the read bandwidth, llama.cpp's)

    def play(self, repeats, batched):
        for number in range(1, repeats + 1):
            players = [self.larder, self.peer]
            if number % 2 == 0:
                players.reverse()
            rates, shares = {}, {}
            for player in players:
                before = self.larder.limits() if self.read_control else None
                rates[player] = player.measure(batched)
                if self.read_control:
                    shares[player] = self._share(rates[player], before, self.larder.limits())
            self.rounds.append((rates[self.larder], rates[self.peer], shares.get(self.larder), shares.get(self.peer)))
            self._tell(number)

    @staticmethod
    def _share(rates, before, after):
        bandwidth = (before[0] + after[0]) / 2
        say(f"  reading reaches {before[0]:.1f} GB/s before and {after[0]:.1f} GB/s after")
        return rates[f"decode {DECODED}"] * before[1] / (bandwidth * 1e9)

    def _tell(self, number):
        ours, theirs, *_ = self.rounds[-1]
        missing = ours.keys() - theirs.keys()
        if missing:
            raise Problem(f"llama.cpp did not report {', '.join(sorted(missing))}")
        say(f"  round {number}: " + ", ".join(f"{name} {ours[name]:.0f} to {theirs[name]:.0f}" for name in ours))

    def figures(self):
        return list(self.rounds[0][0])

    def rates(self, figure):
        """(Larder's, llama.cpp's, the ratios), one of each a round."""
        ours = [one[0][figure] for one in self.rounds]
        theirs = [one[1][figure] for one in self.rounds]
        return ours, theirs, [a / b for a, b in zip(ours, theirs)]

    def shares(self):
        return [one[2] for one in self.rounds], [one[3] for one in self.rounds]


def with_spread(values, digits=0, unit=""):
    """1234 (1200..1300)"""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f}{unit} ({low:.{digits}f}..{high:.{digits}f})"
