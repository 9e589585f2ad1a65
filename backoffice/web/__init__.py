"""What several views share: scoped loads, pages shown by more than one of them. No module here has a route."""
