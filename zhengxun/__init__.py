"""Composition: settings, wiring, jobs, scheduler, command line. The only room that imports all others."""
