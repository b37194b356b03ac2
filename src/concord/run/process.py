"""The harness's end of a worker: one process for one variant at one precision, started when it is first needed.

A job that crashes, hangs or takes too much memory costs that job alone: the next one gets a new process.
"""

import atexit
import contextlib
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from concord.project import paths
from concord.project.framework import Variant
from concord.project.outcomes import Outcome

PROGRAM = Path(__file__).with_name("program.py")
TIME_LIMIT = 900.0  # seconds for one job
START_LIMIT = 180.0  # seconds for the start of a worker, which imports the framework
MEMORY_SHARE = 0.8  # of the memory that is free when the worker starts
LOOK_EVERY = 0.25  # seconds, at a job's memory; a tenth took a tenth of a processor core
HEED_INTERRUPTS = 0.2  # seconds; a Ctrl-C just before a wait without an end is lost: 2 of 150 were
PAUSE = 1.0  # seconds between two looks at a job: longer, and the harness stood still (Ctrl-Z, a suspended machine)
MARK = "CONCORD_WORKER"  # an environment variable by which everything that a worker starts is found again
LOG_LIMIT = 16 * 2**20  # bytes of a recipe's own output that are kept

living: "weakref.WeakSet[Worker]" = weakref.WeakSet()


@dataclass(frozen=True)
class Answer:
    """What became of a job. `outcome` is one of the closed set, `reason` one line, empty when it is `ok`."""

    outcome: Outcome
    reason: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    ticks: tuple[float, ...] = ()  # when it told that something timed begins or has ended, by this process's clock


