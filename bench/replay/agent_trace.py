"""What a coding agent sends, as token ids: made up from a seed, the same each time, with the server's own answers in it.

A step is one request. Its prompt is put together from ids that are known beforehand and from what came before it: an agent sends
back the whole conversation, so a history is an earlier prompt with its answer behind. Sizes follow what agents were seen to send:

    turn       the conversation so far, and a tool's result (log-uniform: many short ones, few long ones)
    side       beside every turn, a title or a verdict on a command: own fixed instructions and a little text, tools and
               conversation not in it
    subagent   another system prompt and a conversation of its own, between two turns
    fork       back to an earlier turn and on otherwise for two turns; then the main line goes on
    compact    the conversation so far and a request to sum it up
    clear      the same system prompt and tools, the summary instead of the conversation, and on from there

Once, two thirds on, the server is killed and started again before a turn.
"""
import dataclasses
import math
import random

# ChatML, as the starter's tokenizer has it. What is between is any ids that are plain text.
SYSTEM, USER, ASSISTANT, END = (1, 9690, 198), (1, 4093, 198), (1, 520, 9531, 198), (2, 198)
TEXT = range(1000, 45000)
UNUSED = range(45000, 49000)  # never in a trace, for prompts that nothing may be known of


@dataclasses.dataclass(frozen=True)
class Shape:
    """How long everything is, in tokens; pairs are the shortest and the longest."""
    turns: int
    window: int
    system: int                 # with the tools
    question: tuple             # of the user
    result: tuple               # of a tool
    answer: tuple
    side_system: int
    side_text: tuple
    side_answer: tuple
    subagent_system: int
    subagent_turns: int
    subagent_result: tuple
    compact_request: int
    compact_answer: int
    turns_after_clear: int


FULL = Shape(turns=30, window=65536, system=6000, question=(150, 400), result=(200, 3000), answer=(60, 150), side_system=200,
             side_text=(40, 160), side_answer=(8, 16), subagent_system=2000, subagent_turns=5, subagent_result=(200, 1500),
             compact_request=1600, compact_answer=300, turns_after_clear=4)
SHORT = Shape(turns=12, window=8192, system=1500, question=(50, 100), result=(60, 600), answer=(24, 48), side_system=200,
              side_text=(40, 160), side_answer=(8, 16), subagent_system=500, subagent_turns=3, subagent_result=(60, 300),
              compact_request=300, compact_answer=80, turns_after_clear=3)


@dataclasses.dataclass(frozen=True)
class History:
    """The prompt and the answer of an earlier step."""
    step: int


@dataclasses.dataclass(frozen=True)
class AnswerOf:
    """Only the answer of an earlier step, at another place: nothing of it is known there."""
    step: int


@dataclasses.dataclass(frozen=True)
class Step:
    kind: str
    parts: tuple                # of ids, History and AnswerOf
    answer: int                 # tokens to generate
    restart: bool               # the server is killed and started again before this


class Trace:
    """steps: in the order in which they are sent, one at a time."""

    def __init__(self, shape, seed):
        self.shape, self.steps = shape, []
        self._random = random.Random(seed)
        self._side_system = self._message(SYSTEM, shape.side_system)
        self._restart = False
        self._make()

    def prompt(self, number, prompts, answers):
        """The prompt of a step, from all earlier prompts and their answers."""
        made = []
        for part in self.steps[number].parts:
            if isinstance(part, History):
                made += prompts[part.step] + answers[part.step]
            else:
                made += answers[part.step] if isinstance(part, AnswerOf) else part
        return made

    def _make(self):
        shape = self.shape
        start = self._message(SYSTEM, shape.system)
        line = self._turn("turn", (start + self._asked(shape.question),))
        turns = [line]
        for turn in range(1, shape.turns):
            if turn == max(1, shape.turns // 3):
                self._subagent()
            if turn == max(1, shape.turns * 3 // 5):
                self._fork(turns[-min(3, len(turns))])
            self._restart = turn == shape.turns * 2 // 3
            line = self._turn("turn", (History(line), self._next(shape.result)))
            turns.append(line)
        asked = END + self._message(USER, shape.compact_request) + ASSISTANT
        summary = self._step("compact", (History(line), asked), (shape.compact_answer,) * 2)
        line = self._turn("clear", (start + USER + self._text(100), AnswerOf(summary), END + self._asked(shape.question)))
        for _ in range(shape.turns_after_clear - 1):
            line = self._turn("clear", (History(line), self._next(shape.result)))

    def _subagent(self):
        shape = self.shape
        line = self._step("subagent", (self._message(SYSTEM, shape.subagent_system) + self._asked(shape.question),), shape.answer)
        for _ in range(shape.subagent_turns - 1):
            line = self._step("subagent", (History(line), self._next(shape.subagent_result)), shape.answer)

    def _fork(self, line):
        for _ in range(2):
            line = self._turn("fork", (History(line), self._next(self.shape.result)))

    def _turn(self, kind, parts):
        """With its side call behind."""
        number = self._step(kind, parts, self.shape.answer)
        self._step("side", (self._side_system + self._asked(self.shape.side_text),), self.shape.side_answer)
        return number

    def _step(self, kind, parts, answer):
        self.steps.append(Step(kind, parts, self._random.randint(*answer), self._restart))
        self._restart = False
        return len(self.steps) - 1

    def _text(self, tokens):
        return tuple(self._random.choices(TEXT, k=tokens))

    def _message(self, role, tokens):
        return role + self._text(tokens) + END

    def _asked(self, sizes):
        return self._message(USER, self._size(sizes)) + ASSISTANT

    def _next(self, sizes):
        """What follows an answer."""
        return END + self._asked(sizes)

    def _size(self, sizes):
        low, high = map(math.log, sizes)
        return round(math.exp(self._random.uniform(low, high)))


def common(one, other):
    """How many tokens both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def known_tokens(trace, prompts, answers, survives):
    """For each step how much of its prompt some earlier request has computed, or in vain if a restart came between and nothing
    survives one. The last token of an answer was never an input, and the last one of a prompt must be computed for its logits.
    """
    known, computed = [], []
    for step, prompt, answer in zip(trace.steps, prompts, answers):
        if step.restart and not survives:
            computed.clear()
        longest = max((common(prompt, earlier) for earlier in computed), default=0)
        known.append(min(longest, len(prompt) - 1))
        computed.append(prompt + answer[:-1])
    return known
