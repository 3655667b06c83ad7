"""The models of the comparison, each made once in the cache folder."""
import os
import pathlib
import sys

from run import Problem, output, say

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
STARTER = "SmolLM2-135M-Instruct"


def _fetch_starter(cache, _):
    target = cache / f"{STARTER}.Q4_1.gguf"
    if not target.exists():
        output([ROOT / "packaging" / "fetch_starter.sh", cache])
    return target


def _quantise(tools, source, target, kind):
    """A file that appears whole or not at all."""
    if not target.exists():
        say(f"making {target.name}")
        part = target.with_suffix(".part")
        output([tools / "llama-quantize", "--allow-requantize", source, part, kind])
        os.replace(part, target)
    return target


def _starter_as(kind):
    return lambda cache, tools: _quantise(tools, _fetch_starter(cache, tools), cache / f"{STARTER}.{kind}.gguf", kind)


def _qwen_shape(cache, tools):
    target = cache / "Qwen3-0.6B-shape.Q4_0.gguf"
    if target.exists():
        return target
    halves = cache / "Qwen3-0.6B-shape.F16.gguf"
    say(f"making {halves.name}")
    output([sys.executable, ROOT / "bench" / "make_qwen_shape.py", halves])
    _quantise(tools, halves, target, "Q4_0")
    halves.unlink()  # 1.2 GB
    return target


MAKERS = {
    "starter-q4_1": _fetch_starter,
    "starter-q4_0": _starter_as("Q4_0"),
    "starter-q8_0": _starter_as("Q8_0"),
    "qwen-q4_0": _qwen_shape,
}


def find(name, cache, tools):
    """The file of a model in MAKERS, or the file named."""
    if name in MAKERS:
        return MAKERS[name](cache, tools)
    path = pathlib.Path(name)
    if not path.is_file():
        raise Problem(f"there is no file {name}, and the models are {', '.join(MAKERS)}")
    return path.resolve()
