#!/usr/bin/env python3
"""Files and functions stay small enough to read: the limits of docs/hacking.md."""

import re
import sys

import tree

COMPOSING = {"gossip/membership.cc", "consensus/replica.cc", "mesh/data_plane.cc",
             "node/kernel/kernel.cc"}
COMPOSING_MAX = 300
SOURCE_MAX = 600
HEADER_MAX = 250
FUNCTION_MAX = 70

_SCOPE = re.compile(r"(?:^|[\s>\]])(namespace|class|struct|union|enum|extern)\b")


def functions(text):
    """(first line, length, head) of every function with a body; braces are counted, not parsed."""
    code = re.sub(r"^[ \t]*#.*(?:\\\n.*)*$", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  tree.code_only(text), flags=re.MULTILINE)
    depth_of_body = 0  # > 0: inside a function
    head, head_line, line = "", 1, 1
    body_line, body_head = 0, ""
    closed = ""  # the head of the body that just ended: `a_{1}, b_(2) {` continues it
    for character in code:
        if character == "\n":
            line += 1
        if depth_of_body:
            if character == "{":
                depth_of_body += 1
            elif character == "}":
                depth_of_body -= 1
                if depth_of_body == 0:
                    yield body_line, line - body_line + 1, body_head
                    head, closed = "", body_head
            continue
        if closed and not character.isspace():
            if character in ",{":
                head, head_line = closed, body_line
            closed = ""
        if character == "{":
            words = " ".join(head.split())
            if "(" in words and not (_SCOPE.match(words) and not words.endswith(")")):
                depth_of_body, body_line, body_head = 1, head_line, words
            head = ""
        elif character in ";}":
            head = ""
        else:
            if not head.strip():
                head_line = line
            head += character


def check(source_tree):
    """Files and functions stay small enough to read."""
    findings = []
    for path, text in source_tree.sources():
        lines = text.count("\n") + (not text.endswith("\n") and bool(text))
        limit = HEADER_MAX if path.endswith(".h") else SOURCE_MAX
        if path in COMPOSING:
            limit = COMPOSING_MAX
        if lines > limit:
            findings.append(tree.Finding(path, 0, f"{lines} lines, {limit} are allowed",
                                         "take one idea out into a file of its own"))
        if path.startswith("tests/"):
            continue  # a long test is a table or a story
        for start, length, head in functions(text):
            if length > FUNCTION_MAX:
                findings.append(tree.Finding(
                    path, start,
                    f"a function of {length} lines, {FUNCTION_MAX} are allowed: {head[:60]}",
                    "branch in the caller, keep the leaves pure and apart"))
    return findings


def self_test():
    def one(path, text):
        return check(tree.Tree({path: text}))

    body = "  f();\n"
    tree.expect(one("base/a.cc", "void f() {\n" + 68 * body + "}\n"))
    tree.expect(one("base/a.cc", "void f() {\n" + 69 * body + "}\n"), "a.cc:1: a function of 71")
    tree.expect(one("base/a.cc", "namespace a {\n\nstruct B : C<int()> {\n  int x = 0;\n"
                    + 90 * "  int f();\n" + "};\n}\n"))
    tree.expect(one("base/a.cc", "namespace a {\nB::B(int x)\n    : x_(x), y_{1} {\n" + 80 * body
                    + "}\n}\n"), "a function of")
    tree.expect(one("base/a.cc", 'const char* s = "{";\nvoid f() {\n' + 10 * body + "}\n"
                    "constexpr int table[] = {\n" + 90 * "  1,\n" + "};\n"))
    tree.expect(one("base/a.h", 251 * "//\n"), "251 lines, 250 are allowed")
    tree.expect(one("mesh/data_plane.cc", 301 * "//\n"), "301 lines, 300 are allowed")
    tree.expect(one("mesh/other.cc", 600 * "//\n"))
    tree.expect(one("mesh/other.cc", 601 * "//\n"), "601 lines")


if __name__ == "__main__":
    sys.exit(tree.run("sizes", check, self_test))
