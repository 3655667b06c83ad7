"""The repositories of the fake hub (fake_hub.py): folders on the disk, read anew for each request."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import tempfile
import threading

LFS_SUFFIXES = (".gguf", ".safetensors", ".bin")
LFS_BYTES = 1_000_000


class File:
    def __init__(self, path, size, sha256, on_cdn):
        self.path, self.size, self.sha256, self.on_cdn = path, size, sha256, on_cdn

    def oid(self):
        """Git's name for what the repository holds: the file, or the pointer to a large one."""
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n".encode()
        content = pointer if self.on_cdn else pathlib.Path(self.path).read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Repository:
    def __init__(self, name, facts, files):
        self.name, self.facts, self.files = name, facts, files
        listing = "".join(f"{path}\0{file.sha256}\0" for path, file in sorted(files.items()))
        self.commit = hashlib.sha1(listing.encode("utf-8", "surrogateescape")).hexdigest()


class Shelf:
    """The repositories below the root, as they are on the disk now, and each commit that anybody has seen."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self._store = None
        self._kept = {}      # (path, size, time, inode) -> sha256 and where its bytes stay
        self._commits = {}
        self._lock = threading.Lock()

    def close(self):
        if self._store:
            shutil.rmtree(self._store, ignore_errors=True)

    def names(self):
        return sorted(f"{folder.parent.name}/{folder.name}" for folder in self.root.glob("*/*") if folder.is_dir())

    def find(self, name):
        folder = self.root / name
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", name) or ".." in name or not folder.is_dir():
            return None
        beside = self.root / (name + ".json")
        facts = json.loads(beside.read_text()) if beside.exists() else {}
        files = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                sha256, kept = self._keep(path)
                on_cdn = path.suffix in LFS_SUFFIXES or kept.stat().st_size > LFS_BYTES
                files[path.relative_to(folder).as_posix()] = File(kept, kept.stat().st_size, sha256, on_cdn)
        repository = Repository(name, facts, files)
        self._commits[name, repository.commit] = repository
        return repository

    def at(self, repository, revision):
        """The repository at that commit; None if it never had it."""
        if revision in ("main", "refs/heads/main"):
            return repository
        return self._commits.get((repository.name, revision))

    def _keep(self, path):
        """A second name for the file, so that an old commit is still there when a new file was moved in its place."""
        state = path.stat()
        key = (str(path), state.st_size, state.st_mtime_ns, state.st_ino)
        with self._lock:
            if key not in self._kept:
                try:
                    if self._store is None:
                        self._store = pathlib.Path(tempfile.mkdtemp(prefix=".store-", dir=self.root))
                    kept = self._store / str(len(self._kept))
                    os.link(path, kept)
                except OSError:
                    kept = path
                with open(kept, "rb") as opened:
                    self._kept[key] = hashlib.file_digest(opened, "sha256").hexdigest(), kept
            return self._kept[key]
