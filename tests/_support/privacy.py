"""Requests for data and for deletion, as people and operators ask for them."""

from contextlib import contextmanager

from _support.people import PASSWORD, Mails
from _support.stack import Stack

AT_ONCE = {"PRIVACY_DELETION_GRACE_HOURS": 0}
NUMBER, OTHER_NUMBER = "+919876512345", "+919876554321"
WHY = {"Connect-Reason": "a test asks for it"}


def code(answer):
    return answer.json()["code"]


def ask(browser, kind, subject, **more):
    return browser.post("/v1/data_requests", {"kind": kind, "subject": subject, **more})


def delete(browser, subject="account", password=PASSWORD, **more):
    answer = ask(browser, "deletion", subject, password=password, **more)
    assert answer.status == 201, answer
    return answer.json()


def link_token(server, address):
    return Mails(server).token_for(address, "keep-account")


def step(operator, request, name, why="a test asks for it"):
    return operator.post(f"/admin/v1/data_requests/{request['id']}/steps", {"step": name}, headers={"Connect-Reason": why})


@contextmanager
def patient_stack(tmp_path_factory):
    """A server on which deletions wait."""
    stack = Stack(tmp_path_factory.mktemp("patient")).start()
    yield stack
    stack.close()
