"""What a key's rules cost: sends with a key that has all of them beside sends with one that has none, by the same server."""

import json
import shutil
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness import load, report
from harness.http import call
from harness.paths import WORK
from harness.processes import BenchError
from harness.servers import Connectd, Simulator

from . import sends

NAME = "keys"
HELP = "durable sends with a key that has rules beside one that has none"

COLUMNS = {
    "cpu_us": "CPU µs/message",
    "cpu_ratio": "CPU, plain key = 1",
    "rate": "messages/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "others_percent": "others' CPU %",
}
PLAIN = "plain key"
SCOPES = ["messages:send", "messages:read"]
# The caller's is the last of the list.
ADDRESSES = [f"10.{number}.0.0/16" for number in range(49)] + ["127.0.0.0/8"]


def add_options(parser) -> None:
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=6, help="of load in each round")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--body-bytes", type=int, default=sends.DEFAULT_BODY_BYTES, help="of the request")


class Owner:
    """The sandbox's owner, signed in."""

    def __init__(self, server: Connectd):
        self._url = server.url
        owner = json.loads((server.data / "sandbox.json").read_text())["owner"]
        request = urllib.request.Request(
            f"{self._url}/v1/sessions", json.dumps(owner).encode(), {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            cookies = answer.headers.get_all("Set-Cookie") or []
        self._headers = {"Cookie": "; ".join(cookie.split(";")[0] for cookie in cookies)}

    def make_key(self, **rules) -> str:
        body = {"name": "bench", "mode": "test", "scopes": SCOPES, **rules}
        return call("POST", f"{self._url}/v1/api_keys", body, self._headers)["key"]

    def senders(self) -> list[str]:
        found = call("GET", f"{self._url}/v1/senders", None, {**self._headers, "Connect-Mode": "test"})["data"]
        if not found:
            raise BenchError("the sandbox has no sender")
        return [sender["id"] for sender in found]


def all_rules(owner: Owner) -> dict:
    return {
        "allowed_addresses": ADDRESSES,
        "sender_ids": owner.senders(),
        "requests_per_second": 100_000,
        "expires_at": (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


class KeyRow:
    def __init__(self, name: str, has_rules: bool):
        self.name = name
        self._has_rules = has_rules

    def measure(self, folder: Path, seconds: float, settings: load.Load) -> dict:
        with Simulator(folder / "sim") as provider, Connectd(folder / "connectd", provider) as server:
            owner = Owner(server)
            key = owner.make_key(**(all_rules(owner) if self._has_rules else {}))

            def send(duration: float):
                return load.send("connectd", server.port, "/v1/messages", key, duration, settings)

            return sends.measure(server, provider, send, server.wait_until_all_sent, seconds)


def run(options) -> None:
    rounds, seconds = (2, 3.0) if options.quick else (options.rounds, options.seconds)
    settings = load.Load(options.connections, options.body_bytes)
    subjects = [KeyRow(PLAIN, False), KeyRow("key with addresses, senders, a rate, an expiry", True)]
    measured: dict[str, list[dict]] = {row.name: [] for row in subjects}
    for number in range(rounds):
        for row in subjects:
            folder = WORK / NAME
            shutil.rmtree(folder, ignore_errors=True)
            measured[row.name].append(row.measure(folder, seconds, settings))
            report.progress(f"round {number + 1}/{rounds}, {row.name}", measured[row.name][-1])
    summary = {name: report.medians(all_rounds) for name, all_rounds in measured.items()}
    for row in summary.values():
        row["cpu_ratio"] = row["cpu_us"] / summary[PLAIN]["cpu_us"]
    text = report.table(summary, COLUMNS) + (
        f"\n\nMedians of {rounds} interleaved rounds of {seconds:.0f} s. The rules: {len(ADDRESSES)} ranges of addresses, the "
        "caller's the last; the sandbox's sender; a rate of its own that is not reached; an end tomorrow."
    )
    if any(row["others_percent"] > sends.OTHERS_PERCENT_MAX for row in summary.values()):
        text += "\n\n**Not to be published: other programs took much of the machine during these rounds.**"
    data = {"seconds": seconds, "median": summary, "rounds": measured}
    report.save(NAME, text, data, publish=not options.quick)
