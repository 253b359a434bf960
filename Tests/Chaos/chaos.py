"""Kills keyturn at random, over and over, and checks what must always hold after each recovery.

usage: chaos.py BINARIES DIRECTORY

KEYTURN_KILLS  how many kills (1000)
KEYTURN_SEED   replays the plans of an earlier run; it is printed
KEYTURN_WORLD  only this world, with every invocation as it ends
KEYTURN_LANES  how many worlds at once: most of the time is spent waiting for evidence
"""

import collections
import itertools
import os
import random
import shutil
import signal
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import invariants
import killing
import plan
from world import World

BINARIES, WORK = Path(sys.argv[1]), Path(sys.argv[2])
KILLS = int(os.environ.get("KEYTURN_KILLS", 1000))
SEED = int(os.environ.get("KEYTURN_SEED", time.time_ns() % 1_000_000))
LANES = int(os.environ.get("KEYTURN_LANES", 16))
ONLY = os.environ.get("KEYTURN_WORLD")
# A world lives for so many kills: long enough to have a past, short enough to be replayed.
KILLS_PER_WORLD = 25
TRACES, WHY_NOT = killing.can_trace()
# Rounds after which a recovery that does not come to rest is a failure.
PATIENCE = 12


class Tally:
    """What happened in all worlds."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.started = time.monotonic()
        self.shown = 0

    @property
    def is_enough(self):
        """Whether as many were killed as was asked for; then every world ends with its round."""
        return self.counts["kills"] >= KILLS

    def add(self, *keys, count=1):
        with self.lock:
            for key in keys:
                self.counts[key] += count
            kills = self.counts["kills"]
            if kills >= self.shown + max(10, KILLS // 20):
                self.shown = kills
                print(f"       {kills} of {KILLS} kills, {self.counts['recoveries']} recoveries,"
                      f" {time.monotonic() - self.started:.0f} s", flush=True)


class Broken(Exception):
    """Something that must always hold does not."""


class Life:
    """One world from its first run to its last kill."""

    def __init__(self, number, tally):
        self.number = number
        self.tally = tally
        self.world = World(BINARIES, WORK / f"world-{number}", tells=ONLY is not None)
        self.kills = 0
        self.rounds = 0
        self.plan = None
        # What everybody could see of the processes, and until when a late commit may come.
        self.seen = b""
        self.late_until = 0.0
        self.recovered = set()

    def live(self):
        """Returns what was found broken, if anything."""
        try:
            self.world.set_up()
            while self.kills < KILLS_PER_WORLD and not (self.tally.is_enough and self.rounds):
                generator = random.Random(f"{SEED}/{self.number}/{self.rounds}")
                self.plan = plan.draw(
                    generator, can_trace=TRACES, is_first=self.rounds == 0)
                since = len(self.world.ended)
                self.carry_out()
                self.recover()
                errors = {step.error[0] for step in self.plan.steps if step.error}
                self.require(invariants.statuses(self.world, since, errors))
                self.require(invariants.at_rest(self.world))
                self.rounds += 1
                self.tally.add("recoveries")
            self.require(invariants.plaintext(self.world, self.seen))
            self.require(invariants.retirements(self.world))
            self.require(invariants.attention(self.world))
            self.count()
        except Exception as error:  # a mistake of this program is told as well
            return self.tell(error)
        finally:
            self.world.close()
        self.world.remove()
        return None

    def require(self, found):
        if found:
            raise Broken("\n".join(found))

    def tell(self, error):
        """What is needed to understand it; the world stays on the disk."""
        kept = Path(__file__).resolve().parents[2] / ".build" / f"chaos-{SEED}-{self.number}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.world.directory, kept, ignore=shutil.ignore_patterns("ballast"))
        text = str(error) if isinstance(error, Broken) else traceback.format_exc()
        steps = "\n".join(f"  {ended}" for ended in self.world.ended[-14:])
        story = (f"KEYTURN_SEED={SEED} KEYTURN_WORLD={self.number}, round {self.rounds},"
                 f" kept in {kept}:\n{text}\n  {self.plan}\n{steps}\n")
        (kept / "story").write_text(story)
        return story

    # A round

    def carry_out(self):
        emulator = self.world.emulator
        emulator.control("PATCH", "settings", self.plan.settings)
        for fault in self.plan.faults:
            emulator.control("POST", "faults", fault)
        self.world.slow_down(self.plan.slow)
        for step in self.plan.steps:
            self.take(step)

    def arguments(self, action, names):
        configuration = str(self.world.directory / "keyturn.yaml")
        confirm = [word for name in names for word in ("--confirm", name)]
        return {
            "run": ["run"], "due": ["run"], "apply": ["policy", "apply", configuration],
            "rotate": ["rotate", *names, "--reason", "chaos", *confirm],
            # Each round has an incident of its own.
            "emergency": ["rotate", *names, "--compromised", "--reason", "chaos", "--ticket",
                          f"ROUND-{self.rounds}", *confirm],
            "deliver": ["deliver", names[0]],
            "resume": ["rotation", "resume", names[0], "--reason", "chaos", *confirm],
        }[action]

    def take(self, step):
        """One invocation, killed or not."""
        world = self.world
        if step.action in ("due", "apply"):
            world.write_policies(due=step.names)
        if step.action == "due":
            world.run(*self.arguments("apply", step.names))
        if step.manner == "request":
            world.emulator.control("POST", "faults", step.moment[0])
        if step.manner == "hook":
            world.slow_down(1.5)
            for path in world.out.glob("*.running"):
                path.unlink(missing_ok=True)
        at_call = step.moment if isinstance(step.moment[0], str) else None
        log = None
        before = ()
        if at_call or step.error:
            log = world.directory / "strace"
            log.unlink(missing_ok=True)
            word = "SIGKILL" if step.manner == "before" else "SIGSTOP"
            before = killing.tracer(log, at_call and (*at_call, word), step.error)
        arguments = self.arguments(step.action, step.names)
        process = world.start(arguments, before)
        companions = [] if step.manner == "stop" else self.companions(step)
        self.strike(step, process, log)
        ended = world.finish(process, arguments)
        for other in companions:
            world.finish(*other)
        if step.error:
            self.tally.add(f"error {step.error[1]} at {step.error[0]}")
        if ended.status == -signal.SIGKILL:
            self.kills += 1
            way = step.moment[0] if at_call else step.action
            self.tally.add("kills", f"kill {step.manner} {way}")
        world.slow_down(self.plan.slow)

    def companions(self, step):
        return [(self.world.start(arguments), arguments) for arguments in
                (self.arguments(action, step.names) for action in step.companions)]

    def strike(self, step, process, log):
        """Waits for the moment, and kills; or stops it and lets others work meanwhile."""
        pid = self.target(process, log)
        traced = log if isinstance(step.moment[0], str) else None
        match step.manner:
            case "before" | "none":
                return
            case "after":
                hit = killing.wait_until(lambda: killing.is_stopped(pid, traced), process, 150)
            case "request":
                mark = next(iter((step.moment[0].get("before") or step.moment[0]["after"]).items()))
                hit = killing.wait_until(lambda: self.has_struck(step, mark), process, 150)
                if hit:
                    self.late_until = time.monotonic() + step.moment[1]
            case "hook":
                running = self.world.out.glob
                hit = killing.wait_until(lambda: any(running("*.running")), process, 150)
            case "time":
                hit = not killing.wait_until(lambda: False, process, step.moment[0])
            case "stop":
                return self.stop(step, process, pid, traced)
        if hit and process.poll() is None:
            self.seen += killing.seen(pid)
            killing.send(pid, signal.SIGKILL)
        self.wake(process, pid, traced)

    def stop(self, step, process, pid, log):
        """It sleeps while others work, and wakes late."""
        if log is None:
            killing.wait_until(lambda: False, process, step.moment[0])
            killing.send(pid, signal.SIGSTOP)
        if killing.wait_until(lambda: killing.is_stopped(pid, log), process, 150):
            self.tally.add("stops")
            for other in self.companions(step):
                self.world.finish(*other)
        self.wake(process, pid, log)

    @staticmethod
    def wake(process, pid, log):
        """Whoever was stopped goes on. A tracer counts for each thread and each child: others may
        be stopped at the same call, also a consumer that has outlived its keeper."""
        while log is not None and process.poll() is None:
            for each in killing.stopped(log):
                killing.send(each, signal.SIGCONT)
            time.sleep(0.1)
        killing.send(pid, signal.SIGCONT)

    def has_struck(self, step, mark):
        time.sleep(0.01)  # the emulator has other work as well
        return not any(
            fault["operation"] == step.moment[0]["operation"]
            and mark in ((fault.get("before") or {}) | (fault.get("after") or {})).items()
            for fault in self.world.emulator.control("GET", "faults")
            if isinstance(fault.get("before") or fault.get("after"), dict))

    def target(self, process, log):
        """The process itself, which a tracer has for a child, beside those it tries itself with."""
        if log is None:
            return process.pid
        found = process.pid

        def has_started():
            nonlocal found
            for child in killing.children(process.pid):
                if killing.program(child) == self.world.keyturn:
                    found = child
            return found != process.pid

        killing.wait_until(has_started, process, 60)
        return found

    # Its recovery

    def recover(self):
        """Runs until nothing is under way, as a timer and, at last, a person would."""
        world = self.world
        if self.plan.keeps_faults:
            world.run("run")
            self.take_in_armour()
            self.require(invariants.explained(world))
        world.emulator.mend()
        world.slow_down(0)
        time.sleep(max(0, self.late_until - time.monotonic()))
        for _ in range(PATIENCE):
            self.take_in_armour()
            ended = world.run("run")
            self.require(invariants.explained(world))
            now = time.time() * 1000
            waits = [next_try for _, step, cause, next_try in self.open()
                     if step == "retire" and cause is None and (next_try or 0) < now + 10_000]
            stuck = [name for name, step, cause, next_try in self.open()
                     if step != "retire" or cause is not None or (next_try or 0) >= now + 10_000]
            owing = {name for name, in world.query(
                "SELECT DISTINCT s.name FROM delivery d JOIN secret s ON s.id = d.secret_id "
                "WHERE d.state IN ('owed', 'intended')")} - set(stuck)
            if not (waits or stuck or owing) and (ended.status, ended.output) == (0, ""):
                return
            for name in stuck:
                self.tally.add("taken up by hand")
                world.run(*self.arguments("resume" if self.plan.resumes else "rotate", (name,)))
            for name in owing:
                world.run("deliver", name)
            if waits and not stuck:
                time.sleep(max(0.0, (max(waits) - now) / 1000))
        raise Broken(f"6: it does not come to rest: {self.open()}")

    def open(self):
        return self.world.query(
            "SELECT s.name, r.step, r.cause, r.next_try_at_ms FROM rotation r "
            "JOIN secret s ON s.id = r.secret_id WHERE r.state IN ('open', 'parked')")

    def take_in_armour(self):
        """1: what neither the database nor the spool could take was printed sealed."""
        for number, ended in enumerate(self.world.ended):
            whole = "-----END KEYTURN SEALED ANSWER-----" in ended.conversation
            if whole and number not in self.recovered:
                self.recovered.add(number)
                self.tally.add("armour")
                self.world.must("recover", stdin=ended.conversation)

    def count(self):
        """What the world's trail says of its life."""
        world = self.world
        for what, kind in (("lost versions", "version.lost"), ("parked", "rotation.parked"),
                           ("rotations", "rotation.started"), ("entries", "%")):
            rows = world.query("SELECT count(*) FROM audit_entry WHERE type LIKE ?", kind)
            self.tally.add(what, count=rows[0][0])
        minted = world.query(
            "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM effect "
            "WHERE step = 'issue' GROUP BY rotation_id)")
        self.tally.add("further mints", count=minted[0][0])
        for cause, number in world.query(
                "SELECT json_extract(leaf, '$.cause'), count(*) FROM audit_entry "
                "WHERE type = 'rotation.parked' GROUP BY 1"):
            self.tally.add(f"parked {cause}", count=number)


def live_on(numbers, tally):
    """One world after the other, until as many were killed as was asked for."""
    told = []
    while not told and not tally.is_enough:
        told.append(Life(next(numbers), tally).live())
        told = [text for text in told if text]
    return told


def main():
    print(f"       KEYTURN_SEED={SEED}: {KILLS} kills in worlds of {KILLS_PER_WORLD},"
          f" {LANES} at once", flush=True)
    if not TRACES:
        print(f"       {WHY_NOT}: no kills at system calls, and no errors of the kernel", flush=True)
    tally = Tally()
    if ONLY:
        failures = [Life(int(ONLY), tally).live()]
    else:
        numbers = itertools.count()
        with ThreadPoolExecutor(LANES) as lanes:
            kept = [lanes.submit(live_on, numbers, tally) for _ in range(LANES)]
        failures = [text for lane in kept for text in lane.result()]
    failures = [text for text in failures if text]
    for key, count in sorted(tally.counts.items()):
        print(f"       {count:6} {key}")
    for text in failures:
        print(text, file=sys.stderr)
    print(f"{tally.counts['kills']} kills, {tally.counts['recoveries']} recoveries,"
          f" {len(failures)} worlds broken, {time.monotonic() - tally.started:.0f} s")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
