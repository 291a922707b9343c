"""connectd and connect-sim as processes of their own."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

from _support import database
from _support.http_client import HttpClient
from _support.ports import free_port
from _support.waiting import PATIENCE_SECONDS, wait_until

BINARIES = Path(__file__).resolve().parents[2] / "build" / "release" / "bin"
CONNECTD = os.environ.get("CONNECTD", str(BINARIES / "connectd"))
CONNECT_SIM = os.environ.get("CONNECT_SIM", str(BINARIES / "connect-sim"))


def variables(settings):
    return {f"CONNECT_{name}": str(value) for name, value in settings.items()}


class Process:
    """What both have: a log file, an end. A process that a test leaves is killed by close()."""

    def __init__(self, log):
        self.log = log
        self.process = None

    def spawn(self, command, environment=None):
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("CONNECT") and not name.lower().endswith("_proxy")}
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(command, env={**clean, **(environment or {})}, stdout=out, stderr=out,
                                            stdin=subprocess.DEVNULL)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def resident_bytes(self):
        """How much memory it holds now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def sanitizer_report(self):
        """What a sanitizer said, also of a process that went on, or was killed afterwards; empty when nothing."""
        said = re.search(r"(==\d+==ERROR|WARNING): \w+Sanitizer|runtime error: ", self.log_text())
        return self.log_text()[said.start():][:6000] if said else ""

    def must_run(self):
        assert self.running(), f"it ended with {self.process.returncode}:\n{self.log_text()[-3000:]}"

    def kill(self):
        """kill -9: nothing is flushed, no handler runs."""
        self.process.send_signal(signal.SIGKILL)
        self.wait_for_end()

    def terminate(self):
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self.wait_for_end()

    def wait_for_end(self):
        """The exit status of a process that ends by itself."""
        return self.process.wait(PATIENCE_SECONDS)

    def close(self):
        if self.running():
            self.kill()


class Simulator(Process):
    def __init__(self, folder, app_secret, options):
        super().__init__(folder / "connect-sim.log")
        self.app_secret = app_secret
        self.arguments = [f"--{name}" if value is True else f"--{name}={value}" for name, value in options.items()]
        self.port = free_port()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, webhook_url):
        command = [CONNECT_SIM, "--listen", f"127.0.0.1:{self.port}", "--webhook-url", webhook_url, *self.arguments]
        said = len(self.log_text())
        self.spawn(command, {"SIM_APP_SECRET": self.app_secret})

        def listening():
            self.must_run()
            return re.search(r"listening on (http://\S+)", self.log_text()[said:])
        wait_until(listening, "connect-sim listens")


class Connectd(Process):
    """`settings`: {"TEST_QUOTA": 5} is the variable CONNECT_TEST_QUOTA. The port stays the same over restarts.
    `postgres`: connection string of a server to be used, whatever engine the tests run on; `schema`: what others have
    too."""

    def __init__(self, folder, settings, data=None, postgres=None, schema=None):
        super().__init__(folder / "connectd.log")
        self.data = data or folder / "data"
        fresh = database.PostgresSchema(postgres) if postgres and not schema else None
        self.database = schema or fresh or database.on_this_engine(self.data)
        self.settings = {**self.database.settings, **settings}
        self.port = free_port()
        self.sandbox = None

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, failpoint=None):
        file = self.data / "sandbox.json"
        before = file.stat().st_ino if file.exists() else None
        self.begin(failpoint)

        def fresh():
            self.must_run()
            return file.exists() and file.stat().st_ino != before
        wait_until(fresh, "sandbox.json is written")
        self.sandbox = json.loads(file.read_text())
        self.wait_until_ready()

    def wait_until_ready(self):
        client = HttpClient(self.base_url)
        wait_until(lambda: client.request("GET", "/readyz").status == 200, "connectd is ready")
        client.forget()

    def begin(self, failpoint=None):
        """Starts it and does not wait."""
        command = [CONNECTD, "--sandbox", "--data-dir", str(self.data), "--listen", f"127.0.0.1:{self.port}"]
        command += ["--failpoint", failpoint] if failpoint else []
        self.spawn(command, variables(self.settings))

    def audit(self, *arguments):
        """`connectd audit`, which finds the database as the server does."""
        return subprocess.run([CONNECTD, "audit", *arguments], env={**os.environ, **variables(self.database.settings)},
                              text=True, capture_output=True, timeout=PATIENCE_SECONDS, check=False)

    def files(self):
        """Every file of the data folder with its bytes."""
        return {path: path.read_bytes() for path in sorted(self.data.rglob("*")) if path.is_file()}
