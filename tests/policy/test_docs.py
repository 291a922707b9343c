"""What the documents say is what the code does."""

import re

import pytest
import yaml

ERROR_ROW = re.compile(
    r'ErrorInfo\{k\w+,\s*"(\w+)",\s*(\d+),\s*"([^"]*)",\s*(true|false),\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}')
FAILPOINT_CALL = re.compile(r'\bfailpoint\("([a-z_.]+)"\)')


@pytest.fixture(scope="module")
def error_table(tree):
    rows = ERROR_ROW.findall(tree.texts["src/core/error.cc"])
    return [(code, status, title, "yes" if retryable == "true" else "no", "".join(re.findall(r'"([^"]*)"', fix)))
            for code, status, title, retryable, fix in rows]


def documented_errors(tree):
    rows = []
    for line in tree.texts["docs/errors.md"].splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        code = re.fullmatch(r'<a id="(\w+)"></a>`\1`', cells[0])
        if code:
            rows.append((code.group(1), *cells[1:]))
    return rows


def test_every_error_code_was_found_in_the_source(tree, error_table):
    """Guards the pattern above: a row that it can't read would be left out of the other tests."""
    enumerators = re.findall(r"^\s*(k\w+),", tree.texts["src/core/include/core/error.h"], re.MULTILINE)
    assert len(error_table) == len(enumerators) > 0


def test_errors_md_is_the_table_of_the_source(tree, error_table):
    assert documented_errors(tree) == error_table


def test_the_contract_lists_every_error_code(tree, error_table):
    contract = yaml.safe_load(tree.texts["openapi/openapi.yaml"])
    assert contract["components"]["schemas"]["ErrorCode"]["enum"] == [row[0] for row in error_table]


def test_every_failpoint_is_documented(tree):
    documented = set(re.findall(r"`([a-z_.]+)`", tree.texts["docs/failpoints.md"]))
    passed = {name for text in tree.cpp().values() for name in FAILPOINT_CALL.findall(text)}
    assert passed - documented == set()


def test_every_kind_of_commit_is_documented_as_a_failpoint(tree):
    documented = set(re.findall(r"`([a-z_]+)`", tree.texts["docs/failpoints.md"]))
    kinds = {name for file, text in tree.cpp().items() if "/tests/" not in file and "/bench/" not in file
             for name in re.findall(r'WriteKind \w+\{"([a-z_]+)"', text)}
    assert kinds and kinds - documented == set()


def test_every_link_of_the_documents_leads_somewhere(tree, repo):
    broken = []
    for name, text in tree.texts.items():
        if not name.endswith(".md"):
            continue
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if "://" in target or target.startswith("mailto:"):
                continue
            if not ((repo / name).parent / target).exists():
                broken.append(f"{name}: {target}")
    assert broken == []
