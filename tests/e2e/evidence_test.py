#!/usr/bin/env python3
"""A validator lies; the others prove it, decide that they have the proof, take its seat and shut it
out."""

import os
import pathlib
import subprocess
import unittest

import mesh
from agreement_test import Committee, parley, propose, standing

TOOL = os.environ.get("PARLEY_EQUIVOCATOR",
                      str(mesh.ROOT / "build/release/tests/equivocator"))


@unittest.skipUnless(pathlib.Path(TOOL).exists(), "the tool of this test is not built")
class EvidenceTest(unittest.TestCase):
    def test_an_equivocator_is_named_loses_its_seat_and_is_shut_out(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            committee.wait_complete(4)
            honest, liar = committee.nodes[:3], committee.nodes[3]
            propose(honest[0], "document", "--key", "before", "--value", "1")
            view = max(standing(node)["view"] for node in honest)
            lied = subprocess.run(
                [TOOL, str(committee.folders[3]), str(committee.genesis), str(view),
                 *(f"{node.id}@{node.mesh}" for node in honest)],
                capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(lied.returncode, 0, lied.stderr)
            for node in honest:
                mesh.wait_until(lambda: standing(node)["accused"], "it is named", 30)
                accused = standing(node)["accused"]
                self.assertEqual([(row["node"], row["proven"], row["view"]) for row in accused],
                                 [(liar.id, "notarized_two", view)])
            # Once, however many of them saw it; and in the list of decisions, for people.
            rows = [row for row in honest[1].rows("/v1/decisions")
                    if row["kind"] == "report_evidence"]
            self.assertEqual(len(rows), 1)
            self.assertIn(f"equivocator named {liar.id[:8]}: notarized two in view {view}",
                          parley("decisions", "-o", "json", "--api", honest[1].api).stdout)
            named_in = self.view_of(honest[0], rows[0]["height"])
            self.assertLessEqual(named_in - view, 2)
            self.assertIn(liar.id, honest[0].errors())

            refused = parley("propose", "evict", "--node", liar.id, "--reason", "it lied", "--api",
                             honest[0].api, check=False)
            self.assertIn("parley propose committee", refused.stderr)
            propose(honest[0], "committee", "--remove", liar.id)
            evicted = propose(honest[0], "evict", "--node", liar.id, "--reason", "it lied",
                              "--evidence", rows[0]["id"])
            self.assertIn("member_evicted", [event["event"] for event in evicted["events"]])
            refusals = honest[0].metric("parley_links_refused_total")
            liar.kill()
            again = committee.start(3)
            mesh.wait_until(
                lambda: honest[0].metric("parley_links_refused_total") > refusals or
                again.metric("parley_links_failed_total") >= 2, "it is refused at the door", 30)
            mesh.wait_until(lambda: "serving" not in [
                row["state"] for row in honest[0].members() if row["id"] == liar.id],
                            "it counts as gone", 30)
            # Not by admission, and not with a seat.
            back = parley("propose", "member", "--action", "admit", "--node", liar.id, "--api",
                          honest[0].api, check=False)
            self.assertIn("named_equivocator", back.stderr)

    def view_of(self, node, height):
        """The view in which that height was decided, from the proof of it."""
        row = next(row for row in node.rows("/v1/decisions") if row["height"] == height)
        proof = mesh.request(node.api, "GET", f"/v1/proofs/{row['id']}").json()
        header = bytes.fromhex(proof["header"])
        return int.from_bytes(header[16 + 8 + 32:16 + 8 + 32 + 8], "little")


if __name__ == "__main__":
    unittest.main()
