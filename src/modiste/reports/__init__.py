"""``results.json`` → a page, a PDF or pictures, without the model and without the photos."""

from modiste.reports.compose import compose, read
from modiste.reports.contents import Report
from modiste.reports.page import as_page
from modiste.reports.paper import draw_pictures, write_pdf
from modiste.reports.write import write_report

__all__ = ["Report", "as_page", "compose", "draw_pictures", "read", "write_pdf", "write_report"]
