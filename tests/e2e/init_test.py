#!/usr/bin/env python3
"""A mesh from nothing but what `parley init --validators` wrote."""

import json
import stat
import unittest

import mesh
from agreement_test import documents, parley, propose, standing


class InitTest(unittest.TestCase):
    def test_four_validators_start_from_what_it_wrote_and_decide(self):
        with mesh.Mesh() as run:
            data = run.folder / "shop"
            arguments = ("init", "--name", "shop", "--admission", "invitation", "--validators", "4",
                         "--data", str(data))
            made = parley(*arguments)
            genesis = run.folder / "genesis.json"
            genesis.write_text(made.stdout)
            folders = [data / f"validator-{i}" for i in range(1, 5)]
            for folder in folders:
                self.assertIn(str(folder), made.stderr)
                for key in ("identity.key", "voter.key"):
                    self.assertEqual(stat.S_IMODE((folder / key).stat().st_mode), 0o600)
            # Keys that are there stay: the seats are the same, and it is another mesh.
            self.assertEqual(json.loads(parley(*arguments).stdout)["validators"],
                             json.loads(made.stdout)["validators"])

            nodes = []
            for folder in folders:
                nodes.append(run.node(folder.name, "--genesis", str(genesis), data=folder,
                                      seeds=nodes[:1]))
            ids = sorted(node.id for node in nodes)
            for node in nodes:
                self.assertEqual(sorted(standing(node)["committee"]), ids)
            propose(nodes[2], "document", "--key", "first", "--value", "1")
            for node in nodes:
                mesh.wait_until(lambda: "first" in documents(node), "the document everywhere")
            invited = mesh.request(nodes[0].api, "POST", "/v1/invitations", "{}")
            self.assertEqual(invited.status, 201)

    def test_what_is_missing_is_said(self):
        for arguments, sentence in (
                (("--validators", "4"), "--data DIR"),
                ((), "at least one validator"),
                (("--validator", "nonsense"), "pv1:"),
                (("--validators", "1", "--data", "/dev/null/x"), "/dev/null: cannot write")):
            done = parley("init", "--name", "shop", *arguments, check=False)
            self.assertIn(done.returncode, (1, 2))
            self.assertIn(sentence, done.stderr)


if __name__ == "__main__":
    unittest.main()
