"""The cost of two hops: client -> hop -> TLS, HTTP/2 -> hop -> agent, by Parley and by HAProxy,
against the same client and agent without any. The agent is a third HAProxy that answers 1 KB from
memory."""

import re
import statistics
import subprocess
import time

import processes

CAPABILITY = "bench.answer"
ANSWER_BYTES = 1024
CONNECTIONS = (1, 64)

DEFAULTS = """
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-keep-alive
  http-reuse always
"""

WRK_REPORT = """
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write
      + summary.errors.status + summary.errors.timeout))
end
"""


def certificates(folder):
    """A small CA and one certificate for both of HAProxy's hops."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=bench", "-days", "2")
    openssl("req", "-newkey", "ed25519", "-nodes", "-keyout", "hop.key", "-out", "hop.csr",
            "-subj", "/CN=hop")
    openssl("x509", "-req", "-in", "hop.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "hop.crt", "-days", "2")
    (folder / "hop.pem").write_text((folder / "hop.crt").read_text()
                                    + (folder / "hop.key").read_text())


def haproxy(stage, name, text):
    path = stage.folder / f"{name}.cfg"
    path.write_text(DEFAULTS + text)
    return stage.start(name, ["haproxy", "-db", "-f", str(path)])


def start_agent(stage):
    port = processes.free_port()
    body = stage.folder / "answer"
    body.write_bytes(b"x" * ANSWER_BYTES)
    haproxy(stage, "agent", f"""
frontend agent
  bind 127.0.0.1:{port}
  http-request return status 200 content-type application/octet-stream file {body}
""")
    processes.wait_until(lambda: processes.accepts(port), "the agent")
    return port


def start_haproxy(stage, agent):
    certificates(stage.folder)
    first, second = processes.free_port(), processes.free_port()
    tls = f"ca-file {stage.folder}/ca.pem crt {stage.folder}/hop.pem verify required"
    one = haproxy(stage, "haproxy-1", f"""
frontend here
  bind 127.0.0.1:{first}
  default_backend there
backend there
  server there 127.0.0.1:{second} ssl alpn h2 ssl-min-ver TLSv1.3 {tls}
""")
    two = haproxy(stage, "haproxy-2", f"""
frontend there
  bind 127.0.0.1:{second} ssl alpn h2 ssl-min-ver TLSv1.3 {tls}
  default_backend agent
backend agent
  server agent 127.0.0.1:{agent}
""")
    processes.wait_until(lambda: processes.accepts(first), "HAProxy, first hop")
    processes.wait_until(lambda: processes.accepts(second), "HAProxy, second hop")
    return f"http://127.0.0.1:{first}/", [one.pid, two.pid]


def start_parley(stage, agent):
    provider = stage.node("provider", "--agent", f"http://127.0.0.1:{agent}", "--capability",
                          CAPABILITY)
    caller = stage.node("caller", "--seed", provider.mesh)
    processes.wait_until(lambda: CAPABILITY.encode() in caller.get("/v1/capabilities"),
                         "the caller knows the capability")
    return f"http://{caller.api}/call/{CAPABILITY}", [caller.pid, provider.pid]


def wrk(stage, url, connections, seconds):
    script = stage.folder / "report.lua"
    script.write_text(WRK_REPORT)
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s",
                           "-s", str(script), url], capture_output=True, text=True, check=True)
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    requests, micros, p50, p99, errors = map(int, found.groups())
    return {"requests": requests, "requests_per_second": requests / (micros / 1e6),
            "p50_us": p50, "p99_us": p99, "errors": errors}


def one_measurement(stage, url, pids, connections, seconds):
    before = sum(map(processes.cpu_seconds, pids))
    figures = wrk(stage, url, connections, seconds)
    used = sum(map(processes.cpu_seconds, pids)) - before
    figures["cpu_us_per_request"] = 1e6 * used / max(1, figures["requests"])
    return figures


def measure(stage, seconds, rounds):
    agent = start_agent(stage)
    ways = {"direct": (f"http://127.0.0.1:{agent}/", [])}
    ways["parley"] = start_parley(stage, agent)
    ways["haproxy"] = start_haproxy(stage, agent)
    time.sleep(25)  # an idle node has given back by then what only its start needed
    idle = {"parley": [processes.memory_bytes(pid) for pid in ways["parley"][1]],
            "haproxy": [processes.memory_bytes(pid) for pid in ways["haproxy"][1]]}
    for url, pids in ways.values():
        one_measurement(stage, url, pids, max(CONNECTIONS), 1)  # warm up
    figures = {}
    for connections in CONNECTIONS:
        samples = {name: [] for name in ways}
        for _ in range(rounds):
            for name, (url, pids) in ways.items():
                samples[name].append(one_measurement(stage, url, pids, connections, seconds))
        figures[str(connections)] = {
            name: {key: statistics.median(sample[key] for sample in of) for key in of[0]}
            for name, of in samples.items()}
        for of in samples.values():
            if any(sample["errors"] for sample in of):
                print("bench: there were errors; the figures are not to be trusted")
    figures["memory_idle"] = idle
    figures["memory_after_load"] = {
        name: [processes.memory_bytes(pid) for pid in ways[name][1]] for name in idle}
    stage.ways = ways
    return figures


def profile(stage, target):
    """Where the time goes in both nodes at 64 connections: perf's flat list of each."""
    target.mkdir(parents=True, exist_ok=True)
    url, pids = stage.ways["parley"]
    load = subprocess.Popen(["wrk", "-t1", "-c64", "-d12s", url], stdout=subprocess.DEVNULL)
    time.sleep(1)  # let it settle
    recorders = [subprocess.Popen(
        ["perf", "record", "-q", "-F", "999", "-g", "-p", str(pid), "-o",
         str(stage.folder / f"perf-{name}"), "--", "sleep", "8"])
        for name, pid in zip(("caller", "provider"), pids)]
    for recorder in recorders:
        recorder.wait()
    load.wait()
    for name in ("caller", "provider"):
        for kind, flags in (("own", ["--no-children", "-g", "none"]),
                            ("with-callees", ["--children", "-g", "none"])):
            done = subprocess.run(["perf", "report", "--stdio", "--percent-limit", "0.5", *flags,
                                   "-i", str(stage.folder / f"perf-{name}")],
                                  capture_output=True, text=True, check=False)
            path = target / f"profile-{name}-{kind}.txt"
            lines = [line.rstrip()[:160] for line in done.stdout.splitlines()]
            path.write_text("\n".join(line for line in lines if line.strip("#. ")) + "\n")
            print(f"profile: {path}")
