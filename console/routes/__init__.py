"""One module per section of the console; each makes a router from the services it needs."""
