"""Plays a trace at a server, and measures what it is held against: the same work with nothing else, and all of it without a cache."""
import dataclasses
import random
import time

from agent_trace import TEXT, UNUSED, known_tokens
from served import Problem

PAUSE = 2          # seconds before a server is killed
OFF_SAMPLE = 5     # without a cache one prompt in five is computed, and the rest reckoned from these


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One step of a trace at one server."""
    tokens: int        # of the prompt
    ideal: int         # of them that no earlier request computed
    computed: int
    ttft: float        # seconds


def play(engine, trace):
    """An Outcome for each step. The engine's own answers go into the prompts that follow."""
    prompts, answers, replies = [], [], []
    for number, step in enumerate(trace.steps):
        if step.restart:
            restart(engine)
        prompt = trace.prompt(number, prompts, answers)
        reply = engine.ask(prompt, step.answer)
        if reply.prompt_tokens != len(prompt):
            raise Problem(f"the prompt had {len(prompt)} tokens, the server counted {reply.prompt_tokens}")
        prompts.append(prompt)
        answers.append(reply.ids)
        replies.append(reply)
    known = known_tokens(trace, prompts, answers, engine.survives)
    return [Outcome(len(prompt), len(prompt) - old, len(prompt) - reply.cached, reply.ttft)
            for prompt, old, reply in zip(prompts, known, replies)]


def restart(engine):
    """As a crash, a moment after the last answer; its files are not in the page cache afterwards."""
    time.sleep(PAUSE)
    engine.kill()
    engine.forget_files()
    engine.start()


def works(trace, survives):
    """(tokens known, tokens new) of each step, wherever they are answered."""
    prompts, answers = _made_up(trace)
    known = known_tokens(trace, prompts, answers, survives)
    return [(old, len(prompt) - old) for prompt, old in zip(prompts, known)]


def _made_up(trace):
    """Prompts of the right lengths, with answers that nobody gave."""
    chance = random.Random(0)
    prompts, answers = [], []
    for number, step in enumerate(trace.steps):
        prompts.append(trace.prompt(number, prompts, answers))
        answers.append(chance.choices(UNUSED, k=step.answer))
    return prompts, answers


def alone(engine, wanted, seed):
    """{(known, new): seconds of prefill}, each computed once: new tokens behind so many that are known, and nothing else.

    What is known is one text that grows; what is new is fresh text each time.
    """
    chance = random.Random(f"alone {seed}")
    text = chance.choices(TEXT, k=max(known for known, _ in wanted))
    seconds = {}
    for (known, new), first in zip(sorted(wanted), UNUSED):  # what is new begins as nothing else does
        if known:
            engine.ask(text[:known], 1)
        reply = engine.ask(text[:known] + [first] + chance.choices(TEXT, k=new - 1), 1)
        if reply.cached != known:
            raise Problem(f"{known} tokens should have been known, and {reply.cached} were")
        seconds[known, new] = reply.prefill
    return seconds


def without_cache(engine, trace):
    """Seconds to the first token for each step, as if nothing were remembered: measured for a sample, between its lengths in
    proportion. Nothing of it is kept, and a prompt begins with a token of its own: nothing can be known.
    """
    prompts, _ = _made_up(trace)
    lengths = sorted({len(prompt): prompt for prompt in prompts}.items())
    sample = lengths[::OFF_SAMPLE] + ([lengths[-1]] if (len(lengths) - 1) % OFF_SAMPLE else [])
    measured = []
    for number, (length, prompt) in enumerate(sample):
        reply = engine.ask([UNUSED[number]] + prompt[1:], 1, cache={"no_store": True})
        if reply.cached:
            raise Problem(f"{reply.cached} tokens were known of a prompt that is new")
        measured.append((length, reply.ttft))
    return [_between(measured, len(prompt)) for prompt in prompts]


def _between(measured, length):
    for (below, fast), (above, slow) in zip(measured, measured[1:]):
        if length <= above:
            return fast + (slow - fast) * (length - below) / (above - below)
    return measured[-1][1]
