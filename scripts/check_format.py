#!/usr/bin/env python3
"""C++ is formatted as .clang-format says. Skipped (exit code 77) without clang-format 14."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import tree

VERSION = 14  # Debian 12's; another one formats a little differently


def available():
    program = shutil.which("clang-format")
    if not program:
        return False
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    match = re.search(r"version (\d+)", answer.stdout)
    return bool(match) and int(match.group(1)) == VERSION


def findings_of(paths, root):
    if not paths:
        return []
    command = ["clang-format", "--dry-run", "--Werror", "--ferror-limit=1", *paths]
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    findings, seen = [], set()
    for line in answer.stderr.splitlines():
        match = re.match(r"(.+?):(\d+):\d+: (?:error|warning): ", line)
        if match and match.group(1) not in seen:
            seen.add(match.group(1))
            findings.append(tree.Finding(match.group(1), int(match.group(2)),
                                         "is not formatted", "run make format"))
    return findings


def check(source_tree):
    """C++ is formatted as .clang-format says."""
    return findings_of([path for path, _ in source_tree.sources()], tree.ROOT)


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(tree.ROOT / ".clang-format", folder)
        pathlib.Path(folder, "a.cc").write_text("int f();\n")
        pathlib.Path(folder, "b.cc").write_text("int  f( ) {return 1;}\n")
        tree.expect(findings_of(["a.cc", "b.cc"], folder), "b.cc:1: is not formatted")


if __name__ == "__main__":
    if not available():
        print(f"format: skipped, clang-format {VERSION} is not installed (scripts/install develop)")
        sys.exit(77)
    sys.exit(tree.run("format", check, self_test))
