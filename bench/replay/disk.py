"""The files of a cache folder and the kernel's memory of them. Linux only."""
import os
import pathlib
import time


def files(folder):
    return sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file())


def size(folder):
    return sum(path.stat().st_size for path in files(folder))


def forget(folder):
    """Out of the page cache: the next to read them waits for the disk."""
    os.sync()  # what is not written yet cannot be dropped
    for path in files(folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


def read(folder):
    """(bytes, seconds) of reading every file from its beginning to its end, one after the other."""
    buffer = bytearray(4 << 20)
    total, began = 0, time.perf_counter()
    for path in files(folder):
        with open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
            while count := file.readinto(buffer):
                total += count
    return total, time.perf_counter() - began


def settle(folder, patience=60):
    """Waits until a second passes in which nothing is added: what was written behind is there."""
    limit = time.perf_counter() + patience
    before = -1
    while before != (now := size(folder)) and time.perf_counter() < limit:
        before = now
        time.sleep(1)
