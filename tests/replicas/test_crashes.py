"""The accounts after crashes of replicas under load: see crashes.py. CRASH_REPLICA_ROUNDS and CRASH_SEED override the
defaults. Their database is their own, so they run once, with the suites of PostgreSQL."""

import os
import random

import pytest
from accounts import NAMES_OF_ACCOUNTS
from crashes import ReplicaCrashTest

from _support.database import on_postgres
from _support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")

ROUNDS = int(os.environ.get("CRASH_REPLICA_ROUNDS", "5"))
SEED = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(10**9)))
NAMES = [
    *NAMES_OF_ACCOUNTS,
    "unknown by a death <= attempts that can be open",
    "a dead replica's workspaces are answered in time",
    "the servers ended by our kills only",
]


@pytest.fixture(scope="module")
def equations(tmp_path_factory):
    equations = ReplicaCrashTest(tmp_path_factory.mktemp("crash") / "replicas", ROUNDS, SEED, PATIENCE_SECONDS).run()  # by hand it is 5 s: here other suites run beside it
    print(*equations, sep="\n")
    return {equation.name: equation for equation in equations}


@pytest.mark.parametrize("name", NAMES)
def test_after_the_crashes(equations, name):
    assert equations[name].holds, f"{equations[name]} ({ROUNDS} rounds, seed {SEED})"


def test_no_equation_is_left_out(equations):
    assert sorted(equations) == sorted(NAMES)
