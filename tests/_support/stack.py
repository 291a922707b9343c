"""The whole thing: a simulator, connectd and a client, on a folder of their own."""

import secrets

from _support import acts
from _support.api import Api, SimulatorApi
from _support.processes import Connectd, Simulator
from _support.receiver import Receiver

# Statuses follow quickly; a test that needs another pace says so. Options of connect-sim; True is a flag without value.
DEFAULT_SIMULATOR = {"sent-after-ms": 10, "delivered-after-ms": 20, "read-after-ms": 30, "retry-after-ms": 50}
DEFAULT_SETTINGS = {
    "LOG_LEVEL": "debug",
    "LOG_FORMAT": "json",
    "DRAIN_SECONDS": 5,
    "REQUESTS_PER_SECOND_PER_KEY": 0,
    "REQUESTS_PER_SECOND_PER_USER": 0,
    "OPEN_REQUESTS_PER_MINUTE": 0,
    "SENDER_MESSAGES_PER_SECOND": 0,
    # Cheap: what is tested is not how long a guess takes.
    "ACCOUNTS_PASSWORD_MIB": 8,
    "ACCOUNTS_PASSWORD_PASSES": 1,
}


class Stack:
    def __init__(self, folder, settings=None, simulator=None, in_process=False, checked=True, postgres=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.checked = checked
        self.app_secret = secrets.token_hex(16)
        self.receivers = []
        self.base_urls = set()
        self.has_honest_log = True  # False: the test changes the audit log by hand
        options = {**DEFAULT_SIMULATOR, **(simulator or {})}
        self.simulator = None if in_process else Simulator(folder, self.app_secret, options)
        all_settings = {**DEFAULT_SETTINGS, **(settings or {})}
        if self.simulator:
            all_settings |= {"SIMULATOR_URL": self.simulator.url, "WHATSAPP_APP_SECRET": self.app_secret}
        self.server = Connectd(folder, all_settings, postgres=postgres)
        self.api = None
        self.sim = SimulatorApi(self.simulator.url) if self.simulator else None

    @property
    def hook_url(self):
        return f"{self.server.base_url}/hooks/whatsapp"

    def start(self):
        if self.simulator:
            self.simulator.start(self.hook_url)
        self.start_server()
        if not self.simulator:
            self.sim = SimulatorApi(self.server.sandbox["simulator_url"])
        return self

    def start_server(self, **more):
        self.server.start(**more)
        if self.server.base_url not in self.base_urls:
            acts.forget(self.server.base_url)
            self.base_urls.add(self.server.base_url)
        self.api = Api(self.server.base_url, self.server.sandbox["api_key"], self.checked)

    def start_simulator(self):
        self.simulator.start(self.hook_url)
        self.sim = SimulatorApi(self.simulator.url)

    def stop_simulator(self):
        """Nobody listens on its port afterwards: connections are refused."""
        self.simulator.kill()

    def kill_and_restart(self):
        self.server.kill()
        self.start_server()

    def receiver(self, events=None, answer=None):
        """A new endpoint with its receiver."""
        receiver = Receiver(answer, self.checked)
        self.receivers.append(receiver)
        endpoint = self.api.add_endpoint(receiver.url, events)
        receiver.secret = endpoint["secret"]
        receiver.endpoint_id = endpoint["id"]
        return receiver

    def is_idle(self):
        """True when the outbox is empty."""
        return self.api.metric("connect_outbox_queued") == 0 and self.api.metric("connect_outbox_in_flight") == 0

    def deliveries_done(self):
        """True when no delivery waits any more."""
        return not self.api.get("/v1/deliveries?status=pending&limit=1").json()["data"]

    def close(self):
        """Ends all. A server that still runs must end well by SIGTERM: a hang or a sanitizer's report shows here."""
        faults = []
        try:
            if self.server.running():
                status = self.server.terminate()
                if status != 0:
                    faults.append(f"SIGTERM ended in {status}:\n{self.server.log_text()[-3000:]}")
            if self.has_honest_log:
                faults += acts.faults_of(self.base_urls, self.server.database)
        finally:
            self.server.close()
            if self.simulator:
                self.simulator.close()
            for receiver in self.receivers:
                receiver.close()
            self.server.database.drop()
        faults += [fault for receiver in self.receivers for fault in receiver.faults]
        faults += filter(None, [each.sanitizer_report() for each in (self.server, self.simulator) if each])
        assert not faults, "\n".join(faults)
