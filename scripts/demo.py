"""The story of scripts/demo: five nodes, their agents, a death and a farewell under load."""

import argparse
import http.client
import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RATE = 200  # calls a second
PATIENCE = 30.0  # seconds for anything that should take one

TEXT = """A mesh lets agents call each other by what they can do. Nobody in the mesh keeps a list
of addresses. Every node tells its neighbours which agent stands beside it, and the news
travels on. When a node dies, its monitors notice and calls go to another agent that can
do the same. The caller does not notice. It rained on the day this text was written."""


class Failed(Exception):
    """The demo did not show what it should; the message says what."""


class Process:
    """A child whose first line on stdout says that it is ready."""

    def __init__(self, name, command, folder):
        self.name = name
        self.log = folder / f"{name}.log"
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True,
                                          start_new_session=True)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self._lines.put(line.strip())
        self._lines.put(None)

    def first_line(self):
        try:
            line = self._lines.get(timeout=PATIENCE)
        except queue.Empty:
            line = None
        if line is None:
            raise Failed(f"{self.name} did not start:\n{self.errors()}")
        return line

    def errors(self):
        return self.log.read_text(errors="replace")[-2000:]

    def end(self):
        """Ends it in peace, by force if need be; its exit code."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.child.kill()
        return self.child.wait()


class Node(Process):
    def __init__(self, name, binary, folder, seeds, agent_url=None, capabilities=()):
        command = [binary, "node", "--name", name, "--data", str(folder / name),
                   "--mesh", "127.0.0.1:0", "--api", "127.0.0.1:0"]
        for seed in seeds:
            command += ["--seed", seed]
        if capabilities:
            path = folder / f"{name}.yaml"
            listed = "".join(f"    - {{ name: {capability}, path: {where} }}\n"
                             for capability, where in capabilities)
            path.write_text(f"agent:\n  url: {agent_url}\n  health: {{ path: /healthz }}\n"
                            f"  capabilities:\n{listed}")
            command += ["--config", str(path)]
        super().__init__(name, command, folder)
        fields = dict(word.split("=", 1) for word in self.first_line().split()[1:])
        self.id, self.mesh, self.api = fields["id"], fields["mesh"], fields["api"]

    def get(self, path):
        host, port = self.api.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def rows(self, path):
        value = json.loads(self.get(path)[1])
        if isinstance(value, dict):
            value = next(item for item in value.values() if isinstance(item, list))
        return value


class Load:
    """RATE idempotent calls a second from several threads, each call judged."""

    THREADS = 16

    def __init__(self, node, target):
        self._address, self._target = node.api, target
        self._ended, self._lock = threading.Event(), threading.Lock()
        self.served, self.failed, self.retried, self.slowest = {}, [], 0, 0.0
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True)
                         for number in range(self.THREADS)]
        for thread in self._threads:
            thread.start()

    def _run(self, number):
        connection = None
        moment = time.monotonic() + number / RATE
        while not self._ended.wait(max(0.0, moment - time.monotonic())):
            moment += self.THREADS / RATE
            start = time.monotonic()
            try:
                if connection is None:
                    host, port = self._address.rsplit(":", 1)
                    connection = http.client.HTTPConnection(host, int(port), timeout=10)
                connection.request("GET", self._target)
                answer = connection.getresponse()
                answer.read()
                wrong = None if answer.status == 200 else f"status {answer.status}"
                by = answer.headers.get("Parley-Served-By", "?")
                again = int(answer.headers.get("Parley-Attempts") or 1) > 1
            except (OSError, http.client.HTTPException) as error:
                wrong, by, again, connection = repr(error), "?", False, None
            with self._lock:
                self.slowest = max(self.slowest, time.monotonic() - start)
                self.retried += again
                if wrong:
                    self.failed.append(wrong)
                else:
                    self.served[by] = self.served.get(by, 0) + 1

    def count(self):
        with self._lock:
            return sum(self.served.values()) + len(self.failed)

    def wait_for(self, more):
        goal = self.count() + more
        wait_until(lambda: self.count() >= goal, f"{more} more calls")

    def stop(self):
        self._ended.set()
        for thread in self._threads:
            thread.join()


def wait_until(condition, what):
    """The first true value of condition()."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"waited {PATIENCE:g} s in vain: {what}")
        time.sleep(0.02)
    return value


