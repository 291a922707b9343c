"""What deploy/ says of connectd, of its settings and of itself is so. No package is built and no container run."""

import json
import os
import re
import shlex
import subprocess
import tomllib

import pytest
import yaml

SHUTDOWN_SPARE_SECONDS = 15  # what the last commit may take, after the requests
SETTINGS_FILE = "/etc/connectd/connectd.toml"
DATA = "/var/lib/connectd"


@pytest.fixture(scope="module")
def settings(tree):
    """name: (flag, variable, default), from the table that a unit test compares with the program."""
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \| (?:`(--[\w-]+)`)? \| `(\w+)` \| .*? \| (?:`([^`]*)`)? \| [^|]* \|$",
                      tree.texts["docs/configuration.md"], re.MULTILINE)
    assert len(rows) == tree.texts["docs/configuration.md"].count("\n| `") > 30
    return {name: (flag, variable, default) for name, flag, variable, default in rows}


@pytest.fixture(scope="module")
def unit(tree):
    """key: [values], in order."""
    values = {}
    for line in tree.texts["deploy/systemd/connectd.service"].splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            values.setdefault(key, []).append(value)
    return values


@pytest.fixture(scope="module")
def compose(tree):
    return yaml.safe_load(tree.texts["deploy/container/compose.yaml"])


