#!/usr/bin/env python3
"""A fake Hugging Face for tests: speaks the part of its API that downloads need, keeps a log, and misbehaves on request.

Standard library only. Two addresses, because the real one has two: the hub (127.0.0.1) answers the API and redirects to
the second host (localhost, another port) for the bytes of large files. The second host is never to see a token; it
answers 400 if it does.

As a program:  fake_hub.py --root DIR [--port 0] [--cdn-port 0] [--token T] [--rate BYTES] [--seed S] [--tls] [--until-eof]
prints one line when ready: {"endpoint": "http://127.0.0.1:P", "cdn": "http://localhost:Q", "ca": ""}.
As a module:   with FakeHub(root) as hub: ... hub.endpoint, hub.log(), hub.set_faults({...}), hub.clear_log()

Repositories are folders, DIR/ORG/NAME/files; the commit is a digest of their content, and commits once seen stay (move new
files in place of old ones, instead of writing into them). DIR/ORG/NAME.json beside it may hold
  gated (false, "auto", "manual"), accepted (false: even the right token gets 403), private, license, downloads, likes,
  updated ("2026-03-01T00:00:00.000Z"), gguf ({architecture, context_length, total}), hashes (false: no lfs facts).
*.gguf, *.safetensors, *.bin and whatever is over 1 MB lie on the second host, with a sha256; other files on the hub, without.

Control, on the hub's address: GET and DELETE /_log, GET, POST and DELETE /_faults. What POST takes, all of it optional:
  rules       [{kind, where, path, times, after, ...}], the first that matches a request applies
              where: "api", "resolve" (the redirect and small files), "cdn"; absent: any    path: part of the path or query
              times: how often (absent: always)    after: matches to let pass first    method: "GET" or "HEAD"
  random      {seed, rate, budget, kinds, where: [...]}: each request gets a random fault with the probability `rate`, `budget`
              faults in all
  rate        bytes per second of each connection to the second host; 0: as fast as it goes
  link_uses   a link to the second host works for so many requests, then it is 403; 0: for ever
  token, require_token    as the options
Kinds (where) and their further keys:
  drop        after `at` bytes of the body (random if absent); reset: true for a TCP reset instead of a normal end
  hang_up     before any answer
  status      `status`, with retry_after (seconds), gated: true, error (X-Error-Message)
  stall       `at` bytes, then nothing for `seconds`, then as `then` says: "drop" (default) or "go on"
  trickle     `bytes_per_second` for `seconds`, then at full speed
  wrong_bytes (cdn) one byte in the body differs; at: where in the body
  ignore_range (cdn) 200 and the whole file    wrong_range (cdn) 206 for another range than the one asked for
  short_length (cdn) Content-Length and body are half of what was asked for
  changed_etag (resolve, cdn)    changed_commit (resolve)    changed_size (resolve): other X-Linked-Size
  redirect_loop, insecure_redirect (to http), bad_redirect (`location`, none if absent) (resolve)
  portal      200 and a log-in page, as hotels do    garbage (api) `text` instead of JSON    endless  a body without end
"""
import argparse
import hashlib
import http.server
import json
import os
import pathlib
import random
import re
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from hub_faults import GARBAGE, Faults  # noqa: E402
from hub_shelf import Shelf  # noqa: E402


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub = None  # the FakeHub
    place = ""  # "hub" or "cdn"

    def setup(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.hub.tls and self.request.recv(1, socket.MSG_PEEK) == b"\x16":
            self.request = self.hub.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self):
        super().finish()
        if isinstance(self.request, ssl.SSLSocket):  # the listener closes only the socket below it
            self.request.close()

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.entry = {"server": self.place, "method": self.command, "path": self.path, "host": self.headers.get("Host", ""),
                      "range": self.headers.get("Range", ""), "authorization": self.headers.get("Authorization", ""),
                      "headers": dict(self.headers.items()), "status": 0, "fault": "", "sent": 0,
                      "begin": time.monotonic(), "end": None}
        self.fault = None
        try:
            if not (self.place == "hub" and self.path.startswith("/_")):
                self.hub.add_to_log(self.entry)
            self.answer()
        except (ConnectionError, BrokenPipeError, ssl.SSLError, TimeoutError):
            self.close_connection = True
        self.entry["end"] = time.monotonic()

    do_HEAD = do_POST = do_DELETE = do_GET

    def misbehave(self, where):
        """Chooses the fault of this request; true when that was the whole answer."""
        self.fault = fault = self.hub.faults.pick(where, self.command, self.path) or {}
        kind = self.entry["fault"] = fault.get("kind", "")
        if kind == "hang_up":
            self.hang_up()
        elif kind == "status":
            status = fault["status"]
            headers = {"X-Error-Code": "GatedRepo"} if fault.get("gated") else {}
            if "error" in fault:
                headers["X-Error-Message"] = fault["error"]
            if "retry_after" in fault:
                headers["Retry-After"] = str(fault["retry_after"])
            if status == 416:
                headers["Content-Range"] = "bytes */1"
            self.reply(status, headers, b'{"error": "as asked for"}')
        elif kind == "portal":
            self.reply(200, {"Content-Type": "text/html"}, b"<html><body>Please log in to the hotel network.</body></html>")
        elif kind == "garbage":
            self.reply(200, {"Content-Type": "application/json"}, fault.get("text", GARBAGE[1]).encode())
        elif kind == "endless":
            self.start(200, {"Content-Type": "application/json", "Connection": "close"})
            for _ in range(1 << 14):
                self.put(b'[[[[[[["' + b"x" * 65536)
            self.hang_up()
        else:
            return False
        return True

    def hang_up(self, reset=False):
        if reset:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()
        self.close_connection = True

    def start(self, status, headers):
        self.entry["status"] = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def put(self, data):
        self.request.sendall(data)
        self.entry["sent"] += len(data)

    def reply(self, status, headers, body=b""):
        self.start(status, {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers})
        if self.command != "HEAD":
            self.send_body(body, 0, len(body))

    def send_file(self, file, etag):
        """The whole file or the range that was asked for."""
        kind = self.fault.get("kind")
        first, last = 0, file.size - 1
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", "").strip())
        if self.headers.get("If-Range", etag) != etag or kind == "ignore_range" or (asked and not any(asked.groups())):
            asked = None
        if asked:
            if asked[1] == "":
                first = max(0, file.size - int(asked[2]))
            else:
                first, last = int(asked[1]), min(last, int(asked[2]) if asked[2] else last)
            if first > last:
                return self.reply(416, {"Content-Range": f"bytes */{file.size}"})
            if kind == "wrong_range":
                first = first - 1 if first > 0 else min(1, last)
        count = last - first + 1
        if kind == "short_length":
            count //= 2
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(count), "ETag": etag, "Accept-Ranges": "bytes"}
        if asked:
            headers["Content-Range"] = f"bytes {first}-{last}/{file.size}"
        self.start(206 if asked else 200, headers)
        if self.command != "HEAD":
            with open(file.path, "rb") as opened:
                self.send_body(opened, first, count)

    def send_body(self, source, first, count):
        """Bytes, or a part of an open file; with what the fault does to it."""
        fault, kind = self.fault or {}, (self.fault or {}).get("kind")
        at = min(count, fault.get("at", int(fault.get("share", random.random()) * count)))
        if kind == "drop":
            self.copy(source, first, at)
            self.hang_up(fault.get("reset", False))
        elif kind == "stall":
            self.copy(source, first, at)
            self.hub.ending.wait(fault.get("seconds", 60))
            if fault.get("then", "drop") == "drop":
                return self.hang_up()
            self.copy(source, first + at, count - at)
        elif kind == "trickle":
            sent = self.copy(source, first, count, fault.get("bytes_per_second", 1000), time.monotonic() + fault.get("seconds", 60))
            self.copy(source, first + sent, count - sent)
        elif kind == "wrong_bytes" and count > 0:
            at = min(at, count - 1)
            self.copy(source, first, at)
            self.put(bytes([self.read(source, first + at, 1)[0] ^ 0x55]))
            self.copy(source, first + at + 1, count - at - 1)
        else:
            self.copy(source, first, count, self.hub.faults.settings["rate"] if self.place == "cdn" else 0)

    @staticmethod
    def read(source, first, count):
        if isinstance(source, bytes):
            return source[first:first + count]
        return os.pread(source.fileno(), count, first)

    def copy(self, source, first, count, rate=0, until=None):
        """Sends count bytes, at most `rate` per second, and says how many it were when `until` came first."""
        sent, begin = 0, time.monotonic()
        plain_file = not isinstance(source, bytes) and not isinstance(self.request, ssl.SSLSocket)
        while sent < count and not self.hub.ending.is_set() and (until is None or time.monotonic() < until):
            piece = min(count - sent, max(1, rate // 20) if rate else 1 << 22)
            if plain_file:
                done = os.sendfile(self.request.fileno(), source.fileno(), first + sent, piece)
                if done == 0:
                    raise ConnectionError("the file became shorter")
                self.entry["sent"] += done
            else:
                self.put(self.read(source, first + sent, piece))
                done = piece
            sent += done
            if rate:
                self.hub.ending.wait(max(0.0, begin + sent / rate - time.monotonic()))
        return sent


class HubHandler(Handler):
    place = "hub"

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        path, query = urllib.parse.unquote(url.path), {k: v[-1] for k, v in urllib.parse.parse_qs(url.query).items()}
        if path in ("/_log", "/_faults"):
            return self.control(path)
        resolve = re.fullmatch(r"(?:/api/resolve-cache/models)?/([^/]+/[^/]+)/(?:resolve/)?((?:refs/\w+/\w+|[^/]+))/(.+)", path)
        info = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/(refs/\w+/\w+|[^/]+))?/?", path)
        is_api = path == "/api/models" or bool(info)
        if self.misbehave("api" if is_api else "resolve"):
            return None
        token = self.headers.get("Authorization", "")
        wanted = self.hub.faults.settings["token"]
        self.trusted = bool(wanted) and token == f"Bearer {wanted}"
        if not self.trusted and (token or self.hub.faults.settings["require_token"]):
            if wanted:
                return self.refuse(401, "", "Invalid credentials in Authorization header" if token else "Invalid username or password.")
        if path == "/api/models":
            return self.search(query)
        match = info or resolve
        repository = self.hub.shelf.find(match[1]) if match else None
        if repository is None or (repository.facts.get("private") and not self.trusted):
            # As the real one: whoever is not logged in cannot tell a private repository from none.
            return self.refuse(404 if self.trusted or not match else 401, "RepoNotFound", "Repository not found")
        revision = (info[3] if info else resolve[2]) or "main"
        repository = self.hub.shelf.at(repository, revision)
        if repository is None:
            return self.refuse(404, "RevisionNotFound", "Invalid rev id: " + revision)
        if not info:
            return self.resolve(repository, resolve[3])
        return self.tree(repository, query) if info[2] == "tree" else self.info(repository, query)

    def refuse(self, status, code, message):
        headers = {"X-Error-Message": message}
        if code:
            headers["X-Error-Code"] = code
        self.reply(status, headers, json.dumps({"error": message}).encode())

    def control(self, path):
        if self.command == "POST":
            self.hub.set_faults(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}"))
        elif self.command == "DELETE":
            self.hub.clear_log() if path == "/_log" else self.hub.clear_faults()
        self.reply(200, {}, json.dumps(self.hub.log() if path == "/_log" else self.hub.faults.settings).encode())

    def search(self, query):
        words, found = query.get("search", "").lower().split(), []
        for name in self.hub.shelf.names():
            repository = self.hub.shelf.find(name)
            tags = sorted({pathlib.Path(path).suffix[1:] for path in repository.files} & {"gguf", "safetensors"})
            hidden = repository.facts.get("private") and not self.trusted
            if not hidden and all(word in name.lower() for word in words) and query.get("filter", "") in ["", *tags]:
                found.append({**self.summary(repository), "tags": tags})
        key = {"likes": "likes", "lastModified": "lastModified"}.get(query.get("sort"), "downloads")
        found.sort(key=lambda model: model[key], reverse=True)
        self.reply(200, {}, json.dumps(found[:int(query.get("limit", 1000))]).encode())

    @staticmethod
    def summary(repository):
        facts = repository.facts
        return {"_id": repository.commit[:24], "id": repository.name, "modelId": repository.name, "author": repository.name.split("/")[0],
                "sha": repository.commit, "private": bool(facts.get("private")), "gated": facts.get("gated", False), "disabled": False,
                "downloads": facts.get("downloads", 0), "likes": facts.get("likes", 0),
                "lastModified": facts.get("updated", "2026-03-01T12:00:00.000Z"), "createdAt": "2026-01-01T00:00:00.000Z"}

    def info(self, repository, query):
        facts, siblings = repository.facts, []
        for path, file in repository.files.items():
            sibling = {"rfilename": path}
            if query.get("blobs", "").lower() in ("1", "true"):
                sibling.update(size=file.size, blobId=file.oid())
                if file.on_cdn and facts.get("hashes", True):
                    sibling["lfs"] = {"sha256": file.sha256, "size": file.size, "pointerSize": 135}
            siblings.append(sibling)
        answer = {**self.summary(repository), "siblings": siblings, "cardData": {}}
        if "license" in facts:
            answer["cardData"]["license"] = facts["license"]
        if "gguf" in facts:
            answer["gguf"] = facts["gguf"]
        self.reply(200, {"X-Repo-Commit": repository.commit}, json.dumps(answer).encode())

    def tree(self, repository, query):
        entries = []
        if query.get("recursive", "").lower() in ("1", "true"):
            folders = {parent.as_posix() for path in repository.files for parent in pathlib.PurePosixPath(path).parents} - {"."}
            entries += [{"type": "directory", "oid": hashlib.sha1(name.encode()).hexdigest(), "size": 0, "path": name} for name in folders]
        for path, file in repository.files.items():
            entry = {"type": "file", "oid": file.oid(), "size": file.size, "path": path}
            if file.on_cdn and repository.facts.get("hashes", True):
                entry["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": 135}
            if entries or "/" not in path or query.get("recursive"):
                entries.append(entry)
        entries.sort(key=lambda entry: entry["path"])
        begin, limit = int(query.get("cursor", 0)), int(query.get("limit", 1000))
        headers = {}
        if begin + limit < len(entries):
            more = urllib.parse.urlencode({**query, "cursor": begin + limit})
            headers["Link"] = f'<{self.hub.endpoint}{urllib.parse.urlsplit(self.path).path}?{more}>; rel="next"'
        self.reply(200, headers, json.dumps(entries[begin:begin + limit]).encode())

    def resolve(self, repository, name):
        kind, gated = self.fault.get("kind"), repository.facts.get("gated")
        if gated and not (self.trusted and repository.facts.get("accepted", True)):
            message = f"Access to model {repository.name} is restricted. You must have access to it and be authenticated to access it."
            return self.refuse(403 if self.trusted else 401, "GatedRepo", message)
        file = repository.files.get(name)
        if file is None:
            return self.refuse(404, "EntryNotFound", "Entry not found")
        commit = repository.commit if kind != "changed_commit" else hashlib.sha1(b"changed").hexdigest()
        etag = f'"{file.sha256 if file.on_cdn else file.oid()}"'
        if kind == "changed_etag":
            etag = f'"{hashlib.sha256(b"changed").hexdigest()}"'
        headers = {"X-Repo-Commit": commit, "ETag": etag, "Accept-Ranges": "bytes"}
        if self.path.startswith("/api/resolve-cache/"):
            return self.send_file(file, etag)
        quoted = urllib.parse.quote(name)
        if file.on_cdn:
            location = self.hub.link_to(file)
            headers.update({"X-Linked-Size": str(file.size + (kind == "changed_size")), "X-Linked-ETag": etag})
        else:  # the real one sends a path only
            location = f"/api/resolve-cache/models/{repository.name}/{repository.commit}/{quoted}"
        if kind == "redirect_loop":
            location = self.hub.endpoint + self.path
        if kind == "insecure_redirect":
            location = location.replace("https://", "http://")
        if kind == "bad_redirect":
            location = self.fault.get("location")
        if location is not None:
            headers["Location"] = location
        return self.reply(302 if file.on_cdn else 307, headers, b"Found. Redirecting")


class CdnHandler(Handler):
    place = "cdn"

    def answer(self):
        if self.misbehave("cdn"):
            return None
        if "Authorization" in self.headers:
            return self.reply(400, {}, b"Only one authentication mechanism is allowed")
        file = self.hub.use_link(self.path)
        if file is None:
            return self.reply(403, {"Content-Type": "application/xml"}, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
        changed = self.fault.get("kind") == "changed_etag"
        return self.send_file(file, f'"{hashlib.sha256(b"changed").hexdigest() if changed else file.sha256}"')


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):  # clients of these tests leave in the middle all the time
        pass


class FakeHub:
    def __init__(self, root, port=0, cdn_port=0, tls=False, **settings):
        self.shelf, self.faults, self.tls, self.ca = Shelf(root), Faults(settings), None, ""
        self.ending = threading.Event()
        self._lock, self._log, self._links = threading.Lock(), [], {}
        if tls:
            self._certificate = tempfile.TemporaryDirectory(prefix="fake-hub-")
            self.ca, key = (os.path.join(self._certificate.name, name) for name in ("ca.pem", "key.pem"))
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                            "-subj", "/CN=fake hub", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", self.ca],
                           check=True, capture_output=True)
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(self.ca, key)
        self._listeners = [Listener(("127.0.0.1", number), type(handler.__name__, (handler,), {"hub": self}))
                           for number, handler in ((port, HubHandler), (cdn_port, CdnHandler))]
        scheme = "https" if tls else "http"
        self.endpoint = f"{scheme}://127.0.0.1:{self._listeners[0].server_address[1]}"
        self.cdn = f"{scheme}://localhost:{self._listeners[1].server_address[1]}"
        for listener in self._listeners:
            threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.ending.set()
        for listener in self._listeners:
            listener.shutdown()
            listener.server_close()
        self.shelf.close()
        if self.tls:
            self._certificate.cleanup()

    def log(self):
        with self._lock:
            return [dict(entry) for entry in self._log]

    def clear_log(self):
        with self._lock:
            self._log.clear()

    def add_to_log(self, entry):
        with self._lock:
            self._log.append(entry)

    def set_faults(self, changes):
        self.faults.set(changes)

    def clear_faults(self):
        self.faults.set({"rules": [], "random": None, "rate": 0, "link_uses": 0})

    def link_to(self, file):
        with self._lock:
            path = f"/repos/{file.sha256[:2]}/{file.sha256}?Signature={len(self._links) + 1}"
            self._links[path] = [file, 0]
            return self.cdn + path

    def use_link(self, path):
        with self._lock:
            link = self._links.get(path)
            if link is None or 0 < self.faults.settings["link_uses"] <= link[1]:
                return None
            link[1] += 1
            return link[0]


