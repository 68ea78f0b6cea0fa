#!/usr/bin/env python3
"""Link dependencies keep the layers: CMake writes links.txt for each build, this reads it."""

import pathlib
import re
import sys

import tree


def parse(text):
    """target -> (folder, direct dependencies)"""
    graph = {}
    for line in text.splitlines():
        if line.strip():
            target, folder, dependencies = line.split("|")
            graph[target] = (folder, [name for name in dependencies.split(";") if name])
    return graph


def findings_of(graph, rules):
    folders = rules["folder"]
    findings = []
    for target, (folder, dependencies) in sorted(graph.items()):
        if not target.startswith("mesh_") or folder not in folders:
            continue
        rule = folders[folder]
        for raw in dependencies:
            # PRIVATE dependencies of a static library appear as $<LINK_ONLY:name>.
            name = re.sub(r"^\$<LINK_ONLY:(.*)>$", r"\1", raw)
            if name == "mesh_flags" or name == target:
                continue
            if name in graph and name.startswith("mesh_"):
                other = graph[name][0]
                if other not in rule["may"]:
                    findings.append(tree.Finding(
                        f"{folder}/CMakeLists.txt", 0, f"{target} links {name}",
                        f"{folder}/ may use only {', '.join(rule['may']) or 'nothing'}"))
            elif name not in rule.get("links", []):
                findings.append(tree.Finding(
                    f"{folder}/CMakeLists.txt", 0, f"{target} links {name}",
                    "add it to scripts/layers.toml with a line in docs/decisions/, or do without"))
    return findings


def check(arguments):
    """Link dependencies keep the layers."""
    path = pathlib.Path(arguments.build, "links.txt")
    if not path.exists():
        if arguments.all:
            return [tree.Finding(str(path), 0, "is not there", "run cmake --preset release")]
        print(f"links: {path} is not there, so nothing was looked at")
        return []
    graph = parse(path.read_text())
    if arguments.all and not any(target.startswith("mesh_") for target in graph):
        return [tree.Finding(str(path), 0, "names no library of ours", "look at tests/lint.cmake")]
    return findings_of(graph, tree.layers())


def self_test():
    rules = tree.layers()

    def one(text):
        return findings_of(parse(text), rules)

    common = "mesh_base|base|\nmesh_crypto|crypto|mesh_base;mesh_flags;PkgConfig::sodium\n"
    tree.expect(one(common))
    gossip = "mesh_gossip|gossip|mesh_base\n"
    tree.expect(one(common + gossip + "mesh_mesh|mesh|mesh_base;mesh_gossip\n"),
                "mesh_mesh links mesh_gossip")
    tree.expect(one(common + "mesh_kernel|node/kernel|mesh_base;$<LINK_ONLY:asio>\n"),
                "mesh_kernel links asio")
    tree.expect(one("mesh_base|base|Threads::Threads\n"), "mesh_base links Threads::Threads")


def add_arguments(parser):
    parser.add_argument("--build", default=str(tree.ROOT / "build/release"), help="build directory")
    parser.add_argument("--all", action="store_true", help="a missing links.txt is a finding")


if __name__ == "__main__":
    sys.exit(tree.run("links", check, self_test, add_arguments))
