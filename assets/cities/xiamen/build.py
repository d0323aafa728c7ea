#!/usr/bin/env python3
"""Builds the Xiamen pack from a folder of open map and typhoon data.

    pip install shapely==2.1.2 numpy==2.3.5
    python3 build.py DATA_FOLDER

Same data, same output: everything random is seeded. Which source file feeds which output file is in `manifest.toml`.
Positions and counts of simulated things follow the city's published figures; where a thing has no published place it is
put on land in its district, along a road where there is one.
"""

import csv
import gzip
import json
import math
import random
import re
import sys
from pathlib import Path

from shapely import STRtree, make_valid, unary_union
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box, mapping, shape
from shapely.ops import nearest_points
from shapely.prepared import prep

import tables as t

HERE = Path(__file__).resolve().parent
SCENARIOS = HERE.parent.parent / "scenarios"
REGION = box(117.75, 24.20, 118.80, 25.00)
SEED = 350200
M_PER_DEG_LAT = 110_900.0
M_PER_DEG_LON = 101_300.0  # at 24.5 N


def load(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        return json.load(file)["features"]


def rounded(coords, digits):
    if isinstance(coords[0], (int, float)):
        return [round(coords[0], digits), round(coords[1], digits)]
    return [rounded(it, digits) for it in coords]


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write_rows(path, rows):
    """A JSON array with one entity per line, so that an error has a line and a change reads well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[\n" + ",\n".join(dump(it) for it in rows) + "\n]\n", encoding="utf-8")
    print(f"{path.relative_to(HERE.parent.parent)}: {len(rows)} rows, {path.stat().st_size} bytes")


def write_layer(name, features, digits=6):
    """A GeoJSON FeatureCollection with one feature per line."""
    path = HERE / "map" / f"{name}.geojson"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for properties, geometry in features:
        geo = mapping(geometry)
        lines.append(dump({"type": "Feature", "properties": properties, "geometry": {"type": geo["type"], "coordinates": rounded(geo["coordinates"], digits)}}))
    path.write_text('{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")
    print(f"map/{name}.geojson: {len(lines)} features, {path.stat().st_size} bytes")


def polygons(geometry, min_area=0.0):
    """The polygons of any geometry, largest first."""
    parts = getattr(geometry, "geoms", [geometry])
    return sorted((it for it in parts if isinstance(it, Polygon) and it.area > min_area), key=lambda it: -it.area)


def at(point):
    return [round(point.x, 5), round(point.y, 5)]


def length_m(line):
    coords = list(line.coords)
    return sum(math.hypot((b[0] - a[0]) * M_PER_DEG_LON, (b[1] - a[1]) * M_PER_DEG_LAT) for a, b in zip(coords, coords[1:]))


class Ground:
    """Where things may stand: districts clipped to the shore, and the roads in each."""

    def __init__(self, data):
        self.land_parts = [make_valid(shape(it["geometry"])) for it in load(data / "coast/land_osm_fujian_coast.geojson.gz")]
        self.land = unary_union([it.intersection(REGION) for it in self.land_parts if it.intersects(REGION)])
        self.districts = {}
        for feature in load(data / "boundaries/xiamen_districts_wgs84.geojson"):
            clipped = make_valid(shape(feature["geometry"])).intersection(self.land_all(feature))
            self.districts[str(feature["properties"]["adcode"])] = MultiPolygon(polygons(clipped, 1e-8))
        self.prepared = {key: prep(it) for key, it in self.districts.items()}
        self.roads = merged_roads(data)
        self.by_district = {key: [] for key in self.districts}
        for road in self.roads:
            middle = road["line"].interpolate(0.5, normalized=True)
            for key, area in self.prepared.items():
                if area.contains(middle):
                    self.by_district[key].append(road)
                    break

    def land_all(self, feature):
        bounds = box(*shape(feature["geometry"]).bounds)
        return unary_union([it.intersection(bounds) for it in self.land_parts if it.intersects(bounds)])

    def snap(self, district, lon, lat):
        """The point, moved onto the district's land if it is off it."""
        point = Point(lon, lat)
        area = self.districts[district]
        if area.contains(point):
            return point
        shore = nearest_points(area.buffer(-0.0005), point)[0]
        return shore if area.contains(shore) else area.representative_point()

    def district_of(self, lon, lat):
        point = Point(lon, lat)
        return min(self.districts, key=lambda key: (self.districts[key].distance(point), key))

    def on_land(self, rng, district):
        """A point in the district: mostly in one of the quarters about a town centre, sometimes anywhere."""
        area = self.prepared[district]
        west, south, east, north = self.districts[district].bounds
        for _ in range(10_000):
            if rng.random() < 0.9:
                lon, lat, spread = rng.choice(self.quarters(district))
                point = Point(rng.gauss(lon, spread), rng.gauss(lat, spread))
            else:
                point = Point(rng.uniform(west, east), rng.uniform(south, north))
            if area.contains(point):
                return point
        return self.districts[district].representative_point()

    def quarters(self, district):
        """Seeded centres of quarters and villages scattered about each town: dense inside, bare between."""
        cache = self.__dict__.setdefault("_quarters", {})
        if district not in cache:
            rng = random.Random(int(district))
            towns = next(it[4] for it in t.DISTRICTS if it[0] == district)
            reach = 0.008 if district in ("350203", "350206") else 0.018
            cache[district] = [(rng.gauss(lon, reach), rng.gauss(lat, reach), rng.uniform(0.0012, 0.0035)) for _, lon, lat in towns for _ in range(22)]
        return cache[district]

    def on_road(self, rng, district, share=1.0):
        """A point on or beside one of the district's roads, and the road's name; on open land for the rest of the share."""
        roads = self.by_district[district]
        if roads and rng.random() < share:
            for _ in range(50):
                road = rng.choices(roads, cum_weights=self.weights(district))[0]
                point = road["line"].interpolate(rng.random(), normalized=True)
                point = Point(point.x + rng.gauss(0, 8) / M_PER_DEG_LON, point.y + rng.gauss(0, 8) / M_PER_DEG_LAT)
                if self.prepared[district].contains(point):
                    return point, road["name"]
        return self.on_land(rng, district), None

    def weights(self, district):
        cache = self.__dict__.setdefault("_weights", {})
        if district not in cache:
            total, sums = 0.0, []
            for road in self.by_district[district]:
                total += road["length_m"]
                sums.append(total)
            cache[district] = sums
        return cache[district]

    def town_of(self, district, point):
        towns = next(it[4] for it in t.DISTRICTS if it[0] == district)
        return min(towns, key=lambda it: math.hypot(it[1] - point.x, it[2] - point.y))[0]

    def place_words(self, district, point, road):
        return road if road else self.town_of(district, point)


def plain_name(name):
    """The street a carriageway belongs to: without turns, slip roads, directions and the source's placeholders."""
    name = re.split(r"右转|左转|掉头|进入|[-－→(（;、]", name or "")[0].removesuffix("辅路").removesuffix("匝道").strip()
    return name if name and "未命名" not in name and len(name) <= 12 else None


def road_class(highway):
    base = (highway or "").split(";")[0].removesuffix("_link")
    return base if base in ("motorway", "trunk", "primary", "secondary") else "minor"


def merged_roads(data):
    """Island roads, the centre's minor streets that they lack, Gulangyu's lanes, and the mainland's trunk pieces."""
    roads = []

    def add(geometry, highway, name, structure, source):
        for line in getattr(geometry, "geoms", [geometry]):
            if isinstance(line, LineString) and length_m(line) > 1:
                roads.append({"line": line, "class": road_class(highway), "name": plain_name(name), "structure": structure, "source": source, "length_m": length_m(line)})

    def structure_of(name):
        if not name:
            return None
        return "tunnel" if "隧道" in name or "下穿" in name else "bridge" if "桥" in name and "路" not in name or "高架" in name else None

    for feature in load(data / "roads/xiamen_island_roads_2021.geojson.gz"):
        p = feature["properties"]
        add(shape(feature["geometry"]), p["highway_guess"], p.get("name"), structure_of(p.get("name")), "island")
    island = [it["line"] for it in roads]
    near = unary_union([it.buffer(0.00012) for it in island])
    for feature in load(data / "roads/xiamen_siming_drive.geojson.gz"):
        p = feature["properties"]
        line = shape(feature["geometry"])
        if line.intersection(near).length < 0.6 * line.length:
            name = (p.get("name") or "").split(";")[0]
            add(line, p["highway"], name, structure_of(name), "siming")
    tree = STRtree([it["line"].buffer(0.00008) for it in roads])
    shapes = tree.geometries
    for feature in load(data / "osm/gulangyu_west_siming_roads.geojson.gz"):
        p = feature["properties"]
        line = shape(feature["geometry"])
        if p["highway"] in ("footway", "steps", "path", "cycleway") or line.centroid.x > 118.0705 and p["highway"] == "service":
            continue
        covered = unary_union([shapes[i] for i in tree.query(line)])
        if line.intersection(covered).length < 0.6 * line.length:
            add(line, p["highway"], p.get("name"), "tunnel" if p.get("tunnel") == "yes" else "bridge" if p.get("bridge") == "yes" else None, "gulangyu")
    for feature in load(data / "roads/xiamen_mainland_trunk_roads_osm_partial.geojson.gz"):
        p = feature["properties"]
        name = p.get("name")
        highway = "motorway" if name and ("高速" in name) else "trunk" if p.get("structure_guess") or name and ("大桥" in name or "国道" in name or "快速" in name) else "primary"
        add(shape(feature["geometry"]), highway, name, p.get("structure_guess"), "mainland")
    return roads


def crossings(ground, district):
    """Junctions of two differently named roads: plausible names for places on a street."""
    named = [it for it in ground.by_district[district] if it["name"] and it["class"] != "motorway" and not it["structure"]]
    tree = STRtree([it["line"] for it in named])
    found = {}
    for i, road in enumerate(named):
        for j in tree.query(road["line"]):
            other = named[j]
            if j <= i or other["name"] == road["name"]:
                continue
            hit = road["line"].intersection(other["line"])
            if isinstance(hit, Point):
                key = "—".join(sorted((road["name"], other["name"])))
                if "桥" in key or "隧" in key or "高速" in key or "国道" in key:
                    continue
                found.setdefault(key, hit)
    return sorted(found.items())


def thresholds(*steps):
    return [{"color": color, "on": on, "off": off} for color, on, off in steps]


THRESHOLDS = {
    "flood_depth": thresholds(("blue", 10, 7), ("yellow", 15, 12), ("orange", 27, 22), ("red", 40, 34)),
    "tide": thresholds(("blue", 6.8, 6.6), ("yellow", 7.0, 6.8), ("orange", 7.2, 7.0), ("red", 7.5, 7.3)),
    "rain": thresholds(("blue", 16, 12), ("yellow", 30, 24), ("orange", 50, 42), ("red", 80, 70)),
    "wind": thresholds(("blue", 10.8, 9.5), ("yellow", 17.2, 15.5), ("orange", 24.5, 22.5), ("red", 32.7, 30)),
    "noise": thresholds(("yellow", 75, 72), ("orange", 85, 82)),
    "tilt": thresholds(("yellow", 2, 1.6), ("orange", 5, 4.5), ("red", 8, 7.5)),
    "air": thresholds(("blue", 100, 92), ("yellow", 150, 140), ("orange", 200, 190), ("red", 300, 285)),
    "water_quality": thresholds(("yellow", 5, 4.5), ("orange", 5.8, 5.4)),
    "sound": thresholds(("yellow", 72, 69)),
    "exhaust": thresholds(("yellow", 30, 25), ("orange", 50, 44)),
}

SHARES = {"350203": 0.26, "350205": 0.13, "350206": 0.20, "350211": 0.16, "350212": 0.13, "350213": 0.12}


def split(total):
    """`total` by `SHARES`, exact in sum."""
    counts = {key: int(total * share) for key, share in SHARES.items()}
    for key in list(counts)[: total - sum(counts.values())]:
        counts[key] += 1
    return [(key, i) for key in SHARES for i in range(counts[key])]


def build_registries(ground):
    rng = random.Random(SEED)
    write_rows(HERE / "districts.json", [{"id": i, "name": n, "center": at(ground.snap(i, *c))} for i, n, _, c, _ in t.DISTRICTS])

    agencies = [{"id": i, "name": n, "short": s, "district": None, "phone": f"0592-555-{1000 + k:04}", "platform": p} for k, (i, n, s, p) in enumerate(t.AGENCIES)]
    for k, (i, n, s, _, _) in enumerate(t.DISTRICTS):
        agencies.append({"id": t.HQ[i], "name": f"{n}防汛防台风指挥部", "short": f"{s}防指", "district": i, "phone": f"0592-555-{2000 + k:04}", "platform": "yunguanfu"})
    write_rows(HERE / "agencies.json", agencies)

    write_rows(HERE / "teams.json", build_teams(ground, rng))
    goods = [("编织袋 {a} 条 排水泵 {b} 台", 4000, 12), ("冲锋舟 {b} 艘 救生衣 {a} 件", 300, 8), ("折叠床 {a} 张 棉被 {b} 床", 800, 1200),
             ("发电机 {b} 台 照明车 {c} 台", 0, 6), ("移动泵车 {b} 台 抽水软管 {a} 米", 600, 5), ("油锯 {b} 把 铁锹 {a} 把", 200, 40)]
    depots = []
    for k, (district, i) in enumerate(split(48)):
        point = ground.on_land(rng, district)
        words, a, b = goods[k % len(goods)]
        depots.append({"id": f"dp{k + 1:02}", "name": f"{ground.town_of(district, point)}防汛物资库 {i + 1}（示例）", "at": at(point), "district": district,
                       "stock": words.format(a=int(a * rng.uniform(0.5, 1.5)), b=max(1, int(b * rng.uniform(0.5, 1.5))), c=rng.randint(1, 4))})
    write_rows(HERE / "depots.json", depots)

    kinds = ["社区服务中心", "中学", "小学", "文体中心", "老年活动中心", "党群服务中心", "人防工程"]
    shelters, per_town = [], {}
    for k, (district, _) in enumerate(split(709)):
        point = ground.on_land(rng, district)
        town, kind = ground.town_of(district, point), rng.choice(kinds)
        n = per_town[town, kind] = per_town.get((town, kind), 0) + 1
        shelters.append({"id": f"sh{k + 1:03}", "name": f"{town}{kind}避灾点 {n}", "at": at(point), "district": district, "capacity": rng.choice([60, 80, 100, 120, 150, 200, 300, 400, 600])})
    write_rows(HERE / "shelters.json", shelters)

    def fixed(prefix, rows, extra=lambda row: {}):
        out = []
        for k, row in enumerate(rows):
            district = ground.district_of(row[1], row[2])
            out.append({"id": f"{prefix}{k + 1:02}", "name": row[0], "at": at(ground.snap(district, row[1], row[2])), "district": district, **extra(row)})
        return out

    write_rows(HERE / "helipads.json", fixed("hp", t.HELIPADS))
    write_rows(HERE / "hospitals.json", fixed("ho", t.HOSPITALS, lambda row: {"n_beds": row[3]}))
    docks = [{**it, "id": f"GLDOCK{k + 1:02}"} for k, it in enumerate(fixed("dk", t.DOCKS))]
    write_rows(HERE / "docks.json", docks)
    drones = [{"id": f"GLUAV{k + 1:04}", "name": f"鹭航 {k + 1:02}", "dock": docks[k % len(docks)]["id"]} for k in range(14)]
    write_rows(HERE / "drones.json", drones)

    sensors, flood_points = build_sensors(ground, rng)
    write_rows(HERE / "sensors.json", sensors)
    write_rows(HERE / "flood_points.json", flood_points)

    cameras = []
    per_name = {}
    for k, (district, _) in enumerate(split(20_000)):
        island = district in ("350203", "350206")
        point, road = ground.on_road(rng, district, 0.92 if island else 0.45)
        words = ground.place_words(district, point, road)
        n = per_name[words] = per_name.get(words, 0) + 1
        cameras.append({"id": f"c{k + 1:05}", "name": f"{words} {n}", "at": at(point), "district": district})
    write_rows(HERE / "cameras.json", cameras)

    write_rows(HERE / "indicators.json", [{"id": i, "name": n, "unit": u, "group": g, "source": s, "formula": f, "reference": r} for i, n, u, g, s, f, r in t.INDICATORS])
    build_people(data)
    (HERE / "city.toml").write_text('id = "xiamen"\nname = "厦门市"\ncenter = [118.11, 24.50]\n', encoding="utf-8")


def build_teams(ground, rng):
    """5 national, 15 trade, 16 social and the rest local: 508 teams, 13,000 people (published 2025)."""
    national = [("国家综合性消防救援机动队", "fire"), ("国家电网应急抢修队", "power"), ("国家海上搜救队", "water"), ("国家医学救援队", "medical"), ("国家矿山应急救援队", "rescue")]
    trade = [("市政排涝抢险队", "drainage"), ("供水抢险队", "water"), ("燃气抢险队", "rescue"), ("供电抢修队", "power"), ("公路抢险队", "city"), ("轨道抢险队", "rescue"),
             ("港口抢险队", "water"), ("海上搜救队", "water"), ("园林绿化抢险队", "city"), ("环卫应急队", "city"), ("建筑工程抢险队", "rescue"), ("危化品处置队", "fire"),
             ("通信保障队", "power"), ("医疗救护队", "medical"), ("水利抢险队", "drainage")]
    social = ["蓝天救援队", "曙光救援队", "北极星救援队", "红十字救援队"]
    local = [("防汛抢险队", "drainage", 0.26), ("微型消防站", "fire", 0.22), ("应急分队", "rescue", 0.20), ("城管机动队", "city", 0.16), ("水上救援队", "water", 0.07), ("医疗小组", "medical", 0.05), ("电力抢修组", "power", 0.04)]
    rows = []
    for k, (name, capability) in enumerate(national):
        rows.append((f"{name}（驻厦）", "national", capability, list(SHARES)[k % 6]))
    for k, (name, capability) in enumerate(trade):
        rows.append((f"市{name.removeprefix('市政')}", "trade", capability, list(SHARES)[k % 6]))
    for k in range(16):
        rows.append((f"{social[k % 4]} {k // 4 + 1} 队", "social", "water" if k % 4 == 0 else "rescue", list(SHARES)[k % 6]))
    spots, numbers = [], {}
    for district, _ in split(508 - len(rows)):
        name, capability, _ = rng.choices(local, [it[2] for it in local])[0]
        point = ground.on_land(rng, district)
        key = ground.town_of(district, point) + name
        numbers[key] = numbers.get(key, 0) + 1
        rows.append((f"{key} {numbers[key]}", "local", capability, district))
        spots.append(point)
    points = [ground.on_land(rng, it[3]) for it in rows[: len(rows) - len(spots)]] + spots
    raw = [rng.uniform(60, 120) if it[1] != "local" else rng.uniform(8, 38) for it in rows]
    people = [max(5, round(it * 13_000 / sum(raw))) for it in raw]
    people[0] += 13_000 - sum(people)
    return [{"id": f"tm{k + 1:03}", "name": name, "tier": tier, "capability": capability, "n_people": people[k], "home": at(points[k]), "district": district}
            for k, (name, tier, capability, district) in enumerate(rows)]


def build_sensors(ground, rng):
    sensors, flood_points = [], []

    def add(kind, ident, name, point, district):
        sensors.append({"id": ident, "name": name, "kind": kind, "at": at(point), "district": district, "thresholds": THRESHOLDS[kind]})

    serial = 0
    for district in SHARES:
        count = sum(1 for it, _ in split(150) if it == district)
        junctions = crossings(ground, district)
        rng.shuffle(junctions)
        chosen, used = [], []
        for name, point in junctions:
            if len(chosen) < count and all(math.hypot(point.x - q.x, point.y - q.y) > 0.003 for q in used) and ground.prepared[district].contains(point):
                chosen.append((f"{name}路口", point))
                used.append(point)
        n_low = {}
        while len(chosen) < count:
            point, road = ground.on_road(rng, district, 0.6)
            if road and ("隧道" in road or "桥" in road or "高速" in road):
                continue
            words = f"{ground.town_of(district, point)}{road or ''}低洼路段"
            n_low[words] = n_low.get(words, 0) + 1
            chosen.append((f"{words} {n_low[words]}", point))
        for name, point in chosen:
            serial += 1
            add("flood_depth", f"fd{serial:03}", name, point, district)
            flood_points.append({"id": f"fp{serial:03}", "name": name, "at": at(point), "district": district, "sensor": f"fd{serial:03}"})

    tides = [("厦门验潮站", 118.0690, 24.4470), ("东渡潮位站", 118.0840, 24.4900), ("五通潮位站", 118.1960, 24.5160), ("刘五店潮位站", 118.2120, 24.5770), ("高崎潮位站", 118.1200, 24.5510), ("大嶝潮位站", 118.2950, 24.5620)]
    for k, (name, lon, lat) in enumerate(tides):
        district = ground.district_of(lon, lat)
        add("tide", f"td{k + 1:02}", name, ground.snap(district, lon, lat), district)

    def scatter(kind, prefix, total, label, digits, road_share=0.0):
        numbers = {}
        for k, (district, _) in enumerate(split(total)):
            point, road = ground.on_road(rng, district, road_share) if road_share else (ground.on_land(rng, district), None)
            words = ground.place_words(district, point, road)
            numbers[words] = numbers.get(words, 0) + 1
            add(kind, f"{prefix}{k + 1:0{digits}}", f"{words}{label} {numbers[words]}", point, district)

    scatter("rain", "rn", 60, "雨量站", 2)
    scatter("wind", "wd", 24, "风速站", 2)
    scatter("noise", "ns", 1000, "工地", 4)
    scatter("tilt", "tl", 200, "广告", 3, 0.9)
    scatter("air", "ar", 46, "空气站", 2)
    scatter("water_quality", "wq", 43, "水质断面", 2)
    seas = ["西海域", "同安湾", "东部海域", "南部海域", "九龙江口", "大嶝海域"]
    for k, (name, lon, lat, _, _) in enumerate(it for it in t.SEA_NAMES if it[0] in seas):
        add("water_quality", f"wq{44 + k}", f"{name}海水站", Point(lon, lat), ground.district_of(lon, lat))
    scatter("sound", "so", 20, "声环境", 2)
    scatter("exhaust", "ex", 10, "尾气点", 2, 0.9)
    return sensors, flood_points


def build_people(data):
    """Townships by their public codes; villages, persons and numbers are illustrative. `0592-0000…` can reach nobody."""
    centers = {(district, name): [lon, lat] for district, _, _, _, towns in t.DISTRICTS for name, lon, lat in towns}
    townships, contacts = [], []

    def contact(ident, place, rank, post, radio=""):
        number = len(contacts) + 1
        contacts.append({"id": f"{ident}-{rank}", "name": f"示例{number:03}", "post": post, "place": place, "rank": rank, "phone": f"0592-0000{number:03}", "radio": radio})

    for ident, *_ in t.AGENCIES:
        contact(f"ag-{ident}", {"agency": ident}, 1, "值班员")
        contact(f"ag-{ident}", {"agency": ident}, 2, "值班负责人")
    for k, (district, _, short, _, _) in enumerate(t.DISTRICTS):
        contact(f"ag-{t.HQ[district]}", {"agency": t.HQ[district]}, 1, "防指值班员")
        contact(f"di-{district}", {"district": district}, 1, "区值班员")
        contact(f"di-{district}", {"district": district}, 2, "区分管领导", f"应急电台 {k + 1} 频道（示例）")
    with open(data / "boundaries/xiamen_divisions_level4.csv", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["deep"] == "3"]
    for k, row in enumerate(rows):
        ident, district, name = row["id"], row["pid"], row["ext_name"]
        plain = re.sub(r"(街道|镇|农场)$", "", name)
        center = centers[district, plain]
        villages = [{"id": f"{ident}v{n}", "name": f"{plain}{word}（示例）"} for n, word in ((1, "一社区"), (2, "二社区"), (3, "三村"))]
        townships.append({"id": ident, "name": name, "district": district, "center": center, "weight": 2 + (k * 7) % 5, "villages": villages})
        contact(f"to-{ident}", {"township": ident}, 1, "镇街值班员")
        contact(f"to-{ident}", {"township": ident}, 2, "镇街主要负责人", f"镇街电台 {k + 1} 台（示例）")
        for n, village in enumerate(villages):
            # Here and there nobody answers for a village: the board must have something to say about it.
            if (3 * k + n) % 29 != 28:
                contact(f"vi-{village['id']}", {"village": village["id"]}, 1, "村居责任人")
    write_rows(HERE / "townships.json", townships)
    write_rows(HERE / "contacts.json", contacts)
    write_rows(HERE / "ladders.json", t.LADDERS)


def build_track(data):
    """Doksuri's real track: CMA position, wind and pressure, JTWC wind radii; knots and nautical miles converted."""
    import calendar
    import time

    def number(row, *keys):
        return next((float(row[key]) for key in keys if row[key]), 0.0)

    fixes = []
    with open(data / "typhoon/best_tracks_5_typhoons.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["storm"] != "DOKSURI" or not "2023-07-21" <= row["time_utc"] < "2023-07-29T13":
                continue
            at_ms = calendar.timegm(time.strptime(row["time_utc"], "%Y-%m-%dT%H:%MZ")) * 1000
            radii = {grade: [round(number(row, f"usa_r{kt}_{q}_nm") * 1.852, 1) for q in ("ne", "se", "sw", "nw")] for grade, kt in ((7, 34), (10, 50), (12, 64))}
            fixes.append({"at": at_ms, "center": [number(row, "cma_lon", "lon"), number(row, "cma_lat", "lat")],
                          "wind": round(number(row, "cma_wind_kt", "usa_wind_kt", "tokyo_wind_kt") * 0.514444, 1),
                          "pressure": number(row, "cma_pres_hpa", "usa_pres_hpa", "tokyo_pres_hpa"),
                          "move_speed": round(number(row, "storm_speed_kt") * 1.852, 1), "move_towards": number(row, "storm_dir_deg"),
                          "radius7": radii[7], "radius10": radii[10], "radius12": radii[12]})
    write_rows(SCENARIOS / "doksuri-2023.track.json", fixes)


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: build.py DATA_FOLDER")
    data = Path(sys.argv[1])
    ground = Ground(data)
    build_track(data)
    build_registries(ground)
    if "--registries" not in sys.argv:
        sys.modules["build"] = sys.modules["__main__"]
        import layers
        layers.build(ground, data)
        import roads
        roads.build(data)


if __name__ == "__main__":
    main()
