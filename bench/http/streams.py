"""Streaming /v1/completions, many at once in one thread. While answers come, only bytes and times are noted: the client has the
cores with the engine. Times are seconds of time.perf_counter().
"""
import json
import selectors
import socket
import time

from served import Problem


class Answer:
    """What came on a stream, read. A frame counts at the time when its last byte came. Of a stream that was cancelled there are
    the tokens so far; `end`, `timings` and the counts, which come at the end, are None.
    """

    def __init__(self, stream, whole=True):
        self.sent, self.text, self.first, self.end = stream.sent, "", None, None
        self.first_text = None           # the text of the first frame that had any
        self.arrivals = []               # (moment, tokens that the frame brought: 1 where the stream has no logprobs)
        self.ids, self.logprobs = [], []  # with logprobs: the answer's tokens; for each its own and the candidates' values
        self.timings = self.tokens = self.prompt_tokens = self.cached_tokens = usage = None
        for moment, line in stream.lines():
            if not line.startswith(b"data: {"):
                continue
            frame = json.loads(line[6:])
            if "error" in frame:
                raise Problem(f"the answer broke off: {frame['error']['message']}")
            for choice in frame["choices"]:
                self._take(moment, choice)
            if "timings" in frame:
                self.end, self.timings = moment, frame["timings"]
            usage = frame.get("usage") or usage
        if not whole:
            return
        if self.end is None or usage is None or self.first is None:
            raise Problem(f"not the end of an answer: {b''.join(piece for _, piece in stream.pieces)[-500:]!r}")
        self.tokens, self.prompt_tokens = usage["completion_tokens"], usage["prompt_tokens"]
        self.cached_tokens = usage["prompt_tokens_details"]["cached_tokens"]

    def _take(self, moment, choice):
        logprobs = choice.get("logprobs") or {"token_ids": []}
        new = len(logprobs["token_ids"])
        if not new and not choice["text"]:
            return  # the end, or it says that it is alive
        self.arrivals.append((moment, new or 1))
        self.ids += logprobs["token_ids"]
        if new:
            self.logprobs += zip(logprobs["token_logprobs"], logprobs["top_token_ids"], logprobs["top_values"])
        if self.first is None:
            self.first, self.first_text = moment, choice["text"]
        self.text += choice["text"]

    def ttft(self):
        return self.first - self.sent

    def gaps(self):
        """Seconds between tokens. Tokens that came together were held until their text was whole: they share the time."""
        return [(after - before) / count for (before, _), (after, count) in zip(self.arrivals, self.arrivals[1:]) for _ in range(count)]

    def rate_between(self, begin, end):
        """Tokens per second of those that came in this time, and how many they are; 0 of fewer than two."""
        inside = [(moment, count) for moment, count in self.arrivals if begin <= moment <= end]
        tokens = sum(count for _, count in inside[1:])
        return (tokens / (inside[-1][0] - inside[0][0]), tokens) if tokens else (0, 0)

    def rate(self):
        """Tokens per second from the first token to the end."""
        return (self.tokens - 1) / (self.end - self.first)


class Stream:
    """One request under way, made by Streams. tokens: how many frames with text have come so far, roughly."""

    def __init__(self, port, fields, patience):
        body = json.dumps({"stream": True, "stream_options": {"include_usage": True}, **fields}).encode()
        head = (f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode()
        self.socket = socket.create_connection(("127.0.0.1", port), patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = head + body
        self.pieces, self.tokens = [], 0
        self.begun = self.ended = self.sent = None  # begun: the headers came, the engine works on it

    def send(self):
        self.sent = time.perf_counter()
        self.socket.sendall(self._request)

    def receive(self):
        piece = self.socket.recv(65536)
        now = time.perf_counter()
        self.pieces.append((now, piece))
        self.begun = self.begun or now
        self.tokens += piece.count(b'"text":"') - piece.count(b'"text":""')
        if not piece or b"data: [DONE]" in piece:
            self.ended = now

    def lines(self):
        rest = b""
        for moment, piece in self.pieces:
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield moment, line

    def answer(self, whole=True):
        beginning = b"".join(piece for _, piece in self.pieces[:4])
        if not beginning.startswith(b"HTTP/1.1 200"):
            raise Problem(f"the server answered {beginning[:500].decode(errors='replace')!r}")
        return Answer(self, whole)


class Streams:
    """The requests under way at one server. Everything waits at most so many seconds, then it is a Problem."""

    def __init__(self, server, patience=120):
        self._server, self._patience = server, patience
        self._selector = selectors.DefaultSelector()

    def start(self, *requests):
        """Sends them at once, over connections that are open before the first byte goes out. requests: fields of the body."""
        streams = [Stream(self._server.port, fields, self._patience) for fields in requests]
        for stream in streams:
            self._selector.register(stream.socket, selectors.EVENT_READ, stream)
        for stream in streams:
            stream.send()
        return streams

    def wait(self, until, patience=None, what="an answer"):
        """Takes in what comes until until() is true."""
        limit = time.perf_counter() + (patience or self._patience)
        while not until():
            left = limit - time.perf_counter()
            if left <= 0:
                raise Problem(f"waited {patience or self._patience} s in vain for {what}")
            self._take_in(min(left, 1))

    def sleep(self, seconds):
        limit = time.perf_counter() + seconds
        while (left := limit - time.perf_counter()) > 0:
            self._take_in(left)

    def _take_in(self, seconds):
        for key, _ in self._selector.select(seconds):
            stream = key.data
            stream.receive()
            if stream.ended:
                self.cancel(stream)

    def finish(self, *streams, patience=None):
        """Their answers, once all have ended."""
        self.wait(lambda: all(stream.ended for stream in streams), patience)
        return [stream.answer() for stream in streams]

    def ask(self, *requests, patience=None):
        return self.finish(*self.start(*requests), patience=patience)

    def cancel(self, *streams):
        """Closes their connections; the server stops at once."""
        for stream in streams:
            if stream.socket.fileno() >= 0:
                self._selector.unregister(stream.socket)
                stream.socket.close()

    def close(self):
        self.cancel(*[key.data for key in list(self._selector.get_map().values())])
        self._selector.close()
