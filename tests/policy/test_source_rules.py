"""Rules of the code that no compiler checks. Each has its reason in its name or its docstring."""

import re

from conftest import lines_matching

LINES_MAX = 600
COLUMNS_MAX = 120
THIS_FOLDER = "tests/policy/"


def without_this_folder(texts):
    """These files name what they forbid."""
    return {name: text for name, text in texts.items() if not name.startswith(THIS_FOLDER)}


def statements(text):
    """Roughly: what stands between semicolons and braces, without comments."""
    text = re.sub(r"//[^\n]*", "", text)
    return re.split(r"[;{}]\s", text)


def test_nothing_is_spawned_detached(tree):
    """A detached coroutine swallows its exception: runtime::spawn_logged reports it."""
    code = {name: re.sub(r"//[^\n]*", "", text) for name, text in tree.cpp().items()}
    assert lines_matching(code, re.compile(r"\b(asio|net)::detached\b|\bdetached_t\b")) == []


def test_no_work_is_left_for_later(tree):
    assert lines_matching(without_this_folder(tree.code()), re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")) == []


def test_files_can_be_read_in_one_sitting(tree):
    long_files = {name: text.count("\n") for name, text in tree.code().items() if text.count("\n") > LINES_MAX}
    assert long_files == {}


def test_lines_fit_a_screen(tree):
    sources = {**tree.cpp("src/"), **tree.cpp("fuzz/"), **tree.cpp("bench/")}
    assert lines_matching(sources, re.compile(rf"^.{{{COLUMNS_MAX + 1},}}$")) == []


def test_only_http_and_runtime_know_the_network_library(tree):
    """Beast costs 15 s a source file to compile; behind src/http it costs that once."""
    others = {name: text for name, text in tree.cpp().items() if not name.startswith("src/http/")}
    assert lines_matching(others, re.compile(r'#include\s*[<"]boost/beast')) == []


def test_only_store_knows_a_database_driver(tree):
    others = {name: text for name, text in tree.cpp().items() if not name.startswith("src/store/")}
    assert lines_matching(others, re.compile(r'#include\s*[<"](sqlite3|libpq-fe)\.h')) == []


def test_secrets_and_content_are_not_printed(tree):
    """reveal() gives the text of a Secret or Content: never inside a log line, a printed text or an error."""
    sink = re.compile(r"\b(log::(debug|info|warn|error|write)|spdlog::\w+|fmt::print\w*|std::(cout|cerr|clog)"
                      r"|f?printf|fail|fail_field)\b\s*(\(|<<)")
    found = [f"{name}: {' '.join(statement.split())[:160]}"
             for name, text in tree.cpp().items() if "/tests/" not in name
             for statement in statements(text) if "reveal()" in statement and sink.search(statement)]
    assert found == []


def test_sensitive_types_have_no_formatter(tree):
    """A formatter or stream operator for them would let every log line print one."""
    pattern = re.compile(r"formatter<\s*(flowsell::)?(Secret|Content|Sensitive)\b"
                         r"|operator<<\(std::ostream\s*&[^,]*,\s*const\s+(Secret|Content)\b")
    assert lines_matching(tree.cpp(), pattern) == []


def test_no_path_of_one_machine(tree):
    pattern = re.compile(r"(?<![\w.$}-])/(work|home|root|Users)/[\w.]")
    assert lines_matching(without_this_folder(tree.texts), pattern) == []


def test_no_test_waits_for_time_to_pass(tree):
    """Unit tests use a manual clock, or wait for the thing itself."""
    tests = {name: text for name, text in tree.cpp().items() if "/tests/" in name}
    assert lines_matching(tests, re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep)\b")) == []


def test_headers_are_included_once(tree):
    headers = {name: text for name, text in tree.cpp().items() if name.endswith(".h")}
    assert [name for name, text in headers.items() if "#pragma once" not in text] == []


def test_every_room_says_what_it_is_for(tree):
    rooms = {name.rsplit("/", 1)[0] for name, text in tree.texts.items()
             if name.startswith("src/") and name.endswith("/CMakeLists.txt") and "flowsell_module(" in text}
    assert sorted(room for room in rooms if f"{room}/README.md" not in tree.texts) == []
