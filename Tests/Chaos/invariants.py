"""What must always hold, seen from outside. The numbers are those of DESIGN, section 2."""

import hashlib
import json
import re

import world as worlds

TOKEN = re.compile(rb"[\w-]{36}\.[\w-]{200}\.[\w-]{86}")
ATTEMPT = re.compile(r"~[0-9A-HJKMNP-TV-Z]{26}$")
# What a process may end with: 6 is a broken trail; 127 is the loader's, when it may not open.
STATUSES = {0, 1, 3, 4, 5, 7, 78, 127}


def statuses(world, since):
    """No process crashes, finds a broken trail, or ends with what no table knows."""
    return [f"status: {ended}" for ended in world.ended[since:]
            if ended.status >= 0 and ended.status not in STATUSES
            or ended.status < 0 and ended.status != -9]


def explained(world):
    """1: a consumer that has a dead value is known to be owed one."""
    accounts, keys = world.live()
    accepted = {account["client_secret"] for account in accounts.values()}
    accepted |= {key["value"] for key in keys.values()}
    standing = {line["name"]: line for line in world.objects("status")}
    return [f"1: {path.name} is dead, and status says {json.dumps(standing[name])}"
            for name, path, value in world.delivered()
            if value not in accepted and standing[name]["state"] == "fresh"
            and standing[name]["debts"] == 0 and standing[name]["last"] == "done"]


def at_rest(world):
    """Everything that must hold once nothing is under way."""
    accounts, keys = world.live()
    return [*consumers(world, accounts, keys), *live_keys(world, keys), *foreign(world, accounts, keys),
            *effects(world), *quiet(world), *leftovers(world), *trail(world)]


def consumers(world, accounts, keys):
    """1, 12: each consumer has the current value, the provider accepts it, and only one is current."""
    found = []
    for name, path, value in world.delivered():
        if name in world.accounts:
            lives = accounts[worlds.identifier(name)]["client_secret"] == value
        else:
            lives = any(key["value"] == value for key in keys.values())
        if not lives:
            found.append(f"1: {path.name} has a value that the provider refuses")
    for name, versions in world.query(
            "SELECT s.name, count(*) FROM secret s JOIN version v ON v.secret_id = s.id "
            "WHERE v.state = 'current' GROUP BY s.id"):
        if versions != 1:
            found.append(f"12: {name} has {versions} current versions")
    for name, number, destination, state in world.query(
            "SELECT s.name, v.number, d.destination, d.state FROM version v "
            "JOIN secret s ON s.id = v.secret_id JOIN delivery d ON d.secret_id = s.id "
            "AND d.version = v.number WHERE v.state = 'current' AND d.state <> 'done'"):
        found.append(f"1: {name} version {number} at {destination} is {state}")
    return found


def live_keys(world, keys):
    """12: every live key that bears the name of an attempt has a row, and none is left over."""
    rows = dict(world.query("SELECT provider_id, state FROM version"))
    names = {name for (name,) in world.query(
        "SELECT name FROM effect WHERE step = 'issue' AND state IN ('intended', 'unsettled')")}
    found = []
    for key in keys.values():
        if not ATTEMPT.search(key["name"]) or key["name"] in worlds.FOREIGN_KEYS:
            continue
        if key["id"] not in rows and key["name"] not in names:
            found.append(f"12: the key {key['name']} lives and has no row")
        elif rows.get(key["id"]) != "current":
            found.append(f"12: the key {key['name']} lives and is {rows.get(key['id'])}")
    return found


def foreign(world, accounts, keys):
    """P16: what is not ours is as it was."""
    first = world.seed()["organizations"][0]
    found = []
    for seeded, now in ((first["service_accounts"], accounts),
                        (first["projects"][0]["api_keys"], keys)):
        for credential in seeded:
            if credential["name"] in (*worlds.FOREIGN_KEYS, *worlds.FOREIGN_ACCOUNTS):
                there = now.get(credential["id"])
                value = "value" if "value" in credential else "client_secret"
                if there is None or there[value] != credential[value]:
                    found.append(f"16: the foreign {credential['name']} was touched")
    return found


