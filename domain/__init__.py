"""The words all rooms share: frozen values and closed lists, standard library only, no I/O and no clock.

One module per concept:

- :mod:`domain.target`      监测对象: what is watched and how much of it
- :mod:`domain.crawl`       采集: requests, outcomes, runs, snapshots and where their evidence lies
- :mod:`domain.document`    文档: what a page says, to whom it belongs, where it leads
- :mod:`domain.assessment`  机器研判: findings, scores and their steps
- :mod:`domain.lead`        线索: append-only events and the state they fold to
- :mod:`domain.digest`      处置简报: what was shown for one day
- :mod:`domain.errors`      the error tree
- :mod:`domain.ports`       what one room asks of another, as protocols
"""
