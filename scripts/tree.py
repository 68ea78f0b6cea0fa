"""What the checks share: the files of the tree, C++ without its comments and strings, one way to
report. A check is a function from a Tree to findings, so its self-test runs it on a small tree of
strings and sees that it bites."""

import argparse
import pathlib
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE_FOLDERS = ("base", "crypto", "gossip", "mesh", "wire", "node", "api", "sim", "transport",
                  "storage", "telemetry", "cli", "tests", "bench")


@dataclass(frozen=True)
class Finding:
    path: str
    line: int  # 0: the file as a whole
    what: str
    todo: str  # what to do about it

    def __str__(self):
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.what}\n    {self.todo}"


@dataclass
class Tree:
    """Texts by path, relative to the root of the repository."""

    texts: dict = field(default_factory=dict)

    @classmethod
    def of_repository(cls):
        paths = _tracked() or _walked()
        tree = cls()
        for path in sorted(paths):
            try:
                tree.texts[path] = (ROOT / path).read_text(encoding="utf-8")
            except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
                continue  # not a text, or deleted and not yet committed
        return tree

    def sources(self, *suffixes):
        """C++ files of ours, by path and text."""
        suffixes = suffixes or (".h", ".cc")
        for path, text in self.texts.items():
            if path.endswith(suffixes) and path.split("/")[0] in SOURCE_FOLDERS:
                yield path, text


def _tracked():
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]
    try:
        answer = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []  # a tree without git: an unpacked archive
    return [path for path in answer.stdout.decode().split("\0") if path]


def _walked():
    skipped = {"build", ".git", "__pycache__", "node_modules", "data"}
    return [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
            if path.is_file() and not skipped & set(path.relative_to(ROOT).parts[:-1])]


def layers():
    with open(ROOT / "scripts/layers.toml", "rb") as file:
        return tomllib.load(file)


def folder_of(path, folders):
    """The deepest folder of the rule that holds this path, or None."""
    matches = [name for name in folders if path.startswith(name + "/")]
    return max(matches, key=len, default=None)


_TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/'
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'",
    re.DOTALL)


def code_only(text, instead=" "):
    """C++ with each character of comments and literals replaced, so that lines keep their numbers
    and, unless `instead` is empty, their columns."""

    def blank(match):
        token = match.group(0)
        return token if _is_include(text, match) else re.sub(r"[^\n]", instead, token)

    return _TOKENS.sub(blank, text)


def _is_include(text, match):
    start = text.rfind("\n", 0, match.start()) + 1
    return text[start:match.start()].lstrip().startswith("#")


def run(name, check, self_test, add_arguments=None):
    """The main() of every check: exit code 0 if nothing was found, 1 if something was."""
    parser = argparse.ArgumentParser(description=check.__doc__)
    parser.add_argument("--self-test", action="store_true", help="see that the check bites")
    if add_arguments:
        add_arguments(parser)
    arguments = parser.parse_args()
    if arguments.self_test:
        self_test()
        print(f"{name}: bites")
        return 0
    findings = check(arguments) if add_arguments else check(Tree.of_repository())
    for finding in findings:
        print(finding, file=sys.stderr)
    if findings:
        print(f"{name}: {len(findings)} finding(s)", file=sys.stderr)
        return 1
    print(f"{name}: good")
    return 0


def expect(findings, *whats):
    """Self-tests: exactly these findings, each named by a part of its text."""
    texts = [str(finding) for finding in findings]
    assert len(texts) == len(whats), f"expected {len(whats)} finding(s), got {texts}"
    for text, what in zip(texts, whats):
        assert what in text, f"expected {what!r} in {text!r}"