def effects(world):
    """2, 5: each settled effect has one entry that says so, and no call was made without a row."""
    found = []
    entries = {}
    for (leaf,) in world.query("SELECT leaf FROM audit_entry WHERE type = 'effect.settled'"):
        entry = json.loads(leaf)
        entries.setdefault(entry["effect"], []).append(entry["outcome"])
    intended = {}
    for identifier, state, step, name in world.query(
            "SELECT e.id, e.state, e.step, s.name FROM effect e "
            "JOIN rotation r ON r.id = e.rotation_id JOIN secret s ON s.id = r.secret_id"):
        outcomes = entries.pop(identifier, [])
        settled = [word for word in outcomes if word != "unsettled"]
        if state in ("done", "refused") and settled != [state]:
            found.append(f"5: the {step} effect {identifier} of {name} is {state}: {outcomes}")
        if state in ("intended", "answered", "unsettled"):
            found.append(f"5: the {step} effect {identifier} of {name} is still {state}")
        if step == "issue":
            intended[name] = intended.get(name, 0) + 1
    found += [f"5: {identifier} was settled and has no row" for identifier in entries]
    state = world.emulator.control("GET", "state")
    for name in world.accounts:
        minted = state["rotations"].get(worlds.identifier(name), 0)
        if minted > intended.get(name, 0):
            found.append(f"2: {name} was rotated {minted} times on {intended.get(name)} intents")
    created = state["committed"].get("create_api_key", 0)
    wanted = sum(intended.get(name, 0) for name in world.keys)
    if created > wanted:
        found.append(f"2: {created} keys were created on {wanted} intents")
    return found


def quiet(world):
    """8: another run says nothing, and changes no byte."""
    before = hashlib.sha256(world.database.read_bytes()).digest()
    ended = world.run("run")
    if (ended.status, ended.output) != (0, ""):
        return [f"8: a second run is not quiet: {ended}"]
    if hashlib.sha256(world.database.read_bytes()).digest() != before:
        return ["8: a quiet run changed the database"]
    return []


def leftovers(world):
    """6, 9: nothing temporary is left."""
    known = {"keyturn.db", "ballast", "lock", "spool"}
    found = [f"6: {path.name} is left in the state" for path in world.state.iterdir()
             if path.name not in known]
    found += [f"6: {path.name} is left in the spool" for path in (world.state / "spool").iterdir()]
    found += [f"9: {path.name} is left in the destinations' directory"
              for path in world.out.iterdir() if path.name.endswith(".tmp")]
    return found


def trail(world):
    """10: the trail verifies."""
    ended = world.run("audit", "verify")
    return [] if ended.status == 0 else [f"10: {ended}"]


def plaintext(world, seen):
    """9: no value that ever lived is where it should not be."""
    world.remember_secrets()
    places = [(str(path.relative_to(world.directory)), path.read_bytes())
              for path in world.directory.glob("state*/**/*") if path.is_file()]
    places.append(("what was printed", "\n".join(
        ended.output + ended.conversation for ended in world.ended).encode()))
    places.append(("what /proc shows", seen))
    found = []
    for place, data in places:
        if TOKEN.search(data) or any(secret.encode() in data for secret in world.secrets):
            found.append(f"9: {place} holds a secret")
    return found


def retirements(world):
    """4: no key that somebody used was deleted before its successor was delivered."""
    found = []
    for entry in world.emulator.control("GET", "requests"):
        if entry["operation"] != "delete_api_key" or not entry["committed"]:
            continue
        key = entry["path"].rpartition("/")[2]
        rows = world.query(
            "SELECT s.name, v.number, v.secret_id FROM version v JOIN secret s "
            "ON s.id = v.secret_id WHERE v.provider_id = ?", key)
        if not rows:
            found.append(f"4: the key {key} was deleted and has no row")
            continue
        name, number, secret = rows[0]
        told = world.hook_log(name)
        if number > 1 and not any(version == number for _, version in told):
            continue  # nobody had it
        if any(version > number and at <= entry["at_ms"] for at, version in told):
            continue
        triggers = {trigger for (trigger,) in world.query(
            "SELECT r.trigger FROM effect e JOIN rotation r ON r.id = e.rotation_id "
            "WHERE e.step = 'retire' AND r.secret_id = ? AND e.version = ?", secret, number)}
        if "emergency" not in triggers and name != "k2":  # k2 need not be told
            found.append(f"4: {name} version {number} was deleted before its successor came")
    return found
