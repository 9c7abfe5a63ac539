"""One module per kind of response. ``crawler.extract.table.EXTRACTORS`` lists them; a test proves that it lists all."""
