#!/usr/bin/env python3
"""Draws the icon: a drum's rim and two waves. `pip install pillow`; writes beside itself."""

import math
from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
SIZE = 1024
NIGHT, RIM, WAVE, FAR = "#0B1117", "#EAF0F5", "#9CC9E6", "#415262"


def crest(y, height, phase):
    return [(x, y + height * math.sin(2 * math.pi * (x / 420 + phase))) for x in range(0, SIZE + 1, 4)]


def icon():
    drum = Image.new("RGBA", (SIZE, SIZE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(drum)
    draw.rectangle((0, 0, SIZE, SIZE), fill=NIGHT)
    for y, height, phase, color in ((500, 60, 0.1, FAR), (610, 66, 0.55, WAVE)):
        draw.polygon(crest(y, height, phase) + [(SIZE, SIZE), (0, SIZE)], fill=color)
    draw.polygon(crest(735, 60, 0.0) + [(SIZE, SIZE), (0, SIZE)], fill=NIGHT)
    draw.line(crest(735, 60, 0.0), fill=RIM, width=26, joint="curve")
    mask = Image.new("L", (SIZE, SIZE), 0)
    ImageDraw.Draw(mask).ellipse((44, 44, SIZE - 44, SIZE - 44), fill=255)
    out = Image.new("RGBA", (SIZE, SIZE), (0, 0, 0, 0))
    out.paste(drum, (0, 0), mask)
    ImageDraw.Draw(out).ellipse((44, 44, SIZE - 44, SIZE - 44), outline=RIM, width=52)
    return out


def main():
    whole = icon()
    for name, size in (("32x32", 32), ("128x128", 128), ("128x128@2x", 256), ("icon", 512)):
        whole.resize((size, size), Image.LANCZOS).save(HERE / f"{name}.png", optimize=True)
    whole.resize((256, 256), Image.LANCZOS).save(HERE / "icon.ico", sizes=[(s, s) for s in (16, 24, 32, 48, 64, 128, 256)])
    whole.save(HERE / "icon.icns")


if __name__ == "__main__":
    main()
