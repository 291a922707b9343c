"""The audit log: a change of it by hand is found, in either database; and what is taken out of it proves itself."""

import json
import os
import re

import pytest

from _support.database import on_postgres
from _support.people import Browser, owner_of
from _support.stack import Stack
from _support.waiting import wait_until

KEYS = 4
# The chain of the sandbox's only workspace.
OURS = "scope = (SELECT id FROM workspaces)"
COLUMNS = ("at, actor_kind, actor_id, act, target, before_state, after_state, request_id, origin_commitment, "
           "personal_commitment, hash")


def verify(stack):
    """Of the database while the server rests."""
    return stack.server.audit("verify", "--data-dir", stack.server.data)


def verify_file(stack, tmp_path, lines, *arguments):
    file = tmp_path / "export.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    return stack.server.audit("verify", "--file", file, *arguments)


def last(stack):
    return int(stack.server.database.sql(f"SELECT max(seq) FROM audit_events WHERE {OURS}")[0][0])


def bytes_literal(value):
    return f"'\\x{value.hex()}'::bytea" if on_postgres() else f"x'{value.hex()}'"


def moved(place, to):
    return f"UPDATE audit_events SET seq = {to} WHERE {OURS} AND seq = {place}"


def copied(place, to):
    """An event that is put in at another place, with all that an honest one has."""
    new_id = bytes_literal(os.urandom(16))
    return (f"INSERT INTO audit_events (scope, seq, id, {COLUMNS}) SELECT scope, {to}, {new_id}, {COLUMNS} FROM audit_events "
            f"WHERE {OURS} AND seq = {place}")


def put_in(end):
    """In the middle; what stands behind it goes one place further."""
    return ([moved(place, place + 1) for place in range(end, 2, -1)] + [copied(2, 3)] +
            [f"UPDATE audit_heads SET seq = seq + 1 WHERE {OURS}"])


def cut(end):
    """All that the database says of the last event, so that it agrees with itself."""
    return [f"DELETE FROM audit_personal WHERE {OURS} AND seq = {end}",
            f"DELETE FROM audit_events WHERE {OURS} AND seq = {end}",
            f"UPDATE audit_heads SET seq = {end - 1}, hash = (SELECT e.hash FROM audit_events e WHERE e.scope = "
            f"audit_heads.scope AND e.seq = {end - 1}) WHERE {OURS}"]


