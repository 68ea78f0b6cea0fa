"""Tables of what was measured, for a terminal and for docs/benchmarks.md."""

BEGIN, END = "<!-- figures: written by bench/run -->", "<!-- end of figures -->"
AGREEMENT_BEGIN = "<!-- figures of agreement: written by bench/run -->"
AGREEMENT_END = "<!-- end of figures of agreement -->"


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def hops_tables(figures):
    lines = []
    for connections in (key for key in figures if key.isdigit()):
        ways = figures[connections]
        plural = "s" if connections != "1" else ""
        lines += ["", f"Two hops, 1 KB, {connections} connection{plural}:", "",
                  row("way", "requests/s", "p50 µs", "p99 µs", "CPU of both hops, µs/request"),
                  row("---", "--:", "--:", "--:", "--:")]
        for name, way in ways.items():
            lines.append(row(name, number(way["requests_per_second"]), number(way["p50_us"]),
                             number(way["p99_us"]),
                             number(way["cpu_us_per_request"]) if name != "direct" else ""))
        ours, theirs, direct = ways["parley"], ways["haproxy"], ways["direct"]
        lines += [row("parley / haproxy",
                      *(number(ours[key] / theirs[key]) if theirs[key] else "" for key in
                        ("requests_per_second", "p50_us", "p99_us", "cpu_us_per_request"))),
                  row("parley / direct",
                      *(number(ours[key] / direct[key]) if direct[key] else "" for key in
                        ("requests_per_second", "p50_us", "p99_us")), "")]
    lines += ["", "Memory (RSS, MiB, caller and provider, or first and second hop):", "",
              row("", "idle", "after the load"), row("---", "--:", "--:")]
    for name in figures["memory_idle"]:
        cells = [" / ".join(number(one["rss"] / 2**20) for one in figures[key][name])
                 for key in ("memory_idle", "memory_after_load")]
        lines.append(row(name, *cells))
    return lines


def gossip_tables(figures):
    ours, theirs = figures["parley"], figures["serf"]
    lines = ["", f"Gossip of {ours['nodes']} idle nodes over {ours['seconds']:g} s, each node:", "",
             row("", "parley", "serf", "ratio"), row("---", "--:", "--:", "--:")]
    for key, label in (("bytes_per_second_per_node", "bytes/s on the wire"),
                       ("udp_packets_per_second_per_node", "datagrams/s"),
                       ("udp_bytes_per_second_per_node", "bytes/s in datagrams"),
                       ("tcp_bytes_per_second_per_node", "bytes/s in links"),
                       ("cpu_percent_per_node", "CPU, % of a core"),
                       ("rss_mib_per_node", "RSS, MiB"),
                       ("private_dirty_mib_per_node", "of it private and dirty, MiB")):
        if key in ours and key in theirs:
            ratio = number(ours[key] / theirs[key]) if theirs[key] else ""
            small = abs(ours[key]) < 1 and abs(theirs[key]) < 1
            show = (lambda value: f"{value:.3f}") if small else number
            lines.append(row(label, show(ours[key]), show(theirs[key]), ratio))
    lines.append(row("RSS alone in its mesh, MiB", number(ours["alone"]["rss"] / 2**20),
                     number(theirs["alone"]["rss"] / 2**20),
                     number(ours["alone"]["rss"] / theirs["alone"]["rss"])))
    return lines


def agreement_tables(figures):
    lines = ["", "Writes that are agreed on, four validators against three members of etcd:", "",
             row("writers", "way", "writes/s", "p50 ms", "p99 ms", "CPU of all nodes, µs/write"),
             row("--:", "---", "--:", "--:", "--:", "--:")]
    for writers, ways in figures["writes"].items():
        for name, way in ways.items():
            lines.append(row(writers, name, number(way["writes_per_second"]),
                             number(way["p50_us"] / 1e3), number(way["p99_us"] / 1e3),
                             number(way["cpu_us_per_write"])))
        ours, theirs = ways["parley"], ways["etcd"]
        ratios = (number(ours[key] / theirs[key]) for key in
                  ("writes_per_second", "p50_us", "p99_us", "cpu_us_per_write"))
        lines.append(row(writers, "parley / etcd", *ratios))
    late = figures["catch_up"]
    lines += ["", f"A node that has nothing of {late['blocks']} blocks with {late['ops']} "
              f"decisions has all of them after {late['seconds']:.1f} s: "
              f"{number(late['blocks_per_second'])} blocks/s, "
              f"{number(late['ops_per_second'])} decisions/s."]
    lines += ["", "One writer, real processes, all on these cores:", "",
              row("validators", "one-way delays to finality, in virtual time", "p50 ms", "p99 ms",
                  "CPU of each, ms/decision", "certificate, bytes", "its check, ms"),
              row(*["--:"] * 7)]
    for members, one in figures["finality"].items():
        lines.append(row(members, f"{one['delays']:g}", number(one["p50_us"] / 1e3),
                         number(one["p99_us"] / 1e3), number(one["cpu_us_per_node"] / 1e3),
                         one["bytes"], number(one["verify_us"] / 1e3)))
    return lines


def headline(figures):
    machine = figures["machine"]
    return (f"{figures['date']}, {machine['cores']} cores of {machine['cpu']}, "
            f"{machine['memory_gib']} GiB, Linux {machine['kernel']}, loopback; "
            f"`{figures['command']}`")


def tables(figures, parts=("hops", "gossip", "agreement")):
    writers = {"hops": hops_tables, "gossip": gossip_tables, "agreement": agreement_tables}
    lines = [headline(figures)]
    for part in parts:
        if part in figures:
            lines += writers[part](figures[part])
    return "\n".join(lines)


def replaced(text, begin, end, tables_text):
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{tables_text}\n\n{end}{after}"


def write(figures, path):
    text = path.read_text()
    if "hops" in figures or "gossip" in figures:
        text = replaced(text, BEGIN, END, tables(figures, ("hops", "gossip")))
    if "agreement" in figures:
        text = replaced(text, AGREEMENT_BEGIN, AGREEMENT_END, tables(figures, ("agreement",)))
    path.write_text(text)
