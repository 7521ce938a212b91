"""Pure rules: values in, values out. No I/O, clock, log, environment or asyncio."""
