"""Where a measurement runs: a server with one model, prompts for it, and the requests under way."""
import contextlib

from prompts import Prompts
from served import Problem, Server
from streams import Streams


def request(prompt, tokens, **more):
    return {"prompt": prompt, "max_tokens": tokens, "ignore_eos": True, "temperature": 0, **more}


class Place:
    def __init__(self, server, seed):
        self.server, self.prompts, self.streams = server, Prompts(server, seed), Streams(server)
        self.settle()  # the model is loaded from here on

    def steady(self, prompt, tokens):
        """A request that answers with a plain word again and again: each token arrives as it is made."""
        return request(prompt, tokens, logit_bias={str(self.prompts.plain): 100})

    def settle(self):
        """Waits until what was cancelled has left the engine."""
        self.streams.ask(self.steady(self.prompts.fresh(1), 1))


class Bench:
    """The files, and how often: every measurement opens places of its own."""

    def __init__(self, larder, starter, window_model, rounds):
        self.larder, self.starter, self.window_model, self.rounds = larder, starter, window_model, rounds
        self._opened = 0

    @contextlib.contextmanager
    def place(self, model):
        self._opened += 1  # every place has prompts of its own
        server = Server(self.larder, model)
        with contextlib.ExitStack() as stack:
            stack.callback(server.stop)
            place = Place(server, self._opened)
            stack.callback(place.streams.close)
            try:
                yield place
            except Exception as error:
                if server.ended():
                    raise Problem(f"larder serve is gone: {server.last_words()}") from error
                raise
