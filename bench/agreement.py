"""Writes that are agreed on: four Parley validators, of which one may lie, against three members of
etcd, of which one may crash. The same generator (h2load) drives both over kept connections, one
request at a time on each, spread over all members: Parley by HTTP/1.1, etcd by its own gRPC. Both
write one small value under one key, as etcd's own benchmark does, and sync their logs to the disk.
Rounds of both alternate; medians count."""

import json
import os
import shutil
import statistics
import struct
import subprocess
import time
import urllib.request

import processes

VALUE = "x" * 16
WRITERS = (1, 12, 60, 240)
VALIDATORS, MEMBERS = 4, 3
SIZES = (4, 7, 16, 31)  # of committees, for finality
BEHIND = 10_000  # decisions
FINALITY = os.environ.get("PARLEY_FINALITY", str(processes.ROOT / "build/bench/bench/finality"))


def found(folder, count):
    """A genesis of so many validators that live below the folder; the file and their folders."""
    folders = [folder / f"validator-{i}" for i in range(count)]
    strings = [json.loads(subprocess.run(
        [processes.BINARY, "keygen", "--data", str(folder), "-o", "json"], check=True,
        capture_output=True, text=True).stdout)["validator"] for folder in folders]
    flags = [word for string in strings for word in ("--validator", string)]
    genesis = folder / "genesis.json"
    genesis.write_text(subprocess.run([processes.BINARY, "init", "--name", "bench", *flags],
                                      check=True, capture_output=True, text=True).stdout)
    return genesis, folders


def decides(node, body):
    request = urllib.request.Request(f"http://{node.api}/v1/proposals?wait=20s", body.encode(),
                                     method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status == 200


def start_validators(stage, count=VALIDATORS):
    folder = stage.folder / f"committee-{count}"
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier part, which is over
    folder.mkdir()
    genesis, folders = found(folder, count)
    nodes = []
    for place in folders:
        seeds = [word for node in nodes[:4] for word in ("--seed", node.mesh)]
        nodes.append(stage.node(f"{folder.name}/{place.name}", "--genesis", str(genesis), *seeds))
    for node in nodes:
        processes.wait_until(lambda: node.serving() >= count, "all validators", 180)
    body = json.dumps({"kind": "document", "key": "bench", "value": VALUE})
    for node in nodes[:VALIDATORS]:  # the first decision comes after the echo check of a start
        processes.wait_until(lambda: decides(node, body), "a decision", 180)
    path = folder / "proposal"
    path.write_text(body)
    return {"urls": [f"http://{node.api}/v1/proposals?wait=30s" for node in nodes],
            "flags": ["--h1", "-d", str(path), "-H", "content-type: application/json"],
            "pids": [node.pid for node in nodes], "nodes": nodes, "genesis": genesis}


def start_etcd(stage):
    clients = [processes.free_port() for _ in range(MEMBERS)]
    peers = [processes.free_port() for _ in range(MEMBERS)]
    cluster = ",".join(f"m{i}=http://127.0.0.1:{port}" for i, port in enumerate(peers))
    pids = []
    for i in range(MEMBERS):
        here, there = (f"http://127.0.0.1:{ports[i]}" for ports in (clients, peers))
        pids.append(stage.start(f"etcd-{i}", [
            "etcd", "--name", f"m{i}", "--data-dir", str(stage.folder / f"etcd-{i}"),
            "--listen-client-urls", here, "--advertise-client-urls", here,
            "--listen-peer-urls", there, "--initial-advertise-peer-urls", there,
            "--initial-cluster", cluster, "--logger", "zap", "--log-level", "warn"]).pid)
    for port in clients:
        processes.wait_until(lambda: processes.accepts(port), "etcd")
    processes.wait_until(lambda: put_by_json(clients[0]), "a leader of etcd")
    fields = b"\x0a\x05bench" + b"\x12" + bytes([len(VALUE)]) + VALUE.encode()
    path = stage.folder / "put"
    path.write_bytes(b"\x00" + struct.pack(">I", len(fields)) + fields)
    return {"urls": [f"http://127.0.0.1:{port}/etcdserverpb.KV/Put" for port in clients],
            "flags": ["-d", str(path), "-H", "content-type: application/grpc", "-H",
                      "te: trailers"],
            "pids": pids, "clients": clients}


def put_by_json(port, path="put"):
    body = json.dumps({"key": "YmVuY2g=", "value": "MA=="} if path == "put" else
                      {"key": "YmVuY2g="})
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v3/kv/{path}", body.encode(),
                                    timeout=5) as answer:
            return json.loads(answer.read())
    except OSError:
        return None


