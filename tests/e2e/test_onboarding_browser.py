"""The hosted onboarding page in a real browser, against the simulator's Embedded Signup and OAuth dialog: every way that this can
go ends in an account that is connected, or in words that who owns a business understands, and can go on from."""

import json

import pytest
from selenium.webdriver.common.by import By

from _support.browser import RealBrowser
from _support.onboarding import make_link, path_of, session_of, started
from _support.waiting import wait_until

PIN, THEIR_PIN = "135790", "246810"
# What no business owner should have to read.
JARGON = ("token", "API", "HTTP", "WABA", "OAuth", "undefined", "null", "JSON", "exception")


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    stack = started(tmp_path_factory.mktemp("onboarding"))
    yield stack
    stack.close()


@pytest.fixture(scope="module")
def chromium(stack):
    with RealBrowser(stack.server.base_url) as browser:
        yield browser


@pytest.fixture
def page(stack, chromium):
    chromium.driver.delete_all_cookies()
    yield Page(stack, chromium)
    main, *others = chromium.driver.window_handles
    for other in others:
        chromium.driver.switch_to.window(other)
        chromium.driver.close()
    chromium.driver.switch_to.window(main)


class Page:
    """A visitor with a link."""

    def __init__(self, stack, browser):
        self.stack, self.browser, self.driver = stack, browser, browser.driver
        self.made = None

    def link(self, **wanted):
        self.made = make_link(self.stack.api, **wanted)
        return self.open()

    def open(self):
        self.driver.get(self.made["url"])
        wait_until(lambda: self.state() or self.notice(), "the page runs")
        return self

    def meets(self, scenario):
        self.stack.sim.call("POST", "signup", {"scenario": scenario})
        return self

    def element(self, name):
        return self.driver.find_element(By.ID, name)

    def shows(self, name):
        return self.element(name).is_displayed()

    def state(self):
        return self.driver.execute_script("return document.body && document.body.dataset.state")

    def notice(self):
        return self.driver.execute_script("const n = document.getElementById('notice'); return n && !n.hidden ? n.dataset.code : null")

    def tries(self):
        """How often the steps behind the consent were asked for, and answered."""
        return self.driver.execute_script("return performance.getEntriesByType('resource').filter(each => each.name.endsWith('/steps')).length")

    def wait(self, fact, what):
        try:
            return wait_until(fact, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is at {self.state()}, it says {self.notice()}, {self.made and self.session()}") from error

    def wait_state(self, state):
        self.wait(lambda: self.state() == state, f"the page is at {state}")
        return self

    def wait_words(self, code):
        """Title, what happened, what to do: of the failure that the page says."""
        self.wait(lambda: self.notice() == code, f"the page says {code}")
        words = [self.element(f"notice-{part}").text for part in ("title", "words", "fix")]
        assert all(words) and not [word for word in JARGON if word in " ".join(words)], words
        assert self.driver.switch_to.active_element.get_attribute("id") == "notice"
        return words

    def click(self, name):
        self.wait(lambda: self.shows(name), f"{name} is there")
        self.element(name).click()
        return self

    def connect(self, scenario):
        return self.meets(scenario).click("connect")

    def enter_pin(self, pin=PIN):
        self.wait(lambda: self.shows("pin"), "a PIN is asked for")
        field = self.element("pin")
        field.clear()
        field.send_keys(pin)
        self.driver.find_element(By.CSS_SELECTOR, "#pin-form button").click()
        return self

    def session(self):
        return session_of(self.stack.api, self.made)

    def ends_well(self):
        self.wait_state("done")
        assert "connected" in self.element("done").text
        session = self.session()
        assert session["state"] == "done" and session["connection_id"] and session["failure"] is None
        return session

    def goes_on_to_the_end(self):
        """By the same link."""
        self.connect("success").wait_state("awaiting_pin")
        self.enter_pin().ends_well()


# --- Embedded Signup ---

@pytest.mark.parametrize("scenario", ["success", "code_first"])
def test_it_goes_well(page, scenario):
    page.link(return_url="https://app.example/whatsapp?x=1").connect(scenario).wait_state("awaiting_pin")
    title, _, fix = page.wait_words("pin_needed")
    assert "Choose a PIN" in title and "keep" in fix
    page.enter_pin()
    session = page.ends_well()
    assert "Ana's Bakery" in page.element("done-account").text and "+1555" in page.element("done-account").text
    back = page.element("return")
    assert back.text == "Go back to app.example"
    assert back.get_attribute("href") == f"https://app.example/whatsapp?x=1&onboarding_session={session['id']}&state=done"


def test_a_number_that_has_a_pin(page):
    page.link().connect("wrong_pin").wait_state("awaiting_pin").enter_pin("111111")
    title, words, fix = page.wait_words("pin_wrong")
    assert title == "The PIN is wrong" and "WhatsApp Manager" in fix
    page.enter_pin("222222")
    title, _, fix = page.wait_words("pin_too_soon")
    assert title == "Too fast" and "Wait a minute" in fix
    page.stack.sim.call("POST", "clock", {"advance_seconds": 60})
    page.enter_pin(THEIR_PIN).ends_well()


def test_a_pin_that_was_tried_too_often(page):
    page.link().connect("wrong_pin").wait_state("awaiting_pin")

    def guess(code, seconds):
        page.stack.sim.call("POST", "clock", {"advance_seconds": seconds})
        page.enter_pin("111111")
        page.wait(lambda: not page.shows("progress"), "the answer")
        return page.wait_words(code)
    for _ in range(9):
        guess("pin_wrong", 60)
    _, words, fix = guess("pin_blocked", 60)
    assert "locked" in words and "Wait a day" in fix
    # Ten registrations in 72 hours are used up too.
    page.stack.sim.call("POST", "clock", {"advance_seconds": 73 * 3600})
    page.enter_pin(THEIR_PIN).ends_well()


def test_a_number_that_was_registered_too_often(page):
    page.link().connect("wrong_pin").wait_state("awaiting_pin")
    for _ in range(11):
        page.stack.sim.call("POST", "clock", {"advance_seconds": 60})
        page.enter_pin("111111")
        page.wait(lambda: not page.shows("progress"), "the answer")
    _, words, fix = page.wait_words("registration_limit")
    assert "ten registrations" in words and "Wait 72 hours" in fix
    page.stack.sim.call("POST", "clock", {"advance_seconds": 73 * 3600})
    page.click("retry").wait_state("awaiting_pin")
    page.enter_pin(THEIR_PIN).ends_well()


def test_what_is_no_pin_is_not_sent(page):
    page.link().connect("success").wait_state("awaiting_pin").enter_pin("12ab")
    assert page.element("pin-fault").text == "A PIN has 6 digits."
    assert page.state() == "awaiting_pin"
    page.enter_pin().ends_well()


def test_somebody_gives_up(page):
    page.link().connect("cancel")
    title, words, fix = page.wait_words("cancelled")
    assert "stopped" in title and "Nothing was connected" in words and "Press Connect again" in fix
    assert page.session()["state"] == "cancelled"
    page.goes_on_to_the_end()


def test_meta_reports_an_error(page):
    page.link().connect("error")
    title, _, fix = page.wait_words("signup_error")
    assert "Meta could not finish" in title and "Business Manager" in fix
    assert "524126" in page.element("notice-numbers").text
    page.goes_on_to_the_end()


def test_the_code_comes_too_late(page):
    page.link().connect("late_code")
    title, words, fix = page.wait_words("code_expired")
    assert title == "It took too long" and "30 seconds" in words and "Press Connect again" in fix
    page.goes_on_to_the_end()


def test_the_permission_for_whatsapp_is_missing(page):
    page.link().connect("no_waba_scope")
    title, words, fix = page.wait_words("access_missing")
    assert "Permission for WhatsApp is missing" == title and "leave every permission switched on" in fix
    page.goes_on_to_the_end()


def test_the_number_is_with_another_provider(page):
    page.link().connect("already_registered").wait_state("awaiting_pin").enter_pin()
    title, words, fix = page.wait_words("number_elsewhere")
    assert "another provider" in title and "Ask that provider to release the number" in fix
    # It was released meanwhile? Not yet.
    tried = page.tries()
    page.click("retry")
    wait_until(lambda: page.tries() > tried and not page.shows("progress") and page.notice() in ("number_elsewhere", "pin_needed"),
               "the same again")
    page.click("restart").wait_state("opened")
    page.goes_on_to_the_end()


def test_an_account_without_a_number(page):
    page.link().connect("only_waba")
    title, words, fix = page.wait_words("number_missing")
    assert "no phone number" in title and "add a phone number" in fix
    page.goes_on_to_the_end()


def test_a_number_that_stays_on_its_phone(page):
    page.link(coexistence=True).connect("coexistence").ends_well()


def test_a_number_that_stays_on_its_phone_by_a_link_that_does_not_allow_it(page):
    page.link().connect("coexistence")
    _, words, fix = page.wait_words("coexistence_refused")
    assert "WhatsApp Business app" in words and "choose a new number" in fix
    page.goes_on_to_the_end()


def test_the_browser_blocks_the_window(page):
    page.link()
    page.driver.execute_script("window.open = () => null")
    page.connect("success")
    title, _, fix = page.wait_words("popup_blocked")
    assert "blocked" in title and "Allow pop-up windows" in fix
    page.driver.refresh()
    page.goes_on_to_the_end()


def test_the_window_is_closed(page):
    page.link().connect("")
    main = page.driver.current_window_handle
    popup = wait_until(lambda: next((each for each in page.driver.window_handles if each != main), None), "Meta's window")
    page.driver.switch_to.window(popup)
    page.driver.close()
    page.driver.switch_to.window(main)
    title, _, fix = page.wait_words("window_closed")
    assert "closed" in title and "press Connect again" in fix
    page.goes_on_to_the_end()


def test_metas_script_is_blocked(page):
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*sdk.js*"]})
    try:
        page.link()
        _, _, fix = page.wait_words("script_blocked")
        assert "content blockers" in fix
    finally:
        page.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    page.open().goes_on_to_the_end()


def test_meta_can_be_away(tmp_path):
    stack = started(tmp_path)
    try:
        with RealBrowser(stack.server.base_url) as browser:
            page = Page(stack, browser)
            page.link().connect("success").wait_state("awaiting_pin")
            stack.stop_simulator()
            page.enter_pin()
            title, _, fix = page.wait_words("provider_unreachable")
            assert title == "Meta can't be reached" and "Try again" in fix
            assert page.shows("retry")
    finally:
        stack.close()


# --- strangers ---

def test_a_strangers_message_changes_nothing(page):
    page.link()
    cancel = json.dumps({"type": "WA_EMBEDDED_SIGNUP", "event": "CANCEL", "data": {"current_step": "X"}})
    # Sent by a window for real: this page's own origin, which is not Meta's.
    page.driver.execute_script("window.heard = 0; window.addEventListener('message', () => { heard++; }); window.postMessage(arguments[0], '*')", cancel)
    for origin in ("https://evil.example", "https://facebook.com.evil.example", "https://evilfacebook.com", "http://facebook.com",
                   "https://www.facebook.com", "null"):
        page.driver.execute_script("window.dispatchEvent(new MessageEvent('message', {origin: arguments[0], data: arguments[1]}))",
                                   origin, cancel)
    wait_until(lambda: page.driver.execute_script("return heard") == 7, "all of them arrived")
    assert page.notice() is None and page.session()["state"] == "opened"
    # The place of Meta here is the simulator's, and nothing else: what comes from there counts.
    page.driver.execute_script("window.dispatchEvent(new MessageEvent('message', {origin: arguments[0], data: arguments[1]}))",
                               page.stack.sim.url, cancel)
    page.wait_words("cancelled")


def test_live_pages_take_messages_of_facebook_alone(page):
    """The page's own rule, in the browser: origins as they come with messages."""
    script = page.link().driver.execute_script("return [...document.scripts].at(-1).textContent")
    rule = script[script.index("function isMetas"):script.index("function signupMessage")]
    origins = ["https://facebook.com", "https://www.facebook.com", "https://business.facebook.com", "http://www.facebook.com",
               "https://facebook.com.evil.example", "https://evilfacebook.com", "https://www.facebook.com:8443", "null", "",
               "https://evil.example/facebook.com"]
    taken = page.driver.execute_script(
        f"const config = {{ message_origin: null }}; {rule} return arguments[0].filter(isMetas)", origins)
    assert taken == origins[:3]


# --- coming back ---

def test_a_page_that_was_closed_goes_on_where_it_was(page):
    page.link().connect("success").wait_state("awaiting_pin")
    page.driver.get("about:blank")
    page.driver.delete_all_cookies()
    page.open().wait_state("awaiting_pin")
    page.enter_pin().ends_well()


def test_a_consent_that_a_crash_left_is_gone_on_with(page):
    page.link().connect("success").wait_state("awaiting_pin")
    page.stack.kill_and_restart()
    page.open().wait_state("awaiting_pin")
    page.enter_pin().ends_well()


def test_two_tabs(page):
    page.link()
    main = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    page.open()
    page.connect("success").wait_state("awaiting_pin")
    page.enter_pin().ends_well()
    page.driver.close()
    page.driver.switch_to.window(main)
    page.connect("success").wait_state("done")


# --- links ---

def test_links_that_open_nothing(page):
    page.link()
    assert page.stack.api.request("DELETE", f"/v1/onboarding_sessions/{page.made['id']}").status == 204
    page.driver.refresh()
    assert "taken back" in page.element("words").text or "withdrawn" in page.element("words").text
    assert "new one" in page.element("fix").text
    page.driver.get(page.made["url"] + "x")
    assert "not copied whole" in page.element("words").text
    page.made = make_link(page.stack.api)
    page.stack.server.database.sql("UPDATE onboarding_sessions SET expires_at = 1 WHERE state = 1")
    page.driver.get(page.made["url"])
    assert "limited time" in page.element("words").text


def test_a_link_that_was_used_says_so(page):
    page.link().goes_on_to_the_end()
    page.driver.delete_all_cookies()
    page.open().wait_state("done")
    assert not page.shows("connect")


def test_a_link_that_is_taken_back_while_the_page_is_open(page):
    page.link()
    assert page.stack.api.request("DELETE", f"/v1/onboarding_sessions/{page.made['id']}").status == 204
    page.connect("success")
    title, _, fix = page.wait_words("gone")
    assert "not valid any more" in title and "new one" in fix


def test_without_its_cookie_the_page_says_so(page):
    page.link()
    page.driver.delete_all_cookies()
    page.connect("cancel")
    _, _, fix = page.wait_words("cookies")
    assert "Allow cookies" in fix


# --- by redirect ---

def test_the_redirect_goes_well(page):
    page.meets("success").link(way="oauth").click("oauth").wait_state("awaiting_pin")
    assert page.driver.current_url == page.made["url"]
    page.enter_pin().ends_well()


def test_the_redirect_is_declined(page):
    page.meets("cancel").link(way="oauth").click("oauth")
    title, words, fix = page.wait_words("denied")
    assert "did not give permission" in title and "choose Continue" in fix
    page.meets("success").click("oauth").wait_state("awaiting_pin")
    page.enter_pin().ends_well()


def test_the_redirect_comes_back_to_another_browser(page):
    page.meets("").link(way="oauth").click("oauth")
    wait_until(lambda: "/dialog/oauth" in page.driver.current_url, "Meta's page")
    dialog = page.driver.current_url
    page.driver.get(page.made["url"])
    page.driver.delete_all_cookies()
    page.meets("success").driver.get(dialog)
    wait_until(lambda: "callback" in page.driver.current_url, "the way back")
    assert "in another browser" in page.element("words").text and "Open the link again" in page.element("fix").text
    assert page.session()["state"] == "opened"


# --- the page itself ---

def test_it_loads_nothing_of_others_and_breaks_no_rule_of_its_own(page):
    page.driver.get_log("browser")
    page.link().connect("success").wait_state("awaiting_pin")
    page.enter_pin().ends_well()
    loaded = page.driver.execute_script("return performance.getEntriesByType('resource').map((each) => new URL(each.name).origin)")
    assert set(loaded) <= {page.stack.sim.url, f"http://localhost:{page.stack.server.port}"}
    complaints = [each["message"] for each in page.driver.get_log("browser") if "favicon" not in each["message"]]
    assert complaints == []


def test_it_fits_a_phone(page):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 320, "height": 640, "deviceScaleFactor": 2, "mobile": True})
    try:
        page.link().connect("wrong_pin").wait_state("awaiting_pin")
        assert page.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        button = page.driver.find_element(By.CSS_SELECTOR, "#pin-form button")
        assert button.size["height"] >= 44
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_it_can_be_read_out_and_used_without_a_mouse(page):
    page.link()
    found = page.driver.execute_script("""
      const unnamed = [...document.querySelectorAll('button, a[href], input')].filter((each) =>
        !(each.textContent.trim() || each.labels?.length || each.getAttribute('aria-label'))).map((each) => each.id);
      const roles = ['notice', 'pin-fault', 'live'].map((id) => document.getElementById(id).getAttribute('role'));
      return { unnamed, roles, lang: document.documentElement.lang, heads: document.querySelectorAll('h1').length };
    """)
    assert found == {"unnamed": [], "roles": ["alert", "alert", "status"], "lang": "en", "heads": 1}
    assert path_of(page.made) in page.driver.current_url
