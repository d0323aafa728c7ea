#!/usr/bin/env python3
"""Makes the spreadsheets in fixtures/ with LibreOffice (soffice): run it again only to change them.

    python3 crates/intake/tests/make.py

Rows are illustrative; nobody has these telephone numbers.
"""
import subprocess, tempfile, pathlib, html

here = pathlib.Path(__file__).parent / "fixtures"

def sheet(rows):
    """A flat ODS: a cell is text, a number, None, or (text, rows merged, columns merged)."""
    out = []
    for row in rows:
        cells = []
        for it in row:
            if it is None:
                cells.append("<table:table-cell/>")
            elif it == "^":
                cells.append("<table:covered-table-cell/>")
            elif isinstance(it, tuple):
                text, down, across = it
                cells.append(f'<table:table-cell office:value-type="string" table:number-rows-spanned="{down}" '
                             f'table:number-columns-spanned="{across}"><text:p>{html.escape(text)}</text:p></table:table-cell>')
            elif isinstance(it, (int, float)):
                cells.append(f'<table:table-cell office:value-type="float" office:value="{it}"><text:p>{it}</text:p></table:table-cell>')
            else:
                cells.append(f'<table:table-cell office:value-type="string"><text:p>{html.escape(it)}</text:p></table:table-cell>')
        out.append("<table:table-row>" + "".join(cells) + "</table:table-row>")
    return "".join(out)

def book(sheets):
    tables = "".join(f'<table:table table:name="{name}">{sheet(rows)}</table:table>' for name, rows in sheets)
    return ('<?xml version="1.0" encoding="UTF-8"?><office:document '
            'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
            'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3" '
            'office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:body><office:spreadsheet>'
            + tables + "</office:spreadsheet></office:body></office:document>")

def make(name, sheets, forms):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / f"{name}.fods"
        source.write_text(book(sheets), encoding="utf-8")
        for form in forms:
            subprocess.run(["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to",
                            form, "--outdir", str(here), str(source)], check=True, stdout=subprocess.DEVNULL)

TEAMS = [
    [("　２０２６年应急队伍一览表（汇总）", 1, 8), "^", "^", "^", "^", "^", "^", "^"],
    ["填报单位：应急局", None, None, None, None, None, None, "2026-11-20"],
    [None] * 8,
    [("序号", 2, 1), ("队 伍 名 称", 2, 1), ("所属区", 2, 1), ("队伍类别", 2, 1), ("人数(人)", 2, 1), ("坐标", 1, 2), "^", ("联系电话", 2, 1)],
    ["^", "^", "^", "^", "^", "经度", "纬度", "^"],
    [1, "甲排涝队", ("思明区", 3, 1), "排涝", "２０人", 118.11, 24.47, "13800000001"],
    [2, "乙救援队", "^", "综合救援", "约 1,200 人", "118.12", "24.48", "13800000002"],
    [None] * 8,
    [3, "丙队", "^", "消防", "30-50", 118.13, 24.49, "13800000003"],
    [("序号", 1, 1), "队 伍 名 称", "所属区", "队伍类别", "人数(人)", "经度", "纬度", "联系电话"],
    [4, "丁队", "集美区", None, 12, 118.10, 24.60, None],
    [5, "戊医疗救护队", "集美区", None, 12, 24.60, 118.10, None],
    [6, "己医疗救护队", "集美区", None, 15, "118°06′00″", "24°36′00″", None],
    [7, "庚消防队", "思明区", "消防", 15, 121.47, 31.23, None],
    ["合计", None, None, None, 1289, None, None, None],
    ["注：坐标为 GPS 采集。", None, None, None, None, None, None, None],
]
SHELTERS = [
    ["避灾点名称", "可容纳人数", "经纬度"],
    ["一中", 500, "118.1, 24.5"],
    ["二中", "300人", "118.12，24.48"],
    ["三中", None, "118.12,24.49"],
]

make("teams", [("封面", [["应急队伍登记"], ["请勿外传"]]), ("队伍", TEAMS)], ["xlsx", "xls", "ods"])
make("shelters", [("避灾点", SHELTERS)], ["xlsx", "ods"])
# GBK, as WPS saves "CSV": comma, quotes where needed.
rows = ["设备编号,设备名称,高德经度,高德纬度,备注", "v-1,路口一,118.116,24.497,", 'v-2,"路口,二",118.117,24.498,新装', "v-1,路口三,118.118,24.499,", "v-4,,118.118,24.499,"]
(here / "cameras_gbk.csv").write_bytes(("\r\n".join(rows) + "\r\n").encode("gbk"))
