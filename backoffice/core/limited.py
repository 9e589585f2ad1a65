"""Reads foreign files in a child process with limits on memory, time and output.

`stream` runs a function of our code, found by its name, in a fresh interpreter: it shares neither memory nor open
files with the process that asks, and its environment holds no secret. A file made to exhaust a process ends that child
alone. Functions and results pass as JSON. The child imports only what its function imports: it starts in 50 to 150 ms
when that function stays away from the tables and from Flask.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
SECRETS = ("SECRET_KEY", "RELAIS_KEYS", "DATABASE_URL", "REDIS_URL", "RELAIS_SMTP", "PGPASSWORD")
"""Settings that the child does not get."""
CHUNK = 1 << 16
MEGA = 1_000_000


class UnreadableFile(ValueError):
    """The file cannot be read, or not further. message: French, says what to do. line: None when unknown."""

    status = 422
    """HTTP status of the page that shows the message."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class LimitExceeded(UnreadableFile):
    """Reading the file was stopped by a limit of its child process."""


class Busy(UnreadableFile):
    """Too many files are being read at this moment."""

    status = 503


class ChildFailed(RuntimeError):
    """The function raised an unexpected error: a fault of ours. The message names its type and place, no value."""


@dataclass(frozen=True)
class Bounds:
    """Limits of one child.

    memory: bytes of address space. cpu: seconds of processor. silence: seconds without any result. output: bytes of
    results, as JSON. written: bytes of each file that it may write.
    """

    memory: int = 500 * MEGA
    cpu: int = 30
    silence: int = 60
    output: int = 100 * MEGA
    written: int = 0


CHILDREN, PATIENCE = 2, 60
"""Children that one process runs at once; seconds that a further one waits for its turn."""
_turns = threading.BoundedSemaphore(CHILDREN)

TOO_MUCH_MEMORY = "Ce fichier demande beaucoup trop de mémoire pour être lu : par sécurité, la lecture a été arrêtée."
TOO_LONG = "Ce fichier est beaucoup trop long à lire : par sécurité, la lecture a été arrêtée."
TOO_LARGE = "Ce fichier contient beaucoup trop de choses : par sécurité, la lecture a été arrêtée."
CURE = " Gardez-en seulement les lignes utiles dans un nouveau fichier, ou coupez-le, puis envoyez-le de nouveau."
BUSY = "Trop de fichiers sont lus en ce moment. Attendez une minute, puis envoyez de nouveau le vôtre."


def call(function: str, *arguments: Any, bounds: Bounds | None = None) -> Any:
    """The only result of a function: see `stream`."""
    (result,) = stream(function, *arguments, bounds=bounds)
    return result


def stream(function: str, *arguments: Any, bounds: Bounds | None = None) -> Generator[Any]:
    """Yields the results of «module:function»: those of its generator, else its only one.

    Raises UnreadableFile as the function does, LimitExceeded beyond the limits, ChildFailed for any other error.
    Leaving the generator ends the child.
    """
    bounds = bounds or Bounds()
    if not _turns.acquire(timeout=PATIENCE):
        raise Busy(BUSY)
    try:
        with _child() as process:
            assert process.stdin is not None
            assert process.stdout is not None
            with contextlib.suppress(BrokenPipeError), process.stdin as asked:
                asked.write(json.dumps([function, arguments, asdict(bounds)]).encode())
            for line in _lines(process.stdout, bounds):
                kind, value = json.loads(line)
                if kind == _RESULT:
                    yield value
                elif kind == _END:
                    return
                else:
                    _raise(kind, value)
            _raise_death(process.wait())
    finally:
        _turns.release()


@contextlib.contextmanager
def _child() -> Iterator[subprocess.Popen[bytes]]:
    """A child that waits for its request; it is dead when this ends."""
    env = {name: value for name, value in os.environ.items() if name not in SECRETS}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT))))
    command = [sys.executable, "-P", "-B", "-m", "backoffice.core.limited"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing, env=env)  # noqa: S603 - our own code
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe_end in (process.stdin, process.stdout):
            if pipe_end is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe_end.close()


def _lines(output: IO[bytes], bounds: Bounds) -> Iterator[bytes]:
    """The lines that the child writes, until it closes its output."""
    poll = select.poll()
    poll.register(output.fileno(), select.POLLIN)
    received, pieces = 0, b""
    while True:
        if not poll.poll(bounds.silence * 1_000):
            raise LimitExceeded(TOO_LONG + CURE)
        piece = os.read(output.fileno(), CHUNK)
        if not piece:
            return
        received += len(piece)
        if received > bounds.output:
            raise LimitExceeded(TOO_LARGE + CURE)
        head, *lines = piece.split(b"\n")
        pieces += head
        for line in lines:
            yield pieces
            pieces = line


def _raise(kind: str, value: Any) -> None:
    if kind == _UNREADABLE:
        raise UnreadableFile(*value)
    if kind == _MEMORY:
        raise LimitExceeded(TOO_MUCH_MEMORY + CURE)
    raise ChildFailed(value)


def _raise_death(status: int) -> None:
    """The child ended without saying why."""
    if status == -signal.SIGXCPU:
        raise LimitExceeded(TOO_LONG + CURE)
    # A library that is refused memory aborts or crashes; the system kills when the machine has none left.
    raise LimitExceeded(TOO_MUCH_MEMORY + CURE)


# --- In the child -------------------------------------------------------------------------------------

_RESULT, _END, _UNREADABLE, _MEMORY, _FAILED = "result", "end", "unreadable", "memory", "failed"


def _serve() -> None:
    """Answers the request of the standard input on the standard output, one JSON array a line."""
    function, arguments, given = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer

    def say(kind: str, value: Any = None) -> None:
        answers.write(json.dumps([kind, value]) + "\n")

    bounds = Bounds(**given)
    _confine(bounds)
    said = time.monotonic()
    try:
        module, _, name = function.partition(":")
        result = getattr(importlib.import_module(module), name)(*arguments)
        for value in result if isinstance(result, Iterator) else [result]:
            say(_RESULT, value)
            if time.monotonic() - said > 1:
                said = time.monotonic()
                answers.flush()
        say(_END)
    except UnreadableFile as unreadable:
        say(_UNREADABLE, [unreadable.message, unreadable.line])
    except MemoryError:
        say(_MEMORY)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        say(_FAILED, f"{type(error).__name__}, {Path(where.filename).name}:{where.lineno}")
    answers.flush()


def _confine(bounds: Bounds) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, bounds.memory),
        (resource.RLIMIT_CPU, bounds.cpu),
        (resource.RLIMIT_FSIZE, bounds.written),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (lowest, hard if kind == resource.RLIMIT_CPU else lowest))


if __name__ == "__main__":
    # Under its own name, so that what a function raises is the class that is caught here.
    from backoffice.core import limited

    limited._serve()
