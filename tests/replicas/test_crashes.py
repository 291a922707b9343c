"""The accounts after crashes of replicas under load: see crashes.py. CRASH_REPLICA_ROUNDS and CRASH_SEED override the
defaults. Their database is their own, so they run once, with the suites of PostgreSQL."""

import os
import random

import pytest
from crashes import ReplicaCrashTest

from _support.database import on_postgres

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")

ROUNDS = int(os.environ.get("CRASH_REPLICA_ROUNDS", "5"))
SEED = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(10**9)))
NAMES = [
    "every 202 exists",
    "nothing exists that nobody asked for",
    "accepted = sent + failed + unknown + queued",
    "unknown by a death <= attempts that can be open",
    "unknown at the end = what the simulator never saw",
    "the simulator saw nothing twice",
    "the simulator saw nothing that was not accepted",
    "quota used = accepted",
    "usage counts each acceptance once",
    "the same key gives the same message",
    "messages of one recipient kept their order",
    "every end of a message is told",
    "each is told under one webhook-id",
    "a dead replica's workspaces are answered within 5 s",
    "the servers ended by our kills only",
]


@pytest.fixture(scope="module")
def equations(tmp_path_factory):
    equations = ReplicaCrashTest(tmp_path_factory.mktemp("crash") / "replicas", ROUNDS, SEED).run()
    print(*equations, sep="\n")
    return {equation.name: equation for equation in equations}


@pytest.mark.parametrize("name", NAMES)
def test_after_the_crashes(equations, name):
    assert equations[name].holds, f"{equations[name]} ({ROUNDS} rounds, seed {SEED})"


def test_no_equation_is_left_out(equations):
    assert sorted(equations) == sorted(NAMES)
