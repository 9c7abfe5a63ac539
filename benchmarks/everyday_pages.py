"""Made-up Chinese pages for benchmarks: everyday matters in sentences that do not come twice, some with an advertisement.

A sentence is a pattern with places filled from lists (how many ways there are is printed by ``python -m
benchmarks.everyday_pages``); :func:`pages` throws a sentence away that it has given before, so that nothing which
remembers texts can gain by it.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "classifiers" / "samples"

_PLACES = "平川县 柳林镇 南河村 城东街道 滨湖新区 老城区 北关社区 云岭景区 青石桥 望江路 槐树湾 西山林场 清河口 石门寨 梅园小区 东港码头 高家沟 双塔公园 红旗渠畔 古渡口".split()
_PEOPLE = "老梁 王阿姨 陈志远 小刘一家 李秀兰 赵师傅 村支书周明 摄影爱好者何平 退休教师孙文 护林员马建国 社区医生林静 班长吴昊 店主黄丽 司机郑强 园艺师许青 渔民阿海 大二学生唐果 指挥员秦川".split()
_TIMES = "周六上午 入冬以来 昨天傍晚 今年三月 连日来 清晨五点半 雨停之后 国庆假期 上个月底 中秋前夜 前不久 午饭过后 立春那天 学期末 夜里十一点 本周四 去年秋天 天刚蒙蒙亮".split()
_THINGS = "苹果 春茶 旧自行车 手工陶罐 羊毛毯 竹编篮子 腊肉 小提琴 老照片 望远镜 菜籽油 玉米种子 木船 皮影 剪纸 石榴 蜂蜜 收音机 蓝印花布 铜壶".split()
_FOODS = "红烧鲫鱼 豆角焖面 酸菜粉丝 莲藕排骨汤 葱油饼 小米粥 清炒芦笋 番茄牛腩 糯米丸子 凉拌黄瓜 羊肉泡馍 桂花糕 蒜蓉空心菜 砂锅豆腐".split()
_FEELINGS = "大家都很高兴 谁也没有多说什么 围观的人越来越多 孩子们舍不得离开 他却一直放心不下 屋里安静了下来 掌声持续了很久 雾气慢慢散去 灯一盏盏亮了 远处传来犬吠".split()
_TOOLS = "笔记本电脑 无线耳机 扫地机器人 电饭煲 行车记录仪 数码相机 空气净化器 智能门锁 投影仪 电动牙刷 吸尘器 路由器".split()
_TEAMS = "蓝鲸队 山城联队 矿工队 港口队 师大附中队 铁路队 飞鹰队 老男孩队 河西队 大学生队".split()
_DISEASES = "感冒 高血压 颈椎不适 过敏性鼻炎 失眠 腰肌劳损 胃胀 干眼 冻疮 关节酸痛".split()
_PLANTS = "银杏 油菜花 山茶 芦苇 水杉 向日葵 早樱 蜡梅 荷花 胡杨 枫树 紫藤".split()
_ANIMALS = "白鹭 橘猫 松鼠 野鸭 牧羊犬 刺猬 麻雀 羊群 鲤鱼 喜鹊 黄牛 斑头雁".split()
_BOOKS = "山河旧事 候鸟来信 一座桥的自述 海边的木匠 盐道 北方的果园 长夜灯 麦浪之上 远行者笔记 雪线以北".split()
_COUNTS = "三 四 六 八 九 十二 十五 二十 二十六 三十七 四十八 六十 七十二 九十 一百一 两百三 五百四 一千二".split()

_LISTS = {
    **{"place": _PLACES, "who": _PEOPLE, "when": _TIMES, "thing": _THINGS, "food": _FOODS, "feel": _FEELINGS},
    **{"tool": _TOOLS, "team": _TEAMS, "ill": _DISEASES, "plant": _PLANTS, "animal": _ANIMALS, "book": _BOOKS},
    "n": _COUNTS,
}

_PATTERNS = [
    "{when}，{place}下了一场大雨，气温降了{n}度，{feel}。",
    "{when}，{who}带着{thing}去了{place}，一路走了{n}里地，{feel}。",
    "{place}的{plant}开了，{who}{when}特意赶来看，同行的还有{n}位邻居。",
    "锅里的{food}炖了{n}分钟，{who}尝了一口，说盐放得刚好，{feel}。",
    "做{food}要先把锅烧热，再放油，小火慢煎到两面金黄，这是{who}{when}教给我的办法。",
    "{team}{when}以{n}分的优势赢下了与{team}的比赛，主场就在{place}。",
    "下半场第{n}分钟，{team}换上了两名替补，场边的{who}喊哑了嗓子，{feel}。",
    "这款{tool}的电池能用{n}个小时，{who}试了一个星期，觉得声音比旧的小一些。",
    "{tool}的说明书写得很细，装好之后放在{place}的老房子里，{when}一直没有出毛病。",
    "{who}{when}收到一封信，信里夹着{n}张{thing}的图样，寄信人住在{place}。",
    "{place}的博物馆新展出了{n}件{thing}，其中一件是{who}家里传下来的，{feel}。",
    "{when}，一只{animal}落在{place}的屋檐上，{who}拍下了它，{feel}。",
    "饲养员说，这群{animal}{when}刚从{place}迁来，每天要吃掉{n}斤草料。",
    "{ill}的时候要多喝水、少熬夜，{who}在{place}的讲座上这样说，听众有{n}来个人。",
    "{who}最近{ill}，{when}去{place}的医院看了看，医生让他少坐多走。",
    "读完《{book}》，{who}在扉页上写下日期，那是{when}，窗外的{plant}正落叶。",
    "《{book}》写的是{place}一户人家{n}年的变迁，{when}重印了一次，{feel}。",
    "{place}到市区的班车改了时刻，首班提前{n}分钟，{who}{when}差一点没有赶上。",
    "{when}，{place}的河堤加高了{n}厘米，{who}和工友们连夜把沙袋码好，{feel}。",
    "{who}在{place}种了{n}亩{plant}，{when}浇了两遍水，叶子又绿了起来。",
    "集市上{thing}卖得最快，{when}不到{n}分钟就只剩下了空筐，{who}笑着收摊，{feel}。",
    "{place}的桥修好了，桥面宽{n}米，{when}通车，{who}第一个骑车过去，{feel}。",
    "{who}把{thing}擦得发亮，摆在{place}的窗台上，{animal}路过时总要看上两眼。",
    "夜里风大，{place}的{plant}折了{n}枝，{who}{when}用麻绳把它们绑好。",
    "{team}的教练{who}说，{when}训练时有人崴了脚，要休息{n}天。",
    "摄制组{when}在{place}拍了{n}场戏，{animal}也入了镜，{feel}。",
    "{who}的{tool}丢在了{place}，{when}有人送了回来，他请那人吃了一顿{food}。",
    "孩子们围着{who}听故事，故事里有{animal}、{thing}和一条通往{place}的路。",
    "{when}起，{place}的路灯改为{n}点熄灭，{who}说这样看星星更清楚了。",
    "歌里唱的{place}，其实是{who}小时候住过的地方，{when}他又回去了一趟，{feel}。",
    "{plant}和{plant}种在一起，{n}年之后就分不清了，{who}这样写道。",
    "渡船{when}停了，{who}只好绕到{place}，多走了{n}公里，{feel}。",
]
_SLOT = re.compile(r"\{(\w+)\}")


def ways() -> int:
    """How many different sentences there are."""
    return sum(prod(len(_LISTS[name]) for name in _SLOT.findall(pattern)) for pattern in _PATTERNS)


def _sentences(mixer: random.Random) -> Iterator[str]:
    given: set[str] = set()
    while True:
        made = _SLOT.sub(lambda slot: mixer.choice(_LISTS[slot.group(1)]), mixer.choice(_PATTERNS))
        if made not in given:
            given.add(made)
            yield made


def advertisements() -> list[str]:
    """Return the project's own labelled advertisements, disguised ones and ones without a keyword included."""
    found = []
    for file in sorted(SAMPLES.glob("dev_*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            found += [row["text"] for row in map(json.loads, lines) if row["label"] == 1]
    return found


def pages(number: int, lengths: Sequence[int], seed: int = 7) -> list[str]:
    """Return ``number`` pages of about one of ``lengths`` characters; every tenth has one advertisement, none has another's."""
    mixer = random.Random(seed)
    sentences = _sentences(mixer)
    selling = iter(mixer.sample(advertisements(), -(-number // 10)))
    made = []
    for page in range(number):
        length = mixer.choice(lengths)
        paragraphs: list[str] = []
        while sum(map(len, paragraphs)) < length:
            paragraphs.append("".join(next(sentences) for _ in range(mixer.randint(2, 5))))
        if page % 10 == 0:
            paragraphs.insert(mixer.randrange(len(paragraphs)), next(selling))
        made.append("\n".join(paragraphs))
    return made


if __name__ == "__main__":
    print(f"{ways():,} sentences")
    print(pages(1, [600])[0])
