"""A PostgreSQL of the tests' own: in a temporary folder, on a port of its own of 127.0.0.1, as a user that is not root.

Needs only the standard library: script/_suites.py uses it too.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from _support.ports import free_port

PROGRAMS = Path("/usr/lib/postgresql/15/bin")  # what is in PATH are scripts that look for them
USER = "postgres"  # who Debian's package makes; used where the tests run as root
START_SECONDS = 60
DEADLOCK_LINES = 8
# Durable against kill -9, which is what the tests do to it: what was written is the kernel's. Not against a power cut.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    "logging_collector": "off",
    "max_wal_size": "512MB",
    "shared_buffers": "128MB",
}


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Postgres:
    def __init__(self, settings=None):
        self.folder = Path(tempfile.mkdtemp(prefix="flowsell-postgres-"))
        self.data = self.folder / "data"
        self.port = free_port()
        self.settings = {**SETTINGS, **(settings or {})}
        self._made_databases = 0
        if os.geteuid() == 0:
            account = pwd.getpwnam(USER)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self._identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        else:
            self._identity = {}

    def _run(self, program, *arguments, check=True):
        return subprocess.run([PROGRAMS / program, *map(str, arguments)], cwd=self.folder, check=check, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, **self._identity)

    def create(self):
        self._run("initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        lines = [f"{name} = '{value}'" for name, value in self.settings.items()]
        lines += [f"port = {self.port}", "unix_socket_directories = ''"]
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return self

    def create_standby_of(self, primary):
        """A copy that follows `primary`, which runs. Once promoted it waits for no standby of its own."""
        self._run("pg_basebackup", "-d", primary.conninfo(), "-D", self.data, "-R", "-X", "stream", "-c", "fast")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"port = {self.port}\nsynchronous_standby_names = ''\n")
        return self

    def promote(self):
        self._run("pg_ctl", "-D", self.data, "-w", "-t", START_SECONDS, "promote")

    def start(self):
        started = self._run("pg_ctl", "-D", self.data, "-l", self.folder / "log", "-w", "-t", START_SECONDS, "start",
                            check=False)
        assert started.returncode == 0, f"{started.stdout}\n{(self.folder / 'log').read_text()[-2000:]}"
        return self

    def stop(self, mode="fast"):
        self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop", check=False)

    def kill(self):
        """kill -9 of the postmaster and of every backend, as when the machine's memory is gone."""
        postmaster = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGSTOP)  # so that no new one comes
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        processes = [postmaster, *map(int, children)]
        for pid in processes:
            _kill(pid)
        deadline = time.monotonic() + START_SECONDS
        while any(_lives(pid) for pid in processes):
            assert time.monotonic() < deadline, "PostgreSQL did not die"
            time.sleep(0.002)
        # Where nobody collects what is left of it, its number still looks alive to the next one.
        (self.data / "postmaster.pid").unlink()

    def conninfo(self, database="postgres"):
        return f"host=127.0.0.1 port={self.port} user={USER} dbname={database}"

    def url(self, database="postgres"):
        return f"postgres://{USER}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement, database="postgres"):
        """What psql prints for a statement: rows by line, columns by '|'."""
        return self._run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo(database),
                         "-c", statement).stdout.strip()

    def deadlocks(self):
        """What the server's log says of those that it has ended: each with its statements."""
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return ["\n".join(lines[at:at + DEADLOCK_LINES]) for at, line in enumerate(lines) if "deadlock detected" in line]

    def new_database(self):
        """The name of an empty database of its own."""
        self._made_databases += 1
        name = f"connect_{os.getpid()}_{self._made_databases}"
        self.sql(f"CREATE DATABASE {name}")
        return name

    def close(self):
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            return self.create().start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()
