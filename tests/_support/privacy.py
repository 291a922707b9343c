"""Requests for data and for deletion, as people and operators ask for them, and what is left afterwards."""

from _support.people import PASSWORD, WHY, Browser, Mails
from _support.waiting import wait_until

AT_ONCE = {"PRIVACY_DELETION_GRACE_HOURS": 0}
NUMBER, OTHER_NUMBER = "+919876512345", "+919876554321"


def ask(browser, kind, subject, **more):
    return browser.post("/v1/data_requests", {"kind": kind, "subject": subject, **more})


def delete(browser, subject="account", password=PASSWORD, **more):
    answer = ask(browser, "deletion", subject, password=password, **more)
    assert answer.status == 201, answer
    return answer.json()


def link_token(server, address):
    return Mails(server).token_for(address, "keep-account")


def step(operator, request, name, why=WHY["Connect-Reason"]):
    return operator.post(f"/admin/v1/data_requests/{request['id']}/steps", {"step": name}, headers={"Connect-Reason": why})


def wait_until_done(browser, request):
    """The request as it is then. Not of an account: who has none sees none."""
    def done():
        answer = browser.get(f"/v1/data_requests/{request['id']}").json()
        return answer if answer["state"] == "done" else None
    return wait_until(done, "the deletion is done")


def wait_until_gone(server, token):
    """The same of an account, by its mail's link."""
    def done():
        answer = Browser(server.base_url).post("/v1/data_request_links", {"token": token}).json()
        return answer if answer["state"] == "done" else None
    return wait_until(done, "the account is gone")


def found_in(content, marks):
    folded = content.lower()
    return [mark for mark in marks if mark.lower() in folded]


def found_on_disk(server, marks):
    """In its database or its files, but those that stand for other people's: mailboxes, and its log."""
    files = [path for path in server.data.rglob("*") if path.is_file() and "mails" not in path.relative_to(server.data).parts]
    return found_in(server.database.content() + b"".join(bytes_of(path) for path in files), marks)


def bytes_of(path):
    """SQLite removes its log when its last user goes."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
