"""Runs programs for the comparison: what goes wrong is one sentence."""
import pathlib
import shutil
import signal
import subprocess
import sys


class Problem(Exception):
    """One sentence that says what to do."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def need(program, why):
    if shutil.which(program) is None:
        raise Problem(f"{program} is missing, which {why}: install it")


def _failure(command, code, text):
    name = pathlib.Path(command[0]).name
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"failed ({code})"
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return Problem(f"{name} {how}: {lines[-1].strip() if lines else 'it said nothing'}")


def output(command, environment=None):
    """What the command printed on standard output; Problem with the last line of its complaints."""
    command = [str(part) for part in command]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False)
    except OSError as error:
        raise Problem(f"{command[0]} cannot be started: {error.strerror}") from error
    if done.returncode != 0:
        raise _failure(command, done.returncode, (done.stderr or done.stdout).decode(errors="replace"))
    return done.stdout.decode(errors="replace")


def follow(command, log, progress):
    """Runs a long command; its output goes to the file `log`, and each line to progress(line)."""
    command = [str(part) for part in command]
    with open(log, "w", encoding="utf-8") as file:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace") as process:
            for line in process.stdout:
                file.write(line)
                progress(line)
        if process.returncode != 0:
            raise Problem(f"{pathlib.Path(command[0]).name} failed ({process.returncode}): see {log}")
