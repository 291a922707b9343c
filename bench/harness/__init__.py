"""What the benchmarks share: processes and their costs, the programs under test, load, and the report."""
