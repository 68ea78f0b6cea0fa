"""Tables of what was measured, for a terminal and for docs/benchmarks.md."""

BEGIN, END = "<!-- figures: written by bench/run -->", "<!-- end of figures -->"


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


def tables(figures):
    machine = figures["machine"]
    lines = [f"{figures['date']}, {machine['cores']} cores of {machine['cpu']}, "
             f"{machine['memory_gib']} GiB, Linux {machine['kernel']}, loopback; "
             f"`{figures['command']}`"]
    if "hops" in figures:
        lines += hops_tables(figures["hops"])
    if "gossip" in figures:
        lines += gossip_tables(figures["gossip"])
    return "\n".join(lines)


def write(figures, path):
    text = path.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{tables(figures)}\n\n{END}{after}")
