"""Measurements: counts of AWS calls, units and CPU, as ratios within one run. Nothing here fails a build."""
