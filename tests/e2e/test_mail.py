"""Mails as people get them: through a real mail server, with STARTTLS and a login; and in a sandbox without one."""

import re

import pytest

from _support.mail_server import PASSWORD as LOGIN
from _support.mail_server import MailServer
from _support.people import PASSWORD, Browser, owner_of, sign_up
from _support.waiting import wait_until

# The first two attempts are this far apart (mail/retry_schedule.cc), and a little more.


@pytest.fixture
def mail_server(tmp_path):
    server = MailServer(tmp_path).start()
    yield server
    server.stop()


@pytest.fixture
def server(make_stack, mail_server):
    return make_stack(settings=mail_server.settings).server


def ended(stack_server, state):
    api = Browser(stack_server.base_url)
    found = re.search(rf'^connect_mails_total{{state="{state}"}} (\d+)', api.get("/metrics").body.decode(), re.M)
    return int(found.group(1))


def works(stack_server):
    shown = Browser(stack_server.base_url).get("/metrics").body.decode()
    return re.search(r"^connect_mail_delivery_works (\d)", shown, re.M).group(1) == "1"


def link_in(mail, page):
    """The link of both parts, which say the same."""
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    token = re.search(rf"/{page}#token=(\w+)", text).group(1)
    assert f"/{page}#token={token}" in html
    return token


def begin_account(server, address):
    answer = Browser(server.base_url).post(
        "/v1/users", {"name": "Asha", "email": address, "password": PASSWORD, "terms_version": "2026-11"})
    assert answer.status == 202, answer


def new_account(server, mail_server, address):
    begin_account(server, address)
    mail = mail_server.wait_for(address, "/verify#token=")
    browser = Browser(server.base_url)
    confirm = {"token": link_in(mail, "verify"), "password": PASSWORD}
    assert browser.post("/v1/email_verifications/confirm", confirm).status == 204
    assert browser.sign_in(address).status == 201
    return browser


def test_every_sort_of_mail_arrives_with_text_and_html(server, mail_server):
    browser = new_account(server, mail_server, "asha@example.com")
    browser.post("/v1/password_resets", {"email": "asha@example.com"})
    assert link_in(mail_server.wait_for("asha@example.com", "/reset#token="), "reset")
    owner = owner_of(server)
    assert owner.post("/v1/invitations", {"email": "guest@example.com", "role": "viewer"}).status == 201
    assert link_in(mail_server.wait_for("guest@example.com", "/invitation#token="), "invitation")
    # Somebody signs in on a device that the account does not know.
    assert Browser(server.base_url).sign_in("asha@example.com").status == 201
    mail_server.wait_for("asha@example.com", "127.0.0.1")
    made = owner.make_key().json()
    assert Browser(server.base_url).post("/v1/api_keys/report_leaked", {"key": made["key"]}).status == 202
    notice = mail_server.wait_for(server.sandbox["owner"]["email"], made["prefix"])
    assert made["key"] not in str(notice)
    for mail in mail_server.mails:
        assert mail.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
        assert mail.envelope[0] == "no-reply@connect.example"
        assert mail["Message-ID"] and mail["Date"] and mail["Subject"]
    assert mail_server.logins and all(with_tls for _, with_tls in mail_server.logins)
    assert works(server)
    assert LOGIN not in server.log_text()


def test_what_a_server_that_is_down_does_not_take_waits_and_arrives_once(server, mail_server):
    mail_server.stop()
    begin_account(server, "late@example.com")
    wait_until(lambda: not works(server), "the server is found to be down")
    mail_server.start()
    mail_server.wait_for("late@example.com", "/verify#token=")
    assert len(mail_server.all_to("late@example.com")) == 1
    wait_until(lambda: ended(server, "sent") == 1, "its end is known")
    assert works(server)


