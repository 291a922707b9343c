"""The settings that a package installs are read by the program that it installs."""

import subprocess
from pathlib import Path

from _support.processes import CONNECTD

SETTINGS = Path(__file__).resolve().parents[2] / "deploy" / "config" / "connectd.toml"


def test_connectd_reads_the_packaged_settings():
    shown = subprocess.run([CONNECTD, "config", "--config", SETTINGS], env={}, capture_output=True, text=True,
                           check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    from_file = {line.split()[0] for line in shown.stdout.splitlines() if f"file {SETTINGS}" in line}
    assert {"server.listen", "data.dir", "log.level", "log.format"} <= from_file