@pytest.fixture(scope="module")
def stages(tree):
    """name: instructions, of the Dockerfile: comments and line ends taken away as Docker does."""
    text = re.sub(r"^#.*\n", "", tree.texts["deploy/container/Dockerfile"], flags=re.MULTILINE).replace("\\\n", "")
    parts = re.split(r"^FROM \S+ AS (\w+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def names_in(toml_text):
    return {f"{table}.{key}" for table, values in tomllib.loads(toml_text).items() for key in values}


def assert_flags_exist(words, settings):
    flags = {flag for flag, _, _ in settings.values()} | {"--config"}
    assert {word for word in words if word.startswith("-")} - flags == set()


def drain_seconds(settings):
    return int(settings["server.drain_seconds"][2])


def test_the_unit_starts_connectd_with_flags_that_exist(unit, settings):
    program, *words = shlex.split(unit["ExecStart"][0])
    assert program == "/usr/bin/connectd"
    assert_flags_exist(words, settings)


def test_the_unit_reads_the_settings_that_the_package_installs(unit, tree):
    assert unit["ExecStart"][0].endswith(f"--config {SETTINGS_FILE}")
    assert tree.texts["deploy/deb/conffiles"].split() == [SETTINGS_FILE]
    assert f"deploy/config/connectd.toml DESTINATION {os.path.dirname(SETTINGS_FILE)} " in tree.texts[
        "cmake/FlowsellPackage.cmake"]


def test_the_data_lies_where_the_unit_allows_it_and_a_purge_looks_for_it(unit, tree):
    assert tomllib.loads(tree.texts["deploy/config/connectd.toml"])["data"]["dir"] == DATA
    assert unit["StateDirectory"] == [os.path.basename(DATA)]
    assert f"--home {DATA} " in tree.texts["deploy/deb/postinst"]
    assert f"rm -rf {DATA}\n" in tree.texts["deploy/deb/postrm"]


def test_every_setting_of_the_settings_file_exists_also_those_in_comments(tree, settings):
    text = tree.texts["deploy/config/connectd.toml"]
    everything = re.sub(r"^# (?=\[\w+\]$|\w+ = )", "", text, flags=re.MULTILINE)
    names = names_in(everything)
    assert names > names_in(text)
    assert names - set(settings) == set()


def test_every_variable_that_deploy_mentions_exists(tree, settings):
    known = {variable for _, variable, _ in settings.values()}
    found = {name for file, text in tree.texts.items() if file.startswith("deploy/")
             for name in re.findall(r"\bCONNECT_[A-Z_]*[A-Z]\b", text)}
    assert found and found - known == set()


def test_a_stop_is_given_more_time_than_a_drain(unit, compose, settings):
    longest = drain_seconds(settings) + SHUTDOWN_SPARE_SECONDS
    assert int(unit["TimeoutStopSec"][0]) >= longest
    for name in ("connectd-1", "connectd-2"):
        assert int(compose["services"][name]["stop_grace_period"].removesuffix("s")) >= longest


def test_replicas_start_with_flags_that_exist(compose, stages, settings):
    for name in ("connectd-1", "connectd-2"):
        assert_flags_exist(compose["services"][name]["command"], settings)
    assert_flags_exist(json.loads(re.search(r"^CMD (.*)$", stages["connectd"], re.MULTILINE)[1]), settings)


def test_the_proxy_knows_both_replicas_and_no_other(tree, compose):
    asked = set(re.findall(r"\b(connectd-\d+):8080", tree.texts["deploy/container/Caddyfile"]))
    assert asked == {name for name in compose["services"] if name.startswith("connectd")}
    assert len(asked) == 2


def test_what_runs_in_containers_is_not_root_and_checks_its_health(stages):
    for name in ("connectd", "proxy"):
        assert re.findall(r"^USER (\w+)$", stages[name], re.MULTILINE) in (["connectd"], ["caddy"])
        check = json.loads(re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", stages[name], re.MULTILINE)[1])
        assert subprocess.run(["bash", "-n", "-c", check[2]], check=False).returncode == 0
    assert "GET /healthz " in stages["connectd"]


def test_secrets_of_containers_are_files(compose, stages):
    variables = [name for service in compose["services"].values() for name in service.get("environment", {})]
    variables += re.findall(r"\b([A-Z_]+)=", " ".join(re.findall(r"^ENV .*$", "".join(stages.values()), re.MULTILINE)))
    in_clear = [name for name in variables if re.search(r"PASSWORD|SECRET|KEY|TOKEN|DATABASE", name)
                and not name.endswith("_FILE")]
    assert variables and in_clear == []
    for service in compose["services"].values():
        assert set(service.get("secrets", [])) <= set(compose["secrets"])


def test_the_secrets_that_are_made_are_those_that_the_compose_file_wants(repo, tmp_path, compose, settings):
    script = tmp_path / "make-secrets"
    script.write_bytes((repo / "deploy/container/make-secrets").read_bytes())
    subprocess.run(["bash", script], check=True, capture_output=True)
    made = tmp_path / "secrets"
    assert made.stat().st_mode & 0o777 == 0o700
    assert {f"secrets/{path.name}" for path in made.iterdir()} == {
        secret["file"] for secret in compose["secrets"].values()}
    assert re.fullmatch("[0-9a-f]{64}", (made / "master_key").read_text())
    assert names_in((made / "connectd.toml").read_text()) - set(settings) == set()
    again = subprocess.run(["bash", script], check=False, capture_output=True)
    assert again.returncode != 0, "a second run would replace the master key"


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_a_maintainer_script_is_executable_and_valid(repo, script):
    path = repo / "deploy/deb" / script
    assert os.access(path, os.X_OK)
    assert subprocess.run(["sh", "-n", path], check=False).returncode == 0


def test_the_changelog_begins_with_the_version_of_the_project(tree):
    version = re.search(r"^project\(\S+ VERSION (\S+)", tree.texts["CMakeLists.txt"], re.MULTILINE)[1]
    assert re.search(r"^## (\S+?),?\s", tree.texts["CHANGELOG.md"], re.MULTILINE)[1] == version


def test_haproxy_says_errors_as_the_api_does(tree):
    rows = re.findall(r"^\| <a [^>]*></a>`(\w+)` \| \d+ \| (.+?) \| (yes|no) \| (.+?) \|$", tree.texts["docs/errors.md"],
                      re.MULTILINE)
    of_the_api = {code: {"type": f"/errors/{code}", "title": title, "retryable": retryable == "yes", "fix": fix}
                  for code, title, retryable, fix in rows}
    said = re.findall(r"^    http-error status (\d+) content-type application/problem\+json string '(.*?)'",
                      tree.texts["deploy/haproxy/haproxy.cfg"], re.MULTILINE)
    assert {status for status, _ in said} == {"400", "408", "502", "503", "504"}
    for status, text in said:
        problem = json.loads(text)
        assert problem["status"] == int(status)
        known = of_the_api[problem["code"]]
        # What to do may be left out, the rest may not.
        assert {name: problem.get(name, known["fix"] if name == "fix" else None) for name in known} == known
