"""Pages that scripts make: shown in Debian's Chromium, which has no way to the net but through this crawler.

The browser is launched behind a proxy that refuses everything (:mod:`crawler.browser.wall`) and without name resolution.
What a page asks for is answered by :mod:`crawler.browser.supply`, which fetches it as it fetches pages: address guard,
checked DNS answers, robots.txt, one request per host at a time, sizes. There is no second way that would have to be
guarded as well.
"""