# What somebody does who has the database: statements, made of the place of the last event, and the first broken event.
CHANGES = {
    "first deleted": (lambda end: [f"DELETE FROM audit_events WHERE {OURS} AND seq = 1"], lambda end: 1),
    "middle deleted": (lambda end: [f"DELETE FROM audit_events WHERE {OURS} AND seq = 2"], lambda end: 2),
    "act changed": (lambda end: [f"UPDATE audit_events SET act = 'nothing' WHERE {OURS} AND seq = 2"], lambda end: 2),
    "time changed": (lambda end: [f"UPDATE audit_events SET at = at + 1 WHERE {OURS} AND seq = 3"], lambda end: 3),
    "personal data changed": (
        lambda end: [f"UPDATE audit_personal SET data = replace(data, '127.0.0.1', '127.0.0.2') WHERE {OURS} AND seq = {end}"],
        lambda end: end),
    "reordered": (lambda end: [moved(2, 10_000), moved(3, 2), moved(10_000, 3)], lambda end: 2),
    "put in": (put_in, lambda end: 3),
    "put behind": (lambda end: [copied(2, end + 1)], lambda end: end + 1),
    "tail cut off": (cut, lambda end: end),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_by_hand_is_found_at_its_first_broken_row(make_stack, change):
    stack = make_stack()
    owner = owner_of(stack.server)
    for _ in range(KEYS):
        owner.make_key()
    assert stack.server.terminate() == 0
    before = verify(stack)
    assert before.returncode == 0, before.stdout + before.stderr
    stack.has_honest_log = False
    statements, first_broken = CHANGES[change]
    end = last(stack)
    assert end >= KEYS
    for statement in statements(end):
        stack.server.database.sql(statement)
    after = verify(stack)
    assert after.returncode == 1, after.stdout + after.stderr
    assert re.findall(r"BROKEN .* at event (\d+):", after.stdout) == [str(first_broken(end))], after.stdout
    assert ", 1 broken" in after.stdout


def test_a_new_event_is_signed_within_seconds(make_stack):
    stack = make_stack()
    owner = owner_of(stack.server)
    file = stack.server.data / "audit-heads.jsonl"

    def signed():
        """Of each chain how many events are signed."""
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return {line["scope"]: line["seq"] for line in lines}
    wait_until(signed, "what there is at the start is signed")
    for _ in range(10 * KEYS):  # so many that the chain is no other one's length
        owner.make_key()
    count = len(owner.get("/v1/audit_events?limit=100").json()["data"])
    assert 10 * KEYS <= count < 100
    wait_until(lambda: count in signed().values(), "the newest one is signed")


# --- what is taken out ---

def export_of(caller, path, limit):
    """Its lines, by all of its pages."""
    lines, target = [], f"{path}?limit={limit}"
    while target:
        answer = caller.get(target)
        assert answer.status == 200, answer
        assert answer.headers["Content-Type"] == "application/jsonl"
        lines += answer.body.splitlines()
        following = re.match(r'<(.*)>; rel="next"', answer.headers.get("Link") or "")
        target = following and following.group(1)
    return lines


def public_key(stack):
    return re.search(r"signed by ([0-9a-f]{64})", verify(stack).stdout).group(1)


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A server that has rested: by then all that was put on record is signed. With its public key."""
    stack = Stack(tmp_path_factory.mktemp("signed")).start()
    owner = owner_of(stack.server)
    for _ in range(KEYS):
        owner.make_key()
    assert stack.server.terminate() == 0
    key = public_key(stack)
    stack.start_server()
    yield stack, key
    stack.close()


def test_an_export_proves_itself_without_the_server(signed, tmp_path):
    stack, key = signed
    owner = owner_of(stack.server)
    lines = export_of(owner, "/v1/audit_events/export", 2)
    listed = owner.get("/v1/audit_events?limit=100").json()["data"]
    assert len(lines) == len(listed) + 1
    assert lines[-1].startswith(b'{"scope":')
    said = verify_file(stack, tmp_path, lines, "--public-key", key)
    assert said.returncode == 0, said.stdout + said.stderr
    assert f"{len(listed)} events, signed up to {len(listed)}" in said.stdout
    unsigned = verify_file(stack, tmp_path, lines)
    assert unsigned.returncode == 0
    assert "not signed" in unsigned.stdout


@pytest.mark.parametrize("change, broken", [
    (lambda lines: lines[:1] + lines[2:], 2),
    (lambda lines: lines[:1] + [lines[2], lines[1]] + lines[3:], 2),
    (lambda lines: lines[:3] + [lines[1]] + lines[3:], 2),
    (lambda lines: lines[:1] + [lines[1].replace(b"api_key.created", b"api_key.revoked")] + lines[2:], 2),
    (lambda lines: lines[:-2] + lines[-1:], None),
], ids=["deleted", "reordered", "put in", "changed", "tail cut off"])
def test_a_changed_export_is_found(signed, tmp_path, change, broken):
    stack, key = signed
    lines = export_of(owner_of(stack.server), "/v1/audit_events/export", 1000)
    said = verify_file(stack, tmp_path, change(lines), "--public-key", key)
    assert said.returncode == 1, said.stdout
    assert f"at event {broken or len(lines) - 1}," in said.stdout


def test_ones_own_record_is_listed_and_taken_out(signed, tmp_path):
    stack, key = signed
    owner = owner_of(stack.server)
    listed = owner.get("/v1/user/audit_events?act=session.created&limit=1")
    assert listed.json()["data"][0]["act"] == "session.created"
    assert listed.json()["data"][0]["actor"]["id"] == owner.get("/v1/user").json()["id"]
    lines = export_of(owner, "/v1/user/audit_events/export", 1000)
    assert verify_file(stack, tmp_path, lines, "--public-key", key).returncode == 0
    assert Browser(stack.server.base_url).get("/v1/user/audit_events").status == 401


def test_one_event_is_found_by_its_id(signed):
    stack, _ = signed
    owner = owner_of(stack.server)
    listed = owner.get("/v1/audit_events?limit=1").json()["data"][0]
    assert owner.get(f"/v1/audit_events/{listed['id']}").json() == listed


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "after_sequence=-1", "after_sequence=x", "colour=red"])
def test_a_wrong_query_of_an_export_is_refused(signed, query):
    stack, _ = signed
    assert owner_of(stack.server).get(f"/v1/audit_events/export?{query}").status == 400


@pytest.mark.parametrize("arguments, said", [
    (["--file", "nowhere.jsonl"], "can't read"),
    (["--file", "nowhere.jsonl", "--public-key", "12"], "64 hexadecimal digits"),
    (["--public-key", "12"], "this command has no such flag"),
])
def test_the_command_says_what_is_wrong_with_how_it_is_called(signed, arguments, said):
    done = signed[0].server.audit("verify", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
