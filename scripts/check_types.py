#!/usr/bin/env python3
"""Pure folders use no type that reads a clock, draws chance or hides state. The other half of this
check is tests/base/types_test.cc: base::Instant and its family cannot be asked for the time."""

import re
import sys

import tree

STATIC = re.compile(
    r"^\s*(?:inline\s+)?static\s+(?!constexpr|const\b|constinit const\b|inline constexpr|_?assert)"
    r"([^;(){}=]*?)\s*(=|;|\{)", re.MULTILINE)


def check(source_tree, rules=None):
    """Pure folders use no type that reads a clock, draws chance or hides state."""
    rules = rules or tree.layers()
    folders = rules["folder"]
    words = [(re.compile(entry["word"]), entry["instead"]) for entry in rules["forbidden"]["word"]]
    findings = []
    for path, text in source_tree.sources():
        name = tree.folder_of(path, folders)
        if name is None or not folders[name].get("pure"):
            continue
        code = tree.code_only(text)
        for number, line in enumerate(code.split("\n"), 1):
            if line.lstrip().startswith("#"):
                continue  # check_layers.py looks at includes
            for word, instead in words:
                match = word.search(line)
                if match:
                    findings.append(tree.Finding(
                        path, number, f"{name}/ only decides, and uses {match.group(0)!r}",
                        f"use {instead}"))
        for match in STATIC.finditer(code):
            if re.search(r"\boperator\b", match.group(1)):
                continue
            number = code.count("\n", 0, match.start(1)) + 1
            findings.append(tree.Finding(path, number,
                                         f"a static that can change: {match.group(1)!r}",
                                         "make it a member, or constexpr"))
    return findings


def self_test():
    def one(text, path="mesh/a.cc"):
        return check(tree.Tree({path: text}))

    tree.expect(one("int f() { return 1; }\nstatic constexpr int x = 1;\nstatic int f(int a);\n"))
    tree.expect(one("static_assert(sizeof(int) == 4);\nstatic const int x = 2;\n"))
    tree.expect(one("auto t = std::chrono::steady_clock::now();"), "uses 'steady_clock'")
    tree.expect(one("int a;\nstd::unordered_map<int, int> m;"), "mesh/a.cc:2:")
    tree.expect(one("int x = rand();"), "uses 'rand('")
    tree.expect(one("int x = operand(3);"))
    tree.expect(one("void f() {\n  static int calls = 0;\n}"), "can change: 'int calls'")
    tree.expect(one("// std::unordered_map is forbidden\nauto s = \"rand()\";"))
    tree.expect(one("std::unordered_map<int, int> m;", "transport/a.cc"))
    tree.expect(one("thread_local int x;"), "thread_local")


if __name__ == "__main__":
    sys.exit(tree.run("types", check, self_test))
