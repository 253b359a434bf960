"""Ways to end a process at a chosen moment, and to see what others could see of it."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path


def can_trace():
    """Whether strace is here and may do its work; else why not."""
    if shutil.which("strace") is None:
        return False, "strace is absent"
    probe = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=getcwd",
         "-e", "inject=getcwd:signal=SIGKILL:when=1", "/bin/pwd"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if probe.returncode != -signal.SIGKILL:
        return False, "ptrace is forbidden, or strace cannot inject"
    return True, ""


def tracer(log, moment, error):
    """The command that runs another and strikes at its system calls."""
    calls, injections = [], []
    if moment:
        call, number, word = moment
        calls.append(call)
        injections += ["-e", f"inject={call}:signal={word}:when={number}"]
    if error:
        call, word, number = error
        calls.append(call)
        injections += ["-e", f"inject={call}:error={word}:when={number}"]
    return ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={','.join(calls)}", *injections,
            "--"]


def seen(pid):
    """What everybody on the host may see of a process and its children."""
    found = b""
    for each in (pid, *children(pid)):
        for name in ("cmdline", "environ"):
            try:
                found += Path(f"/proc/{each}/{name}").read_bytes()
            except OSError:
                pass  # it has ended
    return found


def children(pid):
    """Its children, and theirs."""
    try:
        own = [int(child) for task in Path(f"/proc/{pid}/task").iterdir()
               for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return own + [each for child in own for each in children(child)]


def program(pid):
    """What it runs."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    except OSError:
        return None  # it has ended


def send(pid, number):
    """Signals a process that may have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_until(condition, process, limit):
    """Whether it became true while the process ran."""
    end = time.monotonic() + limit
    while time.monotonic() < end and process.poll() is None:
        if condition():
            return True
        time.sleep(0.005)
    return False


def stopped(log):
    """Those whom the tracer has seen stopped by its signal."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return [int(line.split()[0]) for line in text.splitlines() if "stopped by SIGSTOP" in line]


def is_stopped(pid):
    """Whether a signal has stopped it; not for whoever is traced, and stops at every call."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False  # it has ended
