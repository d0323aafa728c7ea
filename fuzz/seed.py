#!/usr/bin/env python3
"""Writes fuzz/corpus/TARGET/*: the honest messages that the tests hold, whole files and literals in them."""

import hashlib
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
CRATES = HERE.parent / "crates"
PLATFORMS = CRATES / "platforms"

# Target → where its messages stand, and how many values its first byte chooses from (0: it chooses nothing).
SOURCES = {
    "jt808": ([PLATFORMS / "tests/jt808.rs"], 1),
    "mavlink": ([PLATFORMS / "src/mavlink/tests.rs"], 1),
    "cot": ([PLATFORMS / "src/cot"], 1),
    "dji": ([PLATFORMS / "src/dji/tests.rs"], 7),
    "sensorthings": ([PLATFORMS / "src/sensorthings/tests.rs"], 3),
    "egova": ([PLATFORMS / "src/egova/tests.rs"], 0),
    "open311": ([PLATFORMS / "src/open311.rs"], 0),
    "cap": ([PLATFORMS / "src/cap"], 0),
    "typhoon": ([PLATFORMS / "src/typhoon"], 0),
    "quake": ([PLATFORMS / "src/quake.rs"], 4),
    "grib2": ([PLATFORMS / "tests/fixtures/rain.grib2"], 0),
    "rain_json": ([PLATFORMS / "src/grid_rain"], 0),
    "video": ([PLATFORMS / "src/wvp.rs", PLATFORMS / "src/zlm.rs"], 0),
    "video_ai": ([PLATFORMS / "src/video_ai"], 0),
    "mapping": ([PLATFORMS / "src/mapping", PLATFORMS / "tests/layers.rs"], 0),
    "grid": ([PLATFORMS / "src/grid.rs", PLATFORMS / "src/exchange.rs"], 0),
    "intake_csv": ([CRATES / "intake/tests"], 0),
    "intake_xlsx": ([CRATES / "intake/tests"], 0),
    "intake_xls": ([CRATES / "intake/tests"], 0),
    "intake_ods": ([CRATES / "intake/tests"], 0),
    "intake_geojson": ([CRATES / "intake/tests"], 0),
    "intake_flatgeobuf": ([CRATES / "intake/tests"], 0),
    "intake_shapefile": ([CRATES / "intake/tests"], 0),
    "video_link": ([CRATES / "video-link/src"], 1),
    "record": ([CRATES / "city/tests", CRATES / "city/src/record.rs"], 4),
    "rules": ([HERE.parent / "assets/cities/xiamen/rules"], 0),
    "layouts": (
        [
            HERE.parent / "assets/cities/xiamen/indicators.toml",
            HERE.parent / "assets/cities/xiamen/metric_walls.toml",
            HERE.parent / "assets/cities/xiamen/briefings",
            CRATES / "city/src/tiny.rs",
        ],
        4,
    ),
    "config": ([CRATES / "hub/src/config.rs", CRATES / "hub/tests/connect.rs"], 0),
}
# Whole files of these kinds are messages themselves.
KINDS = {
    "intake_csv": {".csv"},
    "intake_xlsx": {".xlsx"},
    "intake_xls": {".xls"},
    "intake_ods": {".ods"},
}
WHOLE = {".xml", ".json", ".grib2", ".toml", ".txt", ".geojson"}
LITERALS = re.compile(r'r(#+)"(.*?)"\1|"((?:[^"\\]|\\.)*)"', re.S)
HEX = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")


def literals(text):
    for match in LITERALS.finditer(text):
        raw, plain = match.group(2), match.group(3)
        it = raw if raw is not None else plain.encode().decode("unicode_escape", "ignore").encode("latin-1", "ignore").decode("utf-8", "ignore")
        if len(it) < 12:
            continue
        if HEX.fullmatch(it):
            yield bytes.fromhex(it)
        yield it.encode()


def files(places):
    for place in places:
        yield from sorted(place.rglob("*")) if place.is_dir() else [place]


def main():
    for target in sys.argv[1:] or SOURCES:
        places, n_choices = SOURCES[target]
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        found = set()
        for file in files(places):
            if file.suffix in KINDS.get(target, WHOLE):
                found.add(file.read_bytes())
            elif file.suffix == ".rs":
                found.update(literals(file.read_text()))
        for it in found:
            for choice in range(max(1, n_choices)):
                it_chosen = bytes([choice]) + it if n_choices else it
                (folder / hashlib.sha1(it_chosen).hexdigest()[:16]).write_bytes(it_chosen)
        print(f"{target}: {len(found)} messages")


if __name__ == "__main__":
    main()
