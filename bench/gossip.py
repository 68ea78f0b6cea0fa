"""Gossip when nothing happens: bytes, datagrams, CPU and memory of each node, of Parley at its
default settings and of serf at its LAN profile with encryption. Bytes are counted on the loopback
device, with the headers of IP, UDP and TCP, the same way for both."""

import base64
import collections
import os
import socket
import statistics
import struct
import subprocess
import threading
import time

import processes

SETTLE_SECONDS = 20


class Wire:
    """Counts what leaves the ports of a set, by AF_PACKET on lo. Each packet once, as sent."""

    ALL_PROTOCOLS, OUTGOING = 0x0003, 4

    def __init__(self, ports):
        self._ports = set(ports)
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                     socket.htons(self.ALL_PROTOCOLS))
        self._socket.bind(("lo", self.ALL_PROTOCOLS))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 2**20)
        self._socket.settimeout(0.2)
        self._ended = threading.Event()
        self.counts = collections.Counter()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._ended.is_set():
            try:
                data, address = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            if address[2] != self.OUTGOING or len(data) < 28 or data[0] >> 4 != 4:
                continue
            header = 4 * (data[0] & 15)
            source, target = struct.unpack_from("!HH", data, header)
            if not {source, target} & self._ports:
                continue
            kind = {6: "tcp", 17: "udp"}.get(data[9])
            if kind:
                self.counts[f"{kind}_packets"] += 1
                self.counts[f"{kind}_bytes"] += struct.unpack_from("!H", data, 2)[0]

    def stop(self):
        self._ended.set()
        self._thread.join()
        self._socket.close()
        return self.counts


def watch(pids, ports, seconds):
    try:
        wire = Wire(ports)
    except PermissionError:
        wire = None  # not root: no bytes
    before = [processes.cpu_seconds(pid) for pid in pids]
    start = time.monotonic()
    time.sleep(seconds)  # idleness is what is measured
    took = time.monotonic() - start
    used = [processes.cpu_seconds(pid) - was for pid, was in zip(pids, before)]
    memory = [processes.memory_bytes(pid) for pid in pids]
    figures = {"nodes": len(pids), "seconds": round(took, 1),
               "cpu_percent_per_node": 100 * sum(used) / len(pids) / took,
               "rss_mib_per_node": statistics.median(m["rss"] for m in memory) / 2**20,
               "private_dirty_mib_per_node":
                   statistics.median(m["private_dirty"] for m in memory) / 2**20}
    if wire:
        counts = wire.stop()
        for name in ("udp_packets", "udp_bytes", "tcp_packets", "tcp_bytes"):
            figures[f"{name}_per_second_per_node"] = counts[name] / len(pids) / took
        figures["bytes_per_second_per_node"] = (counts["udp_bytes"] + counts["tcp_bytes"]) / len(
            pids) / took
    return figures


def measure_parley(folder, count, seconds):
    with processes.Stage(folder) as stage:
        nodes = [stage.node("gossip-0")]
        for number in range(1, count):
            nodes.append(stage.node(f"gossip-{number}", "--seed", nodes[0].mesh))
        processes.wait_until(lambda: all(node.serving() == count for node in nodes),
                             "all nodes know each other", 120)
        time.sleep(SETTLE_SECONDS)
        told = sum(node.metric("parley_gossip_bytes_total") for node in nodes)
        start = time.monotonic()
        figures = watch([node.pid for node in nodes],
                        [int(node.mesh.rsplit(":", 1)[1]) for node in nodes], seconds)
        told = sum(node.metric("parley_gossip_bytes_total") for node in nodes) - told
        figures["own_metric_bytes_per_second_per_node"] = (
            told / count / (time.monotonic() - start))
        figures["alone"] = alone_parley(stage)
        return figures


def alone_parley(stage):
    """Memory of a node that has just been started, alone in its mesh."""
    node = stage.node("alone")
    time.sleep(2)
    return processes.memory_bytes(node.pid)


def measure_serf(folder, count, seconds):
    key = base64.b64encode(os.urandom(32)).decode()
    with processes.Stage(folder) as stage:
        pids, ports, calls = [], [], []
        for number in range(count + 1):
            port, call = processes.free_port(), processes.free_port()
            command = ["serf", "agent", f"-bind=127.0.0.1:{port}", f"-rpc-addr=127.0.0.1:{call}",
                       f"-node=serf-{number}", f"-encrypt={key}", "-profile=lan",
                       "-log-level=err"]
            alone = number == count
            if number and not alone:
                command.append(f"-retry-join=127.0.0.1:{ports[0]}")
            process = stage.start(f"serf-{number}", command)
            processes.wait_until(lambda call=call: processes.accepts(call), "a serf agent")
            if not alone:
                pids.append(process.pid)
                ports.append(port)
                calls.append(call)

        def complete(call):
            done = subprocess.run(["serf", "members", f"-rpc-addr=127.0.0.1:{call}"],
                                  capture_output=True, text=True, check=False)
            return done.stdout.count(" alive") == count

        processes.wait_until(lambda: all(map(complete, calls)), "all serf agents", 120)
        time.sleep(SETTLE_SECONDS)
        figures = watch(pids, ports, seconds)
        figures["alone"] = processes.memory_bytes(process.pid)
        return figures


def measure(folder, count, seconds):
    return {"parley": measure_parley(folder, count, seconds),
            "serf": measure_serf(folder, count, seconds)}
