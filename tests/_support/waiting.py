"""Waiting for a fact, with a deadline: tests never wait for time to pass."""

import time

PAUSE_SECONDS = 0.01
# What must come is waited for so long, on a busy machine and with a sanitizer too: only a test that fails pays for it.
PATIENCE_SECONDS = 60.0


def wait_until(fact, what, seconds=PATIENCE_SECONDS):
    """Asks `fact` until its answer is true, and gives that answer. Fails with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        answer = fact()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(PAUSE_SECONDS)
