"""Several servers on one PostgreSQL database behind a proxy, with a simulator: what a company runs that has outgrown one
machine."""

import secrets
import shutil
import signal

from _support.api import Api, SimulatorApi
from _support.database import PostgresSchema
from _support.haproxy import server_name
from _support.ports import free_port
from _support.processes import Connectd, Simulator
from _support.proxy import Proxy
from _support.receiver import Receiver
from _support.stack import DEFAULT_SETTINGS, DEFAULT_SIMULATOR
from _support.waiting import wait_until

SHARED_KEYS = ("master.key", "keys")


class Replicas:
    """`workspaces` are the sandbox's, each with its Api through the proxy; of one replica's own: `api_at`. `is_balanced`:
    they tell a load balancer their names."""

    def __init__(self, folder, count=3, cells=4, workspaces=4, settings=None, simulator=None, checked=True, postgres=None,
                 is_balanced=False):
        folder.mkdir(parents=True, exist_ok=True)
        self.checked = checked
        self.schema = PostgresSchema(postgres)
        self.app_secret = app_secret = secrets.token_hex(16)
        self.simulator = Simulator(folder, app_secret, {**DEFAULT_SIMULATOR, "numbers": workspaces, **(simulator or {})})
        all_settings = {**DEFAULT_SETTINGS, "CELLS": cells, "SANDBOX_WORKSPACES": workspaces, **(settings or {}),
                        "SIMULATOR_URL": self.simulator.url, "WHATSAPP_APP_SECRET": app_secret}
        self.servers = []
        for number in range(count):
            (folder / f"replica-{number}").mkdir()
            of_one = {**all_settings, "CLUSTER_NAME": server_name(number)} if is_balanced else all_settings
            self.servers.append(Connectd(folder / f"replica-{number}", of_one, schema=self.schema))
        self.proxy = Proxy(free_port(), [server.port for server in self.servers])
        self.receivers = []
        self.workspaces, self.apis, self.sim = [], [], None

    def start(self):
        self.proxy.start()
        self.simulator.start(f"http://127.0.0.1:{self.proxy.port}/hooks/whatsapp")
        self.sim = SimulatorApi(self.simulator.url)
        first = self.servers[0]
        first.start()
        self.workspaces = first.sandbox["workspaces"]
        for server in self.servers[1:]:
            server.data.mkdir(exist_ok=True)
            for name in SHARED_KEYS:
                source = first.data / name
                (shutil.copytree if source.is_dir() else shutil.copy)(source, server.data / name)
            server.start()
        self.apis = [self.api_through_proxy(number) for number in range(len(self.workspaces))]
        self.wait_until_spread()
        return self

    def _api(self, port, workspace):
        return Api(f"http://127.0.0.1:{port}", workspace["api_key"], self.checked)

    def api_at(self, number, workspace=0):
        """Of a workspace, through one replica."""
        return self._api(self.servers[number].port, self.workspaces[workspace])

    def api_through_proxy(self, workspace):
        return self._api(self.proxy.port, self.workspaces[workspace])

    def receiver(self, workspace, events=None):
        receiver = Receiver(None, self.checked)
        self.receivers.append(receiver)
        receiver.secret = self.apis[workspace].add_endpoint(receiver.url, events)["secret"]
        return receiver

    # --- who has what ---

    def owners(self):
        """Of each cell the number of the replica that has it; None: nobody."""
        by_address = {server.base_url: number for number, server in enumerate(self.servers)}
        rows = self.schema.sql("SELECT c.id, coalesce(r.address, '') FROM cells c LEFT JOIN replicas r ON r.id = c.replica "
                               "ORDER BY c.id", shared=True)
        return [by_address.get(address) for _, address in rows]

    def owner_of(self, workspace):
        owners = self.owners()
        return owners[workspace % len(owners)]

    def stranger_of(self, workspace=0):
        """A replica that does not have the workspace."""
        owner = self.owner_of(workspace)
        return next(number for number in range(len(self.servers)) if number != owner)

    def wait_until_spread(self):
        """Each running replica has its share."""
        def is_spread():
            running = [number for number, server in enumerate(self.servers) if server.running()]
            owners = self.owners()
            least = len(owners) // len(running)
            counts = [owners.count(number) for number in running]
            opened = sum(self.metric_of(number, "connect_cells_owned") for number in running)
            return None not in owners and opened == len(owners) and all(least <= n <= least + 1 for n in counts)
        wait_until(is_spread, "the cells are spread")

    # --- what happens to them ---

    def start_server(self, number):
        self.servers[number].start()

    def kill(self, number):
        self.servers[number].kill()

    def terminate(self, number):
        """SIGTERM: it hands its cells over. The exit status."""
        return self.servers[number].terminate()

    def is_taken_for_dead(self, number):
        """By the others; they know each other by the addresses."""
        return not self.schema.sql(f"SELECT 1 FROM replicas WHERE address = '{self.servers[number].base_url}'", shared=True)

    def pause(self, number):
        self.servers[number].process.send_signal(signal.SIGSTOP)

    def resume(self, number):
        self.servers[number].process.send_signal(signal.SIGCONT)

    # --- what they say ---

    def metric_of(self, number, name):
        return self._api(self.servers[number].port, self.workspaces[0]).metric(name)

    def metric(self, name):
        """Over all that run."""
        return sum(self.metric_of(number, name) for number, server in enumerate(self.servers) if server.running())

    def is_idle(self):
        return self.metric("connect_outbox_queued") == 0 and self.metric("connect_outbox_in_flight") == 0

    def deliveries_done(self):
        return not any(api.get("/v1/deliveries?status=pending&limit=1").json()["data"] for api in self.apis)

    def close(self):
        """As Stack.close()."""
        faults = []
        try:
            for server in self.servers:
                if server.running():
                    server.process.send_signal(signal.SIGCONT)
                    status = server.terminate()
                    if status != 0:
                        faults.append(f"SIGTERM ended in {status}:\n{server.log_text()[-3000:]}")
        finally:
            for process in [*self.servers, self.simulator]:
                process.close()
            for receiver in self.receivers:
                receiver.close()
            self.proxy.close()
            self.schema.drop()
        faults += [fault for receiver in self.receivers for fault in receiver.faults]
        faults += filter(None, [each.sanitizer_report() for each in [*self.servers, self.simulator]])
        assert not faults, "\n".join(faults)
