"""Chinese posters drawn for tests and benchmarks: known words, many looks. The same number gives the same poster."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

import zxingcpp
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from domain.picture import PictureReading

_FOLDER = Path("/usr/share/fonts/opentype/noto")
#: (file, face number of simplified Chinese)
FONTS = tuple(
    (_FOLDER / name, face)
    for name, face in (
        ("NotoSansCJK-Regular.ttc", 2),
        ("NotoSansCJK-Bold.ttc", 2),
        ("NotoSerifCJK-Regular.ttc", 2),
        ("NotoSerifCJK-Bold.ttc", 2),
        ("NotoSansCJK-Regular.ttc", 7),  # the monospaced face
    )
)
HAVE_FONTS = all(path.exists() for path, _ in FONTS)

#: What posters claim, one set of lines each; written for this project.
CLAIMS = (
    (
        "健康管理师证书",
        "签约包过 不过全额退款",
        "国家认可 全国通用 上网可查",
        "零基础免考拿证 最快七天下证",
        "咨询电话 400-000-0123",
    ),
    ("消防设施操作员", "内部渠道 保过班", "不用考试 交身份证照片即可", "证书人社部官网可查", "加微信 zx000123 办理"),
    ("电工证 焊工证 叉车证", "无需到场 直接出证", "三天拿证 假一赔十", "考不过退全款 报名从速", "王老师 13800000000"),
    ("心理咨询师报名", "百分百通过率", "我们与考试中心合作", "缴费后只需等待领证", "名额有限 微信同号"),
    (
        "职业技能等级证书代办",
        "高级工 技师 一站式办理",
        "不考试 不培训 联网可查",
        "可用于评职称 领补贴",
        "详询QQ 100000123",
    ),
    ("人力资源管理师", "国家发证 终身有效", "包过协议 白纸黑字", "挂靠每年补贴八千元", "扫码领取报名表"),
)
HONEST = (
    (
        "职业技能培训开班",
        "中式烹调师 四级 五级",
        "培训六十课时 参加统一考试",
        "成绩以考试机构公布为准",
        "地址 迎泽大街一百号",
    ),
    ("社区图书馆暑期活动", "周六上午九点 磨刀和小家电修理", "自愿参加 全程免费", "请自带水杯", "服务台 二楼大厅"),
)


@dataclass(frozen=True)
class Poster:
    """One drawn poster and what stands on it."""

    name: str
    data: bytes
    lines: tuple[str, ...]
    violating: bool
    traits: tuple[str, ...] = field(default=())
    code: str | None = None


def _ground(kind: str, size: tuple[int, int], pick: random.Random) -> Image.Image:
    width, height = size
    dark = tuple(pick.randrange(0, 90) for _ in range(3))
    other = tuple(pick.randrange(30, 120) for _ in range(3))
    if kind == "plain":
        return Image.new("RGB", size, dark)
    if kind == "light":
        return Image.new("RGB", size, tuple(pick.randrange(215, 256) for _ in range(3)))
    if kind == "gradient":
        slope = Image.linear_gradient("L").resize(size)
        return Image.composite(Image.new("RGB", size, dark), Image.new("RGB", size, other), slope)
    # Like a photograph out of focus: coloured patches, blurred, with grain.
    patches = Image.new("RGB", (9, 12))
    patches.putdata([tuple(pick.randrange(10, 125) for _ in range(3)) for _ in range(9 * 12)])
    photo = patches.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(6))
    grain = Image.effect_noise((width, height), 14).convert("RGB")
    return Image.blend(photo, grain, 0.12)


def font(number: int, size: int) -> ImageFont.FreeTypeFont:
    """One of :data:`FONTS` in pixels."""
    path, face = FONTS[number % len(FONTS)]
    return ImageFont.truetype(str(path), size, index=face)


def draw(
    number: int,
    lines: tuple[str, ...],
    *,
    ground: str = "plain",
    sizes: tuple[int, ...] = (64, 48, 36, 30, 26),
    tilt: float = 0.0,
    vertical: bool = False,
    width: int = 900,
    code: str | None = None,
) -> Image.Image:
    """Draw ``lines`` on a poster; a vertical last line stands in a column at the right."""
    pick = random.Random(number)
    height = 160 + sum(int(sizes[n % len(sizes)] * 1.9) for n in range(len(lines))) + (320 if code else 0)
    height = max(height, int(sizes[0] * 1.3) * len(lines[0]) + 120) if vertical else height
    image = _ground(ground, (width, height), pick)
    pen = ImageDraw.Draw(image)
    inks = ("#7a0000", "#102a60", "#111111") if ground == "light" else ("#ffffff", "#ffe94d", "#ffd9c7", "#e8ffe8")
    if vertical:
        column, lines = lines[0], lines[1:]
        size = sizes[0]
        for place, sign in enumerate(column.replace(" ", "")):
            pen.text((width - size - 50, 50 + place * int(size * 1.15)), sign, font=font(number, size), fill=inks[0])
    top = 60
    for place, line in enumerate(lines):
        size = sizes[(place + vertical) % len(sizes)]
        face = font(number + place // 3, size)
        left = 50 if vertical else max(30, (width - int(pen.textlength(line, font=face))) // (2 if place % 2 else 3))
        pen.text((left, top), line, font=face, fill=pick.choice(inks))
        top += int(size * 1.9)
    if code:
        barcode = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode)
        drawn = Image.fromarray(zxingcpp.write_barcode_to_image(barcode, scale=6))
        image.paste(drawn.convert("RGB"), (60, top))
    if tilt:
        image = image.rotate(tilt, expand=True, fillcolor=(70, 70, 70), resample=Image.Resampling.BICUBIC)
    return image


def encode(image: Image.Image, kind: str = "png") -> bytes:
    """``png``, ``jpeg30`` (quality 30) or ``webp``."""
    out = io.BytesIO()
    if kind == "jpeg30":
        image.save(out, "JPEG", quality=30)
    elif kind == "webp":
        image.save(out, "WEBP", quality=70)
    else:
        image.save(out, "PNG")
    return out.getvalue()


def share_read(found: PictureReading, lines: Sequence[str]) -> tuple[int, int]:
    """(characters of ``lines`` that were read, all of them), spaces and hyphens apart; in the best order."""
    read = _bare("".join(line.text for line in found.lines))
    right = 0
    for line in map(_bare, lines):
        matches = SequenceMatcher(None, read, line, autojunk=False).get_matching_blocks()
        right += len(line) if line in read else sum(match.size for match in matches)
    return right, sum(len(_bare(line)) for line in lines)


def _bare(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


def gallery(*numbers: int) -> list[Poster]:
    """24 posters, or those with these numbers: each claim and honest text in several looks."""
    grounds = ("plain", "light", "gradient", "photo")
    sizes = ((64, 48, 36, 30, 26), (80, 40, 28, 22, 18), (48, 34, 26, 20, 18), (72, 56, 44, 36, 30))
    texts = CLAIMS + HONEST
    posters = []
    for number in numbers or range(24):
        lines = texts[number % len(texts)]
        ground, tilt = grounds[(number // 2) % 4], (0.0, 7.0, 0.0, -7.0, 3.0)[number % 5]
        vertical = number % 4 == 3 and not tilt
        kind = ("png", "jpeg30", "webp")[number % 3]
        code = "https://u.example/abc123?健康管理师" if number % 6 == 5 else None
        image = draw(number, lines, ground=ground, sizes=sizes[number % 4], tilt=tilt, vertical=vertical, code=code)
        traits = (ground, f"{sizes[number % 4][-1]}–{sizes[number % 4][0]} px", f"{tilt:+g}°", kind)
        posters.append(
            Poster(
                f"poster-{number:02d}",
                encode(image, kind),
                lines,
                number % len(texts) < len(CLAIMS),
                (*traits, *(["vertical"] if vertical else []), *(["qr"] if code else [])),
                code,
            )
        )
    return posters
