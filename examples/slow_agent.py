#!/usr/bin/env python3
"""A slow agent: answers with what it was sent, after --delay seconds (or ?delay=0.2)."""

import time

import agent


def main():
    parser = agent.arguments_of(__doc__)
    parser.add_argument("--delay", type=float, default=1.0, help="seconds before each answer (1)")
    arguments = parser.parse_args()

    def echo(request):
        try:
            delay = float(request.query.get("delay", arguments.delay))
        except ValueError as error:
            raise agent.Refusal(400, "delay is a number of seconds") from error
        time.sleep(max(0.0, min(delay, 60.0)))
        return {"waited_seconds": delay, "echo": request.body.decode("utf-8", "replace")}

    agent.serve(arguments.port, {"/": echo, "/echo": echo})


if __name__ == "__main__":
    main()
