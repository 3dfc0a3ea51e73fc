"""One bounded context, running: its store, its followers, and how commands and reads reach them."""

from chassis.service.accesses import Access
from chassis.service.core import Service, connect_in_process
from chassis.service.health import Health, Part
from chassis.service.reading import Reader
from chassis.service.waiting import WaitResult

__all__ = ["Access", "Health", "Part", "Reader", "Service", "WaitResult", "connect_in_process"]
