"""Where the benches find the starter model and keep what they make."""
import os
import pathlib


def cache_folder():
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "larder-bench"


def starter_path():
    """LARDER_STARTER, or the file that bench/compare_llama_cpp.sh and packaging/fetch_starter.sh leave in the cache folder."""
    named = os.environ.get("LARDER_STARTER")
    return pathlib.Path(named) if named else cache_folder() / "SmolLM2-135M-Instruct.Q4_1.gguf"