def main():
    parser = argparse.ArgumentParser(description="A fake Hugging Face for tests; see the text at the top of this file.")
    parser.add_argument("--root", required=True, help="folder with ORG/NAME/files")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--cdn-port", type=int, default=0)
    parser.add_argument("--token", default="", help="the one token that is known here; gated and private repositories need it")
    parser.add_argument("--require-token", action="store_true", help="everything needs the token")
    parser.add_argument("--rate", type=int, default=0, help="bytes per second of each connection to the second host")
    parser.add_argument("--seed", type=int, help="random faults from the start")
    parser.add_argument("--tls", action="store_true", help="https, with a certificate made now; its file is \"ca\" in the first line")
    parser.add_argument("--until-eof", action="store_true", help="ends when standard input does, and so with whoever started it")
    asked = parser.parse_args()
    chance = {"seed": asked.seed} if asked.seed is not None else None
    hub = FakeHub(asked.root, asked.port, asked.cdn_port, asked.tls, token=asked.token, require_token=asked.require_token,
                  rate=asked.rate, random=chance)
    print(json.dumps({"endpoint": hub.endpoint, "cdn": hub.cdn, "ca": hub.ca}), flush=True)
    try:
        if asked.until_eof:
            while sys.stdin.buffer.read(4096):
                pass
        else:
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    hub.stop()


if __name__ == "__main__":
    main()
