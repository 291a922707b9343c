"""People who sign in: a browser's view of the API, and the mails that the sandbox keeps in a folder."""

import email
import email.policy
import re
from functools import cache

from _support.api import Api
from _support.contract import contract
from _support.waiting import wait_until

PASSWORD = "umbrella kettle Tuesday moss"
OTHER_PASSWORD = "violet harbour seventeen lamps"
WHY = {"Connect-Reason": "a test asks for it"}  # of an operator


class Browser(Api):
    """Keeps cookies, and no key. `workspace` goes into Connect-Workspace."""

    succeeded = set()  # (method, path of the contract) of all browsers

    def __init__(self, base_url, workspace=None, checked=True):
        super().__init__(base_url, None, checked)
        self.cookies, self.workspace = {}, workspace
        self.home = "ws_01kb2v5m4q8x9r3t6w7y0z1a2w"  # stands for {id} in paths of workspaces

    def request(self, method, target, body=None, headers=None, key=None):
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()) or None,
                "Connect-Workspace": self.workspace, **(headers or {})}
        if method == "GET" and target.startswith("/admin/"):
            sent.setdefault("Connect-Reason", "a test looks")
        answer = super().request(method, target, body, sent, key)
        if answer.status < 400:
            Browser.succeeded.add((method.lower(), contract().path_of(target)))
        for field in answer.headers.get_all("Set-Cookie") or []:
            name, value = field.split(";")[0].split("=", 1)
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    def delete(self, target, **more):
        return self.request("DELETE", target, **more)

    def patch(self, target, body, **more):
        return self.request("PATCH", target, body, **more)

    def at(self, server):
        """The same browser, as it talks to another server: they share the cookies."""
        other = Browser(server.base_url, self.workspace, self.checked)
        other.cookies = self.cookies
        return other

    def sign_in(self, address, password=PASSWORD):
        return self.post("/v1/sessions", {"email": address, "password": password})

    def make_key(self, scopes=("messages:send", "messages:read", "usage:read"), mode="test", headers=None, **more):
        body = {"name": "a key", "mode": mode, "scopes": list(scopes), **more}
        return self.post("/v1/api_keys", body, headers=headers)


def text_of(mail):
    """On one line."""
    return " ".join(mail.get_body(("plain",)).get_content().split())


@cache
def _parsed(file, _number, _size):
    """Whom it is to, and the mail. It is looked for again and again, and to parse one takes a millisecond."""
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    return str(mail["To"] or ""), mail


class Mails:
    """What servers put into their folders instead of sending it."""

    def __init__(self, *servers):
        self._folders = [server.data / "mails" for server in servers]

    def all_to(self, address):
        found = []
        files = [file for folder in self._folders for file in folder.glob("*.eml")]
        for file in sorted(files, key=lambda file: file.name):
            written = file.stat()
            to, mail = _parsed(file, written.st_ino, written.st_size)
            if address in to:
                found.append(mail)
        return found

    def wait_for(self, address, count=1):
        def come():
            found = self.all_to(address)
            return found if len(found) >= count else None
        return wait_until(come, f"{count} mails to {address}")

    def token_for(self, address, page, after=0):
        """Of the newest mail with a link to that page, once one comes beyond the first `after` mails."""
        def come():
            for mail in reversed(self.all_to(address)[after:]):
                link = re.search(rf"/{page}#token=(\w+)", mail.get_body(("plain",)).get_content())
                if link:
                    return link.group(1)
            return None
        return wait_until(come, f"a mail to {address} with a link to {page}")


def told(server, address, words, after=0):
    """The text of a mail to the address that has these words, once one comes beyond the first `after` mails."""
    def come():
        return next((text for text in map(text_of, Mails(server).all_to(address)[after:]) if words in text), None)
    return wait_until(come, f"a mail to {address} that says: {words}")


def sign_up(server, address, name="Asha", checked=True, mails=None):
    """Somebody with a verified address who has signed in. `mails`: where others than the server may send one."""
    browser = Browser(server.base_url, checked=checked)
    mails = mails or Mails(server)
    before = len(mails.all_to(address))
    answer = browser.post("/v1/users", {"name": name, "email": address, "password": PASSWORD, "terms_version": "2026-11"})
    assert answer.status == 202, answer
    token = mails.token_for(address, "verify", before)
    answer = browser.post("/v1/email_verifications/confirm", {"token": token, "password": PASSWORD})
    assert answer.status == 204, answer
    answer = browser.sign_in(address)
    assert answer.status == 201, answer
    return browser


def signed_in(server, who, checked=True):
    """Somebody of the sandbox."""
    known = server.sandbox[who]
    browser = Browser(server.base_url, checked=checked)
    answer = browser.sign_in(known["email"], known["password"])
    assert answer.status == 201, answer
    return browser


def owner_of(server, checked=True):
    """The sandbox's owner, signed in."""
    return signed_in(server, "owner", checked)


def operator_of(server, checked=True):
    """The sandbox's superadmin, signed in."""
    return signed_in(server, "operator", checked)


def add_member(server, owner, address, role):
    """Somebody new whom the owner has invited."""
    member = sign_up(server, address)
    assert owner.post("/v1/invitations", {"email": address, "role": role}).status == 201
    token = Mails(server).token_for(address, "invitation")
    answer = member.post("/v1/invitations/accept", {"token": token})
    assert answer.status == 201, answer
    return member
