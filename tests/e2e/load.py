"""A steady load of idempotent calls, each timed and judged."""

import threading
import time

import mesh


class Load:
    """`rate` calls a second over `connections` kept connections, until stop()."""

    def __init__(self, node, capability, rate=200, connections=20):
        self._node, self._path = node, f"/call/{capability}"
        self._rate, self._stop = rate, threading.Event()
        self._lock = threading.Lock()
        self.results = []  # (moment, seconds taken, status or error, served by, attempts)
        self._threads = [threading.Thread(target=self._run, args=(number, connections), daemon=True)
                         for number in range(connections)]
        self.began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def _run(self, number, connections):
        client = mesh.Client(self._node.api)
        pause = connections / self._rate
        moment = self.began + pause * number / connections
        while not self._stop.wait(max(0.0, moment - time.monotonic())):
            start = time.monotonic()
            try:
                answer = client.request("GET", self._path)
                result = (start, time.monotonic() - start, answer.status,
                          answer.headers.get("Parley-Served-By"),
                          int(answer.headers.get("Parley-Attempts") or 0))
            except Exception as error:  # any failure of any kind is one failed call
                result = (start, time.monotonic() - start, repr(error), None, 0)
                client.close()
                client = mesh.Client(self._node.api)
            with self._lock:
                self.results.append(result)
            moment += pause
        client.close()

    def count(self):
        with self._lock:
            return len(self.results)

    def stop(self):
        """Ends the load; all results."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self.results


def summary_of(results):
    times = sorted(result[1] for result in results)
    failed = [result for result in results if result[2] != 200]
    retried = sum(result[4] > 1 for result in results)
    rate = len(results) / max(0.001, results[-1][0] - results[0][0])
    return (f"{len(results)} calls at {rate:.0f}/s, {len(failed)} failed, {retried} retried, "
            f"median {1000 * times[len(times) // 2]:.1f} ms, max {1000 * times[-1]:.0f} ms")
