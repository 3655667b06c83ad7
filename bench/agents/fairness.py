"""What long prompts cost those who run beside them, on the model with the long window."""
import statistics

from figure import Figure
from place import request

STEP_MS = 100                 # the longest step a long prompt may take
SHORT, LONG_BEHIND = [100, 512], 16384
DEPTH, ANSWER, LONG = 4096, 192, 30720
ENOUGH = 32                   # tokens of an answer that give a rate
PATIENCE = 900                # seconds for the long prompts


def short_behind_long(bench):
    """A short prompt that comes 1 s into a long one waits for three steps at most; an answer goes on in every step."""
    waits, alone = {size: [] for size in SHORT}, {size: [] for size in SHORT}
    gaps = []
    with bench.place(bench.window_model) as place:
        for _ in range(bench.rounds):
            for size in SHORT:
                first, behind = _short(place, size)
                alone[size].append(1e3 * first)
                waits[size].append(1e3 * (behind - first))
            gaps.append(1e3 * _longest_gap(place))
    figures = [Figure(f"short_behind_long: {size} tokens, behind", waits[size], "ms", at_most=3 * STEP_MS,
                      note=f"more than alone, {statistics.median(alone[size]):.0f} ms") for size in SHORT]
    return figures + [Figure("short_behind_long: longest gap of another", gaps, "ms", at_most=STEP_MS)]


def _short(place, size):
    """Seconds to the first token: alone, and behind a long prompt."""
    alone, = place.streams.ask(place.steady(place.prompts.fresh(size), 1))
    long, = _begun(place, 1, LONG_BEHIND)
    place.streams.sleep(1)
    behind, = place.streams.ask(place.steady(place.prompts.fresh(size), 1), patience=PATIENCE)
    if long.ended and long.ended < behind.sent:
        long.answer()  # says so if it failed
        raise ValueError(f"{LONG_BEHIND} tokens of prompt took less than a second: nothing to wait for")
    place.streams.cancel(long)
    place.settle()
    return alone.ttft(), behind.ttft()


def _longest_gap(place):
    """Seconds between two tokens of an answer while a long prompt is computed from its beginning to its end."""
    going, = place.streams.start(place.steady(place.prompts.fresh(32), 40000))
    place.streams.wait(lambda: going.tokens >= 16, what="an answer to begin")
    long, = place.streams.start(place.steady(place.prompts.fresh(LONG_BEHIND), 1))
    answered, = place.streams.finish(long, patience=PATIENCE)
    place.streams.wait(lambda: going.ended or going.pieces[-1][0] > long.ended, what="the answer to go on")
    if going.ended:
        going.answer()  # says so if it failed
        raise ValueError("the answer ended before the long prompt did")
    place.streams.cancel(going)
    place.settle()
    moments = [moment for moment, _ in going.answer(whole=False).arrivals]
    return max(after - before for before, after in zip(moments, moments[1:]) if after > answered.sent and before < answered.end)


def _begun(place, count, tokens):
    """So many long prompts, once the engine works on one of them."""
    streams = place.streams.start(*[place.steady(place.prompts.fresh(tokens), 1) for _ in range(count)])
    place.streams.wait(lambda: any(stream.begun for stream in streams), PATIENCE, "a long prompt to begin")
    return streams


def fair(bench):
    """Two long prompts leave an answer 60 % of its rate, and keep 35 % of a long prompt's rate together.

    The answers come one after the other, all to the same prompt, which the server should remember: all at the same depth. What of
    them lies in the time of both long prompts counts. One prompt alone goes before two, and answers alone before and behind.
    """
    shares, alone_rates, prefill_shares, alone_prefills, cached = [], [], [], [], []
    with bench.place(bench.window_model) as place:
        asked = place.steady(place.prompts.fresh(DEPTH), ANSWER)
        for _ in range(bench.rounds):
            alone = _rates(place, asked, 3)
            one = place.streams.ask(place.steady(place.prompts.fresh(LONG), 1), patience=PATIENCE)[0].ttft()
            answers, both = _beside_two(place, asked)
            alone += _rates(place, asked, 3)
            alone_rates.append(statistics.median(alone))
            shares += [100 * rate / alone_rates[-1] for rate in _rates_inside(answers, both)]
            cached += [answer.cached_tokens for answer in answers if answer.end]
            prefill_shares.append(100 * 2 * one / (max(long.first for long in both) - both[0].sent))
            alone_prefills.append(LONG / one)
    return [Figure("fair: answer beside two long prompts", shares, "%", at_least=60,
                   note=f"alone {statistics.median(alone_rates):.0f} tokens/s; {len(shares)} beside; cached {max(cached, default=0)} of {DEPTH}"),
            Figure("fair: both long prompts, of one alone", prefill_shares, "%", at_least=35,
                   note=f"alone {statistics.median(alone_prefills):.0f} tokens/s")]


def _rates(place, asked, count):
    place.streams.ask(asked)  # remembered from here on, if the server remembers
    return [place.streams.ask(asked)[0].rate() for _ in range(count)]


def _beside_two(place, asked):
    """(answers asked for while two long prompts are computed, the answers to these)"""
    longs = _begun(place, 2, LONG)
    answers = []
    while not all(long.ended for long in longs):
        going, = place.streams.start(asked)
        place.streams.wait(lambda: going.ended or all(long.ended for long in longs), PATIENCE, "long prompts to end")
        if not going.ended:
            place.streams.cancel(going)
        if going.begun:
            answers.append(going.answer(whole=bool(going.ended)))
    return answers, place.streams.finish(*longs)


def _rates_inside(answers, longs):
    """Tokens per second of each answer, where enough of it came before the first long prompt had its first token."""
    found = [answer.rate_between(longs[0].sent, min(long.first for long in longs)) for answer in answers]
    rates = [rate for rate, tokens in found if tokens >= ENOUGH]
    if not rates:
        raise ValueError(f"no answer had {ENOUGH} tokens in the time of both long prompts")
    return rates
