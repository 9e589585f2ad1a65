"""Packages of the wheel. Everything else is declared in pyproject.toml.

templates/ stands beside backoffice/ in the checkout and inside it once installed (`templates` in the module of the
settings finds it): pyproject.toml cannot say both «find the packages» and «add this one».
"""

from setuptools import find_namespace_packages, setup

CODE = ["backoffice*", "forms*", "workflows*", "exports*"]
DATA = ["*.static", "*.static.*", "*.__pycache__"]
"""Folders that are no package: their files come as data of the package around them."""

setup(
    packages=[*find_namespace_packages(include=CODE, exclude=DATA), "backoffice.templates"],
    package_dir={"backoffice.templates": "templates"},
)
