"""The only room with SQL: tables, migrations, queries and locks.

- :func:`migrate` creates or upgrades a database, :func:`open_store` opens it.
- :class:`Store` gives targets, runs, the crawl ledger, leads and digests.
- :func:`hold` is a lock that a killed process cannot leave behind.
"""

from __future__ import annotations

from domain.lead_detail import LeadDetail
from storage.coverage import TargetCoverage
from storage.digests import DigestListing, Digests
from storage.engine import default_url, postgres_address
from storage.evidence import Evidence
from storage.leads import LeadListing, Leads
from storage.locks import hold, hold_free
from storage.migration import RevisionState, migrate, revision_state
from storage.store import Store, open_store
from storage.stored import StoredDocument
from storage.targets import Targets
from storage.turns import SharedTurns

__all__ = [
    "DigestListing",
    "Digests",
    "Evidence",
    "LeadDetail",
    "LeadListing",
    "Leads",
    "RevisionState",
    "SharedTurns",
    "Store",
    "StoredDocument",
    "TargetCoverage",
    "Targets",
    "default_url",
    "hold",
    "hold_free",
    "migrate",
    "open_store",
    "postgres_address",
    "revision_state",
]
