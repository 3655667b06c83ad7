"""The built larder program on a base directory of its own, cut off from the user's files, tokens and proxies."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

PATIENCE = 120  # seconds until a step counts as hanging; sanitizer builds on a loaded machine are slow


def environment(base, **changes):
    """This process's, without what points to the user's own settings."""
    def is_private(name):
        return name.startswith(("LARDER_", "HF_", "HUGGINGFACE_", "HUGGING_FACE_", "XDG_")) or name.lower().endswith("_proxy")
    values = {name: value for name, value in os.environ.items() if not is_private(name)}
    values.update(HOME=str(base), LARDER_BASE_DIR=str(base), HF_HOME=str(base / "hf"))
    values.update({name: str(value) for name, value in changes.items()})
    return values


class LarderProgram:
    def __init__(self, program, **changes):
        self.program = pathlib.Path(program).resolve()
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="larder-test-"))
        self.models = self.base / "models"
        self.changes = changes

    def remove(self):
        shutil.rmtree(self.base, ignore_errors=True)

    def environment(self, **changes):
        return environment(self.base, **{**self.changes, **changes})

    def run(self, *arguments, text="", patience=PATIENCE, **changes):
        """Runs a command to its end: exit code, standard output, standard error."""
        done = subprocess.run([self.program, *map(str, arguments)], input=text.encode(), capture_output=True, timeout=patience,
                              env=self.environment(**changes))
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def begin(self, *arguments, preexec_fn=None, **changes):
        """Starts a command whose end is somebody else's business."""
        return subprocess.Popen([self.program, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=self.environment(**changes), preexec_fn=preexec_fn)

    def files(self):
        """Everything below the model folder that does not begin with a dot, by its path there."""
        found = {}
        for path in sorted(self.models.rglob("*")):
            relative = path.relative_to(self.models)
            if path.is_file() and not any(part.startswith(".") for part in relative.parts):
                with contextlib.suppress(FileNotFoundError):  # it may go at any moment
                    found[relative.as_posix()] = path.read_bytes()
        return found
