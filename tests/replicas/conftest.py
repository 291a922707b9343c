"""Makes tests/_support, and the accounts of tests/crash, importable."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "crash")]
