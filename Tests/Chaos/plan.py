"""What goes wrong in a round: drawn from a generator alone, so that a seed replays it."""

from dataclasses import dataclass, field

import world

# How often one thread makes a system call while it rotates one secret: kills are spread over that.
CALLS = {
    "pwrite64": 420, "fdatasync": 42, "unlink": 9, "futex": 120, "pread64": 60, "fcntl": 200,
    "openat": 60, "openat2": 8, "sendto": 12, "recvfrom": 16, "poll": 24, "connect": 2,
    "socket": 2, "write": 3, "ftruncate": 2, "fsync": 2, "renameat": 1, "unlinkat": 2,
    "fchown": 4, "fchmod": 1, "flock": 3, "clone3": 2, "memfd_create": 1, "read": 30,
    "newfstatat": 150, "getdents64": 2,
}
# Those between which something becomes durable, or leaves the machine.
DECISIVE = ("pwrite64", "fdatasync", "unlink", "sendto", "recvfrom", "write", "fsync", "renameat",
            "openat", "openat2", "ftruncate", "unlinkat", "connect", "clone3")
# What the disk and the network may answer. With a plus it goes on like that.
ERRORS = (
    ("pwrite64", "ENOSPC", "+"), ("pwrite64", "EIO", ""), ("pwrite64", "EIO", "+"),
    ("fdatasync", "EIO", ""), ("fdatasync", "ENOSPC", ""), ("fsync", "EIO", ""),
    ("write", "ENOSPC", ""), ("openat", "ENOSPC", "+"), ("openat2", "EIO", ""),
    ("unlink", "EIO", ""), ("renameat", "ENOSPC", ""), ("pread64", "EIO", ""),
    ("ftruncate", "EIO", ""), ("recvfrom", "ECONNRESET", ""), ("sendto", "EPIPE", ""),
    ("connect", "ECONNREFUSED", ""),
)
# Requests that a kill waits for, the decisive ones more often.
REQUESTS = ("rotate_secret", "rotate_secret", "create_api_key", "create_api_key",
            "create_service_account", "delete_api_key", "delete_api_key", "delete_service_account",
            "token", "list_indexes", "fetch_api_key", "fetch_service_account", "list_api_keys",
            "list_service_accounts", "list_role_bindings")
# Those that are answered with a secret that is shown once.
MINTINGS = ("rotate_secret", "create_api_key", "create_service_account")


@dataclass
class Step:
    """One invocation, and how it comes to its end."""

    action: str
    names: tuple
    # time, before (a system call), after (one), request, busy, hook, stop, or none.
    manner: str
    # For time: seconds. For a system call: the call and its number. For a request: the fault, and
    # how late it may be carried out. For busy: the fault, how long, and whether it is then killed.
    moment: tuple
    # An error that the kernel answers: call, error, number.
    error: tuple | None
    # Invocations that run beside it.
    companions: tuple


@dataclass
class Round:
    """Faults, and the invocations that meet them one after the other."""

    settings: dict
    faults: list
    slow: float
    steps: list = field(default_factory=list)
    # Whether the faults are still there when it recovers, and what a person then does about what
    # is stuck: rotate, or resume.
    keeps_faults: bool = False
    resumes: bool = False


def draw(random, *, can_trace, is_first):
    """The next round."""
    plan = Round(
        settings=draw_settings(random), faults=draw_faults(random),
        slow=random.choice((0, 0, 0, 0.2, 1.0)), keeps_faults=random.random() < 0.3,
        resumes=random.random() < 0.5)
    for number in range(random.choice((1, 1, 2, 2, 3))):
        plan.steps.append(draw_step(random, can_trace, number > 0, is_first and number == 0))
    return plan


def draw_settings(random):
    """How this Pinecone behaves for a while: slow, late, or in another tone."""
    settings = {"latency_ms": random.choice((0, 0, 10, 40))}
    for name, values in (
        ("old_secret_life_ms", (0, 800, 2500)), ("new_secret_delay_ms", (0, 800, 2500)),
        ("new_key_delay_ms", (0, 800)), ("deleted_key_life_ms", (0, 1500)),
        ("deleted_visible_ms", (0, 1500)), ("api_key_create_status", (200, 201)),
        ("absent_api_key_delete_status", (404, 500)), ("wrong_secret_status", (401, 403)),
        ("wrong_secret_body", ("json", "text", "empty")), ("last_page", ("null", "absent")),
        ("unauthenticated_body", ("json", "text")),
    ):
        if random.random() < 0.25:
            settings[name] = random.choice(values)
    return settings


