"""The identity providers of tests/oidc/server.mjs, and a browser's way through them."""

import json
import subprocess
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

from _support.waiting import PATIENCE_SECONDS

FOLDER = Path(__file__).resolve().parents[1] / "oidc"
HOPS_MAX = 10


class NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class IdentityProviders:
    """`issuer`: the certified one; `faulty`: says what the test wants."""

    def __init__(self):
        self._process = subprocess.Popen(["node", "server.mjs"], cwd=FOLDER, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = self._process.stdout.readline()
        assert said, self._process.stderr.read()
        places = json.loads(said)
        self.issuer, self.faulty, self._control = places["issuer"], places["faulty"], places["control"]

    def close(self):
        self._process.stdin.close()
        self._process.wait(PATIENCE_SECONDS)

    def _tell(self, path, body=None):
        post(self._control + path, body)

    def account(self, subject, **claims):
        """Somebody whom both know; signs in next."""
        self._tell("/account", {"id": subject, "claims": claims})
        self.choose(subject)

    def choose(self, subject):
        """Who signs in next; None: whoever it is says no."""
        self._tell("/choose", subject)

    def rotate_keys(self):
        """The certified one has another key, and only that."""
        self._tell("/rotate")

    def break_tokens(self, **faults):
        """Of the faulty one. Without arguments it is well again."""
        self._tell("/faults", faults)

    def register(self, redirect_uri, **more):
        """A new client of the certified one: (id, secret)."""
        client = post(f"{self.issuer}/reg", {"redirect_uris": [redirect_uri], **more})
        return client["client_id"], client["client_secret"]


def post(url, body):
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST")
    with build_opener().open(request, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)


class UserAgent:
    """A browser at the provider's: keeps its cookies, and follows it until it sends the browser back."""

    def __init__(self):
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()), NoRedirects)

    def authorize(self, url, home):
        """Where the provider sends the browser back to: the target at `home`."""
        for _ in range(HOPS_MAX):
            try:
                answer = self._opener.open(url, timeout=PATIENCE_SECONDS)
                raise AssertionError(f"{url} ends at the provider: {answer.read()[:2000]}")
            except HTTPError as redirect:
                location = redirect.headers.get("Location")
                assert 300 <= redirect.code < 400 and location, (url, redirect.code, redirect.read()[:2000])
            base = "{0.scheme}://{0.netloc}".format(urlsplit(url))
            url = location if "://" in location else base + location
            if url.startswith(home):
                return url.removeprefix(home)
        raise AssertionError(f"no end of redirects at {url}")


def parameter(url, name):
    return parse_qs(urlsplit(url).query)[name][0]
