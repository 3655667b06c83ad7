"""GGUF files of the benches: written tensor by tensor with little memory, and the metadata of one taken over into another.

Standard library only. Metadata travels packed: the type and the bytes of a value as they stand in the file.
"""
import math
import os
import struct

# GGUF's numbers for metadata and tensors.
U32, I32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
F32, F16, Q4_0, Q8_0 = 0, 1, 2, 8
ALIGNMENT = 32

_FORMATS = {U32: "<I", I32: "<i", FLOAT32: "<f", BOOL: "<?"}
_SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, U32: 4, I32: 4, FLOAT32: 4, BOOL: 1, 10: 8, 11: 8, 12: 8}
_BLOCKS = {F32: (1, 4), F16: (1, 2), Q4_0: (32, 18), Q8_0: (32, 34)}  # numbers in a block, bytes of a block


def packed_string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def packed_scalar(kind, value):
    return packed_string(value) if kind == STRING else struct.pack(_FORMATS[kind], value)


def packed_value(kind, value):
    """kind is a number, or (ARRAY, kind of the elements)."""
    if not isinstance(kind, tuple):
        return struct.pack("<I", kind) + packed_scalar(kind, value)
    elements = b"".join(packed_scalar(kind[1], element) for element in value)
    return struct.pack("<IIQ", ARRAY, kind[1], len(value)) + elements


def unpacked_number(packed):
    """The number in a packed U32, I32, FLOAT32 or BOOL."""
    kind, = struct.unpack_from("<I", packed)
    return struct.unpack_from(_FORMATS[kind], packed, 4)[0]


def tensor_bytes(kind, shape):
    numbers, size = _BLOCKS[kind]
    return math.prod(shape) // numbers * size


def write(path, metadata, tensors, data):
    """A file that appears whole or not at all.

    metadata: [(key, packed value)]; tensors: [(name, type, shape with the contiguous dimension first)];
    data(name, type, shape): the tensor's bytes, in pieces.
    """
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))
    for key, packed in metadata:
        head += packed_string(key) + packed
    offset = 0
    for name, kind, shape in tensors:
        head += packed_string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
        offset += tensor_bytes(kind, shape)
        offset += -offset % ALIGNMENT
    part = f"{path}.part"
    with open(part, "wb") as file:
        file.write(head + b"\0" * (-len(head) % ALIGNMENT))
        for tensor in tensors:
            for piece in data(*tensor):
                file.write(piece)
            file.write(b"\0" * (-tensor_bytes(*tensor[1:]) % ALIGNMENT))
    os.replace(part, path)


def _skip_value(file, kind):
    if kind == STRING:
        size, = struct.unpack("<Q", file.read(8))
        file.seek(size, os.SEEK_CUR)
    elif kind == ARRAY:
        element, count = struct.unpack("<IQ", file.read(12))
        if element in _SCALAR_BYTES:
            file.seek(count * _SCALAR_BYTES[element], os.SEEK_CUR)
        else:
            for _ in range(count):
                _skip_value(file, element)
    else:
        file.seek(_SCALAR_BYTES[kind], os.SEEK_CUR)


def read_metadata(path):
    """{key: packed value}, in the file's order."""
    found = {}
    with open(path, "rb") as file:
        magic, version, _, count = struct.unpack("<4sIQQ", file.read(24))
        if magic != b"GGUF" or version not in (2, 3):
            raise ValueError(f"{path} is not a GGUF file of version 2 or 3")
        for _ in range(count):
            size, = struct.unpack("<Q", file.read(8))
            key = file.read(size).decode()
            begin = file.tell()
            _skip_value(file, struct.unpack("<I", file.read(4))[0])
            end = file.tell()
            file.seek(begin)
            found[key] = file.read(end - begin)
    return found
