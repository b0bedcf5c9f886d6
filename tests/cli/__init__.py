"""A package, so that its conftest does not take the name of another room's."""
