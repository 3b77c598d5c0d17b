"""Everything of Latchstring that ships. Packages import leftwards only: see docs/architecture.md."""
