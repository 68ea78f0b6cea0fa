#!/usr/bin/env python3
"""Includes keep the layers: a folder includes only what scripts/layers.toml lets it."""

import re
import sys

import tree

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def check(source_tree, rules=None):
    """Includes keep the layers: a folder includes only what scripts/layers.toml lets it."""
    rules = rules or tree.layers()
    folders = rules["folder"]
    allowed = {entry["file"]: set(entry["allow"]) for entry in rules.get("exception", [])}
    known_packages = {name for folder in folders.values() for name in folder.get("packages", [])}
    findings = []
    for path, text in source_tree.sources():
        name = tree.folder_of(path, folders)
        if name is None:
            continue  # tests and benchmarks may include everything
        folder = folders[name]
        for match in INCLUDE.finditer(tree.code_only(text)):
            line = text.count("\n", 0, match.start()) + 1
            ours, theirs = match.groups()
            if ours:
                target = tree.folder_of(ours, folders)
                if target in (None, name) or target in folder["may"]:
                    continue
                findings.append(tree.Finding(
                    path, line, f"{name}/ includes {target}/",
                    f"it may include only {', '.join(folder['may']) or 'itself'}; move what is "
                    "shared down, or change scripts/layers.toml and say why in docs/decisions/"))
                continue
            package = theirs.split("/")[0]
            if f"<{theirs}>" in allowed.get(path, ()):
                continue
            if package in known_packages and package not in folder.get("packages", []):
                findings.append(tree.Finding(
                    path, line, f"{name}/ includes <{theirs}>",
                    "that package belongs to another folder (scripts/layers.toml, packages)"))
            only_in = folder.get("packages_only_in", "")
            if package in folder.get("packages", []) and not path.startswith(only_in):
                findings.append(tree.Finding(
                    path, line, f"{name}/ includes <{theirs}> outside {only_in}/",
                    "keep the package there, behind a header of ours"))
            if not folder.get("pure"):
                continue
            system = re.match(r"(sys|netinet|arpa|linux)/|(unistd|fcntl|pthread|poll|netdb|time"
                              r"|signal|stdio)\.h$", theirs)
            if f"<{theirs}>" in rules["forbidden"]["headers"] or system:
                findings.append(tree.Finding(
                    path, line, f"{name}/ only decides, and includes <{theirs}>",
                    "take what it gives as an argument, or move the doing to the shell"))
    return findings


def self_test():
    def one(path, text):
        return check(tree.Tree({path: text}))

    tree.expect(one("base/a.cc", '#include "base/b.h"\n#include <vector>\n'))
    tree.expect(one("gossip/a.cc", '\n#include "mesh/call.h"'), "a.cc:2: gossip/ includes mesh/")
    tree.expect(one("mesh/a.h", '#include "node/kernel/kernel.h"'), "includes node/kernel/")
    tree.expect(one("node/kernel/a.h", '#include "node/driver.h"'), "includes node/")
    tree.expect(one("node/a.cc", '#include "node/kernel/kernel.h"'))
    tree.expect(one("mesh/a.cc", "#include <unordered_map>"), "only decides")
    tree.expect(one("mesh/a.cc", "#include <sys/socket.h>"), "only decides")
    tree.expect(one("mesh/a.cc", "#include <asio.hpp>"), "another folder")
    tree.expect(one("mesh/judge/a.cc", "#include <nlohmann/json.hpp>"))
    tree.expect(one("mesh/a.cc", "#include <nlohmann/json.hpp>"), "outside mesh/judge/")
    tree.expect(one("base/check.cc", "#include <cstdio>"))
    tree.expect(one("base/other.cc", "#include <cstdio>"), "only decides")
    tree.expect(one("transport/a.cc", "#include <asio.hpp>\n#include <thread>"))
    tree.expect(one("mesh/a.cc", "// #include <thread>"))
    tree.expect(one("tests/mesh/a_test.cc", "#include <thread>"))


if __name__ == "__main__":
    sys.exit(tree.run("layers", check, self_test))
