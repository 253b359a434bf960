#!/usr/bin/env python3
"""Opens vault records by Sources/Vault/FORMAT.md alone, with none of keyturn's code.

usage: open_vault.py                checks Tests/Vectors/vault/records.json
       open_vault.py VAULT_ID       reads the root key and the encoded record, a line of
                                    hexadecimal digits each, and writes the value
"""
import datetime, hashlib, hmac, json, pathlib, sys
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ONE = (1).to_bytes(4, "big")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def require(holds, problem):
    if not holds:
        raise ValueError(problem)


def hkdf(key, salt, info, count):
    return HKDF(SHA256(), count, salt, info).derive(key)


def code(root, purpose, message, count):
    key = hkdf(root, b"", b"keyturn/%s/v1" % purpose, 32)
    return hmac.digest(key, message, "sha256")[:count]


def join(*fields):
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def split(encoded):
    fields = []
    while encoded:
        count = 4 + int.from_bytes(encoded[:4], "big")
        require(4 <= len(encoded) >= count, "a field is cut")
        fields.append(encoded[4:count])
        encoded = encoded[count:]
    return fields


def open_record(root, vault, encoded):
    magic, version, *place, key_id, salt, commitment, wrap_nonce, wrapped, nonce, sealed = split(encoded)
    require((magic, version, len(place)) == (b"keyturn-record", ONE, 4), "no record")
    require(key_id.decode() == code(root, b"key-id", vault, 8).hex(), "another root key or vault")
    data = [join(b"keyturn-vault", ONE, b"AES-256-GCM", vault, role, *place) for role in (b"wrap", b"body")]
    wrap_data = data[0] + join(key_id)
    wrapping_key = hkdf(root, b"", b"keyturn/wrap/v1", 32)
    material = hkdf(wrapping_key, salt, b"keyturn/data-key-wrap/v1" + wrap_data, 64)
    require(hmac.compare_digest(material[32:], commitment), "the commitment is another")
    data_key = AESGCM(material[:32]).decrypt(wrap_nonce, wrapped, wrap_data)
    return AESGCM(data_key).decrypt(nonce, sealed, data[1])


def check(example):
    root, encoded = bytes.fromhex(example["root_key"]), bytes.fromhex(example["encoded"])
    vault, value = example["vault_id"].encode(), bytes.fromhex(example["value"])
    require(open_record(root, vault, encoded) == value, "another value")
    require(hashlib.sha256(encoded).hexdigest() == example["sha256"], "another hash")
    require(code(root, b"fingerprint", value, 16).hex() == example["fingerprint"], "another fingerprint")
    purpose, owner, number, created = split(encoded)[2:6]
    require((purpose.decode(), owner.decode()) == (example["purpose"], example["owner"]), "another place")
    require(int.from_bytes(number, "big", signed=True) == example["number"], "another number")
    instant = EPOCH + datetime.timedelta(milliseconds=int.from_bytes(created, "big", signed=True))
    require(instant == datetime.datetime.fromisoformat(example["created_at"]), "another time")
    for index in range(len(encoded)):  # A changed byte anywhere opens nothing.
        changed = bytearray(encoded)
        changed[index] ^= 1
        try:
            open_record(root, vault, bytes(changed))
        except Exception:
            continue
        raise SystemError(f"it opens with byte {index} changed")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        root, encoded = (bytes.fromhex(sys.stdin.readline().strip()) for _ in range(2))
        sys.stdout.buffer.write(open_record(root, sys.argv[1].encode(), encoded))
    else:
        vectors = pathlib.Path(__file__).parents[1] / "Vectors/vault/records.json"
        examples = json.loads(vectors.read_text())["records"]
        for number, example in enumerate(examples):
            try:
                check(example)
            except Exception as error:
                sys.exit(f"open_vault.py: record {number}: {error!r}")
        print(f"{len(examples)} records open")
        sys.exit(0 if examples else 1)
