"""发现: which phrases are asked of which engines, and which addresses are worth proposing."""
