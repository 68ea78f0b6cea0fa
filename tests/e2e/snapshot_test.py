#!/usr/bin/env python3
"""A node that was away for so long that it gets the state as a whole: it says what it passed over,
follows from there on, and has the same state as everybody."""

import json
import unittest

import mesh
from agreement_test import Committee, documents, parley, propose, standing
from decisions_test import Events

FEW = "agreement: { snapshotAfter: 20 }\n"


def decide(node, first, end):
    """A block each."""
    client = mesh.Client(node.api)
    try:
        return [client.request("POST", "/v1/proposals?wait=30s", json.dumps(
            {"kind": "document", "key": f"k{i}", "value": i})).json() for i in range(first, end)]
    finally:
        client.close()


class SnapshotTest(unittest.TestCase):
    def test_who_was_away_for_long_takes_the_state_and_says_what_it_passed_over(self):
        with mesh.Mesh() as run:
            committee = Committee(run, config=FEW)
            asker = committee.nodes[0]
            away = committee.observer("away", data=run.folder / "away")
            known = decide(asker, 0, 4)
            mesh.wait_until(lambda: "k3" in documents(away), "it follows")
            before = standing(away)["height"]
            self.assertEqual(away.end_in_order(), 0)
            missed = decide(asker, 4, 120)  # more than are fetched by their hashes

            away = committee.observer("away", data=run.folder / "away")
            mesh.wait_until(lambda: "k119" in documents(away), "it has the state", 30)
            self.assertIn("as a whole", away.errors())
            self.same_state(asker, away)
            [gap] = standing(away)["passed_over"]
            self.assertEqual(gap["first"], before + 1)
            self.assertGreaterEqual(gap["last"], before + 19)
            lost = next(row for row in missed if gap["first"] <= row["height"] <= gap["last"])
            self.says_so(away, gap, known[0], lost)

            # It follows, and the next run still knows.
            after = propose(asker, "document", "--key", "after", "--value", "1")
            mesh.wait_until(lambda: "after" in documents(away), "it follows again")
            self.assertEqual(away.end_in_order(), 0)
            away = committee.observer("away", data=run.folder / "away")
            mesh.wait_until(lambda: standing(away)["height"] >= after["height"], "it is back")
            self.assertEqual(standing(away)["passed_over"], [gap])
            self.says_so(away, gap, known[0], lost)
            file = str(run.folder / "decision.json")
            for decision in (known[0], after):
                parley("decisions", "show", decision["id"], "--proof", file, "--api", away.api)
                parley("verify", file, "--genesis", str(committee.genesis))
            self.same_state(asker, away)
            # Whom it passed over nothing has all of them, and each can be proven.
            parley("decisions", "show", lost["id"], "--proof", file, "--api", asker.api)
            parley("verify", file, "--genesis", str(committee.genesis))

    def test_who_catches_up_by_blocks_finds_each_decision_where_it_was(self):
        with mesh.Mesh() as run:
            committee = Committee(run, 1, config=FEW)
            told = decide(committee.nodes[0], 0, 12)
            late = committee.observer("late", data=run.folder / "late")
            mesh.wait_until(lambda: "k11" in documents(late), "it follows")
            self.assertEqual(standing(late)["passed_over"], [])
            self.assertEqual(late.end_in_order(), 0)
            late = committee.observer("late", data=run.folder / "late")
            for decision in told:
                found = late.get("/v1/decisions/" + decision["id"]).json()
                self.assertEqual({key: found[key] for key in ("height", "place", "events")},
                                 {key: decision[key] for key in ("height", "place", "events")})
                self.assertEqual(late.get("/v1/proofs/" + decision["id"]).status, 200)

    def same_state(self, one, other):
        def same():
            a, b = standing(one), standing(other)
            return a["height"] == b["height"] and a["state_root"] == b["state_root"]

        mesh.wait_until(same, "the same state at the same height", 30)

    def says_so(self, node, gap, known, lost):
        heights = f"{gap['first']} to {gap['last']}"
        for path in ("/v1/decisions/", "/v1/proofs/"):
            answer = node.get(path + lost["id"])
            self.assertEqual((answer.status, answer.error()), (410, "passed_over"))
            self.assertIn(heights, answer.json()["detail"])
        done = parley("decisions", "show", lost["id"], "--api", node.api, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(heights, done.stderr)
        listed = parley("decisions", "-o", "json", "--api", node.api)
        self.assertIn(heights, listed.stderr)
        rows = node.rows("/v1/decisions")
        self.assertFalse([row for row in rows if gap["first"] <= row["height"] <= gap["last"]])
        self.assertIn(known["id"], [row["id"] for row in rows])
        self.assertEqual(node.get("/v1/decisions").headers["Parley-Passed-Over"],
                         f"{gap['first']}-{gap['last']}")
        # What each of them changed is told from the archive as it was at once.
        kept = node.get("/v1/decisions/" + known["id"]).json()
        self.assertEqual(kept["events"], known["events"])
        events = Events(node, query=f"?from={gap['first']}")
        place, told = events.next()
        self.assertEqual(told, {"passed_over": gap})
        self.assertEqual(place, str(gap["last"]))
        self.assertGreater(events.next()[1]["height"], gap["last"])
        events.close()


if __name__ == "__main__":
    unittest.main()
