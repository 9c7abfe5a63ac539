"""``zhengxun rules effect/publish/versions/rollback``: from a changed copy to the rules in force, and back."""

from __future__ import annotations

from pathlib import Path

import click

from domain.account import AuditEntry
from domain.errors import BadFile, BadInput, BadRulePack
from zhengxun.cli.framework import Command, WholeNumber, argument
from zhengxun.cli.invocation import login_name, services_of
from zhengxun.cli.output import clean, json_option, print_json, print_table, say
from zhengxun.clock import for_people
from zhengxun.rules.effect import PAGES
from zhengxun.rules.versions import RuleVersion, RuleVersions
from zhengxun.services import Services

_FOLDER = click.Path(path_type=Path, exists=False)


@click.command(
    "effect",
    cls=Command,
    help="上线前看影响：用改过的规则和现用规则分别研判标注样本与已存页面（人工研判过的优先），列出新命中、\n"
    "新漏掉的，以及人工研判怎么说。不改动任何数据。",
)
@argument("folder", metavar="目录", type=_FOLDER, description="改过的规则文件所在目录")
@click.option(
    "--limit", type=WholeNumber(1, 1_000_000), metavar="数", default=PAGES, help=f"至多看多少个页面（默认 {PAGES}）"
)
@json_option
@click.pass_context
def effect(ctx: click.Context, folder: Path, limit: int, as_json: bool) -> None:
    """Show what a changed pack does."""
    import classifiers
    from zhengxun.cli.rules import print_backtest
    from zhengxun.rules.effect import effect as look

    services = services_of(ctx)
    new = classifiers.load(folder)
    with services.store() as store:
        seen = look(services.classifier, new, store, limit)
    if as_json:
        print_json(seen.as_dict())
        return
    if seen.samples is None:
        say("本机没有标注样本（样本随源代码提供），只看了已存页面。")
    else:
        old, now = seen.samples.old.total, seen.samples.new.total
        say(
            f"标注样本 {seen.samples.samples} 条：准确率 {old.precision:.3f} → {now.precision:.3f}，"
            f"召回率 {old.recall:.3f} → {now.recall:.3f}。"
        )
        labels = {"missed": "新漏报", "alarmed": "新误报", "found": "不再漏报", "cleared": "不再误报"}
        for name, changed in seen.samples.changes:
            for one in changed[:20]:
                say(f"{labels[name]} {one.id}（{one.score:g} 分）：{clean(one.title)} {clean(one.excerpt)}")
    print_backtest(seen.pages)


@click.command(
    "publish",
    cls=Command,
    help="把目录里的规则文件上线为新的一版：先检查写法和全部例句，合格才上线。\n"
    "目录里只需放改过的文件，与随附文件同名的替换它；没有的文件恢复为随附的。下一次采集先用新规则重新研判已存页面。",
)
@argument("folder", metavar="目录", type=_FOLDER, description="规则文件所在目录")
@click.option("--reason", metavar="理由", required=True, help="为什么改（随版本保存）")
@json_option
@click.pass_context
def publish(ctx: click.Context, folder: Path, reason: str, as_json: bool) -> None:
    """Put packs live."""
    services = services_of(ctx)
    if not folder.is_dir():
        raise BadRulePack(f"规则目录 {folder} 不存在或不是目录。")
    try:
        texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"规则目录 {folder} 里有文件读不出来（{error}）；应为 UTF-8 编码的 .yaml 文件。") from error
    if not texts:
        raise BadRulePack(f"规则目录 {folder} 里没有 .yaml 文件。")
    versions = RuleVersions(services.settings.rule_versions)
    _tell(services, _put(services, versions, texts, reason, versions.newest, None), as_json)


@click.command("rollback", cls=Command, help="退回到以前的一版规则（0 为随附规则）：作为新的一版上线，中间各版保留。")
@argument("number", metavar="版号", type=WholeNumber(0, 999_999), description="要恢复的版号")
@click.option("--reason", metavar="理由", required=True, help="为什么退回（随版本保存）")
@json_option
@click.pass_context
def rollback(ctx: click.Context, number: int, reason: str, as_json: bool) -> None:
    """Bring an earlier version back."""
    services = services_of(ctx)
    versions = RuleVersions(services.settings.rule_versions)
    texts = versions.get(number).texts() if number else {}
    _tell(services, _put(services, versions, texts, reason, versions.newest, number), as_json)


def _put(
    services: Services, versions: RuleVersions, texts: dict[str, str], reason: str, expected: int, restored: int | None
) -> RuleVersion:
    if services.settings.rules_dir is not None:
        raise BadInput(
            f"规则目录由 ZHENGXUN_RULES_DIR 指定为 {services.settings.rules_dir}，上线的版本不会生效；请先取消该设置。"
        )
    with services.store() as store:
        made = versions.publish(
            texts, author=login_name(), reason=reason, at=services.clock(), expected=expected, restored=restored
        )
        entry = AuditEntry(services.clock(), made.author, "规则上线", f"规则第 {made.number} 版", made.summary)
        store.accounts.note(entry)
    return made


def _tell(services: Services, version: RuleVersion, as_json: bool) -> None:
    if as_json:
        print_json(_as_dict(version))
        return
    changed = "、".join(version.files) or "全部为随附文件"
    say(f"规则第 {version.number} 版已上线（{changed}），{version.digest}。")
    say("下一次采集先按新规则重新研判已保存的页面。")


def _as_dict(version: RuleVersion) -> dict[str, object]:
    return {
        "number": version.number,
        "at": version.at.isoformat(),
        "author": version.author,
        "reason": version.reason,
        "files": list(version.files),
        "digest": version.digest,
        "restored": version.restored,
        "folder": str(version.folder),
    }


@click.command("versions", cls=Command, help="列出上线过的各版规则：谁、什么时候、为什么；星号为现用的一版。")
@json_option
@click.pass_context
def versions(ctx: click.Context, as_json: bool) -> None:
    """List versions."""
    services = services_of(ctx)
    listed = RuleVersions(services.settings.rule_versions).list()
    force = services.rules_in_force
    live = force.version.number if force.version else None
    if as_json:
        print_json(
            {
                "in_force": {"name": force.name, "number": live, "rule_pack": services.rule_pack},
                "problems": [*force.problems, *force.notes],
                "versions": [_as_dict(version) for version in listed],
            }
        )
        return
    print_table(
        ["版号", "上线时间", "谁", "改动的文件", "理由"],
        [
            (
                f"{version.number}{'*' if version.number == live else ''}",
                for_people(version.at),
                clean(version.author),
                "、".join(version.files) or "（随附规则）",
                clean(version.reason),
            )
            for version in listed
        ],
    )
    say(f"现用：{force.name}。")
    for text in (*force.problems, *force.notes):
        say(text)
