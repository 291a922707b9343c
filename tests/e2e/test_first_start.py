"""The first start in live mode: `connectd init`, and what the server refuses without it."""

import os
import stat
import subprocess

import pytest

from _support.people import PASSWORD, Browser
from _support.processes import CONNECTD, Connectd
from _support.second_factor import enable
from _support.waiting import wait_until

EMAIL = "meera@example.com"
CHEAP = {"ACCOUNTS_PASSWORD_MIB": 8, "ACCOUNTS_PASSWORD_PASSES": 1, "LOG_FORMAT": "json"}


class Live(Connectd):
    """A server that is no sandbox."""

    def begin(self, failpoint=None):
        command = [CONNECTD, "--data-dir", str(self.data), "--listen", f"127.0.0.1:{self.port}"]
        self.spawn(command, {f"CONNECT_{name}": str(value) for name, value in self.settings.items()})

    def init(self, *arguments, password=None, stdin=""):
        """`connectd init` on its folder and database."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CONNECT")}
        settings = {f"CONNECT_{name}": str(value) for name, value in self.settings.items()}
        secret = {"CONNECTD_INIT_PASSWORD": password} if password else {}
        return subprocess.run([CONNECTD, "init", "--data-dir", str(self.data), *arguments], env={**clean, **settings, **secret},
                              input=stdin, text=True, capture_output=True, timeout=60, check=False)

    def run(self):
        said = len(self.log_text())
        self.begin()

        def listening():
            self.must_run()
            return "listening" in self.log_text()[said:]
        wait_until(listening, "it listens")
        self.wait_until_ready()

    def refusal(self):
        """How it ends that does not start."""
        self.begin()
        status = self.wait_for_end()
        return status, self.log_text()


@pytest.fixture
def live(tmp_path):
    server = Live(tmp_path, CHEAP)
    yield server
    server.close()
    assert not server.sanitizer_report()


def test_live_mode_does_not_start_without_a_master_key_and_makes_none(live):
    status, said = live.refusal()
    assert status == 1
    assert "connectd init" in said
    assert [path.name for path in live.data.iterdir()] == [], "so that init finds nothing in its way"


def test_live_mode_does_not_start_with_a_key_that_others_read(live):
    assert live.init().returncode == 0
    key = live.data / "master.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o644)
    status, said = live.refusal()
    assert status == 1
    assert "master.key" in said


def test_init_called_again_leaves_what_is_there(live):
    assert live.init("--email", EMAIL, password=PASSWORD).returncode == 0
    before = (live.data / "master.key").read_bytes()
    again = live.init("--email", "other@example.com", password=PASSWORD)
    assert again.returncode == 0, again.stderr
    assert "is there already" in again.stdout and "There is a superadmin already" in again.stdout
    assert (live.data / "master.key").read_bytes() == before


def test_init_makes_no_second_key_for_a_database_that_has_one(live):
    assert live.init("--email", EMAIL, password=PASSWORD).returncode == 0
    (live.data / "master.key").unlink()
    refused = live.init()
    assert refused.returncode == 1
    assert "master.key" in refused.stderr
    assert not (live.data / "master.key").exists()


def test_the_first_operator_signs_in_and_needs_a_second_factor(live):
    made = live.init("--email", EMAIL, stdin=PASSWORD + "\n")
    assert made.returncode == 0, made.stderr
    assert PASSWORD not in made.stdout + made.stderr
    live.run()
    browser = Browser(live.base_url)
    assert browser.sign_in(EMAIL, PASSWORD).status == 201
    answer = browser.get("/admin/v1/workspaces")
    assert (answer.status, answer.json()["code"]) == (401, "second_factor_required")
    enable(browser)
    assert browser.get("/admin/v1/workspaces").json()["data"] == []
    assert live.terminate() == 0
    live.settings["OPERATORS_SECOND_FACTOR"] = "off"
    live.run()
    browser.http.forget()  # the connection to the server that ended
    assert browser.get("/admin/v1/workspaces").status == 200
    assert "operators.second_factor is off" in live.log_text()
    assert live.terminate() == 0


@pytest.mark.parametrize("arguments, password, status, said", [
    (["--email", EMAIL], "password1234", 1, "password"),
    (["--email", "no address"], PASSWORD, 1, "address"),
    (["--email", EMAIL, "--password", PASSWORD], None, 2, "--password"),
    (["--email", EMAIL], None, 1, "a password is needed"),
])
def test_an_operator_who_can_not_be_made_is_refused(live, arguments, password, status, said):
    refused = live.init(*arguments, password=password)
    assert refused.returncode == status
    assert said in refused.stderr
    assert PASSWORD not in refused.stdout + refused.stderr
