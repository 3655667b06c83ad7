"""llama.cpp as the sdist of llama-cpp-python ships it, built in the cache folder."""
import hashlib
import os
import pathlib
import re
import sys
import tarfile

from run import Problem, follow, need, output, say

VERSION = "0.3.36"
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
HERE = pathlib.Path(__file__).resolve().parent
BENCHES = ["llama-bench", "llama-batched-bench"]

# What the processor calls an instruction set, and the switch that llama.cpp has for it.
AVX512_SWITCHES = {"avx512f": "AVX512", "avx512vbmi": "AVX512_VBMI", "avx512_vnni": "AVX512_VNNI", "avx512_bf16": "AVX512_BF16"}


def processor_flags():
    try:
        match = re.search(r"^flags\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        match = None
    return set(match[1].split()) if match else set()


class Variant:
    """One way to build llama.cpp, and the instruction set of Larder that is held against it."""

    def __init__(self, name, words, switches, isa="", tools=()):
        self.name, self.words, self.switches, self.isa = name, words, switches, isa
        self.tools = [*BENCHES, *tools]


# The only one that also makes the models, and serves.
NATIVE = Variant("native", "all instructions there are", ["-DGGML_NATIVE=ON"], tools=["llama-quantize", "llama-server"])
AVX2 = Variant("avx2", "AVX2", ["-DGGML_NATIVE=OFF", "-DGGML_AVX512=OFF", "-DGGML_AVX_VNNI=OFF"], isa="avx2")


def without_amx():
    flags = processor_flags()
    if not {"avx512f", "avx512_vnni"} <= flags:
        raise Problem("--peer-no-amx needs a processor with AVX-512 VNNI, which this one is not")
    on = [f"-DGGML_{switch}=ON" for flag, switch in AVX512_SWITCHES.items() if flag in flags]
    return Variant("no-amx", "AVX-512 VNNI", ["-DGGML_NATIVE=OFF", *on], isa="avx512-vnni")


def fetch(cache):
    """The folder of the sources, downloaded the first time."""
    folder = cache / f"llama_cpp_python-{VERSION}"
    if (folder / "PKG-INFO").exists():
        return folder / "vendor" / "llama.cpp"
    archive = cache / f"llama_cpp_python-{VERSION}.tar.gz"
    if not archive.exists():
        say(f"fetching llama-cpp-python {VERSION} (77 MB)")
        # Only this package as sources: pip may take the wheel of what it needs to look into it.
        output([sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps", "--no-cache-dir",
                "--no-binary", "llama-cpp-python", "--dest", cache, f"llama-cpp-python=={VERSION}"])
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise Problem(f"{archive} is not the expected file (its sha256 differs): delete it")
    say("unpacking llama.cpp")
    with tarfile.open(archive) as packed:
        # The package's own description comes last, so that half a folder is not taken for a whole one.
        members = sorted(packed.getmembers(), key=lambda member: member.name.endswith("/PKG-INFO"))
        packed.extractall(cache, members)
    return folder / "vendor" / "llama.cpp"


def _percent_teller(what):
    told = 0

    def tell(line):
        nonlocal told
        match = re.match(r"\[\s*(\d+)%\]|\[(\d+)/(\d+)\]", line)
        if not match:
            return
        percent = int(match[1]) if match[1] else 100 * int(match[2]) // int(match[3])
        if percent >= told + 10:
            told = percent // 10 * 10
            say(f"{what}: {told} %")
    return tell


def build(cache, variant):
    """The folder of the tools of this variant, built the first time."""
    source = fetch(cache)
    folder = source / f"build-{variant.name}"
    tools = folder / "bin"
    if (folder / "complete").exists():
        return tools
    for program, why in {"cmake": "builds llama.cpp", "c++": "compiles it"}.items():
        need(program, why)
    say(f"building llama.cpp ({variant.words}): about ten minutes on two cores, once")
    log = cache / f"build-{variant.name}.log"
    follow(["cmake", "-S", source, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", *variant.switches, "-DLLAMA_CURL=OFF",
            "-DLLAMA_BUILD_TESTS=OFF", f"-DCMAKE_CXX_FLAGS=-include {HERE / 'gcc_amx.h'}"], log, lambda line: None)
    follow(["cmake", "--build", folder, "--parallel", str(len(os.sched_getaffinity(0))), "--target", *variant.tools], log,
           _percent_teller(f"building llama.cpp ({variant.name})"))
    (folder / "complete").touch()
    return tools
