"""The recommender over HTTP: an API for programs and, through it, a page for people."""

from modiste.api.app import create_app
from modiste.api.server import serve

__all__ = ["create_app", "serve"]
