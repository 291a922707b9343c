"""Where things are, as seen from this folder."""

from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
REPO = BENCH.parent
TESTS = REPO / "tests"
BUILD = REPO / "build" / "release"
CONNECTD = BUILD / "bin" / "connectd"
SIMULATOR = BUILD / "bin" / "connect-sim"
WORK = BENCH / "work"  # data folders of runs: on the disk of the tree, never on a tmpfs, since commits are measured
RESULTS = BENCH / "results"
LUA = BENCH / "lua"
