#!/usr/bin/env python3
"""The pack's routable roads, `roads.json`: the island's carriageways as a graph.

    python3 roads.py DATA_FOLDER

Two sources are merged. In the centre and west the OSMnx export of OpenStreetMap (topologically clean, directions tagged)
counts; elsewhere the whole-island layer of 2021, whose one-way carriageways are turned so that they run the way their own
direction word (北→南 …) says. Links end at junctions; a loose end is tied to a road within `TIE_M`. What cannot be reached
from everywhere, and left to everywhere, is dropped: only the largest strongly connected component is kept.
Gulangyu has no cars and the mainland no routable source: neither is here.
"""

import math
import sys
from collections import defaultdict
from pathlib import Path

from shapely import STRtree, unary_union
from shapely.geometry import LineString, Point

from build import HERE, M_PER_DEG_LAT, M_PER_DEG_LON, dump, load, plain_name, road_class

# An island piece is the same road as the centre's layer when this share of it lies within this distance of it.
SAME_ROAD_M = 12.0
SAME_ROAD_SHARE = 0.6
# A loose end this near to a road was meant to meet it.
TIE_M = 15.0
# Two junctions this near are one.
MERGE_M = 3.0
# Longer links are not made by joining, so that a closure stays local.
MAX_JOINED_M = 400.0
WORDS = {"北": (0, 1), "南": (0, -1), "东": (1, 0), "西": (-1, 0)}


def vertex(c):
    return (round(c[0], 6), round(c[1], 6))


def metres(a, b):
    return math.hypot((b[0] - a[0]) * M_PER_DEG_LON, (b[1] - a[1]) * M_PER_DEG_LAT)


def length_m(line):
    return sum(metres(a, b) for a, b in zip(line, line[1:]))


def flat(line):
    """In metres, so that distances are true."""
    return LineString([(x * M_PER_DEG_LON, y * M_PER_DEG_LAT) for x, y in line])


def cleaned(coords):
    out = []
    for c in map(vertex, coords):
        if not out or out[-1] != c:
            out.append(c)
    return out


def structure_of(name):
    """From the name alone: the sources say no more."""
    if not name:
        return None
    if "隧道" in name or "下穿" in name:
        return "tunnel"
    return "bridge" if "高架" in name or "桥" in name and "路" not in name else None


def turned(line, direction):
    """The line along its direction word, where it clearly runs against it."""
    word = WORDS.get((direction or " ")[-1])
    if not word:
        return line, False
    dx, dy = (line[-1][0] - line[0][0]) * M_PER_DEG_LON, (line[-1][1] - line[0][1]) * M_PER_DEG_LAT
    along, size = dx * word[0] + dy * word[1], math.hypot(dx, dy)
    return (line[::-1], True) if size > 0 and along < -0.35 * size else (line, False)


def read(data):
    """Both sources as rows of one shape; the island's without what the centre's layer has."""
    centre, island = [], []
    for feature in load(data / "roads/xiamen_siming_drive.geojson.gz"):
        p = feature["properties"]
        name = (p.get("name") or "").split(";")[0] or None
        row = {"line": cleaned(feature["geometry"]["coordinates"]), "class": road_class(p["highway"]), "oneway": p["oneway"] == "yes", "name": plain_name(name), "structure": structure_of(name)}
        if len(row["line"]) > 1:
            centre.append(row)
    n_turned = 0
    for feature in load(data / "roads/xiamen_island_roads_2021.geojson.gz"):
        p = feature["properties"]
        name, oneway = p.get("name"), p.get("oneway") == "yes"
        line = cleaned(feature["geometry"]["coordinates"])
        if len(line) < 2:
            continue
        if oneway:
            line, was_turned = turned(line, p.get("direction"))
            n_turned += was_turned
        island.append({"line": line, "class": road_class(p["highway_guess"]), "oneway": oneway, "name": plain_name(name), "structure": structure_of(name)})
    print(f"roads: {len(centre)} centre rows, {len(island)} island rows, {n_turned} of them turned")

    known = {c for row in centre for c in row["line"]}
    near = [flat(row["line"]).buffer(SAME_ROAD_M) for row in centre]
    tree = STRtree(near)
    rows = list(centre)
    for row in island:
        for piece in split_at(row["line"], known):
            shape = flat(piece)
            hits = tree.query(shape)
            covered = shape.intersection(unary_union([near[i] for i in hits])).length if len(hits) else 0.0
            if covered < SAME_ROAD_SHARE * shape.length:
                rows.append({**row, "line": piece})
    return rows


