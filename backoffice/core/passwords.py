"""Password hashing (argon2) and login tokens."""

from __future__ import annotations

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from flask import current_app

SHORTEST, LONGEST = 12, 200


def _hasher() -> PasswordHasher:
    # Tests lower the cost of the algorithm, and keep the algorithm.
    return PasswordHasher(**current_app.config.get("ARGON2", {}))


def hash_password(password: str) -> str:
    return _hasher().hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. Takes the same time when the account is unknown or has no password."""
    hasher = _hasher()
    try:
        hasher.verify(password_hash or _decoy(hasher), password)
    except (Argon2Error, InvalidHashError):
        return False
    return bool(password_hash)


def _decoy(hasher: PasswordHasher) -> str:
    key = "_decoy_hash"
    if key not in current_app.extensions:
        current_app.extensions[key] = hasher.hash(secrets.token_hex(8))
    return str(current_app.extensions[key])


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """SHA-256 of a token, in hexadecimal: the only form stored in the database."""
    return hashlib.sha256(token.encode()).hexdigest()
