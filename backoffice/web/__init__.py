"""Modules shared by several views: scoped loads and pages shown by more than one view. None of them has a route."""