def draw_faults(random):
    """What befalls the requests of the round: none of it without end."""
    faults = []
    for _ in range(random.choice((0, 0, 1, 1, 2, 4))):
        operation = random.choice((*REQUESTS, None))
        # Whether a rotation that failed was carried out takes a minute to find out.
        if operation == "rotate_secret" and random.random() < 0.6:
            operation = "token"
        fault = {"operation": operation, "times": random.choice((1, 1, 2)),
                 "skip": random.choice((0, 0, 1, 3))}
        if random.random() < 0.5:
            fault["before"] = random.choice((
                "close", {"status": 500}, {"status": 503}, {"status": 401},
                {"status": 429, "retry_after_seconds": 1}, {"status": 429},
                {"delay_ms": random.choice((200, 900))}))
        else:
            fault["after"] = random.choice((
                "close_before_headers", "close_in_body", "truncated_body", "empty_body",
                {"status": 500}, {"status": 502}, {"status": 504},
                {"delay_ms": random.choice((200, 900))}))
        faults.append(fault)
    if random.random() < 0.03:  # a minute's wait, or two
        faults.append({"operation": random.choice(REQUESTS),
                       random.choice(("before", "after")): "hang"})
    return faults


def draw_step(random, can_trace, follows, is_first):
    """One invocation. What follows a kill is, most often, the run that recovers."""
    if is_first:
        action = "run"
    elif follows:
        action = random.choice(("run", "run", "run", "run", "rotate", "emergency", "deliver"))
    else:
        action = random.choice(
            ("due", "due", "rotate", "rotate", "rotate", "emergency", "emergency", "deliver",
             "apply"))
    most = {"emergency": 3, "deliver": 1}.get(action, len(world.POLICIES))
    # Admins go first, and hold the others up: they are seldom among them.
    drawable = world.POLICIES if random.random() < 0.3 else [
        name for name in world.POLICIES if name not in world.ADMINS]
    names = tuple(sorted(random.sample(drawable, random.randint(1, min(most, len(drawable))))))
    size = len(world.POLICIES) if action == "run" else len(names)
    manner = draw_manner(random, can_trace)
    error = None
    if can_trace and manner in ("time", "none") and random.random() < 0.6:
        call, word, plus = random.choice(ERRORS)
        error = (call, word, f"{number(random, call, size)}{plus}")
    companions = ()
    if manner == "stop" or random.random() < 0.12:
        companions = tuple(
            random.choice(("run", "rotate", "deliver")) for _ in range(random.randint(1, 3)))
    moment = draw_moment(random, can_trace, manner, size)
    return Step(action, names, manner, moment, error, companions)


def draw_manner(random, can_trace):
    """How it is killed; now and then it is not."""
    if can_trace:
        manners = {"before": 34, "after": 16, "time": 20, "request": 14, "busy": 4, "hook": 8,
                   "stop": 4, "none": 4}
    else:
        manners = {"time": 50, "request": 30, "busy": 5, "hook": 12, "stop": 5, "none": 3}
    return random.choices(list(manners), list(manners.values()))[0]


def draw_moment(random, can_trace, manner, size):
    """When it is killed, in the manner's own measure."""
    if manner in ("before", "after") or manner == "stop" and can_trace and random.random() < 0.5:
        call = random.choice(DECISIVE if random.random() < 0.75 else tuple(CALLS))
        return (call, number(random, call, size))
    if manner == "request":
        # Carried out after the killer has struck, some of it long after; or before.
        late = random.choices((300, 1500, 5000, 20000), (40, 40, 15, 5))[0]
        effect = ({"before": {"delay_ms": late}} if random.random() < 0.5
                  else {"after": {"delay_ms": 1500}})
        fault = {"operation": random.choice(REQUESTS), "skip": random.choice((0, 0, 0, 1, 2))}
        return ({**fault, **effect}, late / 1000 if "before" in effect else 0)
    if manner == "busy":
        fault = {"operation": random.choice(MINTINGS), "after": {"delay_ms": 700}}
        return (fault, round(random.uniform(0.5, 5), 2), random.random() < 0.7)
    return (round(random.uniform(0, 0.15 + 0.12 * size), 3),)


def number(random, call, size):
    """Which of a thread's calls, when `size` secrets are rotated."""
    return 1 + int(random.random() * CALLS[call] * min(size, 4))
