"""Sample sites for the demo and the tests: a small invented Chinese web on loopback, and what is planted in it.

Every name, number and sentence was written for this project; telephone numbers use zeroed blocks that nobody owns.

- :mod:`zhengxun.demo.server`   serves the sites: :class:`~zhengxun.demo.server.SampleWeb`
- :mod:`zhengxun.demo.plan`     what a crawl ought to find, page by page: ``PLANTED``
- :mod:`zhengxun.demo.targets`  writes the file that ``zhengxun targets import`` reads
- :mod:`zhengxun.demo.content`  reads ``sites/*.yaml``, one file for each site
"""
