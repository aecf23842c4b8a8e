#!/usr/bin/env python3
"""Checks a proof of Telemetry's audit log: python3 verify_proof.py PROOF.json --key KEYFILE

Needs the proof, the log's public key (one line, NAME+ID+KEY) and Python's standard library. Written from docs/audit.md, without
a look at the server's code. Exit code 0: proved; 1: not proved.
"""
import base64, hashlib, json, struct, sys
SAMPLES = b"telemetry/samples/v1\n"
def need(condition, message):
    if not condition:
        raise ValueError(message)

def sha256(data):
    return hashlib.sha256(data).digest()

def unbase64(text):
    return base64.b64decode(text, validate=True)

# ECDSA on P-256 with SHA-256 (FIPS 186-4)
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")  # a P-256 key's DER, up to its x and y
def add(p, q):
    if p is None or q is None or (p[0] == q[0] and (p[1] + q[1]) % P == 0):
        return None if p and q else p or q
    slope = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P) if p == q else (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P

def multiply(k, p, plus, zero):
    return zero if k == 0 else plus(multiply(k >> 1, plus(p, p), plus, zero), p if k & 1 else zero)

def ecdsa_ok(spki, message, r, s):
    r, s = int.from_bytes(r, "big"), int.from_bytes(s, "big")
    key = int.from_bytes(spki[-64:-32], "big"), int.from_bytes(spki[-32:], "big")
    need(spki[:-64] == SPKI and (key[1] ** 2 - key[0] ** 3 + 3 * key[0] - B) % P == 0, "the key is no point of the curve P-256")
    need(0 < r < N and 0 < s < N, "a signature's number is out of range")
    w = pow(s, -1, N)
    point = add(multiply(int.from_bytes(sha256(message), "big") * w % N, G, add, None), multiply(r * w % N, key, add, None))
    return point is not None and point[0] % N == r

# Ed25519 (RFC 8032, section 5.1)
Q, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, Q) % Q
def ed_add(p, q):
    (x, y), (u, v) = p, q
    k = D * x * u * y * v
    return (x * v + u * y) * pow(1 + k, -1, Q) % Q, (y * v + x * u) * pow(1 - k, -1, Q) % Q

