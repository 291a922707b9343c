"""The scripts can at least be read by their shell, and counted on by their name."""

import os
import subprocess

import pytest

SCRIPTS = ("script/run", "script/test", "script/lint", "script/bench", "script/package", ".ci/run",
           "deploy/container/make-secrets")


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_is_executable(repo, script):
    assert os.access(repo / script, os.X_OK)


@pytest.mark.parametrize("script", (*SCRIPTS, "script/_lib.sh"))
def test_script_is_valid_bash(repo, script):
    assert subprocess.run(["bash", "-n", repo / script], capture_output=True, check=False).returncode == 0


def test_requirements_are_pinned(tree):
    lines = [line for line in tree.texts["tests/requirements.txt"].splitlines() if line and not line.startswith("#")]
    assert lines and all("==" in line for line in lines)
