"""规则包 of this installation: which version is in force, how a changed one is tried out, put live and taken back."""
