#!/usr/bin/env python3
"""A flaky agent: a share of its answers fail, with status 503 or by closing the connection."""

import random
import threading

import agent


def main():
    parser = agent.arguments_of(__doc__)
    parser.add_argument("--rate", type=float, default=0.3, help="share of failures, 0 to 1 (0.3)")
    parser.add_argument("--how", choices=["status", "close"], default="status")
    parser.add_argument("--seed", type=int, default=1, help="the same seed fails the same requests")
    arguments = parser.parse_args()
    chance, lock = random.Random(arguments.seed), threading.Lock()

    def echo(request):
        with lock:
            fails = chance.random() < arguments.rate
        if fails and arguments.how == "close":
            raise agent.Hangup()
        if fails:
            raise agent.Refusal(503, "out of order; try again")
        return {"echo": request.body.decode("utf-8", "replace")}

    agent.serve(arguments.port, {"/": echo, "/echo": echo})


if __name__ == "__main__":
    main()
