"""``zhengxun users``: who may log in to the console."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from domain.account import Role
from domain.errors import BadInput
from zhengxun.cli.framework import Group, OneOf, argument
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from zhengxun.accounts import AccountService

_ROLES = "、".join(f"{role.value}（{role.label}）" for role in Role)
_role = OneOf([role.value for role in Role], {role.value: role.label for role in Role})
_name = argument("name", metavar="登录名", description="登录名")
_password_stdin = click.option("--password-stdin", is_flag=True, help="从标准输入读密码（第一行），不提示")


@click.group(
    cls=Group,
    name="users",
    help=f"控制台用户：新建、列出、改密码、改角色、停用、启用、重置两步登录。角色：{_ROLES}。\n"
    "第一个管理员用本命令建立；系统没有任何默认密码。",
)
def command() -> None:
    """Users of the console."""


@command.command("add", help="新建用户；密码在提示后输入两遍，不写在命令行上。")
@_name
@click.option("--role", type=_role, required=True, metavar="角色", help=_ROLES)
@click.option("--display-name", default="", metavar="姓名", help="显示的姓名；留空用登录名")
@click.option("--unit", metavar="单位", help="所属单位")
@_password_stdin
@click.pass_context
def add(ctx: click.Context, name: str, role: str, display_name: str, unit: str | None, password_stdin: bool) -> None:
    """Add a user."""
    with _accounts(ctx) as accounts:
        user = accounts.add(name, display_name, Role(role), unit, _password(password_stdin), by="system")
    say(f"已新建用户 {user.name}（{user.role.label}）。")


@command.command("list", help="列出全部用户。")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List users."""
    with _accounts(ctx) as accounts:
        users = accounts.accounts.list()
    if as_json:
        print_json(
            [
                {
                    "name": user.name,
                    "display_name": user.display_name,
                    "role": user.role.value,
                    "unit": user.unit,
                    "disabled": user.disabled,
                    "created_at": user.created_at.isoformat(),
                }
                for user in users
            ]
        )
        return
    print_table(
        ["登录名", "姓名", "角色", "单位", "状态"],
        [
            (user.name, user.display_name, user.role.label, user.unit or "", "已停用" if user.disabled else "正常")
            for user in users
        ],
    )


@command.command("passwd", help="重设密码；该用户的全部登录随即失效，登录失败次数清零。")
@_name
@_password_stdin
@click.pass_context
def passwd(ctx: click.Context, name: str, password_stdin: bool) -> None:
    """Set a password."""
    with _accounts(ctx) as accounts:
        if accounts.accounts.find(name) is None:
            raise BadInput(f"没有登录名为“{name}”的用户；可用 zhengxun users list 查看。")
        accounts.set_password(name, _password(password_stdin), by="system")
    say(f"用户 {name} 的密码已修改。")


@command.command("role", help=f"改角色；该用户的全部登录随即失效。角色：{_ROLES}。")
@_name
@argument("role", type=_role, metavar="角色", description="新角色")
@click.pass_context
def role_(ctx: click.Context, name: str, role: str) -> None:
    """Change a user's role."""
    with _accounts(ctx) as accounts:
        accounts.set_role(name, Role(role), by="system")
    say(f"用户 {name} 的角色已改为{Role(role).label}。")


@command.command("disable", help="停用用户：不能再登录，已有登录随即失效；记录保留。")
@_name
@click.pass_context
def disable(ctx: click.Context, name: str) -> None:
    """Disable a user."""
    with _accounts(ctx) as accounts:
        accounts.set_disabled(name, True, by="system")
    say(f"用户 {name} 已停用。")


@command.command("enable", help="重新启用已停用的用户。")
@_name
@click.pass_context
def enable(ctx: click.Context, name: str) -> None:
    """Enable a user."""
    with _accounts(ctx) as accounts:
        accounts.set_disabled(name, False, by="system")
    say(f"用户 {name} 已启用。")


@command.command("reset-two-steps", help="重置用户的两步登录（手机丢失、换手机）；该用户的全部登录随即失效。")
@_name
@click.pass_context
def reset_two_steps(ctx: click.Context, name: str) -> None:
    """Take a user's authenticator away."""
    with _accounts(ctx) as accounts:
        accounts.reset_two_steps(name, by="system")
    say(f"已重置用户 {name} 的两步登录。")


@contextmanager
def _accounts(ctx: click.Context) -> Iterator[AccountService]:
    from zhengxun.accounts import AccountService

    services = services_of(ctx)
    with services.store() as store:
        yield AccountService(store.accounts, services.clock)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise BadInput("标准输入不是终端，无法提示输入密码；请加 --password-stdin 并从标准输入给出密码。")
    password = getpass.getpass("密码：")
    if getpass.getpass("再输一遍：") != password:
        raise BadInput("两遍输入的密码不一致，用户没有改动。")
    return password
