#!/usr/bin/env python3
"""The pure libraries only decide: no forbidden undefined symbol, no data that can change."""

import pathlib
import re
import subprocess
import sys
import tempfile

import tree


def undefined_symbols(library):
    answer = subprocess.run(["nm", "--undefined-only", "--demangle", "--no-sort", str(library)],
                            capture_output=True, text=True, check=True)
    member = ""
    for line in answer.stdout.splitlines():
        if line.endswith(".o:"):
            member = line[:-1]
        elif " U " in f" {line.strip()} " or line.lstrip().startswith(("U ", "w ")):
            name = line.strip().split(" ", 1)[1].strip()
            yield member, name.split("@")[0]


def changeable_objects(library):
    """Named objects in writable sections; .data.rel.ro is constant once loaded."""
    answer = subprocess.run(["objdump", "--syms", "--demangle", str(library)],
                            capture_output=True, text=True, check=True)
    member = ""
    for line in answer.stdout.splitlines():
        if ".o:" in line:
            member = line.split(":")[0]
        match = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(.*)$", line)
        if not match or "O" not in match.group(1):
            continue
        section, name = match.group(2), match.group(4)
        if re.match(r"\.(data|bss|tbss|tdata)", section) and not section.startswith(".data.rel.ro"):
            if not name.startswith(("guard variable", "DW.ref.")):
                yield member, name


def findings_of(folder, library, rules):
    forbidden = [re.compile(pattern) for pattern in rules["symbols"]["forbidden"]]
    allowed = rules["symbols"].get("allowed", {}).get(folder, [])
    findings = []
    for member, name in undefined_symbols(library):
        if name in allowed:
            continue
        if any(pattern.fullmatch(name) for pattern in forbidden):
            findings.append(tree.Finding(f"{folder}/ ({member})", 0, f"calls {name}",
                                         "only the shell does that; let the kernel emit an effect"))
    for member, name in changeable_objects(library):
        if name not in allowed:
            findings.append(tree.Finding(f"{folder}/ ({member})", 0,
                                         f"keeps state in a static: {name}",
                                         "make it a member, or constexpr"))
    return findings


def check(arguments):
    """The pure libraries call nothing that does: no forbidden undefined symbol, no static state."""
    rules = tree.layers()
    build = pathlib.Path(arguments.build)
    findings, seen = [], 0
    for folder, relative in rules["symbols"]["libraries"].items():
        library = build / relative
        if library.exists():
            seen += 1
            findings += findings_of(folder, library, rules)
        elif arguments.all:
            findings.append(tree.Finding(str(library), 0, "is not there",
                                         "build first, or correct scripts/layers.toml"))
    if not seen and not findings:
        print(f"symbols: nothing is built in {build}, so nothing was looked at")
    return findings


def self_test():
    rules = tree.layers()
    cases = [
        ("int f(int x) { return x + 1; }", []),
        ("#include <ctime>\nlong f() { return time(nullptr); }", ["calls time"]),
        ("#include <chrono>\nlong f() { return std::chrono::steady_clock::now()"
         ".time_since_epoch().count(); }", ["steady_clock::now()"]),
        ("#include <sys/socket.h>\nint f() { return socket(1, 2, 3); }", ["calls socket"]),
        ("#include <cstdlib>\nint f() { return rand(); }", ["calls rand"]),
        ("int f() { static int calls = 0; return ++calls; }", ["state in a static: f()::calls"]),
        ("#include <string_view>\nextern const std::string_view names[];\n"
         "constexpr std::string_view names[] = {\"a\", \"b\"};", []),
    ]
    with tempfile.TemporaryDirectory() as folder:
        for code, expected in cases:
            source = pathlib.Path(folder, "case.cc")
            source.write_text(code)
            compile_it = ["g++", "-std=c++20", "-O2", "-c", str(source), "-o", f"{folder}/case.o"]
            subprocess.run(compile_it, check=True)
            library = pathlib.Path(folder, "case.a")
            library.unlink(missing_ok=True)
            subprocess.run(["ar", "crs", str(library), f"{folder}/case.o"], check=True)
            tree.expect(findings_of("mesh", library, rules), *expected)


def add_arguments(parser):
    parser.add_argument("--build", default=str(tree.ROOT / "build/release"), help="build directory")
    parser.add_argument("--all", action="store_true", help="a missing library is a finding")


if __name__ == "__main__":
    sys.exit(tree.run("symbols", check, self_test, add_arguments))