def split_at(line, vertices):
    pieces, start = [], 0
    for i in range(1, len(line)):
        if i == len(line) - 1 or line[i] in vertices:
            pieces.append(line[start : i + 1])
            start = i
    return pieces


def noded(rows):
    """Split wherever a vertex is shared or a line ends."""
    uses = defaultdict(int)
    for row in rows:
        for c in set(row["line"]):
            uses[c] += 1
        for c in (row["line"][0], row["line"][-1]):
            uses[c] += 1
    nodes = {c for c, n in uses.items() if n > 1}
    return [{**row, "line": piece} for row in rows for piece in split_at(row["line"], nodes)]


def ends_of(rows):
    ends = defaultdict(list)
    for i, row in enumerate(rows):
        ends[row["line"][0]].append(i)
        ends[row["line"][-1]].append(i)
    return ends


def tied(rows):
    """Loose ends moved onto the nearest other road."""
    shapes = [flat(row["line"]) for row in rows]
    tree = STRtree(shapes)
    ends = ends_of(rows)
    moves, inserts = {}, defaultdict(list)
    for end, users in sorted(ends.items()):
        if len(users) > 1:
            continue
        point = Point(end[0] * M_PER_DEG_LON, end[1] * M_PER_DEG_LAT)
        others = [(shapes[i].distance(point), i) for i in tree.query(point.buffer(TIE_M)) if i not in users]
        others = [it for it in others if it[0] <= TIE_M]
        if not others:
            continue
        _, i = min(others)
        line = rows[i]["line"]
        best = min(line, key=lambda c: metres(c, end))
        if metres(best, end) > TIE_M:
            on = shapes[i].interpolate(shapes[i].project(point))
            best = vertex((on.x / M_PER_DEG_LON, on.y / M_PER_DEG_LAT))
            inserts[i].append((shapes[i].project(point), best))
        moves[end] = best
    out = []
    for i, row in enumerate(rows):
        line = row["line"]
        for along, c in sorted(inserts.get(i, []), reverse=True):
            line = inserted(line, along, c)
        line = [moves.get(line[0], line[0]), *line[1:-1], moves.get(line[-1], line[-1])]
        line = cleaned(line)
        if len(line) > 1:
            out.append({**row, "line": line})
    print(f"roads: {len(moves)} loose ends tied")
    return noded(out)


def inserted(line, along, c):
    done = 0.0
    for i, (a, b) in enumerate(zip(line, line[1:])):
        done += metres(a, b)
        if along <= done:
            return [*line[: i + 1], c, *line[i + 1 :]]
    return line


def merged_nodes(rows):
    """Junctions within a few metres become one."""
    nodes = sorted(ends_of(rows))
    points = [Point(x * M_PER_DEG_LON, y * M_PER_DEG_LAT) for x, y in nodes]
    tree = STRtree(points)
    parent = list(range(len(nodes)))

    def root(i):
        while parent[i] != i:
            i = parent[i]
        return i

    for i, point in enumerate(points):
        for j in tree.query(point.buffer(MERGE_M)):
            if point.distance(points[j]) <= MERGE_M:
                a, b = sorted((root(i), root(int(j))))
                parent[b] = a
    to = {c: nodes[root(i)] for i, c in enumerate(nodes)}
    out = []
    for row in rows:
        line = cleaned([to[row["line"][0]], *row["line"][1:-1], to[row["line"][-1]]])
        if len(line) > 2 or len(line) == 2 and line[0] != line[1]:
            out.append({**row, "line": line})
    return out


