#!/usr/bin/env python3
"""Words, names and lines that the tree does not have: promises, vague names, long lines."""

import re
import sys

import tree

COLUMNS_MAX = 100
TEXTS = (".h", ".cc", ".py", ".md", ".toml", ".cmake", ".txt", ".yaml", ".yml", ".mjs", ".capnp",
         ".json")
# Split, so that this file passes its own check.
FORBIDDEN = [
    (re.compile(r"\b(FIX" "ME|XX" "X)\\b"), "finish it"),
    (re.compile(r"\bTO" r"DO\b(?!\((?:[a-z_]+/?)+\): \S)"), "say where: TO" "DO(folder): what"),
    (re.compile(r"\bnot (?:yet )?implem" r"ented\b"), "do it, or leave it out"),
    (re.compile(r"(?<![\w.~/-])/(?:work|home|Users)/[a-z]"), "no path of one machine in the tree"),
    (re.compile(r"^(?:<{7} |={7}$|>{7} )"), "resolve the conflict"),
]
VAGUE = re.compile(r"(?:^|_)(manager|helpers?|utils?|common|impl|misc|stuff|info)(?:_|$)")
VAGUE_TYPE = re.compile(
    r"\b(?:class|struct)\s+(\w*(?:Manager|Helper|Util|Utils|Impl|Common|Info|Data))\b")


def check(source_tree):
    """Words, names and lines that the tree does not have."""
    findings = []
    for path, text in source_tree.texts.items():
        if not path.endswith(TEXTS) and "." in path.split("/")[-1]:
            continue
        if path.endswith((".csv", "LICENSE")) or "golden/" in path or "vectors" in path:
            continue
        findings += _lines(path, text)
        if path.endswith((".h", ".cc")):
            findings += _names(path, text)
        if path.endswith(".md"):
            findings += _titles(path, text)
    return findings


def _lines(path, text):
    findings = []
    # In C++ a literal may be as long as what it says, and clang-format looks after comments.
    cpp = path.endswith((".h", ".cc"))
    measured = tree.code_only(text, instead="") if cpp else text
    columns = [len(line.rstrip()) for line in measured.split("\n")]
    for number, line in enumerate(text.split("\n"), 1):
        for word, todo in FORBIDDEN:
            if word.search(line):
                said = word.search(line).group(0)
                findings.append(tree.Finding(path, number, f"says {said!r}", todo))
        code = path.endswith((".py", ".mjs", ".cmake", ".h", ".cc"))
        if code and columns[number - 1] > COLUMNS_MAX and "http" not in line:
            findings.append(tree.Finding(path, number,
                                         f"{len(line)} columns, {COLUMNS_MAX} are allowed",
                                         "break the line (make format does it for C++)"))
        if code and line != line.rstrip():
            findings.append(tree.Finding(path, number, "ends in white space", "remove it"))
    return findings


def _names(path, text):
    findings = []
    name = path.split("/")[-1].rsplit(".", 1)[0]
    vague = VAGUE.search(name)
    if vague:
        findings.append(tree.Finding(path, 0, f"a file named {vague.group(1)!r} says nothing",
                                     "name it after the one idea it holds"))
    for match in VAGUE_TYPE.finditer(tree.code_only(text)):
        line = text.count("\n", 0, match.start()) + 1
        findings.append(tree.Finding(path, line, f"the type {match.group(1)} says nothing",
                                     "name it after what it is or does"))
    if path.endswith(".h") and "#pragma once" not in text:
        findings.append(tree.Finding(path, 0, "has no #pragma once",
                                     "add it below the opening comment"))
    if path.endswith(".h") and not text.startswith("//"):
        findings.append(tree.Finding(path, 1, "does not open with what it is about",
                                     "a few sentences: what, invariant, source"))
    return findings


def _titles(path, text):
    prose = re.sub(r"^```.*?^```", lambda m: re.sub(r"[^\n]", "", m.group(0)), text,
                   flags=re.MULTILINE | re.DOTALL)
    titles = [number for number, line in enumerate(prose.split("\n"), 1) if line.startswith("# ")]
    if len(titles) != 1:
        line = titles[1] if titles else 0
        return [tree.Finding(path, line, f"{len(titles)} titles",
                             "a document has exactly one '# ' line")]
    return []


def self_test():
    def one(path, text):
        return check(tree.Tree({path: text}))

    good = "// What it is.\n#pragma once\n"
    tree.expect(one("base/a.h", good))
    tree.expect(one("base/a.h", "#pragma once\n"), "does not open with")
    tree.expect(one("base/a.h", "// What.\n"), "no #pragma once")
    tree.expect(one("base/a.cc", "// FIX" "ME later\n"), "says 'FIX")
    tree.expect(one("base/a.cc", "// TO" "DO: later\n"), "says 'TO")
    tree.expect(one("base/a.cc", "// TO" "DO(mesh): a budget for each destination\n"))
    tree.expect(one("base/a.cc", 101 * "x" + "\n"), "101 columns")
    tree.expect(one("scripts/a.py", "#" + 100 * "x" + "\n"), "101 columns")
    tree.expect(one("base/a.cc", 'auto a = R"(\n' + 101 * "x" + ')";\n'))
    tree.expect(one("base/peer_manager.cc", ""), "'manager' says nothing")
    tree.expect(one("base/a.cc", "class PeerManager {};\n"), "PeerManager")
    tree.expect(one("docs/a.md", "# One\n\n```\n# not a title\n```\n"))
    tree.expect(one("docs/a.md", "# One\n\n# Two\n"), "docs/a.md:3: 2 titles")
    tree.expect(one("docs/a.md", "# One\n\nin /ho" "me/me/x\n"), "no path of one machine")


if __name__ == "__main__":
    sys.exit(tree.run("words", check, self_test))
