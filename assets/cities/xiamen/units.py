"""Makes units.json: illustrative vehicles, pump trucks, boats and aircraft at this pack's depots and pads.

    python3 units.py

Boats lie at the shore nearest to their depot, by map/land.geojson.
"""

import json
import math
from pathlib import Path

HERE = Path(__file__).parent


def load(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def rings():
    for feature in load("map/land.geojson")["features"]:
        shape = feature["geometry"]
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        for polygon in polygons:
            yield from polygon


RINGS = list(rings())


def is_land(place):
    n, (x, y) = 0, place
    for ring in RINGS:
        for (ax, ay), (bx, by) in zip([ring[-1], *ring], ring):
            n += (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax
    return n % 2 == 1


def off(place, m, bearing):
    angle = math.radians(bearing)
    east = m * math.sin(angle) / (111_195 * math.cos(math.radians(place[1])))
    return [place[0] + east, place[1] + m * math.cos(angle) / 111_195]


def is_shore(place):
    return is_land(place) and any(not is_land(off(place, m, it)) for it in range(0, 360, 45) for m in (150, 300))


def nearest_shore(place):
    found = (off(place, m, it) for m in range(0, 20_000, 100) for it in range(0, 360, 15))
    return [round(it, 5) for it in next(it for it in found if is_shore(it))]


def units():
    depots = {it["id"]: it for it in load("depots.json")}
    pads = {it["id"]: it for it in load("helipads.json")}

    def unit(ident, name, kind, capability, also, n_people, carries, base, place, tier="trade", home=None):
        return {"id": ident, "name": f"{name}（示例）", "tier": tier, "capability": capability, "n_people": n_people,
                "home": home or place["at"], "district": place["district"], "kind": kind, "also": also, "load": carries, "base": base}

    vehicles = [("dp04", "照明发电车 1", "power", [], "发电 200 kW", 4), ("dp22", "照明发电车 2", "power", [], "发电 400 kW", 4),
                ("dp34", "照明发电车 3", "power", [], "发电 200 kW", 4), ("dp46", "照明发电车 4", "power", [], "发电 400 kW", 4),
                ("dp06", "抢险工程车 1", "rescue", ["city"], "随车吊 8 t、破拆工具", 6), ("dp24", "抢险工程车 2", "rescue", ["city"], "随车吊 8 t、破拆工具", 6),
                ("dp36", "抢险工程车 3", "rescue", ["city"], "随车吊 8 t、破拆工具", 6), ("dp16", "救护车 1", "medical", [], "担架 2 副", 4),
                ("dp39", "救护车 2", "medical", [], "担架 2 副", 4)]
    for k, (at, name, capability, also, carries, n) in enumerate(vehicles, 1):
        yield unit(f"vh{k:02}", name, "vehicle", capability, also, n, carries, {"depot": at}, depots[at])
    pumps = [("dp05", 3000), ("dp11", 1500), ("dp17", 3000), ("dp23", 5000), ("dp35", 3000), ("dp41", 3000), ("dp47", 1500)]
    for k, (at, rate) in enumerate(pumps, 1):
        yield unit(f"pu{k:02}", f"大型排水车 {k}", "pump", "drainage", [], 5, f"排水 {rate} m³/h", {"depot": at}, depots[at])
    for k, at in enumerate(["dp02", "dp26", "dp19", "dp32", "dp45", "dp44"], 1):
        home = nearest_shore(depots[at]["at"])
        yield unit(f"bt{k:02}", f"冲锋舟 {k} 组", "boat", "water", ["rescue"], 8, "冲锋舟 2 艘，每次载 16 人", {"depot": at}, depots[at], home=home)
    for k, (at, also, n) in enumerate([("hp04", [], 10), ("hp10", ["look"], 6)], 1):
        yield unit(f"he{k:02}", f"救助直升机 {k}", "helicopter", "water", ["rescue", "medical", *also], 6, f"吊运，每次载 {n} 人",
                   {"helipad": at}, pads[at], "national")
    for k, at in enumerate(["dp07", "dp19", "dp33", "dp45"], 1):
        yield unit(f"ud{k:02}", f"无人机侦察组 {k}", "drone", "look", [], 3, "变焦与热成像", {"depot": at}, depots[at], "local")


if __name__ == "__main__":
    rows = ",\n".join(json.dumps(it, ensure_ascii=False, separators=(",", ":")) for it in units())
    (HERE / "units.json").write_text(f"[\n{rows}\n]\n", encoding="utf-8")
