"""From errors to exit statuses: 0 done, 1 done with listed failures, 2 bad input, 3 locked, 4 not set up."""

from __future__ import annotations

import os
import sys

import click

from domain.errors import ZhengxunError
from zhengxun.cli.framework import usage_message
from zhengxun.cli.output import STANDARD_OUTPUT, ReaderGone, clean_lines, writing_results

#: What a shell reports for a program that SIGINT ended.
INTERRUPTED = 130


def say(message: str) -> None:
    """Words for people on standard error; what they quote cannot steer the terminal."""
    click.echo(clean_lines(message), err=True)


def run(command: click.Command, args: list[str]) -> int:
    """Run ``command`` and return its exit status; every failure has its written message on standard error."""
    invocation: dict[str, str] = {}
    try:
        result = command.main(args=args, prog_name="zhengxun", standalone_mode=False, obj=invocation)
        with writing_results():
            sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx is not None else "")
        return 0
    except click.UsageError as error:
        if error.ctx is not None:
            say(error.ctx.get_usage())
            say(f"用“{error.ctx.command_path} --help”查看帮助。")
        say(f"错误：{usage_message(error)}")
        return 2
    except click.ClickException as error:
        say(f"错误：{usage_message(error)}")
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("已中断。已保存的内容不受影响，再次执行即可继续。")
        return INTERRUPTED
    except ZhengxunError as error:
        say(f"错误：{error}")
        return error.exit_status
    except ReaderGone:
        # Not our failure.
        _discard_results()
        return 0
    except OSError as error:
        if error.filename == STANDARD_OUTPUT:
            _discard_results()
        from zhengxun.disk import refusal

        if (sentence := refusal(error)) is None:
            say(_report_unexpected(invocation.get("data_dir")))
        else:
            say(f"错误：{sentence}")
        return 1
    except Exception:
        say(_report_unexpected(invocation.get("data_dir")))
        return 1
    return result if isinstance(result, int) else 0


def _discard_results() -> None:
    """Nothing can be written any more; Python would complain again while flushing at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_unexpected(data_dir: str | None) -> str:
    """Keep the traceback of an error nobody foresaw, and say where it lies."""
    import traceback
    from datetime import UTC, datetime
    from pathlib import Path

    folder = Path(data_dir or os.environ.get("ZHENGXUN_DATA_DIR") or "./var")
    text = f"{datetime.now(UTC).isoformat()} zhengxun {' '.join(sys.argv[1:])}\n{traceback.format_exc()}\n"
    if folder.is_dir():
        path = folder / "logs" / "errors.log"
        try:
            path.parent.mkdir(exist_ok=True)
            with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
                log.write(text)
        except OSError:
            pass
        else:
            return f"错误：发生了未预料的情况，本次命令没有完成。详细记录已写入 {path}，请连同该文件反馈。"
    sys.stderr.write(text)
    return "错误：发生了未预料的情况，本次命令没有完成。请连同以上记录反馈。"
