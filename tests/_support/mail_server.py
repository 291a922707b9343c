"""A mail server on this machine, as providers have it: STARTTLS with a certificate of its own, and a login."""

import email
import email.policy
import ssl
import subprocess

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from _support.people import text_of
from _support.ports import free_port
from _support.waiting import wait_until

USER, PASSWORD = "connect", "quarry lantern fifteen"


def make_certificate(folder):
    """Of this machine, signed by itself: its own authority. Key and certificate in two files."""
    key, certificate = folder / "mail-key.pem", folder / "mail-certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                    "-out", certificate, "-days", "2", "-subj", "/CN=mail test", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return key, certificate


class MailServer:
    """Takes mails of who has logged in, and nothing without TLS. Its port stays the same over restarts."""

    def __init__(self, folder):
        self.port = free_port()
        self._key, self.certificate = make_certificate(folder)
        self._controller = None
        self.mails = []        # what was taken, as messages
        self.recipients = []   # everybody for whom one was to be left, refused or not
        self.refused = set()   # whom it has no box for
        self.logins = []       # (mechanism, whether TLS was there)

    @property
    def settings(self):
        """Of connectd."""
        return {"MAIL_SMTP_URL": f"smtp://127.0.0.1:{self.port}", "MAIL_CA_FILE": self.certificate, "MAIL_USER": USER,
                "MAIL_PASSWORD": PASSWORD, "MAIL_FROM": "no-reply@connect.example"}

    def start(self):
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(self.certificate, self._key)
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, tls_context=tls, require_starttls=True,
                                      auth_required=True, authenticator=self._log_in)
        self._controller.start()
        return self

    def stop(self):
        if self._controller:
            self._controller.stop()
            self._controller = None

    def _log_in(self, _server, session, _envelope, mechanism, data):
        self.logins.append((mechanism, session.ssl is not None))
        # Not handled: the library answers who is refused.
        return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        self.recipients.append(address)
        if address in self.refused:
            return "550 5.1.1 no such box"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server, _session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        mail.envelope = (envelope.mail_from, list(envelope.rcpt_tos))
        self.mails.append(mail)
        return "250 2.0.0 taken"

    def all_to(self, address):
        return [mail for mail in list(self.mails) if mail.envelope[1] == [address]]

    def wait_for(self, address, words):
        """The first one to the address that has these in its text."""
        def come():
            return next((mail for mail in self.all_to(address) if words in text_of(mail)), None)
        return wait_until(come, f"a mail to {address} with {words}")
