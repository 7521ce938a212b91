"""The commands by group. Modules here import what is heavy inside the command, so that `--help` is quick."""
