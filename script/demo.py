"""What script/run shows: connectd with its simulator, and a first message on its way. Standard library only.

    demo.py [--once] [--port N] [--data FOLDER]

It starts build/release/bin/connectd in its sandbox, adds a webhook endpoint of its own, sends a message, shows each
event as it arrives with its signature checked, answers as the customer would, and keeps serving until Ctrl-C.
--once ends instead, by SIGTERM, and its exit status says whether every step worked. --port is the API's (8080),
--data where the server keeps its data (.sandbox).
"""

import argparse
import base64
import contextlib
import hashlib
import hmac
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
CONNECTD = Path(os.environ.get("CONNECTD", REPO / "build" / "release" / "bin" / "connectd"))
STEP_SECONDS = 15.0
STOP_SECONDS = 30.0
SIGNATURE_SECONDS_MAX = 300
CUSTOMER = "+919876543210"
DESCRIPTION = "made by script/run"


class Failed(Exception):
    """A step of the demonstration did not work; the text says which."""


# --- showing ---

class Timeline:
    """Lines with the time since the first one."""

    def __init__(self):
        self.began = time.monotonic()

    def say(self, what, note=""):
        elapsed_ms = (time.monotonic() - self.began) * 1000
        print(f"  {elapsed_ms:8.1f} ms  {what:<24}{note}".rstrip(), flush=True)


def say(text=""):
    print(text, flush=True)


# --- HTTP ---

# Never through a proxy: everything here is on this machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method, url, body=None, key=None):
    """The status and the JSON of one call; fails with what the server said."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with OPENER.open(request, timeout=STEP_SECONDS) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else {}
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace")
        raise Failed(f"{method} {url} was answered with {error.code}: {said}") from None
    except OSError as error:
        raise Failed(f"{method} {url}: {error}") from None


# --- the server ---

class Server:
    """connectd as a child process."""

    def __init__(self, port, data):
        self.base_url = f"http://127.0.0.1:{port}"
        self.port = port
        self.process = None
        self.data = data
        self.log = data / "connectd.log"
        self.sandbox_file = data / "sandbox.json"

    def start(self):
        if not CONNECTD.is_file():
            raise Failed(f"{CONNECTD} is not there: build it first, with script/run")
        require_free(self.port)
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.sandbox_file
        before = identity_of(file)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(CONNECTD), "--sandbox", "--data-dir", str(self.data), "--listen", f"127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=REPO, env=environment(),
                start_new_session=True)  # Ctrl-C is ours: the server gets its SIGTERM from stop()
        self.wait(lambda: identity_of(file) not in (None, before), "it did not write sandbox.json")
        sandbox = json.loads(file.read_text(encoding="utf-8"))
        self.base_url = sandbox["base_url"]  # with port 0 only the server knows it
        self.wait(self.is_ready, "it did not become ready")
        return sandbox

    def is_ready(self):
        try:
            return call("GET", f"{self.base_url}/readyz")[0] == 200
        except Failed:
            return False

    def wait(self, fact, complaint):
        deadline = time.monotonic() + STEP_SECONDS
        while not fact():
            if self.process.poll() is not None:
                raise Failed(f"connectd ended with status {self.process.returncode}:\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise Failed(f"connectd: {complaint} within {STEP_SECONDS:g} s:\n{self.last_words()}")
            time.sleep(0.02)

    def last_words(self):
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def stop(self):
        """SIGTERM, and the exit status; a server that hangs is killed and fails the demonstration."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"connectd did not end within {STOP_SECONDS:g} s of SIGTERM") from None


def identity_of(file):
    """Changes whenever the file is written anew; None while it is not there."""
    try:
        facts = file.stat()
    except FileNotFoundError:
        return None
    return facts.st_ino, facts.st_mtime_ns


