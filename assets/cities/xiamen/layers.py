"""The pack's map layers: GeoJSON, WGS-84, one feature per line, each file under 1 MB."""

from shapely import make_valid, unary_union
from shapely.geometry import LineString, MultiPolygon, Point, box, shape
from shapely.ops import linemerge

import tables as t
from build import REGION, load, polygons, write_layer

TYPHOON_WINDOW = box(100, 0, 150, 45)


def build(ground, data):
    write_layer("land", [({"name": None}, it) for it in polygons(ground.land, 2e-7)])
    write_layer("districts", [({"id": i, "name": n}, ground.districts[i]) for i, n, *_ in t.DISTRICTS])
    write_layer("roads", roads(ground))
    write_layer("rail", rail(data))
    write_layer("stations", stations(data))
    write_layer("aeroways", aeroways(data))
    write_layer("buildings", buildings(data))
    landuse = [(it["properties"], make_valid(shape(it["geometry"]))) for it in load(data / "osm/gulangyu_west_siming_landuse.geojson.gz")]
    green = [(p, g) for p, g in landuse if p.get("leisure") in ("park", "garden") or p.get("landuse") in ("grass", "cemetery") or p.get("natural") in ("wood", "scrub")]
    write_layer("green", [({"name": p.get("name"), "kind": p.get("leisure") or p.get("landuse") or p["natural"]}, it) for p, g in green for it in polygons(g)])
    write_layer("water", [({"name": p.get("name"), "kind": p.get("water", "water")}, it) for p, g in landuse if p.get("natural") == "water" for it in polygons(g)])
    write_layer("places", places(ground))
    write_layer("region_land", region_land(data), 4)
    write_layer("region_bathymetry", bathymetry(data), 3)
    write_layer("region_places", [({"name": n, "kind": "city", "rank": r}, Point(x, y)) for n, x, y, r in t.REGION_PLACES] + [({"name": n, "kind": "sea", "rank": r}, Point(x, y)) for n, x, y, r in t.REGION_SEAS], 3)


def roads(ground):
    """Pieces of one class, name and structure joined end to end; thinned by a metre."""
    groups = {}
    for it in ground.roads:
        groups.setdefault((it["class"], it["name"], it["structure"]), []).append(it["line"])
    order = ("minor", "secondary", "primary", "trunk", "motorway")
    out = []
    for (klass, name, structure), lines in sorted(groups.items(), key=lambda it: (order.index(it[0][0]), it[0][1] or "", it[0][2] or "")):
        merged = linemerge(lines) if len(lines) > 1 else lines[0]
        for line in getattr(merged, "geoms", [merged]):
            out.append(({"class": klass, "name": name, "structure": structure}, line.simplify(1e-5)))
    return out


def rail(data):
    out = []
    colors = {"1": "#ff7300", "2": "#008900", "3": "#529fc9"}
    for feature in load(data / "transit/xiamen_rail_lines_osm.geojson.gz"):
        p = feature["properties"]
        name = (p.get("name") or "").replace("一号线", "1号线") or None
        number = next((it for it in "12346" if name and f"{it}号线" in name), None)
        building = p.get("railway") == "construction" or p.get("construction") == "yes"
        kind = "rail" if "rail" in (p.get("railway"), p.get("construction")) else "subway"
        line = shape(feature["geometry"]).simplify(1e-5)
        out.append(({"kind": kind, "name": name, "line": number, "color": colors.get(number), "state": "construction" if building else "open"}, line))
    return out


def stations(data):
    """Metro stations, an interchange once."""
    found = {}
    for feature in load(data / "transit/xiamen_metro_stations_osm.geojson"):
        p = feature["properties"]
        found.setdefault(p["name_zh"], ([], shape(feature["geometry"])))[0].append(p["line"].removeprefix("xiamen"))
    return [({"name": name, "lines": sorted(set(lines))}, point) for name, (lines, point) in sorted(found.items())]


def aeroways(data):
    rows = [(it["properties"], shape(it["geometry"])) for it in load(data / "transit/xiamen_kinmen_quanzhou_aeroways_osm_2025.geojson.gz")]
    return [({"kind": p["aeroway"]}, g.simplify(1e-5)) for p, g in rows if p.get("aeroway") in ("runway", "taxiway") and isinstance(g, LineString) and REGION.intersects(g)]


def buildings(data):
    def number(text):
        try:
            return float(str(text).removesuffix("m").strip())
        except ValueError:
            return None

    out = []
    for feature in load(data / "osm/gulangyu_west_siming_buildings.geojson.gz"):
        p = feature["properties"]
        levels = number(p.get("building_levels"))
        height = number(p.get("height")) or (levels * 3.2 if levels else None)
        out.append(({"height": height, "name": p.get("name")}, shape(feature["geometry"])))
    return out


def places(ground):
    out = [({"name": n, "kind": "district", "rank": 1}, Point(*c)) for _, n, _, c, _ in t.DISTRICTS]
    for district, _, _, _, towns in t.DISTRICTS:
        out += [({"name": n, "kind": "town", "rank": 4}, ground.snap(district, x, y)) for n, x, y in towns]
    out += [({"name": n, "kind": "island", "rank": r}, Point(x, y)) for n, x, y, r in t.ISLANDS]
    out += [({"name": n, "kind": k, "rank": r}, Point(x, y)) for n, x, y, k, r in t.SEA_NAMES]
    out += [({"name": n, "kind": k, "rank": r}, Point(x, y)) for n, x, y, k, r in t.LANDMARKS]
    out += [({"name": n, "kind": "neighbour", "rank": r}, Point(x, y)) for n, x, y, r in t.NEIGHBOURS]
    return out


def region_land(data):
    """Natural Earth land: finer near Xiamen, coarser far off."""
    near = box(112, 18, 126, 32)
    out = []
    for name in ("ne_10m_land_wnp", "ne_10m_minor_islands_wnp"):
        for feature in load(data / f"base/{name}.geojson.gz"):
            land = make_valid(shape(feature["geometry"])).intersection(TYPHOON_WINDOW)
            for part in polygons(land, 0.0004):
                close = part.intersects(near)
                if not close and part.area < 0.004:
                    continue
                thin = make_valid(part.simplify(0.008 if close else 0.03))
                out += [({}, it) for it in polygons(thin, 0.0002)]
    return sorted(out, key=lambda it: -it[1].area)


def bathymetry(data):
    out = []
    for depth in (200, 1000, 3000):
        for feature in load(data / f"base/ne_10m_bathymetry_{depth}m_wnp.geojson.gz"):
            deep = make_valid(make_valid(shape(feature["geometry"])).simplify(0.05))
            out += [({"depth": depth}, it) for it in polygons(deep, 0.02)]
    return out
