"""Runs every suite of tests and counts. Called by script/test after the build; needs only the standard library.

Each suite prints one line; the output of a suite is shown only when something in it failed. The last line is the sum,
"N passed, N failed", and the exit status is 1 when anything failed or nothing ran.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests"))

from _support.postgres import Postgres  # noqa: E402

SUITE_SECONDS_MAX = 1800
FUZZ_SECONDS = 60
WORKS_AT_ONCE = 5
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 4 << 30
# The rooms whose tests run on PostgreSQL once more. store_test has both engines in one run.
ROOMS_WITH_TABLES = ("accounts", "api", "app", "audit", "connections", "consent", "identity", "ingest", "mail", "media", "messaging", "metering", "onboarding", "numbers", "operators", "outbox", "passkeys", "preflight", "privacy", "recovery", "sso", "team", "templates", "vault", "webhook")

SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "second_deadlock_stack=1",
    "ASAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-19",
    "TSAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-19",
}


ON_POSTGRES = {"FLOWSELL_TEST_ENGINE": "postgres"}


class Totals:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self._lock = threading.Lock()

    def add(self, name, passed, failed, skipped, seconds, output):
        note = f", {skipped} skipped" if skipped else ""
        verdict = "FAILED" if failed else "ok"
        with self._lock:
            self.passed += passed
            self.failed += failed
            if failed and output:
                print(output.rstrip(), flush=True)
            print(f"{verdict:<6} {name:<40} {passed} passed, {failed} failed{note}  ({seconds:.1f} s)", flush=True)


def run(command, env=None):
    """The exit status (None: it took too long and was killed, with all its children), output and seconds."""
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=REPO, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", start_new_session=True)
    try:
        output, _ = process.communicate(timeout=SUITE_SECONDS_MAX)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        output += f"\nkilled after {SUITE_SECONDS_MAX} s\n"
        status = None
    return status, output, time.monotonic() - began


def count_gtest(report):
    """(passed, failed, skipped) of GoogleTest's JSON report."""
    cases = [case for suite in report["testsuites"] for case in suite["testsuite"]]
    skipped = sum(case["result"] in ("SKIPPED", "SUPPRESSED") or case["status"] == "NOTRUN" for case in cases)
    failed = sum(bool(case.get("failures")) for case in cases)
    return len(cases) - skipped - failed, failed, skipped


def count_junit(root):
    """(passed, failed, skipped) of pytest's JUnit report."""
    suites = root.iter("testsuite")
    total = failed = skipped = 0
    for suite in suites:
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return max(total - failed - skipped, 0), failed, skipped


def add_counted(totals, name, result, read_counts):
    """A suite that broke without naming a failed test, or had none, is a failure: it must not look like success."""
    status, output, seconds = result
    try:
        passed, failed, skipped = read_counts()
    except (OSError, ValueError, KeyError, xml.ParseError):
        passed, failed, skipped = 0, 0, 0
    if failed == 0 and passed + skipped == 0 and status == 0:
        output += f"\n{name} has no tests\n"
        failed = 1
    if failed == 0 and status != 0:
        failed = 1
    totals.add(name, passed, failed, skipped, seconds, output)