def written(way):
    """How many writes the members agreed on so far, by their own account."""
    if "clients" in way:
        return int(put_by_json(way["clients"][0], "range")["header"]["revision"])
    return json.loads(way["nodes"][0].get("/v1/documents?limit=1"))[0]["version"]


def load(stage, way, writers, seconds):
    """All writers at once, as many generators as there are members (or one, for one writer)."""
    urls = way["urls"][:writers]
    before, used = written(way), sum(map(processes.cpu_seconds, way["pids"]))
    runs = []
    for i, url in enumerate(urls):
        log = stage.folder / f"requests-{i}"
        log.unlink(missing_ok=True)
        runs.append((log, subprocess.Popen(
            ["h2load", "-t1", f"-c{writers // len(urls)}", "-m1", f"-D{seconds:g}", *way["flags"],
             f"--log-file={log}", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
    times, failed, first, last = [], 0, None, None
    for log, process in runs:
        process.wait()
        for line in log.read_text().splitlines():
            begun, status, took = map(int, line.split("\t"))
            failed += status != 200
            times.append(took)
            first = min(first or begun, begun)
            last = max(last or 0, begun + took)
    used = sum(map(processes.cpu_seconds, way["pids"])) - used
    times.sort()
    time.sleep(0.5)  # what was cut off at the end may still be decided
    return {"writes_per_second": len(times) / ((last - first) / 1e6), "failed": failed,
            "p50_us": times[len(times) // 2], "p99_us": times[len(times) * 99 // 100],
            "cpu_us_per_write": 1e6 * used / len(times),
            "uncounted": len(times) - failed - (written(way) - before)}


def agreement_of(node):
    return json.loads(node.get("/v1/agreement"))


def measure_catch_up(stage, way, decisions, writers=WRITERS[1]):
    """An observer that comes when so much was decided, and has none of it."""
    first = way["nodes"][0]
    while written(way) < decisions:
        load(stage, way, writers, 10)
    goal, ops = agreement_of(first)["height"], written(way)
    seeds = [word for node in way["nodes"] for word in ("--seed", node.mesh)]
    behind = stage.node("behind", "--genesis", str(way["genesis"]), *seeds)
    samples = []
    while not samples or samples[-1][1] < goal:
        samples.append((time.monotonic(), agreement_of(behind)["height"]))
        time.sleep(0.01)
    # From the last moment at which it had nothing: finding the others is not catching up.
    begun = max(at for at, height in samples if height == 0)
    took = samples[-1][0] - begun
    return {"blocks": goal, "ops": ops, "seconds": took, "blocks_per_second": goal / took,
            "ops_per_second": ops / took}


def measure_finality(folder, seconds, sizes=SIZES):
    """One writer, so that nothing waits but for agreement; each size has the machine to itself."""
    alone = json.loads(subprocess.run([FINALITY], check=True, capture_output=True,
                                      text=True).stdout)
    figures = {}
    for row in alone:
        count = row["members"]
        if count not in sizes:
            continue
        with processes.Stage(folder) as stage:
            way = start_validators(stage, count)
            load(stage, way, 1, 1)
            height = agreement_of(way["nodes"][0])["height"]
            sample = load(stage, way, 1, seconds)
            blocks = agreement_of(way["nodes"][0])["height"] - height
        figures[str(count)] = {**row, "p50_us": sample["p50_us"], "p99_us": sample["p99_us"],
                               "cpu_us_per_node": sample["cpu_us_per_write"] / count,
                               "blocks": blocks}
    return figures


def measure(stage, seconds, rounds, writers=WRITERS):
    ways = {"parley": start_validators(stage), "etcd": start_etcd(stage)}
    for way in ways.values():
        load(stage, way, max(writers), 1)  # warm up
    figures = {}
    for count in writers:
        samples = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                samples[name].append(load(stage, way, count, seconds))
        for name, of in samples.items():
            if any(sample["failed"] or sample["uncounted"] > 0 for sample in of):
                print(f"bench: {name} lost or refused writes of {count} writers: {of}")
        figures[str(count)] = {
            name: {key: statistics.median(sample[key] for sample in of) for key in of[0]}
            for name, of in samples.items()}
    return {"writes": figures, "catch_up": measure_catch_up(stage, ways["parley"], BEHIND)}
