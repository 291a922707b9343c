"""Makes tests/_support importable, and hands out running stacks."""

import sys
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _support.stack import Stack  # noqa: E402


@pytest.fixture
def make_stack(tmp_path):
    """Makes running stacks, each in a folder of its own, and ends them well after the test."""
    numbers = count()
    with ExitStack() as ends:
        def make(**options):
            stack = Stack(tmp_path / f"stack{next(numbers)}", **options)
            ends.callback(stack.close)
            return stack.start()
        yield make
