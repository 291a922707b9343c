"""A suite in several processes at once: each takes the next file that no other has. A plugin of pytest: script/_suites.py
names it, and a folder in FLOWSELL_TEST_SHARES where a file that is taken has an entry."""

import os
from functools import cache
from pathlib import Path

import pytest


@cache
def is_mine(file):
    try:
        (Path(os.environ["FLOWSELL_TEST_SHARES"]) / file.name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """True: nothing is left to do for it. What a file has set up ends with its last test, since the next is another's."""
    return None if is_mine(item.path) else True
