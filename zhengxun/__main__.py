"""``python -m zhengxun``: the same program; the scheduler starts its jobs this way."""

from __future__ import annotations

from zhengxun.cli import main

if __name__ == "__main__":
    main()
