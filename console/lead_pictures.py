"""What was read in the pictures of a lead's page, and where: boxes of lines, and of the claims among them."""

from __future__ import annotations

from dataclasses import dataclass

from digest.text import Mask, one_line, visible
from domain.lead_detail import LeadDetail
from domain.picture import Box

#: Pictures of one page that are shown, those with claims first.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line of words in a picture."""

    text: str
    box: Box
    claims: tuple[int, ...]
    """Numbers of the claims that stand in it."""


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """One picture with all that was read in it."""

    sha256: str
    url: str
    width: int
    height: int
    lines: tuple[ReadLine, ...]

    @property
    def claims(self) -> tuple[int, ...]:
        """Numbers of all claims in it."""
        return tuple(sorted({number for line in self.lines for number in line.claims}))

    @property
    def framed(self) -> tuple[ReadLine, ...]:
        """Lines with a place in what a browser shows at once: later frames of an animation have none."""
        return tuple(line for line in self.lines if line.box[4] == 0)


def read_pictures(detail: LeadDetail, mask: Mask) -> tuple[list[ReadPicture], int]:
    """Pictures in which something was read, those with claims first, and how many are left out."""
    places = [
        (number, finding.picture)
        for number, finding in enumerate(detail.assessment.findings, start=1)
        if finding.picture is not None
    ]
    found: dict[str, ReadPicture] = {}
    for segment in detail.document.segments:
        picture = segment.picture
        if picture is None or picture.sha256 in found:
            continue
        lines = [
            ReadLine(
                mask(visible(one_line(text), 200)),
                box,
                tuple(
                    dict.fromkeys(
                        number for number, place in places if place.sha256 == picture.sha256 and _meet(place.box, box)
                    )
                ),
            )
            for text, box in zip(segment.text.split("\n"), picture.boxes, strict=False)
        ]
        url = mask(visible(one_line(picture.url), 200))
        found[picture.sha256] = ReadPicture(picture.sha256, url, picture.width, picture.height, tuple(lines))
    ordered = sorted(found.values(), key=lambda one: not one.claims)
    return ordered[:SHOWN], max(0, len(ordered) - SHOWN)


def _meet(claim: Box, line: Box) -> bool:
    """Whether the middle of a line stands in a claim's box, which is made of whole lines."""
    left, top, width, height, frame = line
    across, down = left + width / 2, top + height / 2
    return frame == claim[4] and claim[0] <= across <= claim[0] + claim[2] and claim[1] <= down <= claim[1] + claim[3]
