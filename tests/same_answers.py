#!/usr/bin/env python3
"""Runs the tests of the REST API on SQLite and on PostgreSQL, and compares all answers but for ids, times, keys, ports and hashes of them.

Build first: dotnet build -c Release tests/Telemetry.Api.Tests. Lists are compared without their order, as some are in the order of random ids.
Exits with 1 where an answer differs.
"""
import difflib, json, os, re, subprocess, sys, tempfile

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Telemetry.Api.Tests")
OF_A_RUN = [(re.compile(pattern), name) for pattern, name in [
    (r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----(\\n)?", "KEY"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b", "ID"),
    (r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?(\+00:00)?|\w{3}, \d\d \w{3} 20\d\d \d\d:\d\d:\d\d GMT", "TIME"),
    (r"127\.0\.0\.1:\d+", "HOST"),
    (r"telemetry/[0-9a-f]{16}", "LOG"),
    (r"(?:[A-Za-z0-9+/]|\\u002B){40,}={0,2}|\b[0-9a-f]{64}\b", "HASH"),
    (r"\+[0-9a-f]{8}\+\S+|\(w\.example [0-9a-f]{8}\)", "VERIFIER"),
]]


def answers(file):
    """The requests of a test with their answers, each once: one that waits asks again and again."""
    with open(file, encoding="utf-8", errors="replace") as f:
        text = f.read()
    for pattern, name in OF_A_RUN:
        text = pattern.sub(name, text)
    for answer in text.split("\n\n"):
        if not re.match(r"\s*[A-Z]+ /(?!v2/audit/tile/)", answer):
            continue  # a tile: hashes, as bytes
        *head, body = answer.split("\n")
        if re.search(r'"state":"(waiting|running)"', body):
            continue  # a rating that is not done yet
        try:
            value = json.loads(body)
            body = json.dumps(sorted(map(json.dumps, value))) if isinstance(value, list) else body
        except ValueError:
            pass
        yield "\n".join([*head, body])


def main():
    with tempfile.TemporaryDirectory() as directory:
        for store in ("sqlite", "postgres"):
            os.mkdir(os.path.join(directory, store))
            environment = {**os.environ, "TELEMETRY_TEST_STORE": store, "TELEMETRY_TEST_ANSWERS": os.path.join(directory, store)}
            subprocess.run(["dotnet", "test", TESTS, "-c", "Release", "--no-build", "--filter", "FullyQualifiedName~.V2."], env=environment, check=True)
        compared, different = 0, []
        for test in sorted(os.listdir(os.path.join(directory, "sqlite"))):
            one, other = (sorted(set(answers(os.path.join(directory, store, test)))) for store in ("sqlite", "postgres"))
            compared += len(one)
            if one != other:
                different.append(test)
                print(test, *difflib.unified_diff(one, other, "sqlite", "postgres", lineterm="", n=0), sep="\n")
    print(f"{compared} answers compared, of {len(different)} tests they differ.")
    return 1 if different or not compared else 0


sys.exit(main())
