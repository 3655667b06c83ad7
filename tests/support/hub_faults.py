"""What goes wrong at the fake hub, and when; the words are explained in fake_hub.py. Any thread."""
import random
import threading

GARBAGE = ["", "not json", "[", '{"id": 5, "siblings": "none", "sha": null}', "null", '{"siblings": [{"rfilename": 3}]}', "[[[[[]]]]]",
           '{"siblings": [{"rfilename": "../../evil.gguf", "size": -5}], "sha": "main"}', "\x00\x01\x02", '{"id": "']
RANDOM_KINDS = {
    "api": ["hang_up", "drop", "status", "garbage", "stall", "trickle", "portal"],
    "resolve": ["hang_up", "drop", "status", "changed_etag", "changed_commit", "changed_size", "redirect_loop", "bad_redirect", "stall", "portal"],
    "cdn": ["hang_up", "drop", "drop", "drop", "status", "wrong_bytes", "wrong_bytes", "wrong_bytes", "ignore_range", "wrong_range",
            "short_length", "changed_etag", "stall", "trickle", "portal"],
}


class Faults:
    def __init__(self, changes):
        self.settings = {"rules": [], "random": None, "rate": 0, "link_uses": 0, "token": "", "require_token": False}
        self._lock = threading.Lock()
        self.set(changes)

    def set(self, changes):
        with self._lock:
            self.settings.update(changes)
            self._seen = [0] * len(self.settings["rules"])
            chance = self.settings["random"] or {}
            self._random = random.Random(chance.get("seed", 0))
            self._budget = chance.get("budget", 1 << 60)

    def pick(self, where, method, path):
        """What goes wrong with this request: a rule, or nothing."""
        with self._lock:
            for i, rule in enumerate(self.settings["rules"]):
                if rule.get("where", where) == where and rule.get("path", "") in path and rule.get("method", method) == method:
                    self._seen[i] += 1
                    if 0 < self._seen[i] - rule.get("after", 0) <= rule.get("times", 1 << 60):
                        return dict(rule)
            chance = self.settings["random"]
            if not chance or self._budget <= 0 or where not in chance.get("where", where):
                return None
            if self._random.random() >= chance.get("rate", 0.2):
                return None
            kinds = [kind for kind in RANDOM_KINDS[where] if kind in chance.get("kinds", RANDOM_KINDS[where])]
            if not kinds:
                return None
            self._budget -= 1
            return self._random_fault(self._random.choice(kinds))

    def _random_fault(self, kind):
        draw = self._random
        fault = {"kind": kind, "share": draw.random(), "reset": draw.random() < 0.5}
        if kind == "status":
            fault["status"] = draw.choice([401, 403, 404, 408, 416, 429, 429, 429, 500, 502, 503, 504])
            if fault["status"] in (429, 503) and draw.random() < 0.5:
                fault["retry_after"] = draw.choice([0, 1])
        if kind in ("stall", "trickle"):
            fault.update(seconds=draw.choice([0.2, 0.5, 1]), bytes_per_second=draw.choice([100, 5000]),
                         then=draw.choice(["drop", "go on"]))
        if kind == "garbage":
            fault["text"] = draw.choice(GARBAGE)
        if kind == "bad_redirect":
            fault["location"] = draw.choice([None, "file:///etc/passwd", "ftp://localhost/x", "http://", "http://localhost:1/x"])
        return fault
