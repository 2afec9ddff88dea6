"""A drawing: areas, lines and words, written as SVG and painted as PNG.

Figures of the report are many small panels of few marks. Placed here directly they take a tenth of the time that axes,
ticks and artists of a plotting library take. Places and sizes are in points (1/72 inch), from the upper left corner.
Words stay words in SVG; they are measured in DejaVu Sans, which is wider than most, so others fit too.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path as Outline
from matplotlib.transforms import Affine2D
from PIL import Image, ImageDraw, ImageFont

INK = "#222222"
FAMILY = "'DejaVu Sans', Verdana, 'Segoe UI', Roboto, sans-serif"
FILES = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}  # words stand on their baseline
MEASURE = 100  # size at which words are measured, pixels


@cache
def face(bold: bool, size: float) -> ImageFont.FreeTypeFont:
    """The typeface at a size in pixels."""
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / FILES[bold]
    return ImageFont.truetype(str(file), size)


def breadth(text: str, size: float, bold: bool = False) -> float:
    """Width of a line of words, points."""
    return face(bold, MEASURE).getlength(text) * size / MEASURE


def rgb(colour: str) -> tuple[float, float, float]:
    """Red, green and blue (0-1) of a colour such as "#0072B2"."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def dark(colour: str) -> str:
    """The colour, dark enough to write with on white."""
    return "#" + "".join(f"{round(0.62 * 255 * part):02x}" for part in rgb(colour))


def pairs(points: np.ndarray) -> str:
    """Points as SVG writes them."""
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points.tolist())


@dataclass(frozen=True)
class Shape:
    """A polygon that is filled, or a line where it has a `breadth` (points)."""

    points: np.ndarray
    colour: str
    alpha: float = 1.0
    breadth: float = 0.0
    dashes: Sequence[float] = ()

    def svg(self) -> str:
        """The element of an SVG file."""
        if not self.breadth:
            clear = f' fill-opacity="{self.alpha:g}"' if self.alpha < 1.0 else ""
            return f'<polygon points="{pairs(self.points)}" fill="{self.colour}"{clear}/>'
        dashes = f' stroke-dasharray="{" ".join(map(str, self.dashes))}"' if self.dashes else ""
        stroke = f'stroke="{self.colour}" stroke-width="{self.breadth:g}" stroke-linejoin="round"{dashes}'
        return f'<polyline points="{pairs(self.points)}" fill="none" {stroke}/>'

    def paint(self, renderer: RendererAgg, place: Affine2D) -> None:
        """Paint on pixels."""
        brush = renderer.new_gc()
        brush.set_linewidth(self.breadth)
        brush.set_foreground(rgb(self.colour), isRGBA=False)
        brush.set_joinstyle("round")
        if self.dashes:
            brush.set_dashes(0.0, self.dashes)
        fill = None if self.breadth else (*rgb(self.colour), self.alpha)
        renderer.draw_path(brush, Outline(self.points, closed=False), place, fill)


@dataclass(frozen=True)
class Words:
    """One line of words; `x` is its start, middle or end, `y` its baseline."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    anchor: str
    bold: bool

    def svg(self) -> str:
        """The element of an SVG file."""
        style = f'font-size="{self.size:g}" fill="{self.colour}"' + ' font-weight="bold"' * self.bold
        place = f'x="{self.x:.2f}" y="{self.y:.2f}" text-anchor="{self.anchor}"'
        return f"<text {place} {style}>{escape(self.text)}</text>"

    def paint(self, pen: ImageDraw.ImageDraw, scale: float) -> None:
        """Paint on pixels."""
        spot, font = (scale * self.x, scale * self.y), face(self.bold, scale * self.size)
        pen.text(spot, self.text, fill=self.colour, font=font, anchor=ANCHORS[self.anchor])


class Drawing:
    """Shapes in the order in which they cover one another, and words on top of all."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.shapes: list[Shape] = []
        self.words: list[Words] = []

    def area(self, points: np.ndarray, colour: str, alpha: float = 1.0) -> None:
        """Fill a polygon."""
        self.shapes.append(Shape(np.asarray(points, float), colour, alpha))

    def block(self, left: float, top: float, right: float, bottom: float, colour: str, alpha: float = 1.0) -> None:
        """Fill a rectangle."""
        self.area(np.array([(left, top), (right, top), (right, bottom), (left, bottom)]), colour, alpha)

    def disc(self, x: float, y: float, radius: float, colour: str, corners: int = 24) -> None:
        """Fill a round dot."""
        turn = np.linspace(0.0, 2.0 * np.pi, corners + 1)
        self.area((x, y) + radius * np.column_stack((np.cos(turn), np.sin(turn))), colour)

    def line(self, points: np.ndarray, colour: str, breadth: float = 0.7, dashes: Sequence[float] = ()) -> None:
        """Draw a line."""
        self.shapes.append(Shape(np.asarray(points, float), colour, 1.0, breadth, dashes))

    def write(
        self,
        x: float,
        y: float,
        text: str,
        colour: str = INK,
        anchor: str = "start",
        size: float = 8.0,
        bold: bool = False,
    ) -> None:
        """Write one line of words."""
        self.words.append(Words(float(x), float(y), text, size, colour, anchor, bold))

    def svg(self) -> bytes:
        """The drawing as SVG: the same marks give the same bytes."""
        size = f'width="{self.width:g}pt" height="{self.height:g}pt" viewBox="0 0 {self.width:g} {self.height:g}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FAMILY}">'
        paper = f'<rect width="{self.width:g}" height="{self.height:g}" fill="#ffffff"/>'
        marks = [*(shape.svg() for shape in self.shapes), *(words.svg() for words in self.words)]
        return "\n".join([head, paper, *marks, "</svg>\n"]).encode()

    def __repr__(self) -> str:
        return f"Drawing of {self.width:g} by {self.height:g} points"

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        return self.png(120)

    def png(self, dots: int = 160) -> bytes:
        """The drawing as PNG, `dots` an inch."""
        scale = dots / 72
        renderer = RendererAgg(round(scale * self.width), round(scale * self.height), dots)
        place = Affine2D().scale(scale, -scale).translate(0.0, renderer.height)
        corners = np.array([(0.0, 0.0), (self.width, 0.0), (self.width, self.height), (0.0, self.height)])
        for shape in (Shape(corners, "#ffffff"), *self.shapes):
            shape.paint(renderer, place)
        image = Image.fromarray(np.asarray(renderer.buffer_rgba())).convert("RGB")
        pen = ImageDraw.Draw(image)
        for words in self.words:
            words.paint(pen, scale)
        file = io.BytesIO()
        image.save(file, "PNG", dpi=(dots, dots))
        return file.getvalue()
