"""Every operation that changes something says what it puts on the audit log, or why nothing; what it says is documented, and what
is documented exists. That it is so is seen by every end-to-end test: tests/_support/acts.py."""

import re

import pytest
import yaml

from _support.acts import documented

CHANGING = ("post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def operations(tree):
    paths = yaml.safe_load(tree.texts["openapi/openapi.yaml"])["paths"]
    return {f"{method.upper()} {path}": operation for path, item in paths.items() for method, operation in item.items()
            if isinstance(operation, dict)}


def acts_of(operation):
    said = operation.get("x-audit")
    return said if isinstance(said, list) else []


def reason_of(operation):
    said = operation.get("x-audit")
    return said.get("none") if isinstance(said, dict) and set(said) == {"none"} else None


def test_every_operation_that_changes_something_says_what_it_puts_on_record(operations):
    silent = [name for name, operation in operations.items()
              if name.split()[0].lower() in CHANGING and not acts_of(operation) and len(reason_of(operation) or "") < 20]
    assert silent == []


def test_every_act_of_the_contract_is_documented(operations):
    assert {act for operation in operations.values() for act in acts_of(operation)} - documented() == set()


def test_every_documented_act_is_one_that_the_program_has(tree):
    text = "".join(text for name, text in tree.cpp().items() if "/tests/" not in name)
    assert [act for act in sorted(documented()) if f'"{act}"' not in text] == []


def test_what_is_no_act_is_listed_with_its_reason(tree, operations):
    listed = dict(re.findall(r"^- `([A-Z]+ \S+)`: (.+)$", tree.texts["docs/audit.md"], re.MULTILINE))
    assert listed == {name: reason_of(operation) for name, operation in operations.items() if reason_of(operation)}
