"""Many processes at once: none rotates twice, and nobody is held up by one that sleeps or died.

usage: together.py BINARIES DIRECTORY
"""

import signal
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import invariants
import killing
from world import World, identifier

BINARIES, WORK = Path(sys.argv[1]), Path(sys.argv[2])
# What an emergency may wait: for the lock, for what its holder has sent, and for this machine.
EMERGENCY = 30 + 30 + 30


class Together(unittest.TestCase):
    def world(self, name, accounts):
        world = World(BINARIES, WORK / name, accounts)
        self.addCleanup(world.remove)
        self.addCleanup(world.close)
        world.set_up()
        return world

    def assert_at_rest(self, world):
        ended = world.run("run")
        self.assertEqual((ended.status, ended.output), (0, ""), str(ended))
        self.assertEqual(invariants.at_rest(world), [])
        self.assertEqual(invariants.plaintext(world, b""), [])

    def rotations(self, world):
        return world.emulator.control("GET", "state")["rotations"]

    def held(self, world, arguments, moment):
        """A process that is stopped once a request has come, or at a system call."""
        if isinstance(moment, dict):
            world.emulator.control("POST", "faults", moment)
            process = world.start(arguments)
            waits = killing.wait_until(
                lambda: not world.emulator.control("GET", "faults"), process, 60)
            process.send_signal(signal.SIGSTOP)
            self.assertTrue(waits and process.poll() is None)
            return process, process.pid, None
        log = world.directory / "strace"
        process = world.start(arguments, killing.tracer(log, (*moment, "SIGSTOP"), None))
        self.assertTrue(killing.wait_until(lambda: killing.stopped(log), process, 60))
        return process, killing.stopped(log)[0], log

    def test_sixteen_runs_at_once_rotate_each_secret_once(self):
        world = self.world("sixteen", 20)
        world.emulator.control("PATCH", "settings", {"latency_ms": 20})
        with ThreadPoolExecutor(16) as threads:
            ended = list(threads.map(lambda _: world.run("run"), range(16)))
        self.assertEqual({each.status for each in ended}, {0}, [str(each) for each in ended])
        self.assertEqual(
            self.rotations(world), {identifier(name): 1 for name in world.accounts})
        self.assertEqual(len(list(world.delivered())), 40)
        self.assert_at_rest(world)

    def test_a_run_that_sleeps_holds_up_no_other_and_harms_nothing_when_it_wakes(self):
        world = self.world("sleeper", 3)
        process, pid, _ = self.held(
            world, ["run", "--jobs", "1"],
            {"operation": "rotate_secret", "after": {"delay_ms": 500}})
        other = world.run("run")
        self.assertEqual(other.status, 0, str(other))
        self.assertEqual(sum(self.rotations(world).values()), 3)
        # Its answer came while it slept.
        killing.send(pid, signal.SIGCONT)
        ended = world.finish(process, ["run"])
        self.assertEqual(ended.status, 0, str(ended))
        self.assertEqual(sum(self.rotations(world).values()), 3)
        self.assert_at_rest(world)

    def test_an_emergency_ends_the_holder_that_sleeps(self):
        world = self.world("stalled", 1)
        process, _, _ = self.held(
            world, ["run"], {"operation": "rotate_secret", "before": {"delay_ms": 3000}})
        started = time.monotonic()
        ended = world.run("rotate", "a0", "--compromised", "--reason", "leaked", "--confirm", "a0")
        self.assertEqual(ended.status, 0, str(ended))
        self.assertLess(time.monotonic() - started, EMERGENCY)
        self.assertEqual(world.finish(process, ["run"]).status, -signal.SIGKILL)
        self.assert_at_rest(world)

    @unittest.skipUnless(killing.can_trace()[0], killing.can_trace()[1])
    def test_an_emergency_is_not_held_up_by_a_sleeper_in_the_middle_of_a_write(self):
        world = self.world("writer", 2)
        self.assertEqual(world.run("run", "a0").status, 0)
        # Stopped with the database locked, and with the lock of another secret.
        process, _, log = self.held(world, ["run", "a1"], ("fdatasync", 3))
        started = time.monotonic()
        ended = world.run("rotate", "a0", "--compromised", "--reason", "leaked", "--confirm", "a0")
        self.assertEqual(ended.status, 0, str(ended))
        self.assertLess(time.monotonic() - started, EMERGENCY)
        for each in killing.stopped(log):
            killing.send(each, signal.SIGCONT)
        world.finish(process, ["run"])
        self.assertEqual(world.run("run").status, 0)
        self.assert_at_rest(world)

    def test_an_emergency_over_five_hundred_killed_and_resumed_rotates_each_once(self):
        world = self.world("many", 500)
        jobs, kills = 8, 3
        command = [
            "rotate", "--all", "--compromised", "--reason", "laptop stolen", "--confirm", "500",
            "--jobs", str(jobs)]
        for part in range(kills):
            before = sum(self.rotations(world).values())
            process = world.start(command)
            self.assertTrue(killing.wait_until(
                lambda: sum(self.rotations(world).values()) >= before + 100, process, 120))
            killing.send(process.pid, signal.SIGKILL)
            world.finish(process, command)
        ended = world.run(*command)
        self.assertEqual(ended.status, 0, str(ended)[-2000:])
        self.assertIn("0 old credentials still alive", ended.output)
        counts = self.rotations(world)
        self.assertEqual(set(counts), {identifier(name) for name in world.accounts})
        # What a kill caught between the call and its record is minted once more, and nothing else.
        again = [count for count in counts.values() if count > 1]
        self.assertLessEqual(len(again), kills * jobs)
        self.assertLessEqual(max(again, default=2), 2)
        self.assert_at_rest(world)

    def test_a_dead_holder_blocks_nobody(self):
        world = self.world("dead", 2)
        process, pid, _ = self.held(
            world, ["run", "a0"], {"operation": "rotate_secret", "after": {"delay_ms": 3000}})
        killing.send(pid, signal.SIGKILL)
        world.finish(process, ["run"])
        started = time.monotonic()
        ended = world.run("run")
        self.assertEqual(ended.status, 0, str(ended))
        self.assertLess(time.monotonic() - started, 30)
        self.assert_at_rest(world)


class Quiet(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def stopTest(self, test):
        name = test.id().rpartition(".")[2].removeprefix("test_").replace("_", " ")
        print(f"       {name}: {time.monotonic() - self.began:.0f} s", flush=True)
        super().stopTest(test)


def main():
    # They mostly wait, so all at once; each has a world of its own.
    tests = list(unittest.defaultTestLoader.loadTestsFromTestCase(Together))
    results = [Quiet() for _ in tests]
    with ThreadPoolExecutor(len(tests)) as threads:
        list(threads.map(lambda test, result: test.run(result), tests, results))
    failures = [trace for result in results for _, trace in result.failures + result.errors]
    for trace in failures:
        print(trace, file=sys.stderr)
    print(f"{len(tests)} cases of many at once, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
