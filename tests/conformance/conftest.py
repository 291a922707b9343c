"""Fixtures of the conformance tests: the real binaries, with a recorder between the server and the simulator."""

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from _support.stack import Stack  # noqa: E402
from recorder import Recorder  # noqa: E402


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A stack whose calls to the provider go through a recorder: (stack, recorder)."""
    with ExitStack() as ends:
        stack = Stack(tmp_path_factory.mktemp("recorded"), settings={"WHATSAPP_HTTP2": "false"})
        ends.callback(stack.close)
        stack.start_simulator()
        recorder = ends.enter_context(Recorder(stack.simulator.url))
        stack.server.settings["SIMULATOR_URL"] = recorder.url
        stack.start_server()
        yield stack, recorder
