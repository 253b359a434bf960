"""The life of one world: rounds of faults and kills, each with its recovery and what must hold."""

import random
import shutil
import signal
import time
import traceback

import invariants
import plan
from invocation import Invocation, arguments
from world import World

# A world lives for so many kills: long enough to have a past, short enough to be replayed.
KILLS = 25
# Runs after which a recovery that has not come to rest is a failure.
PATIENCE = 12


class Broken(Exception):
    """Something that must always hold does not."""


class Life:
    """One world from its first run to its last kill."""

    def __init__(self, number, options, tally):
        self.number = number
        self.options = options
        self.tally = tally
        self.world = World(
            options.binaries, options.work / f"world-{number}", tells=options.only is not None)
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
            while self.kills < KILLS and not (self.tally.is_enough and self.rounds):
                self.go_round()
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

    def go_round(self):
        """Faults and kills, a recovery, and a look at everything."""
        self.plan = plan.draw(
            random.Random(f"{self.options.seed}/{self.number}/{self.rounds}"),
            can_trace=self.options.traces, is_first=self.rounds == 0)
        since = len(self.world.ended)
        self.carry_out()
        self.recover()
        errors = {step.error[0] for step in self.plan.steps if step.error}
        self.require(invariants.statuses(self.world, since, errors))
        self.require(invariants.at_rest(self.world))
        self.rounds += 1
        self.tally.add("recoveries")

    def require(self, found):
        if found:
            raise Broken("\n".join(found))

    def tell(self, error):
        """What is needed to understand it; the world stays on the disk."""
        kept = self.options.kept / f"chaos-{self.options.seed}-{self.number}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.world.directory, kept, ignore=shutil.ignore_patterns("ballast"))
        text = str(error) if isinstance(error, Broken) else traceback.format_exc()
        ended = "\n".join(f"  {ended}" for ended in self.world.ended[-14:])
        story = (f"KEYTURN_SEED={self.options.seed} KEYTURN_WORLD={self.number},"
                 f" round {self.rounds}, kept in {kept}:\n{text}\n  {self.plan}\n{ended}\n")
        (kept / "story").write_text(story)
        return story

    # A round

    def carry_out(self):
        """The plan, as far as kills are concerned."""
        emulator = self.world.emulator
        emulator.control("PATCH", "settings", self.plan.settings)
        for fault in self.plan.faults:
            emulator.control("POST", "faults", fault)
        for step in self.plan.steps:
            self.world.slow_down(self.plan.slow)
            # Each round has an incident of its own.
            invocation = Invocation(self.world, step, f"ROUND-{self.rounds}")
            ended = invocation.take()
            self.seen += invocation.seen
            self.late_until = max(self.late_until, invocation.late_until)
            self.tell_apart(step, invocation, ended)

    def tell_apart(self, step, invocation, ended):
        """Counts what came of a step."""
        if step.error:
            self.tally.add(f"error {step.error[1]} at {step.error[0]}")
        if invocation.has_slept:
            self.tally.add("stops")
        if any((self.world.state / "spool").iterdir()):
            self.tally.add("left in the spool")
        if ended.status == -signal.SIGKILL:
            self.kills += 1
            way = step.moment[0] if invocation.is_at_call else step.action
            self.tally.add("kills", f"kill {step.manner} {way}")

    # Its recovery

    def recover(self):
        """Runs until nothing is under way, as a timer does and, at last, a person."""
        world = self.world
        if self.plan.keeps_faults:
            self.run()
        world.emulator.mend()
        world.slow_down(0)
        time.sleep(max(0, self.late_until - time.monotonic()))
        for _ in range(PATIENCE):
            ended = self.run()
            now = time.time() * 1000
            waits, stuck = [], []
            for name, step, cause, next_try in self.open():
                is_soon = step == "retire" and cause is None and (next_try or 0) < now + 10_000
                (waits if is_soon else stuck).append((name, next_try or 0))
            owing = self.owing() - {name for name, _ in stuck}
            if not (waits or stuck or owing) and (ended.status, ended.output) == (0, ""):
                return
            for name, _ in stuck:
                self.tally.add("taken up by hand")
                action = "resume" if self.plan.resumes else "rotate"
                world.run(*arguments(world, action, (name,), ""))
            for name in owing:
                world.run("deliver", name)
            if waits and not stuck:
                time.sleep(max(0.0, (max(date for _, date in waits) - now) / 1000))
        raise Broken(f"6: it does not come to rest: {self.open()}")

    def run(self):
        """A run that nobody kills, as far as it comes."""
        self.take_in_armour()
        ended = self.world.run("run")
        self.take_in_armour()
        self.require(invariants.explained(self.world))
        return ended

    def open(self):
        return self.world.query(
            "SELECT s.name, r.step, r.cause, r.next_try_at_ms FROM rotation r "
            "JOIN secret s ON s.id = r.secret_id WHERE r.state IN ('open', 'parked')")

    def owing(self):
        return {name for name, in self.world.query(
            "SELECT DISTINCT s.name FROM delivery d JOIN secret s ON s.id = d.secret_id "
            "WHERE d.state IN ('owed', 'intended')")}

    def take_in_armour(self):
        """1: what neither the database nor the spool could take was printed sealed."""
        for number, ended in enumerate(self.world.ended):
            whole = "-----END KEYTURN SEALED ANSWER-----" in ended.conversation
            if whole and number not in self.recovered:
                self.recovered.add(number)
                self.tally.add("taken in by hand")
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
