#!/usr/bin/env python3
"""Makes grid.json (示例) from townships.json: four square cells about each township's centre, a worker for each and an
enforcement pair for each township. Cells, people and shifts are invented; surnames are drawn from common ones, and there are
no full names and no telephone numbers. Run it in this folder; the same townships give the same bytes."""

import json
import math

SURNAMES = "陈林黄张李吴郑王刘叶许洪谢曾蔡郭苏杨庄周"
HALF_M = 450.0


def main():
    townships = json.load(open("townships.json", encoding="utf-8"))
    cells, people = [], []
    n = 0
    for it in townships:
        lon, lat = it["center"]
        dlat = HALF_M / 111_320.0
        dlon = dlat / math.cos(math.radians(lat))
        ids = []
        for k, (i, j) in enumerate([(-1, -1), (0, -1), (-1, 0), (0, 0)], 1):
            west, south = lon + i * dlon, lat + j * dlat
            ring = [[west, south], [west + dlon, south], [west + dlon, south + dlat], [west, south + dlat]]
            ids.append(f"{it['id']}g{k}")
            cells.append({
                "id": ids[-1], "name": f"{it['name'].removesuffix('街道')}第{'一二三四'[k - 1]}网格（示例）",
                "district": it["district"], "township": it["id"],
                "ring": [[round(x, 6), round(y, 6)] for x, y in ring],
            })
        for k, cell in enumerate(ids, 1):
            n += 1
            people.append({
                "id": f"{it['id']}w{k}", "surname": SURNAMES[n % len(SURNAMES)], "post": "网格员", "role": "worker",
                "cells": [cell], "shifts": [{"from": 480, "to": 720}, {"from": 840, "to": 1110}],
            })
        for k, shift in enumerate([(450, 1170), (1170, 450)], 1):
            n += 1
            people.append({
                "id": f"{it['id']}e{k}", "surname": SURNAMES[n % len(SURNAMES)], "post": "执法队员", "role": "enforcer",
                "team": f"{it['name']}综合执法队（示例）", "cells": ids, "shifts": [{"from": shift[0], "to": shift[1]}],
            })
    basis = "示例：由镇街中心点生成的网格、人员与班次，不是真实的单元网格和人员"
    lines = lambda rows: ",\n".join(json.dumps(it, ensure_ascii=False, separators=(",", ":")) for it in rows)
    with open("grid.json", "w", encoding="utf-8") as out:
        out.write(f'{{"basis":"{basis}","platform":"yunguanfu",\n"cells":[\n{lines(cells)}\n],\n"people":[\n{lines(people)}\n]}}\n')


main()
