"""签发: who issued which digest, and what exactly he issued. One for each digest, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine, select

from domain.errors import BadInput
from storage.dialects import insert_or_ignore
from storage.engine import reading, writing
from storage.tables import DigestIssueRow, DigestRow


@dataclass(frozen=True, slots=True)
class DigestIssue:
    """One digest was issued."""

    day: date
    number: str
    sha256: str
    """Of the digest as it was frozen."""
    issued_by: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class DigestIssues:
    """All of them."""

    engine: Engine

    def add(self, day: date, issued_by: str, at: datetime) -> DigestIssue:
        """Issue the frozen digest of a day; :class:`BadInput` where there is none, or it was issued before."""
        with writing(self.engine) as connection:
            row = connection.execute(
                select(DigestRow.id, DigestRow.number, DigestRow.sha256).where(DigestRow.day == day)
            ).first()
            if row is None:
                raise BadInput(f"{day} 没有生成过简报，不能签发。")
            values = {"digest_id": row.id, "sha256": row.sha256, "issued_by": issued_by, "issued_at": at}
            new = connection.execute(
                insert_or_ignore(connection, DigestIssueRow).returning(DigestIssueRow.digest_id), [values]
            ).scalar()
        if new is None:
            raise BadInput(f"{day} 的简报（{row.number}）已经签发过，没有再次签发。")
        return DigestIssue(day, row.number, row.sha256, issued_by, at)

    def by_day(self) -> dict[date, DigestIssue]:
        """Issued digests."""
        issue = DigestIssueRow
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(DigestRow.day, DigestRow.number, issue.sha256, issue.issued_by, issue.issued_at).join(
                    DigestRow, DigestRow.id == issue.digest_id
                )
            )
            return {row.day: DigestIssue(*row) for row in rows}
