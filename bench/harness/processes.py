"""Starting programs, and what they cost as the kernel counts it."""

import os
import resource
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """A run that can't be trusted or can't be made; its text says why."""


def free_port() -> int:
    """A port that was free a moment ago: the programs under test can't all be asked which one they took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what: str, timeout: float = 30.0, every: float = 0.01):
    """The condition's first truthy value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise BenchError(f"waited {timeout:.0f} s in vain for: {what}")
        time.sleep(every)


def takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
        return True
    except OSError:
        return False


@dataclass(frozen=True)
class Usage:
    """What processes have used since they started: all their threads, ended ones too, and their ended children."""

    cpu_seconds: float = 0.0
    write_bytes: int = 0
    switches: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.cpu_seconds + other.cpu_seconds,
            self.write_bytes + other.write_bytes,
            self.switches + other.switches,
        )

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(
            self.cpu_seconds - other.cpu_seconds,
            self.write_bytes - other.write_bytes,
            self.switches - other.switches,
        )


def usage_of(*pids: int) -> Usage:
    return sum((_usage_of_one(pid) for pid in pids), Usage())


def _usage_of_one(pid: int) -> Usage:
    # The name in field 2 may hold spaces and brackets: what is counted starts after its last bracket.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # Its own, and that of children that have ended: a server's sessions come and go.
    cpu = sum(map(int, fields[11:15])) / TICKS_PER_SECOND
    written = _number(f"/proc/{pid}/io", "write_bytes:")
    tasks = os.listdir(f"/proc/{pid}/task")
    switches = sum(_number(f"/proc/{pid}/task/{task}/status", "voluntary_ctxt_switches:") for task in tasks)
    return Usage(cpu, written, switches)


def busy_seconds() -> float:
    """What all cores have worked since the start of the machine, whoever made them."""
    user, nice, system, _idle, _waiting, irq, softirq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / TICKS_PER_SECOND


def own_seconds() -> float:
    """CPU of this process and of the children that have ended: the load client."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def rss_bytes(*pids: int) -> int:
    return sum(_number(f"/proc/{pid}/status", "VmRSS:") * 1024 for pid in pids)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _number(path: str, label: str) -> int:
    for line in Path(path).read_text().splitlines():
        if line.startswith(label):
            return int(line.split()[1])
    raise BenchError(f"{path} has no {label}")


class Program:
    """One process of a run. Its output goes to a file; it ends with the `with` block."""

    def __init__(self, name: str, arguments: list, folder: Path, environment: dict | None = None):
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=folder,
                env={**os.environ, **(environment or {})},
            )
        self.pid = self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def check_running(self) -> None:
        if self._process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise BenchError(f"{self.name} ended with {self._process.returncode}:\n{tail}")

    def wait_for_port(self, port: int, timeout: float = 30.0) -> None:
        def ready() -> bool:
            self.check_running()
            return takes_connections(port)

        wait_until(ready, f"{self.name} on port {port}", timeout, every=0.002)

    def stop(self, how: int = signal.SIGTERM, grace: float = 30.0) -> None:
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
