"""script/demo.py: what a newcomer runs first."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from _support.ports import free_port

DEMO = Path(__file__).resolve().parents[2] / "script" / "demo.py"
SECONDS_MAX = 60


def command(tmp_path, port, *arguments):
    return [sys.executable, str(DEMO), "--port", str(port), "--data", str(tmp_path / "data"), *arguments]


def run(tmp_path, port, *arguments):
    return subprocess.run(command(tmp_path, port, *arguments), capture_output=True, text=True, timeout=SECONDS_MAX)


def test_once_shows_each_event_and_ends_well(tmp_path):
    shown = run(tmp_path, free_port(), "--once")
    assert shown.returncode == 0, shown.stderr
    steps = ["202 accepted", "message.sent", "message.delivered", "message.read", "message.received", "marked as read",
             "Quota: 1 of", "connectd has ended well"]
    places = [shown.stdout.find(step) for step in steps]
    assert -1 not in places and places == sorted(places), shown.stdout


def test_it_can_be_run_again_on_the_same_data(tmp_path):
    port = free_port()
    assert run(tmp_path, port, "--once").returncode == 0
    assert "Quota: 2 of" in run(tmp_path, port, "--once").stdout


def test_the_key_is_not_printed(tmp_path):
    assert "fsk_test_" not in run(tmp_path, free_port(), "--once").stdout


def test_a_port_in_use_is_said(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        shown = run(tmp_path, port, "--once")
    assert shown.returncode == 1
    assert f"port {port} of this machine is in use" in shown.stderr


def test_a_server_that_does_not_start_is_said(tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    shown = run(tmp_path, free_port(), "--once")
    assert shown.returncode == 1 and shown.stderr.startswith("\nerror: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_once_it_runs_until_it_is_told_to_end(tmp_path, number):
    with subprocess.Popen(command(tmp_path, free_port()), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as demo:
        for line in demo.stdout:
            if "until you press Ctrl-C" in line:
                break
        demo.send_signal(number)
        rest = demo.stdout.read()
    assert demo.returncode == 0 and "connectd has ended well" in rest
