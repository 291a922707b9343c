"""The accounts after many crashes under load: see run.py. CRASH_ROUNDS and CRASH_SEED override the defaults."""

import os
import random

import pytest
from accounts import NAMES_OF_ACCOUNTS
from run import CrashTest

from _support.database import on_postgres

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "20"))
SEED = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(10**9)))
NAMES = [
    *NAMES_OF_ACCOUNTS,
    "unknown by a kill <= attempts that can be open",
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
