"""What stands on the audit log of a stack, against what openapi/openapi.yaml says of each operation (x-audit).

Each success that a test gets is remembered; when its stack ends, the log must say of it what the contract says: an act that the
contract does not name is a fault, and so is an operation that succeeded and left none of its acts."""

import re
import sqlite3
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path

from _support.contract import contract

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "audit.md"
# Of whoever calls: an operator's reads, and all that is done under a support session.
OF_EVERY_OPERATION = {"operator.read", "support_session.read", "support_session.write"}

_successes = defaultdict(list)  # base URL: (operation, request id)


@cache
def documented():
    """The acts that stand in the first column of a table."""
    rows = [line.split("|")[1] for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    return {act for cell in rows for act in re.findall(r"`([a-z_]+\.[a-z_]+)`", cell)}


def declared(operation):
    """The acts that the contract names; none where it says that there are none, and why."""
    said = operation.get("x-audit", [])
    return set() if isinstance(said, dict) else set(said)


def note(base_url, method, target, answer):
    path = contract().path_of(target)
    if answer.status >= 400 or path is None or answer.headers.get("Idempotent-Replayed"):
        return
    _successes[base_url].append(((method.lower(), path), answer.headers.get("Request-Id")))


def forget(base_url):
    """Another server had this port before."""
    _successes.pop(base_url, None)


def recorded(database):
    """The acts of each request on any chain; None where there is no log to read."""
    acts = defaultdict(set)
    try:
        for shared in (False, True):
            for request, act in database.sql("SELECT request_id, act FROM audit_events", shared=shared):
                acts[request].add(act)
    except (sqlite3.OperationalError, subprocess.CalledProcessError):
        return None  # a test took the database away
    return acts


def faults_of(base_urls, database):
    successes = [success for url in base_urls for success in _successes.pop(url, [])]
    acts = recorded(database)
    if acts is None:
        return []
    faults = [f"docs/audit.md does not have the act {act}" for act in sorted(set().union(*acts.values()) - documented())]
    operations = {(method, path): operation for method, path, operation in contract().operations()}
    left = defaultdict(set)
    for name, request in successes:
        left[name] |= acts.get(request, set())
    for name, seen in left.items():
        said = declared(operations.get(name, {}))
        faults += [f"x-audit of {' '.join(name)} does not have {act}" for act in sorted(seen - said - OF_EVERY_OPERATION)]
        if said and not seen & said:
            faults.append(f"{' '.join(name)} succeeded, and left none of {sorted(said)} on the audit log")
    return faults
