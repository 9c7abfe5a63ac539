"""Pictures: which of a page's are worth reading, and what stands in them (words by OCR, QR codes).

- :mod:`crawler.pictures.choice`   which pictures of a page, and how one is told from another by its address
- :mod:`crawler.pictures.image`    hostile bytes to upright frames, within bounds
- :mod:`crawler.pictures.sameness` knowing a picture again that was saved in another size or quality
- :mod:`crawler.pictures.reader`   frames to lines and QR codes
- :mod:`crawler.pictures.worker`   the process in which all of this runs
"""
