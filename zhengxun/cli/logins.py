"""``zhengxun logins …``: cookie files of platforms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zhengxun.cli.framework import Group, OneOf, argument
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, print_json, print_table, say
from zhengxun.logins import LOGIN_COOKIES

if TYPE_CHECKING:
    from zhengxun.logins import LoginFile

_PLATFORMS = OneOf([kind.value for kind in LOGIN_COOKIES], {kind.value: kind.label for kind in LOGIN_COOKIES})
_platform = argument(
    "platform", metavar="平台", type=_PLATFORMS, description=f"平台：{'、'.join(kind.value for kind in LOGIN_COOKIES)}"
)


@click.group(
    cls=Group,
    name="logins",
    help="平台登录：由工作人员登录后从浏览器导出的 cookie 文件（Netscape 格式），放在数据目录的 cookies 文件夹，每个平台一个，"
    "如 cookies/weibo.txt。\n只发给该平台，不写入证据，不进备份；从不使用密码。不用某个平台的登录时，删除该文件即可。",
)
def command() -> None:
    """Group of login commands."""


@command.command("list", help="列出登录文件和到期时间。有过期、即将到期或不能使用的，退出状态为 1。")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> int:
    """List logins."""
    from zhengxun.clock import for_people
    from zhengxun.logins import alarms

    files = services_of(ctx).logins()
    if as_json:
        print_json([as_dict(one) for one in files])
    elif not files:
        say("没有平台登录文件；采集只看不登录就能看到的内容。")
    else:
        print_table(
            ["平台", "文件", "状态", "到期", "cookie", "说明"],
            [
                (
                    one.kind.label if one.kind is not None else "—",
                    one.name,
                    one.state.label,
                    for_people(one.expires_at),
                    one.cookies,
                    one.detail,
                )
                for one in files
            ],
            right=["cookie"],
        )
    return 1 if alarms(files) else 0


@command.command("check", help="检查一个 cookie 文件能否用作某平台的登录，不放入、不联网。不能用时退出状态为 1。")
@_platform
@argument("file", metavar="文件", type=click.Path(path_type=Path), description="cookies.txt（Netscape 格式）")
@click.pass_context
def check(ctx: click.Context, platform: str, file: Path) -> int:
    """Look at a file before it is used."""
    from domain.target import TargetKind
    from zhengxun.logins import LoginState, read_login

    services = services_of(ctx)
    found = read_login(file, services.clock(), services.settings.login_warn_days, TargetKind(platform))
    say(f"{file}：{found.state.label}。{found.detail}。")
    return 1 if found.state in (LoginState.EXPIRED, LoginState.UNUSABLE) else 0


@command.command(
    "add", help="把 cookie 文件放入数据目录（只有本程序的用户可读），代替该平台原有的文件。不能用的不放入。"
)
@_platform
@argument("file", metavar="文件", type=click.Path(path_type=Path), description="cookies.txt（Netscape 格式）")
@click.pass_context
def add(ctx: click.Context, platform: str, file: Path) -> None:
    """Put a file in its place."""
    from domain.target import TargetKind
    from zhengxun.logins import install

    services = services_of(ctx)
    kind = TargetKind(platform)
    found = install(services.settings.data_dir, kind, file, services.clock(), services.settings.login_warn_days)
    say(f"已放入 {found.path}（{found.state.label}，{found.detail}）；请妥善处理原文件 {file}。")


def as_dict(one: LoginFile) -> dict[str, Any]:
    """A login file as ``logins list --json`` and ``health --json`` print it; no cookie's name or value."""
    return {
        "platform": one.kind.value if one.kind is not None else None,
        "file": one.name,
        "state": one.state.value,
        "expires_at": one.expires_at,
        "cookies": one.cookies,
        "detail": one.detail,
    }
