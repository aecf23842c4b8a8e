#!/usr/bin/env python3
"""Checks a proof of Telemetry's audit log: python3 verify_proof.py PROOF.json --key KEYFILE

Needs the proof, the log's public key (one line, NAME+ID+KEY) and Python's standard library. Written from docs/audit.md, without
a look at the server's code. Exit code 0: proved; 1: not proved; 2: wrong use.
"""
import base64
import hashlib
import json
import struct
import sys


SAMPLES = b"telemetry/samples/v1\n"


class NotProved(Exception):
    pass


def need(condition, message):
    if not condition:
        raise NotProved(message)


def sha256(data):
    return hashlib.sha256(data).digest()


def unbase64(text):
    return base64.b64decode(text, validate=True)


# --- ECDSA on P-256 with SHA-256 (FIPS 186-4) ---------------------------------------------------------------------------------

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")  # a P-256 key's DER, up to its x and y


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        slope = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P) % P
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P) % P
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def multiply(k, p):
    result = None
    while k:
        if k & 1:
            result = add(result, p)
        p, k = add(p, p), k >> 1
    return result


def ecdsa_ok(spki, message, r, s):
    need(spki.startswith(SPKI) and len(spki) == len(SPKI) + 64, "the key is not on the curve P-256")
    key = int.from_bytes(spki[-64:-32], "big"), int.from_bytes(spki[-32:], "big")
    need((key[1] ** 2 - key[0] ** 3 + 3 * key[0] - B) % P == 0, "the key is no point of the curve")
    if not (0 < r < N and 0 < s < N):
        return False
    w = pow(s, -1, N)
    u1, u2 = int.from_bytes(sha256(message), "big") * w % N, r * w % N
    point = add(multiply(u1, G), multiply(u2, key))
    return point is not None and point[0] % N == r


def der_signature(der):
    need(der[0] == 0x30 and der[1] == len(der) - 2 and der[2] == 2, "the checkpoint's signature is no DER")
    r_end = 4 + der[3]
    need(der[r_end] == 2 and r_end + 2 + der[r_end + 1] == len(der), "the checkpoint's signature is no DER")
    return int.from_bytes(der[4:r_end], "big"), int.from_bytes(der[r_end + 2:], "big")


# --- Checkpoint (C2SP signed-note and tlog-checkpoint) ------------------------------------------------------------------------

def open_checkpoint(note, vkey):
    name, key_id, key = vkey.strip().split("+", 2)
    key = unbase64(key)
    need(key[0] == 2, "this verifier knows logs' keys of kind 2 (ECDSA) only")
    need(sha256(key[1:])[:4].hex() == key_id, "the key's id does not fit the key")
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    for line in signatures.splitlines():
        dash, signer, signature = line.split(" ")
        signature = unbase64(signature)
        if dash == "\u2014" and signer == name and signature[:4].hex() == key_id:
            need(ecdsa_ok(key[1:], text.encode(), *der_signature(signature[4:])), "the checkpoint's signature is wrong")
            origin, size, root = text.split("\n")[:3]
            return origin, int(size), unbase64(root)
    raise NotProved("the checkpoint is not signed by the key")


# --- Merkle tree (RFC 6962; checked as in RFC 9162, section 2.1.3.2) ----------------------------------------------------------

def root_from(leaf, index, size, path):
    need(0 <= index < size, "the leaf is outside of the tree")
    node, last, result = index, size - 1, sha256(b"\0" + leaf)
    for sibling in path:
        need(last > 0, "the path is too long")
        if node & 1 or node == last:
            result = sha256(b"\1" + sibling + result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = sha256(b"\1" + result + sibling)
        node, last = node >> 1, last >> 1
    need(last == 0, "the path is too short")
    return result


def root_of(leaves):
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:]))


# --- Canonical encodings (docs/audit.md) --------------------------------------------------------------------------------------

class Reader:
    def __init__(self, data, heading):
        need(data.startswith(heading), "the bytes do not begin with %r" % heading)
        self.data, self.at = data, len(heading)

    def take(self, count):
        need(self.at + count <= len(self.data), "the bytes end too early")
        self.at += count
        return self.data[self.at - count:self.at]

    def unpack(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))

    def text(self):
        length, = self.unpack("I")
        return None if length == 0xFFFFFFFF else self.take(length).decode()

    def runs(self, count, entry):
        column = []
        for _ in range(self.unpack("I")[0]):
            value, length = entry(), self.unpack("I")[0]
            need(length <= count - len(column), "a run is too long")
            column += [value] * length
        need(len(column) == count, "a column is too short")
        return column


