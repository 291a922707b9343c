"""The server's database behind its back: for what no call can change, and for what must be seen on disk."""

import contextlib
import itertools
import os
import re
import sqlite3
import subprocess

from _support.postgres import PROGRAMS

_numbers = itertools.count(1)


class Sqlite:
    """The file in the data folder. The server must have ended."""

    settings = {}

    def __init__(self, data):
        self._file = data / "connect.db"

    def sql(self, statement, shared=False):
        """All tables are in one file."""
        with sqlite3.connect(self._file) as connection:
            return [[str(value) for value in row] for row in connection.execute(statement).fetchall()]

    def content(self):
        """What is in it and in no file of the data folder: nothing."""
        return b""

    def drop(self):
        """It goes with its folder."""


class PostgresSchema:
    """A schema of its own on a server, of which it is given the connection string, with those of its cells."""

    def __init__(self, server=None):
        self._server = server or os.environ["FLOWSELL_TEST_POSTGRES"]
        self.name = f"e2e_{os.getpid()}_{next(_numbers)}"
        self.sql(f"CREATE SCHEMA {self.name}")

    @property
    def conninfo(self):
        return f"{self._server} options=-csearch_path={self.name}"

    @property
    def settings(self):
        # One cell: a database that is new is there sooner.
        return {"DATABASE": self.conninfo, "CELLS": 1}

    def drop(self):
        """What no test uses any more makes each look through the catalog slower. A server that is gone has nothing left."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.sql(f"""DO $$ DECLARE one text; BEGIN
                         FOR one IN SELECT nspname FROM pg_namespace WHERE nspname ~ '^{self.name}(_cell_[0-9]+)?$' LOOP
                           EXECUTE format('DROP SCHEMA %I CASCADE', one);
                         END LOOP; END $$""")

    def sql(self, statement, shared=False):
        """In the first cell, or among the tables that all replicas share."""
        path = self.name if shared else f"{self.name}_cell_0,{self.name}"
        done = subprocess.run([PROGRAMS / "psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d",
                               f"{self._server} options=-csearch_path={path}", "-c", statement],
                              check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def content(self):
        """Every value of every table, bytes as they are."""
        dump = subprocess.run([PROGRAMS / "pg_dump", "-d", self._server, "-n", self.name, "-n", f"{self.name}_cell_*", "--data-only"],
                              check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
        return dump + b"\n".join(bytes.fromhex(found.decode()) for found in re.findall(rb"\\x([0-9a-f]+)", dump))


def on_postgres():
    """True in script/test's second run of a suite."""
    return os.environ.get("FLOWSELL_TEST_ENGINE") == "postgres"


def on_this_engine(data):
    return PostgresSchema() if on_postgres() else Sqlite(data)