def say(text=""):
    print(text, flush=True)


class Demo:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.processes = []

    def agent(self, program, *arguments):
        command = [str(ROOT / "examples" / program), *arguments]
        name = f"agent-{len(self.processes)}-{program.split('_')[0]}"
        process = Process(name, command, self.folder)
        self.processes.append(process)
        return f"http://127.0.0.1:{process.first_line()}"

    def node(self, name, seeds=(), agent_url=None, capabilities=()):
        node = Node(name, self.binary, self.folder, [seed.mesh for seed in seeds], agent_url,
                    capabilities)
        self.processes.append(node)
        return node

    def parley(self, *arguments, node):
        done = subprocess.run([self.binary, *arguments, "--api", node.api], capture_output=True,
                              text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise Failed(f"parley {' '.join(arguments)} failed: {done.stderr}")
        return done.stdout.rstrip()

    def show(self, *arguments, node):
        say(f"$ parley {' '.join(arguments)}")
        for line in self.parley(*arguments, node=node).splitlines():
            say(f"  {line}")
        say()

    def start(self):
        say("Five nodes start, four of them beside an agent, on ports that the system picks.")
        self.front = self.node("front")
        seeds = [self.front]
        self.stock = [
            self.node(f"stock-{number}", seeds, self.agent("inventory_agent.py"),
                      [("inventory.lookup", "/lookup")])
            for number in (1, 2)
        ]
        self.node("prices", seeds, self.agent("pricing_agent.py"), [("pricing.quote", "/quote")])
        self.node("text", seeds, self.agent("text_agent.py"),
                  [("text.summarize", "/summarize"), ("text.stream", "/stream")])
        nodes = [process for process in self.processes if isinstance(process, Node)]
        for node in nodes:
            wait_until(lambda node=node: node.get("/readyz")[0] == 200, f"{node.name} is ready")
            wait_until(lambda node=node: len(node.rows("/v1/capabilities")) == 5
                       and all(row["state"] == "serving" for row in node.rows("/v1/members")),
                       f"{node.name} knows every agent")
        say("Each of them knows all the others:\n")
        self.show("members", node=self.front)
        self.show("capabilities", node=self.front)

    def calls(self):
        say("The front node has no agent, and no address of one. It calls by what it needs:\n")
        self.show("call", "inventory.lookup", "--data", '{"sku": "A01-00"}', node=self.front)
        self.show("call", "pricing.quote", "--data", '{"sku": "A01-00", "quantity": 12}',
                  node=self.front)
        say("$ parley call text.summarize --path '?sentences=1' --data @text.txt")
        path = self.folder / "text.txt"
        path.write_text(TEXT.replace("\n", " "))
        answer = self.parley("call", "text.summarize", "--path", "?sentences=1",
                             "--data", f"@{path}", node=self.front)
        say(f"  {answer}\n")

    def state_of(self, node):
        states = {row["id"]: row["state"] for row in self.front.rows("/v1/members")}
        return states.get(node.id, "forgotten")

    def kill_one(self, load):
        say(f"Two nodes offer inventory.lookup. {RATE} calls a second begin.")
        load.wait_for(2 * RATE)
        # The one that serves more, so that its death is felt.
        self.stock.sort(key=lambda node: load.served.get(node.name, 0), reverse=True)
        victim = self.stock[0]
        say(f"Now {victim.name} is killed (kill -9, nothing is said or saved) ...")
        moment = time.monotonic()
        victim.child.kill()
        victim.child.wait()
        load.wait_for(RATE)
        wait_until(lambda: self.state_of(victim) == "dead", "the killed node is declared dead")
        say(f"... and the mesh has declared it dead {time.monotonic() - moment:.1f} s later. "
            f"So far {load.count()} calls, {len(load.failed)} failed, {load.retried} were retried "
            "on the other node.\n")

    def replace_and_drain(self, load):
        say("A third inventory comes, and the second is told to end (SIGTERM) under the same load.")
        third = self.node("stock-3", [self.front], self.agent("inventory_agent.py"),
                          [("inventory.lookup", "/lookup")])
        wait_until(lambda: any(row["node"] in (third.id, "stock-3") or third.id in str(row)
                               for row in self.front.rows("/v1/capabilities")
                               if row["name"] == "inventory.lookup"), "the third one is known")
        code = self.stock[1].end()
        if code != 0:
            raise Failed(f"the drained node ended with {code}:\n{self.stock[1].errors()}")
        load.wait_for(RATE)
        say("It finished what it had, handed nothing back half done, and ended with exit code 0.\n")
        self.show("members", node=self.front)

    def verdict(self, load):
        total = load.count()
        served = ", ".join(f"{count} by {name}" for name, count in sorted(load.served.items()))
        say(f"In all {total} calls, one provider killed, one drained: {len(load.failed)} failed, "
            f"{load.retried} were retried, the slowest took {1000 * load.slowest:.0f} ms.")
        say(f"Served: {served}.")
        if load.failed:
            raise Failed(f"{len(load.failed)} of {total} calls failed, first: {load.failed[0]}")

    def run(self):
        self.start()
        self.calls()
        load = Load(self.front, "/call/inventory.lookup?sku=A01-00")
        try:
            self.kill_one(load)
            self.replace_and_drain(load)
        finally:
            load.stop()
        self.verdict(load)

    def how_to_go_on(self):
        stop = self.folder / "stop"
        # The nodes first: each says goodbye and drains while its agent still answers.
        alive = [process for process in self.processes if process.child.poll() is None]
        nodes = [str(process.child.pid) for process in alive if isinstance(process, Node)]
        agents = [str(process.child.pid) for process in alive if not isinstance(process, Node)]
        stop.write_text("#!/bin/sh\n"
                        f"kill {' '.join(nodes)} 2> /dev/null\n"
                        f"for pid in {' '.join(nodes)}; do\n"
                        "  while kill -0 $pid 2> /dev/null; do sleep 0.1; done\ndone\n"
                        f"kill {' '.join(agents)} 2> /dev/null\n"
                        f"rm -rf {self.folder}\n")
        stop.chmod(0o755)
        say("\nThe mesh is left running. Talk to it:\n")
        say(f"  export PARLEY_API={self.front.api}")
        say(f"  {self.binary} members")
        say(f"  {self.binary} call inventory.lookup --data '{{\"text\": \"red bicycles XL\"}}'")
        say(f"  curl 'http://{self.front.api}/call/pricing.quote?sku=A01-00&quantity=3'")
        say(f"  curl -N --data-binary @README.md http://{self.front.api}/call/text.stream")
        say(f"\nLogs and state are in {self.folder}. Stop it, and remove them, with\n")
        say(f"  {stop}")

    def end(self):
        for process in reversed(self.processes):
            process.end()


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the mesh running")
    parser.add_argument("--binary", help="the parley to run")
    arguments = parser.parse_args()
    binary = arguments.binary or os.environ.get("PARLEY_BINARY")
    binary = binary or str(ROOT / "build/release/parley")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="parley-demo-"))
    demo = Demo(binary, folder)

    def interrupted(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)
    keep = False
    try:
        demo.run()
        keep = arguments.keep
        if keep:
            demo.how_to_go_on()
        return 0
    except (Failed, OSError, http.client.HTTPException) as failure:
        print(f"scripts/demo: {failure!r}", file=sys.stderr)
        for process in demo.processes:
            if process.child.poll() not in (None, 0):
                print(f"{process.name} ended with {process.child.returncode}: {process.errors()}",
                      file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("scripts/demo: interrupted", file=sys.stderr)
        return 1
    finally:
        if not keep:
            demo.end()
            shutil.rmtree(folder, ignore_errors=True)
            say("Every process has ended, and nothing is left behind.")


if __name__ == "__main__":
    sys.exit(main())
