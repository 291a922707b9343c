"""Kills connectd under load, again and again, and then does the accounts (DESIGN 7). By hand:

    .venv/bin/python tests/crash/run.py [--rounds 200] [--seed 1] [--threads 6] [--postgres]

Each round starts the server on the same data, and kills it with SIGKILL at a random moment or at a failpoint of
docs/failpoints.md. With --postgres every third round kills PostgreSQL instead, all of its processes, and the server must
go on by itself when it is back. At the end all is let settle, and each equation is printed with its numbers.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from accounts import Equation, accounts_of, nothing_unheard_of, wait_until_settled  # noqa: E402

from _support.load import Load  # noqa: E402
from _support.postgres import Postgres  # noqa: E402
from _support.stack import Stack  # noqa: E402

CONCURRENCY = 64  # attempts of the sender that can be open at once
QUOTA = 10_000_000
LATENCY_MS = 25  # so that attempts are open at any moment
PACES = (0, 0, 400)  # messages a second; 0: none. A pace makes queues, and claims out of them
ROUND_SECONDS = (0.05, 0.5)
FAILPOINT_SECONDS = 1.5
FAILPOINT_PASSES = (1, 2, 5, 20, 60)  # most passes before it kills: some points are passed rarely
SIGKILLED = -9
FAILPOINTS = ["client.before_first_byte", "client.after_first_byte", "commit.before", "commit.after"] + [
    f"commit.{when}.{kind}" for when in ("before", "after")
    for kind in ("accept", "claim", "settle", "status", "enqueue", "delivery", "promote", "recover",
                 "recover_begun", "recover_begun_deliveries")]


class CrashTest:
    def __init__(self, folder, rounds, seed, threads=6, say=print, on_postgres=False):
        self.rounds, self.seed, self.say = rounds, seed, say
        self.chance = random.Random(seed)
        self.postgres = Postgres().create().start() if on_postgres else None
        conninfo = self.postgres.conninfo() if self.postgres else None
        self.stack = Stack(folder, checked=False, postgres=conninfo, settings={
            "CONCURRENCY_PER_SENDER": CONCURRENCY, "TEST_QUOTA": QUOTA, "LOG_LEVEL": "info", "PAIR_LIMIT": "false",
            "WEBHOOK_RETRY_SCHEDULE_SECONDS": "0,0,1,1,1,1,1,1,2,2,2,2,2,2,2,2"})
        self.threads = threads
        self.load = self.receiver = None
        self.opened_by_round = []  # (attempts that were open, kills) of each round
        self.deaths = Counter()
        self.faults = []

    def run(self):
        """All equations."""
        try:
            self.stack.start()
            self.receiver = self.stack.receiver(["message.delivered", "message.read", "message.failed"])
            self.stack.sim.fault({"latency_ms": LATENCY_MS})
            self.load = Load(self.stack.api, self.threads, self.seed)
            self.load.start()
            unknown = self.unknown_so_far()
            for number in range(1, self.rounds + 1):
                if self.postgres and number % 3 == 0:
                    how, kills = self.crash_database(), 0
                else:
                    how, kills = self.crash(number)
                    self.start_for_the_next_round()
                before, unknown = unknown, self.unknown_so_far()
                self.opened_by_round.append((unknown - before, kills))
                self.say(f"round {number:3}: {how:<40} {self.load.count():6} acknowledged, "
                         f"{unknown - before:3} open at the kill")
            self.settle()
            return self.equations()
        finally:
            if self.load:
                self.load.give_up()
            self.stack.close()
            if self.postgres:
                self.postgres.close()

    # --- one round ---

    def crash_database(self):
        """What the server had under way then is neither lost nor unknown: it stores its end later."""
        self.wait(self.chance.uniform(*ROUND_SECONDS))
        self.postgres.kill()
        self.wait(self.chance.uniform(*ROUND_SECONDS))
        self.postgres.start()
        self.stack.server.wait_until_ready()
        self.wait(self.chance.uniform(*ROUND_SECONDS))
        self.deaths["of the database"] += 1
        return "kill -9 of PostgreSQL"

    def crash(self, number):
        """How it was killed, and how often."""
        server = self.stack.server
        server.settings["SENDER_MESSAGES_PER_SECOND"] = self.chance.choice(PACES)
        if number % 2:
            self.wait(self.chance.uniform(*ROUND_SECONDS))
            server.kill()
            self.deaths["at a random moment"] += 1
            return "kill -9", 1
        failpoint = f"{self.chance.choice(FAILPOINTS)}:{self.chance.randint(1, self.chance.choice(FAILPOINT_PASSES))}"
        # This run only prepares what the failpoint meets: open attempts, a queue.
        self.wait(self.chance.uniform(*ROUND_SECONDS) / 2)
        server.kill()
        server.begin(failpoint)
        deadline = time.monotonic() + FAILPOINT_SECONDS
        while server.running() and time.monotonic() < deadline:
            self.wait(0.01)
        if server.running():
            server.kill()
            self.deaths["at a random moment"] += 1
            return f"kill -9 ({failpoint} was not passed)", 2
        if server.process.returncode != SIGKILLED:
            self.faults.append(f"{failpoint}: ended with {server.process.returncode}: {server.log_text()[-2000:]}")
        self.deaths["at a failpoint"] += 1
        return failpoint, 2

    @staticmethod
    def wait(seconds):
        time.sleep(seconds)  # the random moment itself

    def start_for_the_next_round(self):
        # The clients keep their API: port and key are the same.
        self.stack.server.start()
        self.stack.api.http.forget()

    def unknown_so_far(self):
        days = self.stack.api.get("/v1/usage").json()["data"]
        return sum(day["unknown"] for day in days)

    # --- the end ---

    def settle(self):
        """Everything that can still happen happens, without a pace."""
        self.load.finish()
        self.stack.server.kill()
        self.stack.server.settings["SENDER_MESSAGES_PER_SECOND"] = 0
        self.stack.sim.clear_faults()
        self.start_for_the_next_round()
        wait_until_settled(self.stack)
        self.stack.server.must_run()

    def equations(self):
        api = self.stack.api
        return [
            *accounts_of(api, self.load, self.receiver, self.stack.sim),
            nothing_unheard_of(self.stack.sim, {message["id"] for message in api.all_of("/v1/messages")}),
            Equation("unknown by a kill <= attempts that can be open",
                     all(opened <= kills * CONCURRENCY for opened, kills in self.opened_by_round),
                     f"at most {max(opened / max(kills, 1) for opened, kills in self.opened_by_round):g} of {CONCURRENCY}; "
                     f"{sum(opened for opened, _ in self.opened_by_round)} in all rounds"),
            Equation("the server ended by our kills only", not self.faults, f"{dict(self.deaths)} {self.faults[:2]}"),
        ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--threads", type=int, default=6)
    parser.add_argument("--postgres", action="store_true")
    arguments = parser.parse_args()
    print(f"{arguments.rounds} rounds, seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        test = CrashTest(Path(folder) / "stack", arguments.rounds, arguments.seed, arguments.threads,
                         say=lambda line: print(line, flush=True), on_postgres=arguments.postgres)
        equations = test.run()
    print(*equations, sep="\n", flush=True)
    return 0 if all(equation.holds for equation in equations) else 1


if __name__ == "__main__":
    sys.exit(main())