def available_threads() -> int:
    """The processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Worker:
    """One process of `program.py`, restarted after a crash.

    Args:
        variant: what to run.
        precision: "float64" or "float32".
        log: a file for everything that recipes and frameworks print.
        time_limit: seconds for one job.
        memory_limit: bytes; by default a share of what is free at the start.
        python: the interpreter; by default the one that runs this.
        device: "cpu", "gpu", or empty: what the framework takes by itself.
        threads: for the framework; by default as many as there are cores.
    """

    def __init__(
        self,
        variant: Variant,
        precision: str,
        log: Path,
        *,
        time_limit: float = TIME_LIMIT,
        memory_limit: float | None = None,
        python: Path | None = None,
        device: str = "",
        threads: int | None = None,
    ):
        self.threads = threads or available_threads()
        self.variant = variant
        self.precision = precision
        self.log = log
        self.time_limit = time_limit
        self.memory_limit = memory_limit
        self.python = python or Path(sys.executable)
        self.device = device
        self.started = Answer("ok")
        self._mark = secrets.token_hex(8)
        self._process: subprocess.Popen[str] | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._used = False  # since its start, for more than questions about what is installed
        self._over = False
        self._answers: queue.Queue[str | None] = queue.Queue()
        living.add(self)

    def run(self, job: dict[str, Any]) -> Answer:
        """Does one job and waits for its answer, whatever happens to the process.

        With `in_a_copy` a copy of the process does it, of one that has only imported its framework.
        """
        if job.get("in_a_copy"):
            if self._used:
                self.close()
        else:
            self._used |= job.get("kind") not in ("names", "package")
        if self._process is None and self.started.outcome != "unsupported":  # what it can't do, it can't do again
            self.started = self._start()
        if self.started.outcome != "ok":
            self.close()
            return self.started
        assert self._process and self._process.stdin
        nonce = secrets.token_hex(8)
        try:
            self._process.stdin.write(json.dumps(job | {"nonce": nonce}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has died since; waiting for its answer finds out how
        return self._wait(self.time_limit, nonce, in_a_copy=job.get("in_a_copy", False))

    def holds(self) -> int:
        """The bytes of memory that the process holds; 0 where there is none."""
        import psutil

        try:
            return psutil.Process(self._process.pid).memory_info().rss if self._process else 0
        except psutil.NoSuchProcess:
            return 0

    def end(self) -> None:
        """Ends the process for good, also if another thread is just about to start it."""
        self._over = True
        self.close()

    def close(self) -> None:
        """Ends the process and everything that it started."""
        process, self._process = self._process, None
        self._used = False
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()
        end_descendants(self._mark)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        if self._temporary:
            self._temporary.cleanup()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> Answer:
        import psutil

        # A process that is killed leaves its temporary files behind, TensorFlow's one for each function that it traces.
        self._temporary = tempfile.TemporaryDirectory(prefix="concord-", ignore_cleanup_errors=True)
        environment = self.variant.worker_environment(self.precision, self.threads, self.device)
        configuration = {
            "startup": self.variant.startup,
            "imports": self.variant.imports,
            "hides": self.variant.hides,
            "temporary": self._temporary.name,
            "store": str(paths.home() / "store"),
            "distributions": self.variant.distributions,
            "precision": self.precision,
            "threads": self.threads,
            "nonce": (nonce := secrets.token_hex(8)),
            "device": self.device,
            "device_code": self.variant.device_code and str(self.variant.device_code),
        }
        self._memory_limit = self.memory_limit or MEMORY_SHARE * psutil.virtual_memory().available
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # Isolated (-I): neither the current folder nor PYTHONPATH can put another `numpy.py` in the way. No
            # __pycache__ beside a user's recipe (-B). In a session of its own: Ctrl-C reaches the harness only, which
            # then ends the worker.
            self._process = subprocess.Popen(
                [str(self.python), "-I", "-B", str(PROGRAM), json.dumps(configuration)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | environment | {"TMPDIR": self._temporary.name, MARK: self._mark},
                encoding="utf-8",
                start_new_session=True,
            )
        if self._over:
            self.close()
            raise RuntimeError("this worker has been ended")
        self._answers = queue.Queue()
        assert self._process.stdout
        threading.Thread(target=_read_lines, args=(self._process.stdout, self._answers), daemon=True).start()
        return self._wait(START_LIMIT, nonce)

    def _wait(self, limit: float, nonce: str, *, in_a_copy: bool = False) -> Answer:
        """The answer, or what kept it from coming: the time limit, the memory limit, the end of the process."""
        import psutil

        assert self._process
        now = time.monotonic()
        deadline = now + limit
        watched = psutil.Process(self._process.pid)
        ticks: list[float] = []
        while True:
            try:
                line = self._answers.get(timeout=LOOK_EVERY)
            except queue.Empty:
                before, now = now, time.monotonic()
                if now - before > PAUSE:
                    deadline += now - before
                if now > deadline:
                    self.close()
                    return Answer("timeout", f"no answer within {limit:g} s")
                with contextlib.suppress(psutil.Error):
                    held = sum(found.memory_info().rss for found in [watched, *watched.children(recursive=True)])
                    if in_a_copy:  # which shares its memory with the process that it is a copy of
                        held -= watched.memory_info().rss
                    if held > self._memory_limit:
                        self.close()
                        reason = f"held {held / 2**20:,.0f} MiB, its limit is {self._memory_limit / 2**20:,.0f} MiB"
                        return Answer("out_of_memory", reason)
                self._trim_log()
                continue
            if line is None:
                return self._ended()
            try:
                fields = json.loads(line)
                if fields.pop("nonce") == nonce:
                    if not fields:
                        ticks.append(time.perf_counter())
                        continue
                    return Answer(fields.pop("outcome"), fields.pop("reason"), fields, tuple(ticks))
            except (ValueError, AttributeError, KeyError):
                pass
            self.close()
            return Answer("crashed", "something else than the harness wrote on the pipe for its answers")

    def _ended(self) -> Answer:
        """Says how the process ended."""
        process = self._process
        if process is None:
            return Answer("crashed", "ended by the harness")
        code = process.wait()
        self.close()
        if code == -signal.SIGKILL:
            return Answer("out_of_memory", "killed by the system (SIGKILL), most likely for want of memory")
        if code < 0:
            return Answer("crashed", f"the process ended with signal {signal.Signals(-code).name}; see {self.log}")
        return Answer("crashed", f"the process ended itself with exit code {code}")

    def _trim_log(self) -> None:
        """Empties a log that a talkative recipe has filled; the worker appends, so it simply goes on."""
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > LOG_LIMIT:
                os.truncate(self.log, 0)


def end_descendants(mark: str) -> None:
    """Ends what a worker's recipe has started and detached: it has the worker's mark in its environment."""
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark:
                process.kill()


def _read_lines(pipe: IO[str], lines: "queue.Queue[str | None]") -> None:
    """Hands the worker's answers on; None says that it has ended."""
    with contextlib.suppress(ValueError, OSError):
        for line in pipe:
            lines.put(line)
    lines.put(None)


@atexit.register
def close_all() -> None:
    """Leaves no process behind, however the harness ends."""
    for worker in list(living):
        worker.close()
