"""Starting, timing and ending the processes that are compared."""

import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("PARLEY_BINARY", str(ROOT / "build/release/parley"))


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), "unknown")
    memory = next(int(line.split()[1]) // 2**20 for line in open("/proc/meminfo", encoding="utf-8")
                  if line.startswith("MemTotal"))
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": memory + 1,
            "kernel": os.uname().release}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """CPU that all threads of a process used so far; in nanoseconds where the kernel has them."""
    total = 0.0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0]) / 1e9
        except (OSError, ValueError):
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def memory_bytes(pid):
    """Resident set, and the share of it that is the process's own."""
    figures = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss", "Private_Dirty"):
            figures[name.lower()] = int(rest.split()[0]) * 1024
    return figures


def wait_until(condition, what, patience=60.0):
    deadline = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"bench: waited {patience:g} s in vain: {what}")
        time.sleep(0.05)
    return value


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Node:
    def __init__(self, process, line):
        self.process, self.pid = process, process.pid
        fields = dict(word.split("=", 1) for word in line.split()[1:])
        self.id, self.mesh, self.api = fields["id"], fields["mesh"], fields["api"]

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.api}{path}", timeout=30) as answer:
            return answer.read()

    def serving(self):
        """How many members it sees serving, by its own metric."""
        for line in self.get("/metrics").decode().splitlines():
            if line.startswith("parley_members{") and 'state="serving"' in line:
                return int(float(line.rsplit(" ", 1)[1]))
        return 0

    def metric(self, name):
        lines = self.get("/metrics").decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith((name + "{", name + " ")))


class Stage:
    """Owns every process that it starts."""

    def __init__(self, folder):
        self.folder = folder
        self._processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name, command, **more):
        with open(self.folder / f"{name}.log", "wb") as log:
            more.setdefault("stdout", log)
            process = subprocess.Popen(command, stderr=log, **more)
        self._processes.append(process)
        return process

    def node(self, name, *arguments):
        process = self.start(name, [BINARY, "node", "--name", name, "--data",
                                    str(self.folder / name), "--mesh", "127.0.0.1:0", "--api",
                                    "127.0.0.1:0", "--log-level", "warning", *arguments],
                             stdout=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        if not line.startswith("ready "):
            sys.exit(f"bench: {name} did not start; scripts/build, then see {self.folder}")
        return Node(process, line)
