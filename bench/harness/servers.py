"""The programs under test and those beside them, each ready when its `with` block begins."""

import json
import os
import re
import secrets
import sys
import time
import urllib.error
from pathlib import Path

from .http import call, get_json, get_text
from .paths import CONNECTD, SIMULATOR, TESTS
from .processes import BenchError, Program, Usage, children_of, free_port, rss_bytes, usage_of, wait_until

sys.path.insert(0, str(TESTS))

from _support.haproxy import HAPROXY, server_name, write_settings  # noqa: E402, F401
from _support.postgres import Postgres as _Postgres  # noqa: E402

FAKESMSC = Path("/usr/lib/kannel/test/fakesmsc")

# What the product limits on purpose is off, so that the program is measured and not its settings.
UNLIMITED = {
    "CONNECT_SENDER_MESSAGES_PER_SECOND": "0",
    "CONNECT_PAIR_LIMIT": "false",
    "CONNECT_REQUESTS_PER_SECOND_PER_KEY": "0",
    "CONNECT_TEST_QUOTA": "1000000000",
    "CONNECT_LOG_LEVEL": "warn",
    "CONNECT_LOG_FORMAT": "json",
}


class Server:
    """Programs that belong together. `pids` are those whose costs count as the server's."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._programs: list[Program] = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        while self._programs:
            self._programs.pop().stop()

    def run(self, name: str, arguments: list, environment: dict | None = None) -> Program:
        program = Program(name, arguments, self.folder, environment)
        self._programs.append(program)
        return program

    @property
    def pids(self) -> list[int]:
        return [program.pid for program in self._programs]

    def usage(self) -> Usage:
        return usage_of(*self.pids)

    def everything(self) -> Usage:
        """Of all its programs, those too that are not the server's cost."""
        programs = [program.pid for program in self._programs]
        return usage_of(*programs, *(child for pid in programs for child in children_of(pid)))

    def rss(self) -> int:
        return rss_bytes(*self.pids)


class Postgres(_Postgres):
    """The tests' own server, with its costs to be read."""

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def usage(self) -> Usage:
        """Of all its processes."""
        return usage_of(self.pid, *children_of(self.pid))


