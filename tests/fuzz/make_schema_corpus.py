#!/usr/bin/env python3
"""Makes the seeds of schema_fuzz: schemas as clients send them, and some that ask for too much. Run: make_schema_corpus.py"""
import json
import pathlib

FOLDER = pathlib.Path(__file__).parent / "schema_corpus"
CHOICES, ALL_WORDS, STRICT, CALLS = 1, 2, 4, 8


def seed(name, settings, schema):
    (FOLDER / name).write_bytes(bytes([settings, 7]) + (schema if isinstance(schema, bytes) else json.dumps(schema).encode()))


FOLDER.mkdir(exist_ok=True)
TODO = {"type": "object", "properties": {"content": {"type": "string", "minLength": 1}, "status": {"enum": ["pending", "done"]}},
        "required": ["content", "status"], "additionalProperties": False}
seed("todos", CALLS | ALL_WORDS, {"type": "object", "properties": {"todos": {"type": "array", "items": TODO}}, "required": ["todos"]})
seed("scalars", STRICT | ALL_WORDS, {"properties": {"n": {"type": ["number", "null"]}, "i": {"type": "integer"}, "b": {"type": "boolean"}}})
seed("literals", STRICT, {"enum": ["a", "ab", 1, 1.5, None, {"a": [1, 2]}, "\u00e4", "\u0004"], "const": "ab"})
seed("map", STRICT | ALL_WORDS, {"type": "object", "additionalProperties": {"type": "array", "items": {"enum": [1, 10, 100]}}})
seed("alternatives", STRICT, {"anyOf": [{"type": "integer"}, {"const": "x"}, {"type": "array", "items": False}], "type": ["string", "integer", "array"]})
seed("one_of", STRICT | CALLS, {"oneOf": [{"type": "object", "required": ["x"]}, {"type": "null"}]})
seed("references", STRICT, {"$defs": {"a/b": {"type": "array", "items": {"$ref": "#/$defs/c"}}, "c": {"const": 5}}, "$ref": "#/$defs/a~1b"})
seed("recursion", CALLS, {"type": "object", "properties": {"child": {"$ref": "#"}, "next": {"allOf": [{"$ref": "#/properties/child"}]}}})
seed("unsupported", 0, {"type": "string", "pattern": "^a", "minItems": 1000000000000, "not": {}, "if": True, "format": "date"})
seed("choices", CHOICES | STRICT | ALL_WORDS, bytes(range(17, 120, 3)) * 3)
seed("choices_calls", CHOICES | CALLS, bytes((i * 37 + 11) % 256 for i in range(200)))
