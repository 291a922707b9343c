"""How long a refused sign-in takes, and asking for a link by mail, for addresses with an account and for others: no stranger
may tell them apart."""

import http.client
import json
import random
import re
import shutil
import statistics
import time
import urllib.parse

from harness import report
from harness.http import get_json
from harness.paths import WORK
from harness.processes import BenchError, wait_until
from harness.servers import Connectd, Simulator

NAME = "sign_in"
HELP = "time of a refused sign-in, and of asking for links, for known and for unknown addresses"

PASSWORD = "umbrella kettle Tuesday moss"
WRONG = "violet harbour seventeen lamps"
TRIES_PER_ADDRESS = 9  # the tenth more would be refused before a hash
LINKS_PER_ADDRESS = 5  # an hour; the next are refused
RESAMPLES = 2000
ASKED = {"password reset": "/v1/password_resets", "verification link": "/v1/email_verifications"}
ROWS = {
    "hash as shipped": {},
    "cheapest hash": {"CONNECT_ACCOUNTS_PASSWORD_MIB": "8", "CONNECT_ACCOUNTS_PASSWORD_PASSES": "1"},
}
COLUMNS = {
    "known_ms": "known address ms",
    "unknown_ms": "unknown address ms",
    "difference_us": "difference µs",
    "low_us": "95 % from µs",
    "high_us": "to µs",
    "spread_us": "spread of one try µs",
}


def add_options(parser) -> None:
    parser.add_argument("--pairs", type=int, default=450, help="tries of each kind")


class _Caller:
    """One connection; each try is from a network of its own, as a stranger with many would do it."""

    def __init__(self, port: int):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._network = 0

    def post(self, path: str, body: dict) -> tuple[int, float]:
        """Status, and the seconds that the answer took."""
        self._network += 1
        address = f"10.{self._network // 256}.{self._network % 256}.1"
        text = json.dumps(body)
        begun = time.perf_counter()
        self._connection.request("POST", path, text, {"Content-Type": "application/json", "X-Forwarded-For": address})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - begun


def _verification_token(server: Connectd, address: str) -> str:
    mails = f"{server.url}/v1/sandbox/mails"

    def come() -> str | None:
        for mail in get_json(f"{mails}?to={urllib.parse.quote(address)}")["data"]:
            link = re.search(r"/verify#token=(\w+)", get_json(f"{mails}/{mail['id']}")["text"])
            if link:
                return link.group(1)
        return None

    return wait_until(come, f"a mail to {address}")


def _open_account(caller: _Caller, server: Connectd, address: str) -> None:
    wanted = {"name": "Asha", "email": address, "password": PASSWORD, "terms_version": "2026-11"}
    caller.post("/v1/users", wanted)
    token = _verification_token(server, address)
    status, _ = caller.post("/v1/email_verifications/confirm", {"token": token, "password": PASSWORD})
    if status != 204:
        raise BenchError(f"the address of {address} was not verified: {status}")


def _try(caller: _Caller, address: str) -> float:
    status, seconds = caller.post("/v1/sessions", {"email": address, "password": WRONG})
    if status != 401:
        raise BenchError(f"a wrong password was answered with {status}")
    return seconds


def _interval(differences: list[float]) -> tuple[float, float]:
    """Where the median lies, by resampling."""
    medians = sorted(statistics.median(random.choices(differences, k=len(differences))) for _ in range(RESAMPLES))
    return medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975)]


def _ask(caller: _Caller, path: str, address: str) -> float:
    status, seconds = caller.post(path, {"email": address})
    if status != 202:
        raise BenchError(f"a link was asked for, and the answer was {status}")
    return seconds


def _addresses(pairs: int, each: int) -> tuple[list[str], list[str]]:
    """Of accounts that are to be opened, and of nobody."""
    numbers = range(pairs // each + 1)
    return [f"known{n:04}@example.com" for n in numbers], [f"other{n:04}@example.com" for n in numbers]


def _compare(pairs: int, known: list[str], other: list[str], take) -> dict:
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for pair in range(pairs):
        tries = [("known", known[pair % len(known)]), ("unknown", other[pair % len(other)])]
        random.shuffle(tries)  # neither kind is always the second
        for kind, address in tries:
            took[kind].append(take(address))
    differences = [a - b for a, b in zip(took["known"], took["unknown"], strict=True)]
    low, high = _interval(differences)
    return {
        "known_ms": statistics.median(took["known"]) * 1e3,
        "unknown_ms": statistics.median(took["unknown"]) * 1e3,
        "difference_us": statistics.median(differences) * 1e6,
        "low_us": low * 1e6,
        "high_us": high * 1e6,
        "spread_us": statistics.pstdev(took["unknown"]) * 1e6,
    }


def _measure(server: Connectd, pairs: int) -> dict:
    caller = _Caller(server.port)
    known, other = _addresses(pairs, TRIES_PER_ADDRESS)
    for address in known:
        _open_account(caller, server, address)
    return _compare(pairs, known, other, lambda address: _try(caller, address))


def _measure_links(server: Connectd, pairs: int, path: str) -> dict:
    """Of accounts whose address is verified where a password is to be set, and of others where that link is asked for."""
    caller = _Caller(server.port)
    known, other = _addresses(pairs, LINKS_PER_ADDRESS)
    for address in known:
        if path == ASKED["password reset"]:
            _open_account(caller, server, address)
        else:
            caller.post("/v1/users", {"name": "Asha", "email": address, "password": PASSWORD, "terms_version": "2026-11"})
    return _compare(pairs, known, other, lambda address: _ask(caller, path, address))


def run(options) -> None:
    pairs = 18 if options.quick else options.pairs
    folder = WORK / NAME
    shutil.rmtree(folder, ignore_errors=True)
    rows = {}
    with Simulator(folder / "sim") as provider:
        for name, settings in ROWS.items():
            all_settings = {**settings, "CONNECT_TRUSTED_PROXIES": "127.0.0.1/32"}
            with Connectd(folder / name.replace(" ", "-"), provider, settings=all_settings) as server:
                rows[name] = _measure(server, pairs)
            report.progress(name, rows[name])
        for name, path in ASKED.items():
            all_settings = {**ROWS["cheapest hash"], "CONNECT_TRUSTED_PROXIES": "127.0.0.1/32"}
            with Connectd(folder / name.replace(" ", "-"), provider, settings=all_settings) as server:
                rows[name] = _measure_links(server, pairs, path)
            report.progress(name, rows[name])
    text = report.table(rows, COLUMNS, "connectd") + (
        f"\n\n{pairs} pairs of tries with a wrong password, or of asking for a link, one of an address with an account and one "
        "of another, in an order that is drawn for each pair. The difference is the median over pairs, known less unknown, with an interval "
        f"for it by {RESAMPLES} resamples. Where the interval has zero in it, so many tries don't tell the two apart."
    )
    report.save(NAME, text, {"result": rows}, publish=not options.quick)
