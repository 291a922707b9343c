#!/usr/bin/env python3
"""Measures connectd beside other programs and writes results/<date>-<name>.md and .json.

    script/bench                         all, as they are published
    script/bench --quick                 all, short: to see that they run
    script/bench sends --rounds 9        one, with its options
    script/bench --postgres              the same as: script/bench postgres
"""

import argparse
import shutil
import signal
import sys

from cases import backlog, deliveries, idle, keys, latency, neighbour, postgres, replicas, sends, sign_in, status, stored
from harness.paths import CONNECTD, SIMULATOR, WORK
from harness.processes import BenchError

CASES = [sends, keys, postgres, replicas, stored, latency, status, deliveries, neighbour, backlog, idle, sign_in]


def parse(arguments: list[str]) -> argparse.Namespace:
    arguments = [postgres.NAME if word == "--postgres" else word for word in arguments]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short runs: whether it works, not how fast")
    names = parser.add_subparsers(dest="name", metavar="NAME")
    for case in CASES:
        one = names.add_parser(case.NAME, help=case.HELP, description=case.__doc__)
        one.add_argument("--quick", action="store_true", default=argparse.SUPPRESS, help="a short run")
        case.add_options(one)
        one.set_defaults(case=case)
    return parser.parse_args(arguments)


def plans(arguments: list[str]) -> list[argparse.Namespace]:
    """What to run: the named one, or each with its defaults."""
    options = parse(arguments)
    if options.name:
        return [options]
    quick = ["--quick"] if options.quick else []
    return [parse([case.NAME, *quick]) for case in CASES]


def check_tools() -> None:
    missing = [str(path) for path in (CONNECTD, SIMULATOR) if not path.exists()]
    missing += [tool for tool in ("wrk", "nginx", "bearerbox", "smsbox") if not shutil.which(tool)]
    if missing:
        raise BenchError(f"missing: {', '.join(missing)}; script/bench builds and installs them")


def main(arguments: list[str]) -> int:
    # As an exception, so that every `with` block ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    failed = 0
    try:
        check_tools()
        for options in plans(arguments):
            print(f"== {options.name}: {options.case.HELP}", flush=True)
            try:
                options.case.run(options)
            except BenchError as error:
                print(f"error: {options.name}: {error}", file=sys.stderr, flush=True)
                failed += 1
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
