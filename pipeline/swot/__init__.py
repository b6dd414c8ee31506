"""Scored reviews → metrics → tests → rules → the SWOT table. The SQL under warehouse/sql says what is counted and claimed;
this package only tests (statistics.py) and runs the folders in order, in one transaction: killed at any moment, the build
file holds either the former tables or the new ones."""

from pipeline.swot.room import SwotError, swot

__all__ = ["SwotError", "swot"]