def environment():
    """Settings that are meant for another server must not change this one."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CONNECT")}


def require_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Failed(f"port {port} of this machine is in use; stop what runs there, "
                         f"or take another: script/run --port {port + 1}") from None


# --- the customer's application: a webhook endpoint ---

def is_genuine(secret, headers, body):
    """Standard Webhooks 1.0: HMAC-SHA256 over "id.timestamp.body", and a time that is near."""
    identity, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > SIGNATURE_SECONDS_MAX:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{identity}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(expected, given) for given in headers.get("webhook-signature", "").split())


class Receiver:
    """Takes webhooks on a free port. What is not genuine is refused, as an application should."""

    def __init__(self):
        self.secret = None
        self.events = queue.Queue()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks"

    def handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                genuine = receiver.secret is not None and is_genuine(receiver.secret, self.headers, body)
                receiver.events.put((json.loads(body) if genuine else None))
                self.send_response(204 if genuine else 401)
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def wait_for(self, event_type, show):
        """Shows each event that arrives until one of this type has."""
        deadline = time.monotonic() + STEP_SECONDS
        while True:
            try:
                event = self.events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise Failed(f"no {event_type} arrived within {STEP_SECONDS:g} s") from None
            if event is None:
                raise Failed("a webhook came whose signature is not right")
            show(event)
            if event["type"] == event_type:
                return event


def note_of(event):
    message = event["data"].get("message", {})
    content = message.get(message.get("type", ""))
    text = f'"{content["body"]}" ' if isinstance(content, dict) and "body" in content else ""
    return f"webhook, signature verified  {text}".rstrip()


# --- the story ---

class Story:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.key = sandbox["api_key"]
        self.api = sandbox["base_url"] + "/v1"
        self.receiver = Receiver()
        self.endpoint_id = None
        self.timeline = None

    def api_call(self, method, path, body=None):
        return call(method, self.api + path, body, self.key)

    def tell(self):
        self.add_endpoint()
        self.timeline = Timeline()
        self.send_a_message()
        self.answer_as_the_customer()
        self.show_quota()

    def add_endpoint(self):
        self.remove_endpoints_of_earlier_runs()
        wanted = {"url": self.receiver.url, "description": DESCRIPTION}
        _, endpoint = self.api_call("POST", "/webhook_endpoints", wanted)
        self.receiver.secret = endpoint["secret"]
        self.endpoint_id = endpoint["id"]
        say(f"A webhook endpoint listens on {self.receiver.url}\n")

    def remove_endpoints_of_earlier_runs(self):
        """A run that was killed could not remove its own."""
        _, page = self.api_call("GET", "/webhook_endpoints?limit=100")
        for endpoint in page["data"]:
            if endpoint["description"] == DESCRIPTION:
                self.api_call("DELETE", f"/webhook_endpoints/{endpoint['id']}")

    def remove_endpoint(self):
        if self.endpoint_id:
            self.api_call("DELETE", f"/webhook_endpoints/{self.endpoint_id}")
            self.endpoint_id = None

    def show(self, event):
        self.timeline.say(event["type"], note_of(event))

    def send_a_message(self):
        say(f"Sending a message to {CUSTOMER}:\n")
        self.timeline.say("POST /v1/messages")
        status, message = self.api_call("POST", "/messages", {
            "to": CUSTOMER, "type": "text", "text": {"body": "Your parcel is on its way."}})
        if status != 202:
            raise Failed(f"the message was answered with {status} instead of 202")
        self.timeline.say("202 accepted", message["id"])
        for event_type in ("message.sent", "message.delivered", "message.read"):
            event = self.receiver.wait_for(event_type, self.show)
            if event["data"]["message"]["id"] != message["id"]:
                raise Failed(f"{event_type} is about another message")

    def answer_as_the_customer(self):
        words = "Thanks! When will it be here?"
        say("\nThe customer answers:\n")
        call("POST", self.sandbox["simulator_url"] + "/_sim/inbound",
             {"from": CUSTOMER, "profile_name": "Ana", "type": "text", "text": {"body": words}})
        received = self.receiver.wait_for("message.received", self.show)["data"]["message"]
        if received.get(received["type"], {}).get("body") != words:
            raise Failed("the customer's answer did not arrive as it was written")
        self.api_call("POST", f"/messages/{received['id']}/read")
        self.timeline.say("marked as read", received["id"])

    def show_quota(self):
        _, quota = self.api_call("GET", "/quota")
        say(f"\nQuota: {quota['used']} of {quota['limit']} messages of this month are used.")


def show_next_steps(sandbox, file):
    say(f"""
Your turn. The API key stands in {os.path.relpath(file)}:

  KEY=$(sed -n 's/.*"api_key":"\\([^"]*\\)".*/\\1/p' {os.path.relpath(file)})

  curl {sandbox['base_url']}/v1/messages -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
    -H 'Prefer: wait=5' -d '{{"to":"{CUSTOMER}","type":"text","text":{{"body":"Hello"}}}}'
  curl '{sandbox['base_url']}/v1/messages?limit=3' -H "Authorization: Bearer $KEY"
  curl '{sandbox['base_url']}/v1/events?limit=3' -H "Authorization: Bearer $KEY"
  curl {sandbox['simulator_url']}/_sim/inbound -H 'Content-Type: application/json' \\
    -d '{{"from":"{CUSTOMER}","type":"text","text":{{"body":"Hi"}}}}'

The contract is at {sandbox['base_url']}/openapi.yaml, what an error means at {sandbox['base_url']}/errors/CODE.""")


def run(arguments):
    server = Server(arguments.port, arguments.data.resolve())
    try:
        say("Starting connectd in its sandbox: no account, no internet.")
        sandbox = server.start()
        say(f"It listens on {sandbox['base_url']}; its data lies in {os.path.relpath(server.data)}/.")
        story = Story(sandbox)
        try:
            story.tell()
        finally:
            story.remove_endpoint()
        show_next_steps(sandbox, server.sandbox_file)
        if not arguments.once:
            wait_for_the_end(server)
    except BaseException:
        server.stop()
        raise
    if server.process.poll() is None:
        say("\nStopping.")
    status = server.stop()
    if status != 0:
        raise Failed(f"connectd ended with status {status} after SIGTERM:\n{server.last_words()}")
    say("connectd has ended well.")


def wait_for_the_end(server):
    try:
        say("\nIt keeps running until you press Ctrl-C.")
        # In short waits: a signal that comes right before one would be noticed at its end only.
        while (status := server.process.poll()) is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.process.wait(1)
    except KeyboardInterrupt:
        return
    raise Failed(f"connectd ended by itself with status {status}:\n{server.last_words()}")


def main():
    parser = argparse.ArgumentParser(prog="script/run", description="Shows a first message on its way.")
    parser.add_argument("--once", action="store_true", help="end after the demonstration; the exit status tells")
    parser.add_argument("--port", type=int, default=8080, help="port of the API on 127.0.0.1 (8080)")
    parser.add_argument("--data", type=Path, default=REPO / ".sandbox", help="folder of the server's data (.sandbox)")
    # The same way out for both: a server that was started is never left behind.
    # Both, and said here: what a shell starts in the background comes with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        run(parser.parse_args())
    except (Failed, OSError) as failure:
        print(f"\nerror: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
