"""What is new among photos that have just come: those that fit no known type, and groups among them."""

from modiste.trends.finding import Arrival, Group, Trends, find_trends
from modiste.trends.novelty import Novelty, Settings, find_novelty

__all__ = ["Arrival", "Group", "Novelty", "Settings", "Trends", "find_novelty", "find_trends"]