class Simulator(Server):
    """connect-sim in a process of its own."""

    def __init__(self, folder: Path, statuses: bool = False, numbers: int = 1, messages_kept: int = 20_000_000):
        super().__init__(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.app_secret = secrets.token_hex(16)
        self._statuses = statuses
        self._numbers = numbers
        self._messages_kept = messages_kept

    def start(self) -> None:
        arguments = [SIMULATOR, "--numbers", str(self._numbers), "--listen", f"127.0.0.1:{self.port}"]
        arguments += ["--messages-kept-max", str(self._messages_kept)]
        if not self._statuses:
            arguments.append("--no-statuses")
        self.run("connect-sim", arguments, {"SIM_APP_SECRET": self.app_secret}).wait_for_port(self.port)

    def accepted(self) -> int:
        return get_json(f"{self.url}/_sim/stats")["accepted"]


class Connectd(Server):
    """connectd in test mode with the simulator as WhatsApp. `data` stays when the server stops."""

    def __init__(self, folder: Path, simulator: Simulator, threads: int = 0, settings: dict | None = None):
        super().__init__(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.app_secret = simulator.app_secret
        self.data = folder / "data"
        self._simulator = simulator
        self._threads = threads
        self._settings = {**UNLIMITED, **(settings or {})}

    def launch(self) -> Program:
        """Starts it and waits for nothing."""
        environment = {**self._settings, "CONNECT_WHATSAPP_APP_SECRET": self.app_secret}
        arguments = [CONNECTD, "--sandbox", "--data-dir", self.data, "--listen", f"127.0.0.1:{self.port}"]
        arguments += ["--simulator-url", self._simulator.url, "--threads", str(self._threads)]
        return self.run("connectd", arguments, environment)

    def start(self) -> None:
        program = self.launch()

        def ready() -> dict | None:
            program.check_running()
            return self._about() if self._is_ready() else None

        about = wait_until(ready, "connectd ready", every=0.002)
        self.workspaces = about["workspaces"]
        if not self.workspaces:
            return  # another replica has made them
        self.key = about["api_key"]
        self.number_id = about["phone_number_id"]
        self.display_number = about["phone_number"].lstrip("+")

    def _is_ready(self) -> bool:
        try:
            return bool(get_text(f"{self.url}/readyz"))
        except (urllib.error.URLError, ConnectionError):
            return False

    def _about(self) -> dict | None:
        """What this start wrote for its users; an earlier start's file names another port."""
        try:
            about = json.loads((self.data / "sandbox.json").read_text())
        except FileNotFoundError:
            return None
        return about if about["base_url"] == self.url else None

    def metrics(self) -> dict[str, float]:
        """Name with labels -> value."""
        lines = get_text(f"{self.url}/metrics").splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def unfinished(self) -> int:
        metrics = self.metrics()
        return int(metrics["connect_outbox_queued"] + metrics["connect_outbox_in_flight"])

    def wait_until_all_sent(self, timeout: float = 120.0) -> tuple[int, float]:
        """What the simulator has in all, and when (time.monotonic) it had it. The last answers may still be on their
        way when the load ends, so the end counts once it has held for a while."""
        end = time.monotonic() + timeout
        last, since = -1, 0.0
        while time.monotonic() < end:
            now = time.monotonic()
            # The order matters: what is not in the outbox any more is at the simulator already.
            done = self.unfinished() == 0
            count = self._simulator.accepted()
            if not done or count != last:
                last, since = (count if done else -1), now
            elif now - since > 0.1:
                return count, since
            time.sleep(0.01)
        raise BenchError(f"{self.unfinished()} messages were not sent in {timeout:.0f} s")

    def add_endpoint(self, url: str, events: list[str]) -> str:
        body = {"url": url, "events": events}
        return call("POST", f"{self.url}/v1/webhook_endpoints", body, self._authorization())["id"]

    def remove_endpoint(self, endpoint_id: str) -> None:
        call("DELETE", f"{self.url}/v1/webhook_endpoints/{endpoint_id}", None, self._authorization())

    def _authorization(self) -> dict:
        return {"Authorization": f"Bearer {self.key}"}


class Nginx(Server):
    """One worker; its costs are the worker's."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.port = free_port()

    def site(self) -> str:
        raise NotImplementedError

    def start(self) -> None:
        temporary = "".join(
            f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        configuration = self.folder / "nginx.conf"
        # As the user who runs it: a worker of another user could not write to this folder.
        user = "user root;" if _is_root() else ""
        configuration.write_text(
            f"daemon off; {user} worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/error.log;\n"
            "events { worker_connections 4096; }\n"
            f"http {{ access_log off; keepalive_requests 1000000000; {temporary}\n{self.site()}\n}}\n"
        )
        self._master = self.run("nginx", ["nginx", "-p", self.folder, "-c", configuration])
        self._master.wait_for_port(self.port)

    @property
    def pids(self) -> list[int]:
        return children_of(self._master.pid)


class NginxProxy(Nginx):
    """The floor: proxy_pass to the simulator with kept connections, and no thought."""

    def __init__(self, folder: Path, upstream_port: int):
        super().__init__(folder)
        self._upstream_port = upstream_port

    def site(self) -> str:
        return (
            f"upstream provider {{ server 127.0.0.1:{self._upstream_port}; keepalive 256;"
            " keepalive_requests 1000000000; }\n"
            f"server {{ listen 127.0.0.1:{self.port} backlog=1024; location / {{ proxy_pass http://provider;"
            ' proxy_http_version 1.1; proxy_set_header Connection ""; } }'
        )


class NginxSink(Nginx):
    """Takes every webhook with a 204 and counts."""

    def site(self) -> str:
        return (
            f"server {{ listen 127.0.0.1:{self.port} backlog=1024;\n"
            "location = /count { stub_status; } location / { return 204; } }"
        )

    def requests(self) -> int:
        """Requests so far, those to /count included."""
        text = get_text(f"http://127.0.0.1:{self.port}/count")
        return int(re.search(r"^\s*\d+\s+\d+\s+(\d+)\s*$", text, re.MULTILINE).group(1))


class Balancer(Server):
    """HAProxy with the settings that we deliver, before replicas that tell it their names (`server_name`)."""

    def __init__(self, folder: Path, replicas: list[Connectd]):
        super().__init__(folder)
        self.port = free_port()
        self._replicas = replicas

    def start(self) -> None:
        settings = write_settings(self.folder, self.port, [each.port for each in self._replicas])
        self.run("haproxy", [HAPROXY, "-db", "-f", settings]).wait_for_port(self.port)


class Kannel(Server):
    """bearerbox and smsbox, with fakesmsc as the operator's exchange. Costs are those of the first two."""

    PASSWORD = "bench"

    def __init__(self, folder: Path, durable: bool):
        super().__init__(folder)
        self.port = free_port()
        self._admin_port = free_port()
        self._durable = durable

    def _configuration(self, smsbox_port: int, exchange_port: int) -> str:
        store = f"store-type = spool\nstore-location = {self.folder}/spool\n" if self._durable else ""
        return (
            f"group = core\nadmin-port = {self._admin_port}\nadmin-password = {self.PASSWORD}\n"
            f"smsbox-port = {smsbox_port}\nbox-allow-ip = 127.0.0.1\nlog-level = 4\n"
            f"log-file = {self.folder}/bearerbox-kannel.log\n{store}\n"
            f"group = smsc\nsmsc = fake\nsmsc-id = fake\nport = {exchange_port}\nconnect-allow-ip = 127.0.0.1\n\n"
            f"group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {self.port}\nlog-level = 4\n"
            f"log-file = {self.folder}/smsbox-kannel.log\n\n"
            f"group = sendsms-user\nusername = bench\npassword = {self.PASSWORD}\n\n"
            "group = sms-service\nkeyword = default\nmax-messages = 0\ntext = ok\n"
        )

    def start(self) -> None:
        if not FAKESMSC.exists():
            raise BenchError(f"{FAKESMSC} is missing (Debian package kannel-extras)")
        (self.folder / "spool").mkdir(exist_ok=True)
        smsbox_port, exchange_port = free_port(), free_port()
        configuration = self.folder / "kannel.conf"
        configuration.write_text(self._configuration(smsbox_port, exchange_port))
        self._bearerbox = self.run("bearerbox", ["bearerbox", "-v", "4", configuration])
        self._bearerbox.wait_for_port(smsbox_port)
        self._bearerbox.wait_for_port(exchange_port)
        self._smsbox = self.run("smsbox", ["smsbox", "-v", "4", configuration])
        self._smsbox.wait_for_port(self.port)
        exchange = [FAKESMSC, "-v", "4", "-H", "127.0.0.1", "-r", exchange_port, "-i", "100000", "-m", "1"]
        self.run("fakesmsc", [*exchange, "1 2 text x"])
        wait_until(lambda: "online" in self._status(), "Kannel's exchange online")

    @property
    def pids(self) -> list[int]:
        return [self._bearerbox.pid, self._smsbox.pid]

    def _status(self) -> str:
        return get_text(f"http://127.0.0.1:{self._admin_port}/status.xml?password={self.PASSWORD}")

    def wait_until_all_sent(self, timeout: float = 120.0) -> tuple[int, float]:
        """As Connectd's: what bearerbox has handed to the exchange, and when."""
        end = time.monotonic() + timeout
        last, since = -1, 0.0
        while time.monotonic() < end:
            now = time.monotonic()
            sent, queued = self._sent_and_queued()
            if queued > 0 or sent != last:
                last, since = (sent if queued == 0 else -1), now
            elif now - since > 0.1:
                return sent, since
            time.sleep(0.01)
        raise BenchError("Kannel did not send all")

    def _sent_and_queued(self) -> tuple[int, int]:
        sms = re.search(r"<sms>(.*?)</sms>", self._status(), re.DOTALL).group(1)
        sent = re.search(r"<sent>.*?<total>(\d+)</total>.*?<queued>(\d+)</queued>", sms, re.DOTALL)
        return int(sent.group(1)), int(sent.group(2))


def _is_root() -> bool:
    return os.geteuid() == 0
