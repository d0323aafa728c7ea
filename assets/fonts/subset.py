#!/usr/bin/env python3
"""Cuts the shipped font from Noto Sans SC Regular: every GB2312 character, and those of Xiamen's names that GB2312 lacks (some in their older forms, as maps write them).

    npm pack @expo-google-fonts/noto-sans-sc@0.4.3      # package/400Regular/NotoSansSC_400Regular.ttf
    pip install fonttools
    python3 subset.py NotoSansSC_400Regular.ttf
"""

import sys
from pathlib import Path

from fontTools import subset

HERE = Path(__file__).resolve().parent
NAMES = "筼筜厝埭垵嶝屿溪芗漈磜墘坂塭碕岬礐曌瑄喆堃旸昇暐玥珺甡硿祎翀翚芃镕頔內團嶼廈樂碼襪賓鋼門頭"
SYMBOLS = "ⅠⅡⅢⅣⅤ①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳●○◐◑◆◇▲△▼▽■□★☆✓×→←↑↓⇧⇩↗↘⚠·•—–…℃°′″㎡℡↔⇒㎎㎏㎜㎝㎞㎥±≥≤≈∞％‰￥"


def gb2312():
    rows = (bytes((hi, lo)) for hi in range(0xA1, 0xF8) for lo in range(0xA1, 0xFF))
    return {it for row in rows for it in row.decode("gb2312", "ignore")}


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: subset.py NotoSansSC_400Regular.ttf")
    options = subset.Options()
    options.hinting = False
    options.layout_features = ["kern", "liga", "ccmp", "locl", "mark", "mkmk", "vert"]
    options.name_IDs = ["*"]
    options.notdef_outline = True
    font = subset.load_font(sys.argv[1], options)
    wanted = {ord(it) for it in gb2312() | set(NAMES) | set(SYMBOLS)} | set(range(0x20, 0x7F)) | set(range(0xA0, 0x100)) | set(range(0x2010, 0x2040)) | set(range(0x3000, 0x3020)) | set(range(0xFF00, 0xFFEF))
    tool = subset.Subsetter(options)
    tool.populate(unicodes=wanted & set(font.getBestCmap()))
    tool.subset(font)
    font.save(HERE / "NotoSansSC-Regular-gb2312.ttf")


if __name__ == "__main__":
    main()