def test_a_refused_recipient_ends_the_mail(server, mail_server):
    mail_server.refused.add("nobody@example.com")
    begin_account(server, "nobody@example.com")
    wait_until(lambda: ended(server, "failed") == 1, "the mail has failed")
    # Others are not held up by it, and it is not tried again.
    new_account(server, mail_server, "somebody@example.com")
    assert mail_server.recipients.count("nobody@example.com") == 1
    assert works(server)
    server.terminate()
    [[kind, attempts, code, reason, sealed]] = server.database.sql(
        "SELECT kind, attempts, code, reason, sealed IS NULL FROM mails WHERE state = 2")
    assert (kind, attempts, code) == ("verify_email", "1", "550")
    assert "5.1.1" in reason
    assert sealed in ("1", "t")


def test_a_server_whose_certificate_is_a_strangers_gets_nothing(make_stack, mail_server, tmp_path):
    (tmp_path / "other").mkdir()
    other = MailServer(tmp_path / "other")
    server = make_stack(settings={**mail_server.settings, "MAIL_CA_FILE": other.certificate}).server
    begin_account(server, "secret@example.com")
    wait_until(lambda: not works(server), "the certificate is refused")
    assert (mail_server.logins, mail_server.recipients) == ([], [])


def test_a_wrong_login_is_told_from_a_wrong_letter(make_stack, mail_server):
    server = make_stack(settings={**mail_server.settings, "MAIL_PASSWORD": "wrong"}).server
    begin_account(server, "waits@example.com")
    wait_until(lambda: not works(server), "the login is refused")
    assert ended(server, "failed") == 0


# --- a sandbox without a mail server ---

def test_a_sandboxs_mails_are_read_by_api(make_stack):
    server = make_stack().server
    sign_up(server, "first@example.com")
    begin_account(server, "second@example.com")
    visitor = Browser(server.base_url)

    def to(address, more=""):
        return visitor.get(f"/v1/sandbox/mails?to={address}{more}").json()
    [second] = wait_until(lambda: to("second@example.com")["data"], "the mail")
    mail = visitor.get(f"/v1/sandbox/mails/{second['id']}").json()
    assert {name: mail[name] for name in second} == second
    assert mail["to"] == "second@example.com"
    token = re.search(r"/verify#token=(\w+)", mail["text"]).group(1)
    assert token in mail["html"]
    confirm = {"token": token, "password": PASSWORD}
    assert visitor.post("/v1/email_verifications/confirm", confirm).status == 204
    everything = visitor.get("/v1/sandbox/mails").json()
    assert everything["data"][0]["id"] == max(each["id"] for each in everything["data"])
    page = visitor.get("/v1/sandbox/mails?limit=1").json()
    assert page["has_more"] and page["next"] == everything["data"][0]["id"]
    following = visitor.get(f"/v1/sandbox/mails?limit=1&after={page['next']}").json()
    assert following["data"] == everything["data"][1:2]
    assert to("FIRST@example.com")["data"] == to("first@example.com")["data"] != []
    assert to("nobody@example.com") == {"object": "list", "data": [], "has_more": False, "next": None}


@pytest.mark.parametrize("target, code", [
    ("/v1/sandbox/mails/mail_01kb2v5m4q8x9r3t6w7y0z1a2c", (404, "not_found")),
    ("/v1/sandbox/mails/msg_01kb2v5m4q8x9r3t6w7y0z1a2c", (400, "invalid_id")),
    ("/v1/sandbox/mails/..%2F..%2Fmaster.key", (400, "invalid_id")),
    ("/v1/sandbox/mails?after=1", (400, "invalid_request")),
    ("/v1/sandbox/mails?colour=red", (400, "invalid_request")),
])
def test_what_is_no_mail_is_refused(shared, target, code):
    answer = Browser(shared.server.base_url).get(target)
    assert (answer.status, answer.json()["code"]) == code


def test_mails_that_leave_are_not_shown(server):
    assert Browser(server.base_url).get("/v1/sandbox/mails").status == 404
