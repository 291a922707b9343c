"""A real browser: Debian's Chromium, driven over WebDriver, with an authenticator that is made of software (WebAuthn's
virtual authenticators). Pages are this server's, on http://localhost, which browsers take for secure. That it can't be
started is a failure, never a skip."""

import shutil
import tempfile
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.virtual_authenticator import Credential, VirtualAuthenticatorOptions

SECONDS_MAX = 30
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync")

# Answers {"error": name} where the browser or the authenticator refuses.
CALL = """
const [script, argument, done] = arguments;
new (Object.getPrototypeOf(async function () {}).constructor)('argument', script)(argument)
  .then((value) => done({ value }), (error) => done({ error: error.name, message: error.message }));
"""
FETCH = """
const { method, path, body } = argument;
const headers = body === null ? {} : { 'Content-Type': 'application/json' };
const answer = await fetch(path, { method, headers, body: body === null ? undefined : JSON.stringify(body) });
const text = await answer.text();
return { status: answer.status, json: text ? JSON.parse(text) : null };
"""
CREATE = """
const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(argument);
return (await navigator.credentials.create({ publicKey })).toJSON();
"""
GET = """
const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(argument);
return (await navigator.credentials.get({ publicKey })).toJSON();
"""


class Refused(Exception):
    """The page's call ended in this DOMException."""


def local_url(base_url):
    """The same server by the name that passkeys are made for."""
    return f"http://localhost:{urlsplit(base_url).port}"


class RealBrowser:
    """One person's browser, on a folder of its own, with one authenticator."""

    def __init__(self, base_url, **authenticator):
        self.origin = local_url(base_url)
        self._folder = tempfile.mkdtemp(prefix="chromium-")
        self.driver = None
        try:
            self.driver = self._start()
            self.driver.set_script_timeout(SECONDS_MAX)
            self.driver.set_page_load_timeout(SECONDS_MAX)
            self.plug_in(**authenticator)
            self.open("/healthz")
        except BaseException:
            self.close()
            raise

    def _start(self):
        browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
        assert browser and driver, "Debian's packages chromium and chromium-driver are not installed"
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for switch in (*SWITCHES, f"--user-data-dir={self._folder}"):
            options.add_argument(switch)
        try:
            return webdriver.Chrome(options=options, service=Service(driver))
        except WebDriverException as error:
            raise AssertionError(f"Chromium did not start: {error}") from error

    def close(self):
        if self.driver is not None:
            self.driver.quit()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- pages ---

    def open(self, path):
        self.driver.get(self.origin + path)

    def visit(self, url):
        self.driver.get(url)

    def run(self, script, argument=None):
        """What an async function of the page gives, called with `argument`."""
        ended = self.driver.execute_async_script(CALL, script, argument)
        if "error" in ended:
            raise Refused(f"{ended['error']}: {ended['message']}")
        return ended.get("value")

    def call(self, method, path, body=None):
        """A request of the page's: status and JSON."""
        answer = self.run(FETCH, {"method": method, "path": path, "body": body})
        return answer["status"], answer["json"]

    def cookies(self):
        return {each["name"]: each["value"] for each in self.driver.get_cookies()}

    def put_cookie(self, name, value):
        self.driver.add_cookie({"name": name, "value": value, "path": "/", "secure": True, "httpOnly": True, "sameSite": "Lax"})

    # --- the authenticator ---

    def plug_in(self, has_user_verification=True, is_user_verified=True):
        """In place of the one that is there."""
        if getattr(self.driver, "virtual_authenticator_id", None):
            self.driver.remove_virtual_authenticator()
        self.driver.add_virtual_authenticator(VirtualAuthenticatorOptions(
            protocol=VirtualAuthenticatorOptions.Protocol.CTAP2,
            transport=VirtualAuthenticatorOptions.Transport.INTERNAL,
            has_resident_key=True, has_user_verification=has_user_verification, is_user_consenting=True,
            is_user_verified=is_user_verified))

    def make(self, options):
        """A passkey: RegistrationResponseJSON."""
        return self.run(CREATE, options)

    def ask(self, options):
        """A passkey's answer: AuthenticationResponseJSON."""
        return self.run(GET, options)

    def credentials(self):
        """Of the authenticator, private keys too: another one can be given them."""
        return self.driver.get_credentials()

    def give(self, credential, sign_count=None):
        known = credential.to_dict()
        count = known["signCount"] if sign_count is None else sign_count
        self.driver.add_credential(Credential.from_dict({**known, "signCount": count}))

    def take_all(self):
        self.driver.remove_all_credentials()
