"""Kills replicas under load, again and again, and then does the accounts (DESIGN 7). By hand:

    .venv/bin/python tests/replicas/crashes.py [--rounds 100] [--seed 1]

Three servers share a PostgreSQL behind a proxy, with load on six workspaces. A round kills one with SIGKILL, or two; or stops
one for longer than its lease and lets it go on; or kills PostgreSQL, all of its processes. What was killed is started again. At
the end all is let settle, and each equation is printed with its numbers.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "crash")]

from accounts import Equation, accounts_of, nothing_unheard_of, summed, wait_until_settled  # noqa: E402

from _support.api import text_to  # noqa: E402
from _support.load import CONNECTION_FAULTS, Load  # noqa: E402
from _support.postgres import Postgres  # noqa: E402
from _support.replicas import Replicas  # noqa: E402
from _support.waiting import wait_until  # noqa: E402

REPLICAS = 3
CELLS = 6
WORKSPACES = 6
CONCURRENCY = 64  # attempts of one sender that can be open at once
LATENCY_MS = 25  # so that attempts are open at any moment
PACES = (0, 0, 100)  # messages a second of a sender; 0: none. A pace makes queues, and claims out of them
ROUND_SECONDS = (0.2, 1.0)
PAUSE_SECONDS = (4.0, 6.0)  # longer than a lease
TAKEN_SECONDS = 5.0


class ReplicaCrashTest:
    def __init__(self, folder, rounds, seed, taken_seconds=TAKEN_SECONDS, say=print):
        self.rounds, self.seed, self.taken_seconds, self.say = rounds, seed, taken_seconds, say
        self.chance = random.Random(seed)
        self.postgres = Postgres().create().start()
        self.replicas = Replicas(folder, REPLICAS, CELLS, WORKSPACES, checked=False, postgres=self.postgres.conninfo(), settings={
            "CONCURRENCY_PER_SENDER": CONCURRENCY, "TEST_QUOTA": 10_000_000, "LOG_LEVEL": "info", "PAIR_LIMIT": "false",
            "WEBHOOK_RETRY_SCHEDULE_SECONDS": "0,0,1,1,1,1,1,1,2,2,2,2,2,2,2,2"})
        self.loads, self.receivers = [], []
        self.opened_by_round = []  # (attempts that were open, replicas that died) of each round
        self.deaths = Counter()
        self.away = []  # seconds without an answer of a workspace whose replica died
        self.faults = []

    def run(self):
        """All equations."""
        try:
            self.replicas.start()
            events = ["message.delivered", "message.read", "message.failed"]
            self.receivers = [self.replicas.receiver(number, events) for number in range(WORKSPACES)]
            self.replicas.sim.fault({"latency_ms": LATENCY_MS})
            self.loads = [Load(self.replicas.api_through_proxy(number), 1, self.seed + number, number)
                          for number in range(WORKSPACES)]
            for load in self.loads:
                load.start()
            unknown = 0
            for number in range(1, self.rounds + 1):
                how, died = self.round(number)
                before, unknown = unknown, self.unknown_so_far()
                self.opened_by_round.append((unknown - before, died))
                self.say(f"round {number:3}: {how:<32} {sum(load.count() for load in self.loads):6} acknowledged, "
                         f"{unknown - before:3} unknown since")
            self.settle()
            return self.equations()
        finally:
            for load in self.loads:
                load.give_up()
            self.replicas.close()
            self.postgres.close()

    # --- one round ---

    def round(self, number):
        """What happened, and how many replicas died of it."""
        self.wait(ROUND_SECONDS)
        if number % 4 == 0:
            return self.crash_database()
        if number % 5 == 0:
            return self.pause_one()
        victims = self.chance.sample(range(REPLICAS), 2 if self.chance.random() < 0.2 else 1)
        return self.kill(victims)

    def kill(self, victims):
        orphans = [w for w in range(WORKSPACES) if self.replicas.owner_of(w) in victims]
        for victim in victims:
            self.replicas.kill(victim)
            self.deaths["kill -9"] += 1
        self.measure(orphans, next(n for n in range(REPLICAS) if n not in victims))
        self.restart(victims)
        return f"kill -9 of {sorted(victims)}", len(victims)

    def pause_one(self):
        victim = self.chance.randrange(REPLICAS)
        orphans = [w for w in range(WORKSPACES) if self.replicas.owner_of(w) == victim]
        self.replicas.pause(victim)
        begun = time.monotonic()
        self.measure(orphans, (victim + 1) % REPLICAS)
        wait_until(lambda: self.replicas.is_taken_for_dead(victim), "the others take it for dead")
        time.sleep(max(0.0, self.chance.uniform(*PAUSE_SECONDS) - (time.monotonic() - begun)))
        self.replicas.resume(victim)
        status = self.replicas.servers[victim].wait_for_end()
        self.deaths["stopped and taken for dead"] += 1
        if status != 1:
            self.faults.append(f"a replica that was taken for dead ended with {status}")
        self.restart([victim])
        return f"SIGSTOP of {victim}", 1

    def crash_database(self):
        """Nobody dies of it, and what was under way then is neither lost nor unknown."""
        self.postgres.kill()
        self.wait(ROUND_SECONDS)
        self.postgres.start()
        for server in self.replicas.servers:
            server.must_run()
            server.wait_until_ready()
        self.deaths["of the database"] += 1
        return "kill -9 of PostgreSQL", 0

    def measure(self, orphans, other):
        """How long the workspaces of a dead replica have no answer, asked through a living one."""
        begun = time.monotonic()
        for workspace in orphans:
            load, serial = self.loads[workspace], len(self.away)
            key = f"probe-{serial}"
            body = text_to(f"+91{workspace}99{serial:07}")

            def answered():
                try:
                    return self.replicas.api_at(other, workspace).send(body, idempotency_key=key)
                except CONNECTION_FAULTS:
                    return None
            answer = wait_until(lambda: found if (found := answered()) and found.status == 202 else None, "it is taken")
            self.away.append(time.monotonic() - begun)
            load.acknowledged[key] = answer.json()["id"]

    def restart(self, victims):
        for victim in victims:
            server = self.replicas.servers[victim]
            server.settings["SENDER_MESSAGES_PER_SECOND"] = self.chance.choice(PACES)
            self.replicas.start_server(victim)

    def wait(self, seconds):
        time.sleep(self.chance.uniform(*seconds))  # the random moment itself

    def unknown_so_far(self):
        return sum(self.unknown_of(api) for api in self.replicas.apis)

    @staticmethod
    def unknown_of(api):
        def answered():
            try:
                answer = api.get("/v1/usage")
            except CONNECTION_FAULTS:
                return None
            return answer if answer.status == 200 else None
        return sum(day["unknown"] for day in wait_until(answered, "usage is told").json()["data"])

    # --- the end ---

    def settle(self):
        """Everything that can still happen happens, without a pace."""
        for load in self.loads:
            load.finish()
        self.replicas.sim.clear_faults()
        for number, server in enumerate(self.replicas.servers):
            if server.terminate() != 0:
                self.faults.append(f"SIGTERM of {number} ended in {server.process.returncode}: {server.log_text()[-2000:]}")
            server.settings["SENDER_MESSAGES_PER_SECOND"] = 0
            self.replicas.start_server(number)
        wait_until_settled(self.replicas)

    def equations(self):
        sim = self.replicas.sim
        everything = {message["id"] for api in self.replicas.apis for message in api.all_of("/v1/messages")}
        open_max = CONCURRENCY * WORKSPACES
        return [
            *summed(accounts_of(*each, sim) for each in zip(self.replicas.apis, self.loads, self.receivers)),
            nothing_unheard_of(sim, everything),
            Equation("unknown by a death <= attempts that can be open",
                     all(opened <= died * open_max for opened, died in self.opened_by_round),
                     f"{sum(opened for opened, _ in self.opened_by_round)} in all rounds"),
            Equation("a dead replica's workspaces are answered in time", all(away < self.taken_seconds for away in self.away),
                     f"{self.taken_seconds} s; at most {max(self.away, default=0):.2f} s, median {statistics.median(self.away or [0]):.2f} s "
                     f"of {len(self.away)}"),
            Equation("the servers ended by our kills only", not self.faults, f"{dict(self.deaths)} {self.faults[:2]}"),
        ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    arguments = parser.parse_args()
    print(f"{arguments.rounds} rounds, seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        test = ReplicaCrashTest(Path(folder) / "replicas", arguments.rounds, arguments.seed,
                                say=lambda line: print(line, flush=True))
        equations = test.run()
    print(*equations, sep="\n", flush=True)
    return 0 if all(equation.holds for equation in equations) else 1


if __name__ == "__main__":
    sys.exit(main())
