"""备份 and 恢复: one folder or one .tar file with the database, the evidence, the digests and the user's own files."""
