"""The work itself, one module per job. Commands, ``tick`` and the scheduler call the same functions under the same locks."""
