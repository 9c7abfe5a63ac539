"""Work for several machines: jobs in PostgreSQL (Procrastinate), and the processes that take them (``zhengxun worker``).

- :mod:`zhengxun.work.queue` puts jobs in and says what lies there.
- :mod:`zhengxun.work.handing_out` is what ``tick`` does in place of the work itself.
- :mod:`zhengxun.work.worker` is the process that does it.

Every job finds out for itself what is left to do and holds the locks of :mod:`storage.locks`, so one that runs twice, or
whose worker was killed, does no harm: the queue only says who should look.
"""
