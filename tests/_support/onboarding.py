"""Onboarding links: made with a key, and used as their page uses them."""

import json
import re

from _support.api import Api
from _support.people import Browser
from _support.stack import Stack

APP = "670843887433847"  # the simulator's
SESSIONS = "/v1/onboarding_sessions"


def started(folder, **options):
    """A stack that calls itself localhost, as browsers must for its cookies."""
    stack = Stack(folder, **options)
    stack.server.settings["PUBLIC_URL"] = f"http://localhost:{stack.server.port}"
    return stack.start()


def make_link(api, **wanted):
    answer = api.post(SESSIONS, wanted)
    assert answer.status == 201, answer
    return answer.json()


def session_of(api, made):
    answer = api.get(f"{SESSIONS}/{made['id']}")
    assert answer.status == 200, answer
    return answer.json()


def path_of(made):
    return made["url"][made["url"].index("/connect/"):]


class Guest(Browser):
    """Whoever has a link, without a browser: what its page would send."""

    def __init__(self, base_url, made, checked=True):
        super().__init__(base_url, checked=checked)
        self.path = path_of(made)
        self.token = None

    def open(self):
        page = self.get(self.path, headers={"Accept": "text/html"})
        found = re.search(rb'id="config">(.*?)</script>', page.content())
        if found:
            self.config = json.loads(found.group(1))
            self.token = self.config["page_token"]
        return page

    def say(self, name, body=None, **headers):
        return self.post(f"{self.path}/{name}", body or {}, headers={"Connect-Page": self.token, **headers})

    def status(self):
        return self.get(f"{self.path}/status", headers={"Connect-Page": self.token})


def opened(stack, made):
    guest = Guest(stack.server.base_url, made)
    assert guest.open().status == 200
    return guest


def signed_up(stack, scenario="success", redirect_uri=""):
    """What the simulator's window would say: its message, and the code."""
    simulator = Api(stack.sim.url, None, checked=False)
    answer = simulator.post("/dialog/finish", {"scenario": scenario, "app_id": APP, "name": "Ana's Bakery", "redirect_uri": redirect_uri})
    assert answer.status == 200, answer
    said = answer.json()
    return json.dumps(said["message"]), said["code"]
