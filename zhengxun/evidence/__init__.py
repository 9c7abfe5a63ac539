"""证据: sealing what was kept, verifying it, and handing it over."""
