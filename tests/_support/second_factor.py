"""An authenticator app, as RFC 6238 has it, and how a browser sets one up."""

import base64
import hashlib
import hmac
import re
import struct
import time
from urllib.parse import parse_qs, unquote, urlsplit

from _support.people import PASSWORD
from _support.waiting import wait_until

STEP_SECONDS = 30


def code_of(seed, step):
    digest = hmac.new(seed, struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 10 ** 6:06}"


class Authenticator:
    """Reads what a picture would hold. Each code() is another, and is good when it is given."""

    def __init__(self, uri):
        parts = urlsplit(uri)
        fields = {name: value for name, [value] in parse_qs(parts.query).items()}
        assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
        assert (fields["algorithm"], fields["digits"], fields["period"]) == ("SHA1", "6", "30")
        self.label = unquote(parts.path.lstrip("/"))
        self.seed = base64.b32decode(fields["secret"])
        self.last_step = 0

    def code(self):
        """The server takes the step before and behind its own too: so three are to be had at once, and more in time."""
        def free_step():
            now, into = divmod(time.time(), STEP_SECONDS)
            earliest = int(now) - (1 if into < STEP_SECONDS - 10 else 0)  # not one that ends on its way
            step = max(self.last_step + 1, earliest)
            return step if step <= int(now) + 1 else None
        self.last_step = wait_until(free_step, "a step that gave no code yet", 2 * STEP_SECONDS)
        return code_of(self.seed, self.last_step)

    def last_code(self):
        return code_of(self.seed, self.last_step)

    def wrong_code(self):
        """None that is right now, or soon."""
        now = int(time.time()) // STEP_SECONDS
        right = {code_of(self.seed, step) for step in range(now - 3, now + 4)}
        return next(code for code in (f"{number:06}" for number in range(10)) if code not in right)


def begin(browser, password=PASSWORD):
    answer = browser.post("/v1/user/second_factor", {"password": password})
    assert answer.status == 201, answer
    enrolment = answer.json()
    authenticator = Authenticator(enrolment["uri"])
    assert base64.b32decode(enrolment["secret"]) == authenticator.seed
    return authenticator


def enable(browser, password=PASSWORD):
    """The authenticator, and the recovery codes."""
    authenticator = begin(browser, password)
    answer = browser.post("/v1/user/second_factor/confirm", {"code": authenticator.code()})
    assert answer.status == 200, answer
    codes = answer.json()["recovery_codes"]
    assert len(set(codes)) == 10 and all(re.fullmatch(r"[a-z2-7]{6}(-[a-z2-7]{6}){3}", code) for code in codes)
    return authenticator, codes


def sign_in(browser, address, code, password=PASSWORD):
    return browser.post("/v1/sessions", {"email": address, "password": password, "code": code})
