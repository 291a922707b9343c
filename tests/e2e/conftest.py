"""Fixtures of the end-to-end tests: they drive the real binaries over HTTP, and nothing inside is replaced."""

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
        def make(start=True, **options):
            stack = Stack(tmp_path / f"stack{next(numbers)}", **options)
            ends.callback(stack.close)
            return stack.start() if start else stack
        yield make


@pytest.fixture
def stack(make_stack):
    return make_stack()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One stack for all tests of a file that neither break it nor count what it did."""
    stack = Stack(tmp_path_factory.mktemp("shared")).start()
    yield stack
    stack.close()
