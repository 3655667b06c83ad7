"""What a measurement found, held against its target."""
import json
import statistics


class Figure:
    """values: one for each round, in `unit`; the median is judged, or with judge=min or max the worst.

    Exactly one of at_most and at_least, or neither: then it is told without a target.
    """

    def __init__(self, name, values, unit, at_most=None, at_least=None, judge=statistics.median, digits=1, note=""):
        self.name, self.values, self.unit = name, list(values), unit
        self.at_most, self.at_least, self.judge, self.digits, self.note = at_most, at_least, judge, digits, note
        if not self.values:
            raise ValueError(f"{name} has no values")

    @property
    def ok(self):
        value = self.judge(self.values)
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)

    @property
    def target(self):
        if self.at_most is not None:
            return f"at most {self.at_most:.{self.digits}f}"
        return f"at least {self.at_least:.{self.digits}f}" if self.at_least is not None else "-"

    def line(self):
        low, high = min(self.values), max(self.values)
        verdict = "" if self.target == "-" else "ok" if self.ok else "MISS"
        measured = f"{self.judge(self.values):.{self.digits}f} {self.unit} ({low:.{self.digits}f}..{high:.{self.digits}f}, {len(self.values)})"
        return f"{self.name:<42} target {self.target:<15} measured {measured:<40} {verdict:<5} {self.note}".rstrip()

    def record(self):
        return {"name": self.name, "unit": self.unit, "at_most": self.at_most, "at_least": self.at_least, "ok": self.ok,
                "measured": self.judge(self.values), "lowest": min(self.values), "highest": max(self.values),
                "rounds": len(self.values), "note": self.note}


class Table:
    """Lines of Markdown to paste, without a target."""

    ok = True

    def __init__(self, lines):
        self.lines = lines

    def line(self):
        return "\n".join(self.lines)

    def record(self):
        return {"table": self.lines}


def tell(figures, rounds, as_json):
    """Prints them; the exit code of the measurement: 1 when a target is missed."""
    if as_json:
        print(json.dumps({"rounds": rounds, "figures": [figure.record() for figure in figures]}, indent=1))
    else:
        print("\n".join(figure.line() for figure in figures))
    return 0 if all(figure.ok for figure in figures) else 1
