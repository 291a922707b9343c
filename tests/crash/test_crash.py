"""The accounts after many crashes under load: see run.py. CRASH_ROUNDS and CRASH_SEED override the defaults."""

import os
import random

import pytest
from run import CrashTest

from _support.database import on_postgres

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "20"))
SEED = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(10**9)))
NAMES = [
    "every 202 exists",
    "nothing exists that nobody asked for",
    "accepted = sent + failed + unknown + queued",
    "unknown by a kill <= attempts that can be open",
    "unknown at the end = what the simulator never saw",
    "the simulator saw nothing twice",
    "the simulator saw nothing that was not accepted",
    "quota used = accepted",
    "usage counts each acceptance once",
    "the same key gives the same message",
    "messages of one recipient kept their order",
    "every end of a message is told",
    "each is told under one webhook-id",
    "the server ended by our kills only",
]


@pytest.fixture(scope="module")
def equations(tmp_path_factory):
    test = CrashTest(tmp_path_factory.mktemp("crash") / "stack", ROUNDS, SEED, on_postgres=on_postgres())
    equations = test.run()
    print(*equations, sep="\n")
    return {equation.name: equation for equation in equations}


@pytest.mark.parametrize("name", NAMES)
def test_after_the_crashes(equations, name):
    assert equations[name].holds, f"{equations[name]} ({ROUNDS} rounds, seed {SEED})"


def test_no_equation_is_left_out(equations):
    assert sorted(equations) == sorted(NAMES)
