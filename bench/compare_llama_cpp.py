#!/usr/bin/env python3
"""Larder against llama.cpp on the same file and threads, in turn, in one run: medians and their ratios.

Usage: bench/compare_llama_cpp.py MODEL.gguf [--repeats 5] [--larder build/release/larder] [--llama-cpp FOLDER]

FOLDER is a llama.cpp source folder with llama-bench in build/bin. Without it the one vendored in the sdist of
llama-cpp-python 0.3.36 is downloaded with pip (which needs scikit-build-core) and built in ~/.cache/larder-bench:
about ten minutes on two cores. Nothing else should run on the machine meanwhile.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tarfile

VERSION = "0.3.36"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "larder-bench"
FIGURES = ["prefill 512", "prefill 2048", "decode 128"]


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def build_peer():
    folder = CACHE / f"llama_cpp_python-{VERSION}" / "vendor" / "llama.cpp"
    if (folder / "build" / "bin" / "llama-bench").exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        run(sys.executable, "-m", "pip", "install", "--quiet", "scikit-build-core")
        run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "-d", str(CACHE),
            f"llama-cpp-python=={VERSION}")
        with tarfile.open(next(CACHE.glob("llama_cpp_python-*.tar.gz"))) as archive:
            archive.extractall(CACHE)
    print("building llama.cpp (about ten minutes)", file=sys.stderr)
    run("cmake", "-S", str(folder), "-B", str(folder / "build"), "-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON",
        "-DLLAMA_CURL=OFF", "-DLLAMA_BUILD_TESTS=OFF")
    run("cmake", "--build", str(folder / "build"), "--parallel", str(os.cpu_count()), "--target", "llama-bench",
        "llama-quantize", "llama-server", "llama-batched-bench")
    return folder


def measure_larder(program, model, threads):
    figures = json.loads(run(program, "bench", model, "--json", "--threads", str(threads)))
    return [figures["prefill_512_tok_s"], figures["prefill_2048_tok_s"], figures["decode_tok_s"]]


def measure_peer(folder, model, threads):
    rows = json.loads(run(str(folder / "build" / "bin" / "llama-bench"), "-m", model, "-t", str(threads), "-p",
                          "512,2048", "-n", "128", "-r", "1", "-o", "json"))
    return [row["avg_ts"] for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--larder", default=str(pathlib.Path(__file__).parent.parent / "build/release/larder"))
    parser.add_argument("--llama-cpp", type=pathlib.Path)
    options = parser.parse_args()
    peer = options.llama_cpp or build_peer()
    ours, theirs = [], []
    for repeat in range(options.repeats):
        ours.append(measure_larder(options.larder, options.model, options.threads))
        theirs.append(measure_peer(peer, options.model, options.threads))
        print(f"run {repeat + 1}: larder {[round(f) for f in ours[-1]]}, llama.cpp {[round(f) for f in theirs[-1]]}",
              file=sys.stderr)
    print("| tokens/s | larder | llama.cpp | ratio |\n|---|--:|--:|--:|")
    for index, name in enumerate(FIGURES):
        a = statistics.median(row[index] for row in ours)
        b = statistics.median(row[index] for row in theirs)
        print(f"| {name} | {a:.0f} | {b:.0f} | {a / b:.2f}x |")


if __name__ == "__main__":
    main()
