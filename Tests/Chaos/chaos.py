"""Kills keyturn at random, over and over, and checks what must always hold after each recovery.

usage: chaos.py BINARIES DIRECTORY

KEYTURN_KILLS  how many kills (1000)
KEYTURN_SEED   replays the plans of an earlier run; it is printed
KEYTURN_WORLD  only this world, with every invocation as it ends
KEYTURN_LANES  how many worlds at once (16): most of the time is spent waiting for evidence
"""

import collections
import itertools
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import killing
from life import Life


class Tally:
    """What happened in all worlds."""

    def __init__(self, kills):
        self.kills = kills
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.started = time.monotonic()
        self.shown = 0

    @property
    def is_enough(self):
        """Whether as many were killed as was asked for; then every world ends with its round."""
        return self.counts["kills"] >= self.kills

    @property
    def seconds(self):
        return round(time.monotonic() - self.started)

    def add(self, *keys, count=1):
        """Counts, and now and then says how far it is."""
        with self.lock:
            for key in keys:
                self.counts[key] += count
            kills = self.counts["kills"]
            if kills >= self.shown + max(10, self.kills // 20):
                self.shown = kills
                print(f"       {kills} of {self.kills} kills, {self.counts['recoveries']}"
                      f" recoveries, {self.seconds} s", flush=True)


def live_on(numbers, options, tally):
    """One world after the other, until as many were killed as was asked for, or one is broken."""
    while not tally.is_enough:
        broken = Life(next(numbers), options, tally).live()
        if broken:
            return broken
    return None


def main():
    traces, why_not = killing.can_trace()
    environment = os.environ
    options = SimpleNamespace(
        binaries=Path(sys.argv[1]), work=Path(sys.argv[2]), traces=traces,
        kept=Path(__file__).resolve().parents[2] / ".build",
        seed=int(environment.get("KEYTURN_SEED", time.time_ns() % 1_000_000)),
        only=environment.get("KEYTURN_WORLD"))
    lanes = int(environment.get("KEYTURN_LANES", 16))
    tally = Tally(int(environment.get("KEYTURN_KILLS", 1000)))
    print(f"       KEYTURN_SEED={options.seed}: {tally.kills} kills, {lanes} worlds at once",
          flush=True)
    if not traces:
        print(f"       {why_not}: no kills at system calls, no errors of the kernel", flush=True)
    if options.only is not None:
        found = [Life(int(options.only), options, tally).live()]
    else:
        numbers = itertools.count()
        with ThreadPoolExecutor(lanes) as pool:
            found = list(pool.map(lambda _: live_on(numbers, options, tally), range(lanes)))
    broken = [story for story in found if story]
    for key, count in sorted(tally.counts.items()):
        print(f"       {count:6} {key}")
    print("\n".join(broken), file=sys.stderr)
    print(f"{tally.counts['kills']} kills, {tally.counts['recoveries']} recoveries,"
          f" {len(broken)} worlds broken, {tally.seconds} s")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