def joined(rows):
    """Two links that meet where nothing else does, and say the same, are one."""
    rows = dict(enumerate(rows))
    ends = defaultdict(set)
    for i, row in rows.items():
        ends[row["line"][0]].add(i)
        ends[row["line"][-1]].add(i)
    for c in sorted(ends):
        if len(ends[c]) != 2:
            continue
        i, j = sorted(ends[c])
        a, b = rows[i], rows[j]
        if any(a[key] != b[key] for key in ("class", "oneway", "name", "structure")):
            continue
        if a["oneway"] and a["line"][0] == c:
            i, j, a, b = j, i, b, a
        first = a["line"] if a["line"][-1] == c else a["line"][::-1]
        second = b["line"] if b["line"][0] == c else b["line"][::-1]
        if a["oneway"] and (first is not a["line"] or second is not b["line"]):
            continue
        line = first + second[1:]
        if first[0] == second[-1] or length_m(line) > MAX_JOINED_M:
            continue
        rows[i] = {**a, "line": line}
        del rows[j]
        ends[second[-1]].discard(j)
        ends[second[-1]].add(i)
        ends[c] = set()
    return list(rows.values())


def strongly_connected(rows):
    """The rows within the largest strongly connected component (Tarjan, without recursion)."""
    out = defaultdict(list)
    for row in rows:
        a, b = row["line"][0], row["line"][-1]
        out[a].append(b)
        if not row["oneway"]:
            out[b].append(a)
    index, low, on_stack, stack, best = {}, {}, set(), [], []
    for start in sorted({c for row in rows for c in (row["line"][0], row["line"][-1])}):
        if start in index:
            continue
        work = [(start, iter(out[start]))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, heads = work[-1]
            for head in heads:
                if head not in index:
                    index[head] = low[head] = len(index)
                    stack.append(head)
                    on_stack.add(head)
                    work.append((head, iter(out[head])))
                    break
                if head in on_stack:
                    low[node] = min(low[node], index[head])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        it = stack.pop()
                        on_stack.discard(it)
                        component.append(it)
                        if it == node:
                            break
                    if len(component) > len(best):
                        best = component
    best = set(best)
    return [row for row in rows if row["line"][0] in best and row["line"][-1] in best]


def build(data):
    rows = merged_nodes(tied(noded(read(data))))
    kept = strongly_connected(joined(rows))
    total, km = sum(length_m(it["line"]) for it in rows) / 1000, sum(length_m(it["line"]) for it in kept) / 1000
    kept.sort(key=lambda it: it["line"])
    nodes = sorted({c for row in kept for c in (row["line"][0], row["line"][-1])})
    number = {c: i for i, c in enumerate(nodes)}
    names = sorted({row["name"] for row in kept if row["name"]})
    name_number = {name: i for i, name in enumerate(names)}
    links = []
    for row in kept:
        link = {"from": number[row["line"][0]], "to": number[row["line"][-1]], "class": row["class"]}
        if row["oneway"]:
            link["oneway"] = True
        if row["name"]:
            link["name"] = name_number[row["name"]]
        if row["structure"]:
            link["structure"] = row["structure"]
        thin = list(flat(row["line"]).simplify(1.0).coords)
        between = [vertex((x / M_PER_DEG_LON, y / M_PER_DEG_LAT)) for x, y in thin[1:-1]]
        if between:
            link["between"] = between
        links.append(dump(link))
    path = HERE / "roads.json"
    path.write_text(
        '{"names":' + dump(names) + ',\n"nodes":[\n' + ",\n".join(map(dump, nodes)) + '\n],\n"links":[\n' + ",\n".join(links) + "\n]}\n",
        encoding="utf-8",
    )
    print(f"roads.json: {len(nodes)} nodes, {len(links)} links, {km:.0f} of {total:.0f} km kept, {path.stat().st_size} bytes")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: roads.py DATA_FOLDER")
    build(Path(sys.argv[1]))
