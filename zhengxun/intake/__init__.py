"""Reading what people hand in: a file in, pieces out (:class:`domain.intake.IntakeItem`). Nothing is stored here."""
