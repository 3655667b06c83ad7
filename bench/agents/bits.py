"""The same prompt has the same answer, to the last bit of its log probabilities, whatever the server remembers or does beside it."""
from figure import Figure
from place import request

PROMPT, ANSWER, KNOWN = 700, 64, 333
STRANGERS = [5, 64, 130, 257, 600, 1000, 1500]  # tokens of their prompts


def same_bits(bench):
    different, cached = [], {}
    for _ in range(bench.rounds):
        answers = _answers(bench)
        fresh = answers["fresh"]
        for way, answer in answers.items():
            cached[way] = answer.cached_tokens
            different.append(sum(pair[0] != pair[1] for pair in zip(_bits(fresh), _bits(answer))))
    note = "cached " + ", ".join(f"{way} {tokens}" for way, tokens in cached.items())
    return [Figure("same_bits: tokens that differ", different, "tokens", at_most=0, judge=max, digits=0, note=note)]


def _bits(answer):
    if not len(answer.ids) == len(answer.logprobs) == ANSWER:
        raise ValueError(f"{len(answer.ids)} tokens came instead of {ANSWER}")
    return list(zip(answer.ids, answer.logprobs))


def _answers(bench):
    """{way: answer to the same prompt}. What shall not be remembered runs on a server of its own."""
    with bench.place(bench.starter) as place:
        prompt = place.prompts.fresh(PROMPT)
        asked = request(prompt, ANSWER, logprobs=5)
        answers = {"fresh": place.streams.ask(asked)[0], "warm": place.streams.ask(asked)[0]}
        answers["warm among strangers"] = _among_strangers(place, asked)
    with bench.place(bench.starter) as place:
        place.streams.ask(request(prompt[:KNOWN] + [place.prompts.other_than(prompt[KNOWN])] + place.prompts.fresh(50), ANSWER))
        answers["partly warm"] = place.streams.ask(asked)[0]
    with bench.place(bench.starter) as place:
        place.streams.ask(request(prompt[:KNOWN], 1))
        answers["partly warm among strangers"] = _among_strangers(place, asked)
    with bench.place(bench.starter) as place:
        answers["fresh among strangers"] = _among_strangers(place, asked)
    return answers


def _among_strangers(place, asked):
    strangers = [request(place.prompts.fresh(tokens), ANSWER) for tokens in STRANGERS]
    return place.streams.ask(*strangers, asked)[-1]
