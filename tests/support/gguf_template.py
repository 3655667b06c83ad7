"""Copies a GGUF model with another chat template. Standard library only."""
import struct

KEY = b"tokenizer.chat_template"
STRING, ARRAY = 8, 9
WIDTH = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
ALIGNMENT = 32  # of the tensors; what it is unless general.alignment says otherwise


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def number(self, format_):
        value = struct.unpack_from(format_, self.data, self.at)[0]
        self.at += struct.calcsize(format_)
        return value

    def string(self):
        size = self.number("<Q")
        self.at += size
        return self.data[self.at - size:self.at]

    def skip(self, kind):
        if kind == STRING:
            self.string()
        elif kind == ARRAY:
            kind, count = self.number("<I"), self.number("<Q")
            if kind in WIDTH:
                self.at += WIDTH[kind] * count
            else:
                for _ in range(count):
                    self.skip(kind)
        else:
            self.at += WIDTH[kind]


def with_template(source, target, template):
    data = memoryview(source.read_bytes())
    reader = Reader(data)
    reader.at = 8  # magic and version
    tensors, keys = reader.number("<Q"), reader.number("<Q")
    value = None  # where the template's string begins and ends
    for _ in range(keys):
        key, kind = bytes(reader.string()), reader.number("<I")
        begin = reader.at
        reader.skip(kind)
        if key == KEY:
            value = begin, reader.at
        assert key != b"general.alignment", "not read here"
    for _ in range(tensors):
        reader.string()
        dimensions = reader.number("<I")
        reader.at += 8 * dimensions + 4 + 8  # type and offset
    text = template.encode()
    head = b"".join([data[:value[0]], struct.pack("<Q", len(text)), text, data[value[1]:reader.at]])
    with open(target, "wb") as file:
        file.write(head + b"\0" * (-len(head) % ALIGNMENT))
        file.write(data[reader.at + -reader.at % ALIGNMENT:])
