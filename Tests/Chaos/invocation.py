"""One invocation of keyturn: it is started, struck at its moment, and waited for."""

import signal
import time

import killing

# The longest that a moment is waited for: two waits of a minute may come before it.
PATIENCE = 150


def arguments(world, action, names, incident):
    """What is typed."""
    confirm = [word for name in names for word in ("--confirm", name)]
    return {
        "run": ["run"],
        "due": ["run"],
        "apply": ["policy", "apply", str(world.configuration)],
        "rotate": ["rotate", *names, "--reason", "chaos", *confirm],
        "emergency": ["rotate", *names, "--compromised", "--reason", "chaos",
                      "--ticket", incident, *confirm],
        "deliver": ["deliver", names[0]],
        "resume": ["rotation", "resume", names[0], "--reason", "chaos", *confirm],
    }[action]


class Invocation:
    """A step of a plan while it runs in its world."""

    def __init__(self, world, step, incident):
        self.world = world
        self.step = step
        self.incident = incident
        self.is_at_call = isinstance(step.moment[0], str)
        self.process = None
        # The process itself, which a tracer has for a child.
        self.pid = None
        self.log = None
        # What others could see of it, until when what it sent may be carried out, whether it slept.
        self.seen = b""
        self.late_until = 0.0
        self.has_slept = False

    def take(self):
        """From its start to its end, which is returned."""
        self.prepare()
        typed = self.typed(self.step.action)
        self.process = self.world.start(typed, self.tracer())
        companions = [] if self.step.manner == "stop" else self.companions()
        self.pid = self.target()
        self.strike()
        self.wake()
        ended = self.world.finish(self.process, typed)
        for process, words in companions:
            self.world.finish(process, words)
        return ended

    def typed(self, action):
        return arguments(self.world, action, self.step.names, self.incident)

    def prepare(self):
        """The world as the step wants to meet it."""
        step = self.step
        if step.action in ("due", "apply"):
            self.world.write_policies(due=step.names)
        if step.action == "due":
            self.world.run(*self.typed("apply"))
        if step.manner in ("request", "busy"):
            self.world.emulator.control("POST", "faults", step.moment[0])
        if step.manner == "hook":
            self.world.slow_down(1.5)
            for path in self.world.out.glob("*.running"):
                path.unlink(missing_ok=True)

    def tracer(self):
        """The program that starts it and strikes at its system calls, where one is needed."""
        if not self.is_at_call and not self.step.error:
            return ()
        self.log = self.world.directory / "strace"
        self.log.unlink(missing_ok=True)
        word = "SIGKILL" if self.step.manner == "before" else "SIGSTOP"
        moment = (*self.step.moment, word) if self.is_at_call else None
        return killing.tracer(self.log, moment, self.step.error)

    def target(self):
        """The process itself: a tracer has other children, which it tries itself with."""
        found = self.process.pid

        def has_started():
            nonlocal found
            for child in killing.children(self.process.pid):
                if killing.program(child) == self.world.keyturn:
                    found = child
            return found != self.process.pid

        if self.log is not None:
            killing.wait_until(has_started, self.process, PATIENCE)
        return found

    def companions(self):
        """Those that run beside it."""
        typed = [self.typed(action) for action in self.step.companions]
        return [(self.world.start(words), words) for words in typed]

    # The moment

    def strike(self):
        """Waits for the moment, and kills it; or stops it and lets others work meanwhile."""
        match self.step.manner:
            case "before" | "none":
                return  # a tracer does it, or nobody
            case "stop":
                return self.stop()
            case "after":
                comes = self.wait(self.is_stopped)
            case "time":
                comes = not killing.wait_until(
                    lambda: False, self.process, self.step.moment[0])
            case "hook":
                comes = self.wait(lambda: any(self.world.out.glob("*.running")))
            case "request":
                comes = self.wait(self.has_arrived)
                self.late_until = time.monotonic() + self.step.moment[1] if comes else 0.0
            case "busy":
                comes = self.wait(self.has_arrived) and self.keep_busy()
        if comes and self.process.poll() is None:
            self.seen = killing.seen(self.pid)
            killing.send(self.pid, signal.SIGKILL)

    def wait(self, condition):
        return killing.wait_until(condition, self.process, PATIENCE)

    def is_stopped(self):
        """Who is traced stops at every call: then the tracer's log says it."""
        if self.is_at_call:
            return bool(killing.stopped(self.log))
        return killing.is_stopped(self.pid)

    def has_arrived(self):
        """Whether the request has met its fault, which is used up by it."""
        time.sleep(0.01)  # the emulator has other work as well
        wanted = self.step.moment[0]
        return not any(
            fault["operation"] == wanted["operation"]
            and all(fault.get(side) == wanted.get(side) for side in ("before", "after"))
            for fault in self.world.emulator.control("GET", "faults"))

    def keep_busy(self):
        """P14: somebody keeps the database when an answer comes, for longer than it waits."""
        with self.world.keeping_database():
            killing.wait_until(lambda: False, self.process, self.step.moment[1])
        return self.step.moment[2]

    def stop(self):
        """It sleeps while others work, and wakes late."""
        if not self.is_at_call:
            killing.wait_until(lambda: False, self.process, self.step.moment[0])
            killing.send(self.pid, signal.SIGSTOP)
        if self.wait(self.is_stopped):
            self.has_slept = True
            for process, words in self.companions():
                self.world.finish(process, words)

    def wake(self):
        """Whoever was stopped goes on. A tracer counts for each thread and each child: others may
        be stopped at the same call, also a consumer that outlives its keeper."""
        if not self.is_at_call:
            killing.send(self.pid, signal.SIGCONT)
            return
        while self.process.poll() is None:
            for each in killing.stopped(self.log):
                killing.send(each, signal.SIGCONT)
            time.sleep(0.1)
