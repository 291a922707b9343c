"""The simulator's pages in a real browser: Embedded Signup as a business' page meets it, and the customer's phone."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from _support.browser import RealBrowser
from _support.http_client import HttpClient
from _support.processes import Simulator
from _support.waiting import wait_until

PHONE = "106540352242922"
# What a business' own page does, after Meta's documentation of Embedded Signup.
PAGE = """<!doctype html><title>Business</title><button id="go">Connect</button><script>
window.seen = [];
window.addEventListener("message", (event) => {
  if (event.origin !== "SIM" || typeof event.data !== "string") return;
  seen.push({ message: JSON.parse(event.data) });
});
window.fbAsyncInit = () => FB.init({ appId: "670843887433847", version: "v25.0" });
document.getElementById("go").addEventListener("click", () => FB.login(
  (answer) => seen.push({ code: answer.authResponse && answer.authResponse.code }),
  { config_id: "1", response_type: "code", override_default_response_type: true, extras: { setup: {} } }));
</script><script src="SIM/en_US/sdk.js"></script>"""


class Site:
    """A page of ours, and the place for webhooks."""

    def __init__(self):
        self.page = ""
        self.webhooks = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                self.answer(site.page)

            def do_POST(self):  # noqa: N802
                site.webhooks.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.answer("")

            def answer(self, text):
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _told(self, name):
        return [each for webhook in self.webhooks for entry in webhook["entry"] for change in entry["changes"]
                for each in change["value"].get(name, [])]

    def messages(self):
        return self._told("messages")

    def statuses(self):
        return [each["status"] for each in self._told("statuses")]


@pytest.fixture
def place(tmp_path):
    """(the simulator's client, site, browser)"""
    site = Site()
    simulator = Simulator(tmp_path, "secret", {"delivered-after-ms": -1, "read-after-ms": -1})
    simulator.start(f"{site.url}/hooks")
    site.page = PAGE.replace("SIM", simulator.url)
    http = HttpClient(simulator.url)

    def post(path, body, token="any"):
        http.forget()
        return http.request("POST", path, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}, json.dumps(body))

    try:
        with RealBrowser(simulator.url) as browser:
            yield post, site, browser
    finally:
        simulator.kill()
        site.close()


def sign_up(place, scenario):
    """What the business' page heard, in order."""
    post, site, browser = place
    assert post("/_sim/signup", {"scenario": scenario}).status == 200
    browser.visit(site.url)
    browser.driver.find_element("id", "go").click()
    return wait_until(lambda: (seen := browser.driver.execute_script("return window.seen")) and len(seen) == 2 and seen,
                      "message and code")


def test_signup_gives_account_and_code(place):
    message, code = sign_up(place, "success")
    assert message["message"]["event"] == "FINISH"
    assert set(message["message"]["data"]) == {"waba_id", "phone_number_id", "business_id"}
    post, _, _ = place
    answer = post(f"/v25.0/oauth/access_token?client_id=670843887433847&client_secret=secret&code={code['code']}", {})
    assert answer.status == 200 and answer.json()["access_token"].startswith("EAA")


def test_signup_gives_the_code_first(place):
    code, message = sign_up(place, "code_first")
    assert code["code"] and message["message"]["event"] == "FINISH"


def test_signup_is_cancelled(place):
    message, code = sign_up(place, "cancel")
    assert message["message"]["event"] == "CANCEL" and code["code"] is None


def test_signup_redirects(place):
    post, site, browser = place
    post("/_sim/signup", {"scenario": "success"})
    browser.open(f"/v25.0/dialog/oauth?client_id=670843887433847&redirect_uri={site.url}/back&state=s1&response_type=code")
    wait_until(lambda: browser.driver.current_url.startswith(f"{site.url}/back?"), "the redirect")
    assert "code=AQ" in browser.driver.current_url and "state=s1" in browser.driver.current_url


def test_the_phone_shows_messages_and_answers(place):
    post, site, browser = place
    browser.open("/_sim/phone")
    watched = lambda: browser.driver.execute_script("return document.querySelectorAll('#thread li').length")  # noqa: E731

    def shown():
        post(f"/v25.0/{PHONE}/messages", {"messaging_product": "whatsapp", "to": "+491510000001", "type": "interactive", "interactive": {
            "type": "button", "body": {"text": "Is it good?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]}}})
        return watched()
    # Messages are kept only once the page looks.
    wait_until(shown, "the message on the phone")
    assert "Is it good?" in browser.driver.find_element("id", "thread").text
    # The page scrolls with each message that still comes: no place to aim at.
    browser.driver.execute_script("[...document.querySelectorAll('#thread li button')].at(-1).click()")
    wait_until(lambda: any(each["type"] == "interactive" for each in site.messages()), "the reply")
    reply = next(each for each in site.messages() if each["type"] == "interactive")
    assert reply["interactive"]["button_reply"] == {"id": "yes", "title": "Yes"}
    assert reply["context"]["id"].startswith("wamid.")
    wait_until(lambda: "read" in site.statuses(), "a read receipt")
    browser.driver.find_element("id", "text").send_keys("Thanks\n")
    wait_until(lambda: any(each.get("text", {}).get("body") == "Thanks" for each in site.messages()), "the text")