def run_gtest(totals, name, binary, env, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        result = run([str(binary), "--gtest_brief=1", f"--gtest_output=json:{report}", *arguments], env)
        add_counted(totals, name, result, lambda: count_gtest(json.loads(report.read_text())))


def run_unit_tests(totals, preset, env=None):
    for binary in sorted((REPO / "build" / preset / "tests").glob("*_test")):
        run_gtest(totals, f"{preset} {binary.name}", binary, env)


def run_unit_tests_on_postgres(totals, preset, env=None):
    for room in ROOMS_WITH_TABLES:
        binary = REPO / "build" / preset / "tests" / f"{room}_test"
        # What happens at a power cut is SQLite's there: of its files.
        run_gtest(totals, f"{preset} {binary.name}, PostgreSQL", binary, {**(env or {}), **ON_POSTGRES},
                  "--gtest_filter=-*PowerCut*")


MORE_INPUTS = {"provider_webhook": "src/channels/whatsapp/tests/corpus"}


def corpora_of(binary):
    name = binary.name.removeprefix("fuzz_")
    folders = [REPO / "fuzz" / name / "corpus"]
    if name in MORE_INPUTS:
        folders.append(REPO / MORE_INPUTS[name])
    return [str(folder) for folder in folders]


def fuzz_binaries(preset):
    return [path for path in sorted((REPO / "build" / preset / "fuzz").glob("fuzz_*"))
            if path.is_file() and os.access(path, os.X_OK)]


def replay_corpora(totals, preset):
    for binary in fuzz_binaries(preset):
        status, output, seconds = run([str(binary), *corpora_of(binary)])
        totals.add(f"{preset} {binary.name}", int(status == 0), int(status != 0), 0, seconds, output)


def fuzz(totals):
    for binary in fuzz_binaries("fuzz"):
        with tempfile.TemporaryDirectory() as found:
            # New inputs go to the first folder; the corpus is read only.
            command = [str(binary), f"-max_total_time={FUZZ_SECONDS}", "-rss_limit_mb=2048",
                       f"-artifact_prefix={REPO / 'build' / 'fuzz'}/", found, *corpora_of(binary)]
            status, output, seconds = run(command, SANITIZER_OPTIONS)
        totals.add(f"fuzz {binary.name}", int(status == 0), int(status != 0), 0, seconds, output)


class Pytest:
    """One suite in some processes at once, which share its files (tests/_support/shares.py) and are counted together."""

    def __init__(self, totals, suite, preset="release", env=None, engine="", processes=1):
        self.totals, self.processes = totals, processes
        self.name = f"{preset} tests/{suite}{engine}"
        self.folder = REPO / "tests" / suite
        self._shares = tempfile.TemporaryDirectory()
        binaries = REPO / "build" / preset / "bin"
        self._env = {"CONNECTD": str(binaries / "connectd"), "CONNECT_SIM": str(binaries / "connect-sim"),
                     "PYTHONPATH": str(REPO / "tests"), "FLOWSELL_TEST_SHARES": self._shares.name, **(env or {})}
        self._results, self._lock = [], threading.Lock()

    def works(self):
        return [self.run] * self.processes

    def run(self):
        with tempfile.TemporaryDirectory() as scratch:
            report = Path(scratch) / "report.xml"
            command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "_support.shares",
                       "-o", "tmp_path_retention_policy=failed", f"--junitxml={report}", str(self.folder)]
            status, output, seconds = run(command, self._env)
            try:
                counts = count_junit(xml.parse(report).getroot())
            except (OSError, ValueError, xml.ParseError):
                counts = (0, 0, 0)
        with self._lock:
            self._results.append((status, output, seconds, counts))
            if len(self._results) == self.processes:
                self._add()

    def _add(self):
        passed, failed, skipped = (sum(column) for column in zip(*(counts for *_, counts in self._results)))
        # Of each that has not named what failed in it.
        failed += sum(status != 0 and counts[1] == 0 for status, _, _, counts in self._results)
        outputs = [output for status, output, _, counts in self._results if status != 0 or counts[1]]
        if failed == 0 and passed + skipped == 0:
            failed, outputs = 1, [f"{self.name} has no tests"]
        seconds = max(seconds for _, _, seconds, _ in self._results)
        self.totals.add(self.name, passed, failed, skipped, seconds, "\n".join(outputs))
        self._shares.cleanup()


@contextmanager
def scratch_in_memory():
    """Where there is room in memory, what tests write lies there: to sync a disk takes longer than most of them. That what is
    synced survives a power cut is tested below the file system, by a VFS of our own."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < MEMORY_BYTES_MIN:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="flowsell-tests-", dir=MEMORY) as folder:
        os.chmod(folder, 0o711)  # PostgreSQL runs as somebody else
        os.environ["TMPDIR"] = folder
        yield


def main(arguments):
    with Postgres() as postgres, scratch_in_memory():
        os.environ["FLOWSELL_TEST_POSTGRES"] = postgres.conninfo()
        return run_all(arguments, postgres)


def works_of_release(totals, fast):
    """The longest first, so that none of them is left over when the others have ended."""
    def suite(name, processes=1):
        return Pytest(totals, name, processes=processes).works()

    def on_postgres(name, processes=1, engine=", PostgreSQL"):
        return Pytest(totals, name, env=ON_POSTGRES, engine=engine, processes=processes).works()
    units = [partial(run_unit_tests, totals, "release"), partial(run_unit_tests_on_postgres, totals, "release")]
    short = [partial(replay_corpora, totals, "release"), *suite("policy")]
    if fast:
        return units + short
    return [*on_postgres("replicas", 2, ""), *on_postgres("e2e", 3), *suite("e2e", 2), *on_postgres("crash"), *units, *suite("crash"),
            *on_postgres("conformance"), *suite("conformance"), *short]


def run_beside_each_other(works):
    """They wait for servers, disks and clocks more than for a core."""
    with ThreadPoolExecutor(WORKS_AT_ONCE) as pool:
        for ended in [pool.submit(work) for work in works]:
            ended.result()


def run_all(arguments, postgres):
    totals = Totals()
    fast = "--fast" in arguments
    run_beside_each_other(works_of_release(totals, fast))
    if "--sanitize" in arguments:
        for preset in ("asan", "tsan"):
            run_unit_tests(totals, preset, SANITIZER_OPTIONS)
            run_unit_tests_on_postgres(totals, preset, SANITIZER_OPTIONS)
            if not fast:
                Pytest(totals, "e2e", preset, SANITIZER_OPTIONS).run()
    if "--fuzz" in arguments:
        fuzz(totals)
    # No failure: a transaction is tried again. But ours are made so that they have none (DESIGN 4).
    for each in postgres.deadlocks():
        print(f"PostgreSQL ended a deadlock:\n{each}", flush=True)
    print(f"{totals.passed} passed, {totals.failed} failed", flush=True)
    return 1 if totals.failed or not totals.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
