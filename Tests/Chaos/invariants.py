"""What must always hold, seen from outside. The numbers are those of DESIGN, section 2."""

import hashlib
import json
import re
import signal

import world as worlds

TOKEN = re.compile(rb"[\w-]{36}\.[\w-]{200}\.[\w-]{86}")
ATTEMPT = re.compile(r"~[0-9A-HJKMNP-TV-Z]{26}$")
# What a process may end with, a kill included; 6 is a broken trail.
STATUSES = {0, 1, 3, 4, 5, 7, 78, -signal.SIGKILL}


def statuses(world, since, errors):
    """No process crashes, finds a broken trail, or ends with what no table knows."""
    known = set(STATUSES)
    if "pread64" in errors:
        known.add(6)  # SQLite calls what it cannot read malformed
    if errors & {"openat", "pread64", "read"}:
        known.add(127)  # the loader's, when it cannot read a library
    return [f"status: {ended}" for ended in world.ended[since:] if ended.status not in known]


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
    return [*consumers(world, accounts, keys), *live_credentials(world, accounts, keys),
            *foreign(world, accounts, keys), *blamed(world), *effects(world), *quiet(world),
            *leftovers(world), *trail(world)]


def consumers(world, accounts, keys):
    """1, 12: each consumer has the current value, which the provider accepts; one is current."""
    found = []
    values = {account["client_secret"] for account in accounts.values()}
    values |= {key["value"] for key in keys.values()}
    for name, path, value in world.delivered():
        if name in world.accounts:
            lives = accounts[worlds.identifier(name)]["client_secret"] == value
        else:
            lives = value in values
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
    for incident, selector in world.query(
            "SELECT id, selector FROM incident WHERE closed_at_ms IS NULL"):
        done = {name for name, in world.query(
            "SELECT s.name FROM rotation r JOIN secret s ON s.id = r.secret_id "
            "WHERE r.incident_id = ? AND r.state = 'done'", incident)}
        if done.issuperset(selector.removeprefix("names ").split(",")):
            found.append(f"P31: the incident {selector} is open, and everything in it is done")
    return found


def live_credentials(world, accounts, keys):
    """12: whatever lives under the name of an attempt has a row, and nothing is left over."""
    rows = dict(world.query("SELECT provider_id, state FROM version ORDER BY state = 'current'"))
    found = []
    for credential in (*accounts.values(), *keys.values()):
        name = credential["name"]
        if ATTEMPT.search(name) and name not in (*worlds.FOREIGN_KEYS, *worlds.FOREIGN_ACCOUNTS):
            state = rows.get(credential["id"])
            if state != "current":
                found.append(f"12: {name} lives, and its row is {state}")
    first = {account["name"]: account for account in
             world.seed()["organizations"][0]["service_accounts"]}
    for account in accounts.values():
        seeded = first.get(account["name"].partition("~")[0])
        if seeded and bindings(account) != bindings(seeded):
            found.append(f"12: {account['name']} may not do what its predecessor might")
    return found


def bindings(account):
    """What an account may do; Pinecone fills in the organization's id."""
    return {(binding["resource_type"], binding["role"],
             binding["resource_type"] == "project" and binding["resource_id"])
            for binding in account["role_bindings"]}


def foreign(world, accounts, keys):
    """P16: what is not ours is as it was."""
    first = world.seed()["organizations"][0]
    found = []
    for seeded, now, value in (
            (first["service_accounts"], accounts, "client_secret"),
            (first["projects"][0]["api_keys"], keys, "value")):
        for credential in seeded:
            if credential["name"] in (*worlds.FOREIGN_KEYS, *worlds.FOREIGN_ACCOUNTS):
                there = now.get(credential["id"])
                if there is None or there[value] != credential[value]:
                    found.append(f"P16: the foreign {credential['name']} was touched")
    return found


def blamed(world):
    """P8, P21: nobody else rotates anything here, so nobody else is said to have."""
    return [f"P8: somebody else is said to have rotated {name}" for name, in world.query(
        "SELECT DISTINCT json_extract(leaf, '$.secret.name') FROM audit_entry "
        "WHERE json_extract(leaf, '$.cause') = 'foreign-rotated'")]


def effects(world):
    """2, 5: each settled effect has one entry that says so, and no call was made without a row."""
    found = []
    entries = {}
    for (leaf,) in world.query("SELECT leaf FROM audit_entry WHERE type = 'effect.settled'"):
        entry = json.loads(leaf)
        entries.setdefault(entry["effect"], []).append(entry["outcome"])
    intended = {}
    for identifier, state, step, cause, name in world.query(
            "SELECT e.id, e.state, e.step, e.cause, s.name FROM effect e "
            "JOIN rotation r ON r.id = e.rotation_id JOIN secret s ON s.id = r.secret_id"):
        outcomes = entries.pop(identifier, [])
        settled = [word for word in outcomes if word != "unsettled"]
        if cause == "late-commit" and settled[:-1] == ["refused"]:
            settled.pop(0)  # P17: it seemed not to have happened
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
    for operation, names in (("create_api_key", world.keys),
                             ("create_service_account", world.siblings)):
        created = state["committed"].get(operation, 0)
        wanted = sum(intended.get(name, 0) for name in names)
        if created > wanted:
            found.append(f"2: {operation} was carried out {created} times on {wanted} intents")
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
    journal = world.state / "keyturn.db-journal"
    if journal.exists() and not journal.read_bytes()[:8].strip(b"\0"):
        known.add(journal.name)  # never synced, so nothing was ever written under it
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
    world.live()
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
    """4: nothing that somebody used was deleted before its successor was delivered."""
    found = []
    for entry in world.emulator.control("GET", "requests"):
        if not (entry["operation"] or "").startswith("delete_") or not entry["committed"]:
            continue
        key = entry["path"].rpartition("/")[2]
        rows = world.query(
            "SELECT s.name, v.number, v.secret_id FROM version v JOIN secret s "
            "ON s.id = v.secret_id WHERE v.provider_id = ?", key)
        if not rows:
            found.append(f"4: {key} was deleted and has no row")
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
        if "emergency" not in triggers and name not in worlds.BEST_EFFORT:
            found.append(f"4: {name} version {number} was deleted before its successor came")
    return found


def attention(world):
    """P16: a person is told of what only looks like ours, and has nothing else to do."""
    ended = world.run("check", "--json")
    told = [line for line in map(json.loads, ended.output.splitlines())
            if line.get("state", "ok") != "ok" and line["name"] != "memory"]
    strange = {f"credential {worlds.identifier(name)}"
               for name in (*worlds.FOREIGN_KEYS, *worlds.FOREIGN_ACCOUNTS) if ATTEMPT.search(name)}
    if ended.status == 7 and {line["name"] for line in told} == strange:
        return []
    return [f"check: {ended.status}: {told}"]
