"""What a server gains from the prompts it has seen: the same again, a conversation that grows, forks, eight of the same at once."""
import statistics

from figure import Figure
from place import request

WARM_PROMPT, WARM_ANSWER, WARM_OVERHEAD_MS = 7500, 33, 30
TURNS = 10
TOGETHER, TOGETHER_PROMPT = 8, 3000


def warm_ttft(bench):
    """A prompt of 7,500 tokens sent again: at most 30 ms and one decode step until the first token."""
    cold, warm, steps, cached = [], [], [], []
    with bench.place(bench.starter) as place:
        for _ in range(bench.rounds):
            asked = place.steady(place.prompts.fresh(WARM_PROMPT), WARM_ANSWER)
            first, = place.streams.ask(asked)
            again, = place.streams.ask(asked)
            cold.append(1e3 * first.ttft())
            warm.append(1e3 * again.ttft())
            steps.append(1e3 * statistics.median(first.gaps()))
            cached.append(again.cached_tokens)
    step = statistics.median(steps)
    note = f"cached {min(cached)} of {WARM_PROMPT}; one step {step:.1f} ms; cold {statistics.median(cold):.0f} ms"
    return [Figure("warm_ttft", warm, "ms", at_most=WARM_OVERHEAD_MS + step, note=note)]


def append(bench):
    """Each turn sends everything so far and something new: only the new part and one token more may be computed.

    Then forks of that conversation: exactly what is common is taken over, not whole blocks of it.
    """
    missing, forks = [], []
    with bench.place(bench.starter) as place:
        for _ in range(bench.rounds):
            prompt, known = place.prompts.fresh(613), 0
            for turn in range(TURNS + 1):
                answer, = place.streams.ask(request(prompt, 37 + turn, logprobs=0))
                if turn > 0:
                    missing.append(known - answer.cached_tokens)
                history = prompt + answer.ids
                known = len(history) - 1  # the last token of an answer was never an input
                prompt = history + place.prompts.fresh(29 + 7 * turn)
            for point in [*_fork_points(history, len(answer.ids))]:
                fork = history[:point] + [place.prompts.other_than(history[point])] + place.prompts.fresh(40)
                answer, = place.streams.ask(request(fork, 4))
                forks.append(answer.cached_tokens - point)
    return [Figure("append: tokens computed again", missing, "tokens", at_most=0, judge=max, digits=0),
            Figure("append: forks off the common part", map(abs, forks), "tokens", at_most=0, judge=max, digits=0)]


def _fork_points(history, answered):
    """At the edges of blocks of 64, between them, and inside the last answer."""
    return 1, 63, 64, 65, 640, 777, 1000, len(history) - answered, len(history) - answered + 5, len(history) - 2


def together(bench):
    """Eight identical prompts at the same time are computed once, and answered alike."""
    computed, different, waits = [], [], []
    with bench.place(bench.starter) as place:
        for _ in range(bench.rounds):
            alone, = place.streams.ask(place.steady(place.prompts.fresh(TOGETHER_PROMPT), 1))
            asked = request(place.prompts.fresh(TOGETHER_PROMPT), 24, logprobs=3)
            answers = place.streams.ask(*[asked] * TOGETHER)
            computed.append(sum(answer.prompt_tokens - answer.cached_tokens for answer in answers))
            different.append(sum((answer.ids, answer.logprobs) != (answers[0].ids, answers[0].logprobs) for answer in answers))
            waits.append(max(answer.ttft() for answer in answers) / alone.ttft())
    return [Figure("together: prompt tokens computed", computed, "tokens", at_most=TOGETHER_PROMPT + TOGETHER, judge=max, digits=0),
            Figure("together: answers that differ", different, "answers", at_most=0, judge=max, digits=0),
            Figure("together: last first token, of one alone", waits, "times", digits=2)]
