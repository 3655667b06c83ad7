#!/usr/bin/env python3
"""Reads block files with the safetensors package, and checks them as docs/kv_format.md tells, with code of its own.

kv_format_test.py KV_TESTS      the test program that writes the samples. Exit code 77: the package is not installed.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import safetensors
except ImportError:
    print("skipped: pip install --target build/python safetensors")
    sys.exit(77)


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def check(condition, what):
    if not condition:
        raise SystemExit(f"wrong: {what}")


def check_file(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__")
    tensors = dict(safetensors.deserialize(data))

    check(metadata["format"] == "larder-kv" and metadata["version"] == "1", f"{path.name}: format and version")
    check(metadata["key"] == path.stem, f"{path.name}: it is named by its key")
    check(all(len(metadata[name]) == 32 for name in ("key", "parent", "identity")), f"{path.name}: keys have 32 digits")
    check(int(metadata["position"]) % 64 == 0, f"{path.name}: position")

    tokens = tensors.pop("tokens")
    check(tokens["dtype"] == "I32" and len(tokens["shape"]) == 1, f"{path.name}: tokens are int32 in one row")
    count = tokens["shape"][0]
    check({"full": count == 64, "tail": 1 <= count <= 63, "state": 1 <= count <= 64}[metadata["kind"]], f"{path.name}: tokens of its kind")
    check(8 + length + 4 * count == 4096, f"{path.name}: the payload begins on a page")
    values = struct.unpack(f"<{count}i", bytes(tokens["data"]))

    names = sorted(tensors, key=lambda name: header[name]["data_offsets"][0])
    expected = ["state"] if metadata["kind"] == "state" else [f"group_{i}" for i in range(len(names))]
    check(names == expected, f"{path.name}: parts are {names}")
    raw = [int(size) for size in metadata["raw_bytes"].split(",")]
    codecs = metadata["codec"].split(",")
    check(len(raw) == len(codecs) == len(names), f"{path.name}: every part has a codec and a size")
    for name, size in zip(names, raw):
        check(tensors[name]["dtype"] == "U8" and tensors[name]["shape"] == [size], f"{path.name}: {name} has {size} bytes")
    check(4096 + sum(raw) == len(data), f"{path.name}: nothing follows")

    stated = data.index(b'"crc32c":"') + 10
    check(crc32c(data[:stated] + data[stated + 8:]) == int(metadata["crc32c"], 16), f"{path.name}: checksum")
    return metadata, values, len(data)


def main():
    check(crc32c(b"123456789") == 0xE3069283, "the checksum itself")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], "--gtest_filter=ColdBlock.WritesSamples"], check=True, stdout=subprocess.DEVNULL,
                       env=os.environ | {"LARDER_TEST_SAMPLES": folder})
        files = sorted(Path(folder).glob("*.safetensors"))
        check(len(files) == 4, "there are four samples")
        read = [check_file(path) for path in files]
    kinds = sorted(metadata["kind"] for metadata, _, _ in read)
    check(kinds == ["full", "state", "tail", "tail"], f"kinds are {kinds}")
    example = [each for each in read if each[1] == (1, 2, 3)]
    check(len(example) == 1 and example[0][0]["crc32c"] == "9da67c15" and example[0][2] == 4120, "the worked example of docs/kv_format.md")
    print(f"{len(files)} files are as docs/kv_format.md tells")


if __name__ == "__main__":
    main()
