"""The load client: wrk with lua/send.lua, one thread."""

import itertools
import json
import subprocess
import time
from dataclasses import dataclass

from .paths import LUA
from .processes import BenchError

_runs = itertools.count()


@dataclass(frozen=True)
class Load:
    connections: int = 64
    body_bytes: int = 256  # of a connectd request; the others carry the same text
    pause_ms: int = 0  # mean pause of a connection between its requests; 0 is a closed loop


@dataclass(frozen=True)
class LoadResult:
    answers: int
    failures: int
    seconds: float
    p50_ms: float
    p99_ms: float
    p999_ms: float


def send(kind: str, port: int, path: str, secret: str, seconds: float, load: Load) -> LoadResult:
    """Keeps `connections` requests open for a time. Each run has its own keys and recipients, so none is a replay."""
    run = f"{int(time.time()):x}-{next(_runs) % 1000}"
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{seconds:.0f}s", "--timeout", "30s"]
    command += ["-s", str(LUA / "send.lua"), f"http://127.0.0.1:{port}", "--"]
    command += [kind, path, secret, run, str(load.body_bytes), str(load.pause_ms)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return _read(json.loads(line[7:]), kind)
    raise BenchError(f"wrk gave no result:\n{done.stdout}\n{done.stderr}")


def _read(result: dict, kind: str) -> LoadResult:
    failures = result["errors"]
    if failures > result["answers"] // 1000:
        raise BenchError(f"{kind}: {failures} of {result['answers']} requests failed: {result}")
    return LoadResult(
        answers=result["answers"] - result["refused"],
        failures=failures,
        seconds=result["microseconds"] / 1e6,
        p50_ms=result["p50"] / 1000,
        p99_ms=result["p99"] / 1000,
        p999_ms=result["p999"] / 1000,
    )