def ed_point(data):
    y = int.from_bytes(data, "little")
    odd, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, Q) % Q
    x = pow(square, (Q + 3) // 8, Q)
    if x * x % Q != square:
        x = x * pow(2, (Q - 1) // 4, Q) % Q
    need(len(data) == 32 and y < Q and x * x % Q == square and (x or not odd), "a point is not on the curve")
    return x if x & 1 == odd else Q - x, y

def ed25519_ok(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    base = ed_point((4 * pow(5, -1, Q) % Q).to_bytes(32, "little"))
    return len(signature) == 64 and s < L and multiply(s, base, ed_add, (0, 1)) == ed_add(
        ed_point(signature[:32]), multiply(k, ed_point(key), ed_add, (0, 1)))

# Checkpoint (C2SP signed-note and tlog-checkpoint), by Ed25519 or by an older log's ECDSA
def der_ok(key, message, der):
    end = 4 + der[3]  # of r; s follows
    return (der[0] == 0x30 and der[1] == len(der) - 2 and der[2] == der[end] == 2 and end + 2 + der[end + 1] == len(der)
            and ecdsa_ok(key, message, der[4:end], der[end + 2:]))

def open_checkpoint(note, vkey):
    name, key_id, key = vkey.strip().split("+", 2)
    key = unbase64(key)
    identified = name.encode() + b"\n" + key if key[0] == 1 else key[1:]
    need(key[0] in (1, 2) and sha256(identified)[:4].hex() == key_id, "the key is not of kind 1 or 2, or its id is not its own")
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        dash, signer, signature = line.split(" ")
        signature = unbase64(signature)
        if dash == "\u2014" and signer == name and signature[:4].hex() == key_id:
            need((ed25519_ok if key[0] == 1 else der_ok)(key[1:], text.encode() + b"\n", signature[4:]), "the checkpoint's signature is wrong")
            origin, size, root = text.split("\n")[:3]
            return origin, int(size), unbase64(root)
    raise ValueError("the checkpoint is not signed by the key")

# Merkle tree (RFC 6962, section 2.1)
def left_of(size):
    return 1 << (size - 1).bit_length() - 1  # the largest power of two below the size

def root_of(leaves):
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    n = left_of(len(leaves))
    return sha256(b"\1" + root_of(leaves[:n]) + root_of(leaves[n:]))

def root_from(leaf, index, size, path):
    need(0 <= index < size and (size == 1) == (not path), "the path does not fit the leaf's index")
    if size == 1:
        return sha256(b"\0" + leaf)
    n = left_of(size)
    if index < n:
        return sha256(b"\1" + root_from(leaf, index, n, path[:-1]) + path[-1])
    return sha256(b"\1" + path[-1] + root_from(leaf, index - n, size - n, path[:-1]))

# Canonical encodings (docs/audit.md)
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
    leaf.update((name, r.text()) for name in ("source", "signer", "signature", "correlation", "causation"))
    leaf["parts"] = [r.unpack("q32s") for _ in range(r.unpack("I")[0])]
    need(r.at == len(data), "something follows after the leaf")
    return leaf

def read_part(data):
    """The digest, the stream, and what it has: JSON or a list of samples."""
    r = Reader(data, SAMPLES if data.startswith(SAMPLES) else b"telemetry/json/v1\n")
    if not data.startswith(SAMPLES):
        return sha256(data), r.text(), data[r.at:]
    shape, of_metadata = (r.take(r.unpack("I")[0]) for _ in range(2))
    digest = sha256(SAMPLES + sha256(shape) + sha256(of_metadata) + data[r.at:])
    s, m = Reader(shape, b""), Reader(of_metadata, b"")
    stream, count = s.text(), s.unpack("I")[0]
    need(count <= len(data) // 8, "there are more samples than values")
    series = s.runs(count, lambda: {"meter": s.text(), "type": ("gauge", "delta", "cumulative")[s.unpack("B")[0]], "unit": s.text(),
                                    "resource_id": s.text(), "project_id": s.text(), "user_id": s.text(), "source": s.text()})
    metadata, times, volumes = m.runs(count, m.text), r.runs(count, lambda: r.unpack("q")[0]), r.unpack("%dd" % count)
    return digest, stream, [dict(series[i], timestamp_us=times[i], volume=volumes[i], metadata=metadata[i]) for i in range(count)]

# The proof
def check_event(proven, size, root):
    data, path = unbase64(proven["leaf"]), [unbase64(node) for node in proven["path"]]
    need(root_from(data, proven["index"], size, path) == root, "leaf %d is not in the tree of the checkpoint" % proven["index"])
    leaf, n, (digest, stream, content) = read_leaf(data), proven["part"], read_part(unbase64(proven["payload"]))
    need(0 <= n < len(leaf["parts"]) and digest == leaf["parts"][n][1], "the payload is not the one that the leaf has the digest of")
    return leaf, leaf["parts"][n][0], stream, content

def check_signature(proven, event_index, leaf, samples, size, root):
    values = dict(part.strip().split("=", 1) for part in leaf["signature"].split(","))
    key_leaf, _, stream, content = check_event(proven["key"], size, root)
    need(key_leaf["type"] == "key-registered" and stream == "key-" + values["keyid"] and proven["key"]["index"] < event_index,
         "the proof does not show that the key was registered before the event")
    key = json.loads(content)
    need(key["project_id"] is None or all(s["project_id"] == key["project_id"] for s in samples), "the key is for another project")
    signed_root = b"telemetry/batch/v1\n" + base64.b64encode(root_of([digest for _, digest in leaf["parts"]])) + b"\n"
    message, signature = signed_root if values.get("over") == "streams" else unbase64(proven["body"]), unbase64(values["sig"])
    need(ecdsa_ok(unbase64(key["public_key"]), message, signature[:32], signature[32:]), "the sender's signature is wrong")
    return values["keyid"]

def check(proof, vkey):
    need(proof["proof"] == "telemetry/proof/v1", "the proof is of an unknown form")
    origin, size, root = open_checkpoint(proof["checkpoint"], vkey)
    leaf, version, stream, content = check_event(proof["event"], size, root)
    samples, index = content if isinstance(content, list) else [], proof["event"]["index"]
    print("proved: event %s (%s), version %d of stream %s, is leaf %d of %d of %s"
          % (leaf["id"], leaf["type"], version, stream, index, size, origin))
    if "sample" in proof:
        need(0 <= proof["sample"] < len(samples), "the sample is not in the payload")
        print("proved: sample %s" % json.dumps(samples[proof["sample"]], sort_keys=True))
    if "signature" in proof:
        print("proved: signed by key %s" % check_signature(proof["signature"], index, leaf, samples, size, root))

if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[2] != "--key":
        sys.exit(__doc__)
    try:
        with open(sys.argv[1], encoding="utf-8") as proof_file, open(sys.argv[3], encoding="utf-8") as key_file:
            check(json.load(proof_file), key_file.read())
    except (KeyError, IndexError, ValueError, AttributeError, TypeError, RecursionError, struct.error) as e:
        sys.exit("not proved: %s" % e)
