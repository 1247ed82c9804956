"""The console: pages for people, made on the server.  Everything is a plain form; scripts only make it handier."""

from tutela.web.console.rendering import error_page
from tutela.web.console.routes import router

__all__ = ["error_page", "router"]
