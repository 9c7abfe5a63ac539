"""The web console. Services are passed in (:mod:`console.ports`); nothing here reads the store."""