def read_leaf(data):
    r = Reader(data, b"telemetry/event/v1\n")
    leaf = {"id": r.take(16).hex(), "type": r.text(), "recorded_at": r.unpack("q")[0]}
    for name in ("source", "signer", "signature", "correlation", "causation"):
        leaf[name] = r.text()
    leaf["parts"] = [r.unpack("q32s") for _ in range(r.unpack("I")[0])]
    need(r.at == len(data), "something follows after the leaf")
    return leaf


def read_part(data):
    """The digest, the stream, and what it has: JSON or a list of samples."""
    if not data.startswith(SAMPLES):
        r = Reader(data, b"telemetry/json/v1\n")
        stream = r.text()
        return sha256(data), stream, data[r.at:]
    r = Reader(data, SAMPLES)
    shape, of_metadata = (r.take(r.unpack("I")[0]) for _ in range(2))
    digest = sha256(SAMPLES + sha256(shape) + sha256(of_metadata) + data[r.at:])
    s, m = Reader(shape, b""), Reader(of_metadata, b"")
    stream, count = s.text(), s.unpack("I")[0]
    need(count <= len(data) // 8, "there are more samples than values")
    series = s.runs(count, lambda: {"meter": s.text(), "type": ("gauge", "delta", "cumulative")[s.unpack("B")[0]], "unit": s.text(),
                                    "resource_id": s.text(), "project_id": s.text(), "user_id": s.text(), "source": s.text()})
    metadata, times = m.runs(count, m.text), r.runs(count, lambda: r.unpack("q")[0])
    volumes = r.unpack("%dd" % count)
    return digest, stream, [dict(series[i], timestamp_us=times[i], volume=volumes[i], metadata=metadata[i]) for i in range(count)]


# --- The proof ----------------------------------------------------------------------------------------------------------------

def check_event(proven, size, root):
    data, path = unbase64(proven["leaf"]), [unbase64(node) for node in proven["path"]]
    need(root_from(data, proven["index"], size, path) == root, "leaf %d is not in the tree of the checkpoint" % proven["index"])
    leaf, n = read_leaf(data), proven["part"]
    digest, stream, content = read_part(unbase64(proven["payload"]))
    need(0 <= n < len(leaf["parts"]) and digest == leaf["parts"][n][1], "the payload is not the one that the leaf has the digest of")
    return leaf, leaf["parts"][n][0], stream, content


def check_signature(proven, event_index, leaf, samples, size, root):
    values = dict(part.strip().split("=", 1) for part in leaf["signature"].split(","))
    key_leaf, _, stream, content = check_event(proven["key"], size, root)
    need(key_leaf["type"] == "key-registered" and stream == "key-" + values["keyid"], "the proof does not show how the key was registered")
    key = json.loads(content)
    need(key["id"] == values["keyid"] and proven["key"]["index"] < event_index, "the key was registered after the event")
    need(key["project_id"] is None or all(s["project_id"] == key["project_id"] for s in samples), "the key is for another project")
    if values.get("over") == "streams":
        message = b"telemetry/batch/v1\n" + base64.b64encode(root_of([digest for _, digest in leaf["parts"]])) + b"\n"
    else:
        message = unbase64(proven["body"])
    signature = unbase64(values["sig"])
    need(len(signature) == 64 and ecdsa_ok(unbase64(key["public_key"]), message, int.from_bytes(signature[:32], "big"),
                                           int.from_bytes(signature[32:], "big")), "the sender's signature is wrong")
    return values["keyid"]


def check(proof, vkey):
    need(proof["proof"] == "telemetry/proof/v1", "the proof is of an unknown form")
    origin, size, root = open_checkpoint(proof["checkpoint"], vkey)
    index = proof["event"]["index"]
    leaf, version, stream, content = check_event(proof["event"], size, root)
    print("proved: event %s (%s), version %d of stream %s, is leaf %d of %d of %s"
          % (leaf["id"], leaf["type"], version, stream, index, size, origin))
    samples = content if isinstance(content, list) else []
    if "sample" in proof:
        need(0 <= proof["sample"] < len(samples), "the sample is not in the payload")
        print("proved: sample %s" % json.dumps(samples[proof["sample"]], sort_keys=True))
    if "signature" in proof:
        print("proved: signed by key %s" % check_signature(proof["signature"], index, leaf, samples, size, root))


def main(arguments):
    if len(arguments) != 3 or arguments[1] != "--key":
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as proof, open(arguments[2], encoding="utf-8") as key:
            check(json.load(proof), key.read())
        return 0
    except (NotProved, KeyError, IndexError, ValueError, AttributeError, TypeError, struct.error) as e:
        print("not proved: %s" % e, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
