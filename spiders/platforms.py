"""Which platforms can be walked: to add one, a module beside this one and a line here."""

from __future__ import annotations

from crawler.navigation import Navigation
from domain.target import TargetKind
from spiders import bilibili, douyin, kuaishou, tieba, toutiao, wechat, weibo, xiaohongshu, zhihu

NAVIGATION: dict[TargetKind, Navigation] = {
    TargetKind.WEIBO: weibo.NAVIGATION,
    TargetKind.XIAOHONGSHU: xiaohongshu.NAVIGATION,
    TargetKind.DOUYIN: douyin.NAVIGATION,
    TargetKind.KUAISHOU: kuaishou.NAVIGATION,
    TargetKind.BILIBILI: bilibili.NAVIGATION,
    TargetKind.ZHIHU: zhihu.NAVIGATION,
    TargetKind.TIEBA: tieba.NAVIGATION,
    TargetKind.TOUTIAO: toutiao.NAVIGATION,
    TargetKind.WECHAT: wechat.NAVIGATION,
}
