"""Load from clients that behave: distinct keys and recipients, and the same call again whenever it is not known what
became of it."""

import http.client
import json
import random
import threading

from _support.waiting import PATIENCE_SECONDS

# What a client may see while a server dies or starts.
CONNECTION_FAULTS = (OSError, http.client.HTTPException)
TRY_AGAIN = {500, 503}
PAUSE_SECONDS = 0.02
REPLAY_SHARE = 0.05


LANE_SHARE = 0.1  # of the messages: to the recipient of the one before


class Load:
    """`acknowledged`: key -> message id, of each 202 that a client saw. All else about them is in `faults`.
    `number` tells loads of one test apart: no two have a recipient in common."""

    def __init__(self, api, threads, seed, number=0):
        self.api = api
        self.number = number
        self.acknowledged = {}
        self._lanes = {}  # recipient -> message ids, in the order in which they were acknowledged
        self.replays = 0
        self.faults = []
        self._ends = threading.Event()
        self._lock = threading.Lock()
        self._given_up = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(number, random.Random(f"{seed}-{number}")), daemon=True)
            for number in range(threads)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def finish(self, seconds=PATIENCE_SECONDS):
        """No new message is begun; those that are unanswered are asked for until they are. A server must run."""
        self._ends.set()
        for thread in self._threads:
            thread.join(seconds)
        assert not any(thread.is_alive() for thread in self._threads), "a client still waits for an answer"

    def give_up(self):
        """Ends without answers: the test has failed."""
        self._ends.set()
        self._given_up.set()

    def lanes(self):
        """Of each recipient that got several messages, their ids in order."""
        with self._lock:
            return [ids for ids in self._lanes.values() if len(ids) > 1]

    def count(self):
        with self._lock:
            return len(self.acknowledged)

    def _run(self, number, chance):
        serial, recipients = 0, {}
        while not self._ends.is_set():
            serial += 1
            recipients[serial] = recipients[serial - 1] if serial > 1 and chance.random() < LANE_SHARE else serial
            self._send(number, serial, recipients[serial])
            if chance.random() < REPLAY_SHARE:
                again = chance.randint(1, serial)
                self._send(number, again, recipients[again])

    def _send(self, number, serial, recipient):
        key = f"load-{number}-{serial}"
        to = f"+91{self.number}{number:02}{recipient:07}"
        body = {"to": to, "type": "text", "text": {"body": f"Message {serial}"}}
        answer = self._until_answered(json.dumps(body), key)
        if answer is None:
            return
        with self._lock:
            if answer.status != 202:
                self.faults.append(f"{key}: {answer}")
                return
            message_id = answer.json()["id"]
            if key not in self.acknowledged:
                self._lanes.setdefault(to, []).append(message_id)
            known = self.acknowledged.setdefault(key, message_id)
            self.replays += answer.headers["Idempotent-Replayed"] == "true"
            if known != message_id:
                self.faults.append(f"{key}: first {known}, then {message_id}")

    def _until_answered(self, body, key):
        while not self._given_up.is_set():
            try:
                answer = self.api.send(body, idempotency_key=key)
                if answer.status not in TRY_AGAIN:
                    return answer
            except CONNECTION_FAULTS:
                pass
            self._given_up.wait(PAUSE_SECONDS)
        return None
