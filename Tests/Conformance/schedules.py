"""Compares the plan with what croniter and zoneinfo make of the same schedules, and drives the binary
over the changes of clocks.

usage: schedules.py URL SEED_FILE KEYTURN_BINARY DIRECTORY

Without the command `faketime` every forecast begins now, and no clock is driven anywhere.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter

import case
from emulator import OneLine

URL, KEYTURN, WORK = sys.argv[1], sys.argv[3], Path(sys.argv[4])
SEED = int(os.environ.get("KEYTURN_SEED", time.time_ns() % 1_000_000))
COUNT = int(os.environ.get("KEYTURN_SCHEDULES", 10_000))
BATCHES = 20
FAKETIME = shutil.which("faketime")
UTC = timezone.utc
MINUTE = timedelta(minutes=1)
# Names that are a rule of their own, and no zone of anybody.
ZONES = sorted(
    name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix", "right"))
)


# The rules as README and the sources have them, written again from the words.


def offset_change(before, after):
    """The instant between two at which the offset of their zone changes."""
    zone = before.tzinfo
    low, high = before.astimezone(UTC), after.astimezone(UTC)
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle <= low:
            break
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


def instants(local, zone):
    """When a clock shows this time: the first and the last; in a gap, twice the jump."""
    first = local.replace(tzinfo=zone, fold=0)
    last = local.replace(tzinfo=zone, fold=1)
    shown = [each for each in (first, last)
             if each.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local]
    if not shown:
        jump = offset_change(
            (local - timedelta(hours=26)).replace(tzinfo=zone),
            (local + timedelta(hours=26)).replace(tzinfo=zone))
        return jump, jump
    moments = sorted(each.astimezone(UTC) for each in shown)
    return moments[0], moments[-1]


def cron_times(expression, zone, after):
    """Each time once: what is jumped over at the jump, what is shown twice the first time."""
    local = after.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    iterator = croniter(expression, local, implement_cron_bug=True)
    newest = after
    while True:
        moment = instants(iterator.get_next(datetime), zone)[0]
        if moment > newest:
            newest = moment
            yield moment


class Window:
    def __init__(self, days, start, end, zone):
        self.days, self.start, self.end, self.zone = days, start, end, zone

    def spans(self, instant):
        """The windows that end after an instant, in order."""
        date = instant.astimezone(self.zone).date() - timedelta(days=2)
        while True:
            if date.weekday() in self.days:
                end_date = date + timedelta(days=1) if self.end <= self.start else date
                opens = instants(datetime.combine(date, datetime.min.time()) + self.start, self.zone)[0]
                closes = instants(datetime.combine(end_date, datetime.min.time()) + self.end, self.zone)[1]
                if opens < closes and closes > instant:
                    yield opens, closes
            date += timedelta(days=1)

    def first(self, instant):
        opens, _ = next(self.spans(instant))
        return max(opens, instant)


def interval_times(every, window, after):
    last = after
    while True:
        last = window.first(last + every)
        yield last


def clock(delta):
    minutes = int(delta.total_seconds()) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def random_field(generator, low, high):
    def number():
        return generator.randint(low, high)

    shape = generator.random()
    if shape < 0.45:
        return str(number())
    if shape < 0.6:
        first, last = sorted((number(), number()))
        return f"{first}-{last}" if first < last else str(first)
    if shape < 0.75:
        return ",".join(str(each) for each in sorted({number(), number(), number()}))
    if shape < 0.85:
        return f"*/{generator.randint(2, max(2, (high - low) // 2))}"
    return "*"


def random_cron(generator):
    """Most often some hours of the night, in which clocks are changed."""
    fields = [
        generator.choice(["0", "30", "15,45", str(generator.randint(0, 59))]),
        "*" if generator.random() < 0.05 else random_field(generator, 0, 6)
        if generator.random() < 0.5 else str(generator.randint(0, 23)),
        random_field(generator, 1, 28) if generator.random() < 0.3 else "*",
        random_field(generator, 1, 12) if generator.random() < 0.1 else "*",
        random_field(generator, 0, 6) if generator.random() < 0.4 else "*",
    ]
    if generator.random() < 0.2 and fields[4].isdigit():
        fields[4] = DAYS[(int(fields[4]) - 1) % 7].lower()
    return " ".join(fields)


def moment_of(item):
    return datetime.fromisoformat(item["at"].replace("Z", "+00:00"))


class Schedules:
    """Policies over credentials that nobody asks for: a plan is made offline."""

    def __init__(self, name, start):
        self.start = start
        self.directory = WORK / name
        self.directory.mkdir(mode=0o700)
        self.expected = {}
        self.lines = []

    def run(self, *arguments, at=None):
        command = [KEYTURN, *arguments, "--state", str(self.directory / "state")]
        moment = at or self.start
        if FAKETIME:
            text = moment.strftime("@%Y-%m-%d %H:%M:%S")
            command = [FAKETIME, "-f", text, *command]
        environment = {**os.environ, "TZ": "UTC"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900, check=False)
        assert done.returncode == 0, (arguments, done.returncode, done.stderr[-800:])
        return done.stdout

    def add(self, words, times):
        name = f"p{len(self.lines)}"
        self.lines.append(
            f"  - {{ name: {name}, service-account: {{ connection: pinecone, id: {uuid.uuid4()} }}, "
            f"first: after-interval, {words} }}\n")
        self.expected[name] = (words, times)

    def compare(self, test, days):
        file = self.directory / "keyturn.yaml"
        file.write_text(
            "version: 1\nconnections: { pinecone: { admins: [ops] } }\npolicies:\n" + "".join(self.lines))
        file.chmod(0o600)
        self.run("init")
        self.run("policy", "apply", str(file))
        plan = self.run("plan", "--until", f"{days}d", "--json")
        found = {}
        for line in plan.splitlines():
            item = json.loads(line)
            if item["what"] == "rotate":
                found.setdefault(item["name"], []).append(moment_of(item))
        compared = 0
        for name, (words, times) in self.expected.items():
            told = found.get(name, [])
            # The policy was registered some seconds after the start, and its horizon ends as late.
            for moment in told[:-1] if told else []:
                wanted = next(times)
                while wanted <= self.start + MINUTE and wanted != moment:
                    wanted = next(times)
                slack = timedelta(0) if "cron" in words else MINUTE
                test.assertLessEqual(abs(moment - wanted), slack, f"{words}: {moment}, not {wanted}; seed {SEED}")
                compared += 1
            if not told:
                wanted = next(times)
                test.assertGreater(wanted, self.start + timedelta(days=days) - MINUTE, f"{words}; seed {SEED}")
        return compared


class Forecasts(unittest.TestCase):
    def test_ten_thousand_schedules_are_planned_as_croniter_and_zoneinfo_have_them(self):
        with ThreadPoolExecutor(2) as threads:
            compared = sum(threads.map(self.batch, range(BATCHES)))
        print(f"  {COUNT} schedules, {compared} times compared, seed {SEED}")
        self.assertGreater(compared, COUNT)

    def batch(self, number):
        generator = random.Random(SEED * 100 + number)
        start = self.start(generator)
        schedules = Schedules(f"schedules-{number}", start)
        for _ in range(COUNT // BATCHES):
            zone = self.zone(generator, start)
            if generator.random() < 0.6:
                cron = random_cron(generator)
                words = (f'cron: "{cron}", window: {{ days: daily, from: "00:00", to: "24:00", '
                         f"zone: {zone.key} }}")
                schedules.add(words, cron_times(cron, zone, start))
            else:
                words, times = self.interval(generator, zone, start)
                schedules.add(words, times)
        return schedules.compare(self, 5)

    def interval(self, generator, zone, start):
        days = sorted(generator.sample(range(7), generator.randint(1, 7)))
        begin = timedelta(minutes=generator.choice([15, 30, 60]) * generator.randint(0, 23))
        # Around the hours at which clocks are changed, more often than not.
        if generator.random() < 0.6:
            begin = timedelta(minutes=generator.randint(0, 4 * 60))
        end = timedelta(minutes=generator.randint(1, 24 * 60 - 1))
        if end == begin:
            end += MINUTE
        length = (end - begin) % timedelta(days=1)
        closed = min((later - day) % 7 or 7 for day, later in zip(days, days[1:] + days[:1]))
        shortest = timedelta(days=closed) - length
        every = timedelta(minutes=generator.randint(60, 3 * 24 * 60))
        if length < every < shortest:
            # An interval that can never be kept is refused.
            every = shortest
        window = Window(days, begin, end, zone)
        words = (f"every: {int(every.total_seconds()) // 60}m, window: {{ days: \""
                 f"{','.join(DAYS[day] for day in days)}\", from: \"{clock(begin)}\", "
                 f"to: \"{clock(end)}\", zone: {zone.key} }}")
        return words, interval_times(every, window, start)

    def start(self, generator):
        """Two days before the clocks of some zone are changed, or the year ends."""
        if not FAKETIME:
            return datetime.now(UTC).replace(microsecond=0)
        year = generator.randint(2027, 2036)
        if generator.random() < 0.1:
            return datetime(year, 12, 29, generator.randint(0, 23), generator.randint(0, 59), tzinfo=UTC)
        while True:
            zone = ZoneInfo(generator.choice(ZONES))
            day = datetime(year, generator.randint(1, 12), 1, tzinfo=UTC)
            later = day + timedelta(days=31)
            if day.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
                change = offset_change(day.astimezone(zone), later.astimezone(zone))
                return (change - timedelta(days=2, minutes=generator.randint(0, 1440))).replace(second=0)

    def zone(self, generator, start):
        """One whose clocks are changed in these days, where one is found soon."""
        for _ in range(20):
            zone = ZoneInfo(generator.choice(ZONES))
            end = start + timedelta(days=5)
            if start.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset():
                return zone
        return ZoneInfo(generator.choice(ZONES))


class Driven(case.Case):
    """A timer runs the binary every half an hour, while clocks are changed and the year ends."""

    @unittest.skipUnless(FAKETIME, "there is no faketime")
    def test_a_timer_rotates_as_planned_while_clocks_are_changed_and_the_year_ends(self):
        everyday = 'window: { days: daily, from: "00:00", to: "24:00", zone: %s }'
        self.emulated = datetime.now(UTC)
        # 02:00 is jumped over on the 28th.
        rotated = self.drive(
            "spring", datetime(2027, 3, 27, 0, 7, tzinfo=UTC), 60,
            'every: 1d\n    window: { days: daily, from: "02:00", to: "03:00", zone: Europe/Berlin }')
        self.assertEqual([each.day for each in rotated], [29])
        # 02:30 is shown twice.
        rotated = self.drive(
            "autumn", datetime(2027, 10, 30, 12, 7, tzinfo=UTC), 24,
            'cron: "30 2 * * *"\n    ' + everyday % "Europe/Berlin")
        self.assertEqual(len(rotated), 1)
        rotated = self.drive(
            "year", datetime(2027, 12, 30, 12, 7, tzinfo=UTC), 36,
            'cron: "59 23 31 12 *"\n    ' + everyday % "Australia/Sydney")
        self.assertEqual(len(rotated), 1)

    def turn(self, moment):
        """Turns the emulator's clock on."""
        passed = moment - self.emulated
        case.control("POST", "clock", {"advance_ms": int(passed.total_seconds() * 1000)})
        self.emulated = moment

    def drive(self, name, start, hours, words):
        account, _ = self.account(f"driven-{name}")
        directory = WORK / f"driven-{name}"
        directory.mkdir(mode=0o700)
        file = directory / "keyturn.yaml"
        file.write_text(f"""version: 1
connections: {{ pinecone: {{ api: "{URL}", login: "{URL}/oauth/token", admins: [ops] }} }}
policies:
  - name: ci
    service-account: {{ connection: pinecone, id: {account.id}, name: driven-{name} }}
    first: after-interval
    {words}
""")
        file.chmod(0o600)
        moment = start

        def run(*arguments, stdin=None):
            self.turn(moment)
            text = moment.strftime("@%Y-%m-%d %H:%M:%S")
            done = subprocess.run(
                [FAKETIME, "-f", text, KEYTURN, *arguments, "--state", str(directory / "state")],
                input=stdin, capture_output=True, text=True, timeout=120, check=False)
            self.assertEqual(done.returncode, 0, (arguments, text, done.stdout, done.stderr))
            return done.stdout

        run("init")
        run("policy", "apply", str(file))
        run("login", "pinecone", "--as", "ops", "--client-id", self.ops["client_id"],
            stdin=self.ops["client_secret"] + "\n")
        plan = [json.loads(line) for line in run("plan", "--until", f"{hours}h", "--json").splitlines()]
        planned = [moment_of(item) for item in plan if item["what"] == "rotate"]
        rotated = []
        step = timedelta(minutes=30)
        for _ in range(hours * 2 - 1):
            moment += step
            run("run")
            now = case.control("GET", "state")["rotations"].get(account.id, 0)
            if now > len(rotated):
                self.assertEqual(now, len(rotated) + 1)
                rotated.append(moment)
        planned = [each for each in planned if each < moment]
        self.assertEqual(len(rotated), len(planned), (rotated, planned))
        for done, wanted in zip(rotated, planned):
            self.assertLessEqual(wanted, done + timedelta(seconds=1))
            self.assertLess(done - wanted, step, (rotated, planned))
        run("audit", "verify")
        return rotated


if __name__ == "__main__":
    OneLine.drive_cases(Forecasts, Driven)
