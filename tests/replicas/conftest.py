"""Fixtures of the tests of replicas; makes tests/_support, and the accounts of tests/crash, importable."""

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "crash")]

from _support.replicas import Replicas  # noqa: E402


@pytest.fixture(scope="module")
def cluster(request, tmp_path_factory):
    """Three replicas for all tests of a file that asks for nothing else."""
    replicas = Replicas(tmp_path_factory.mktemp(request.module.__name__)).start()
    yield replicas
    replicas.close()
