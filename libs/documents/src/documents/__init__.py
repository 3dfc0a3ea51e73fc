"""Files in and out of the platform, safely: PDF by typst, XLSX, and CSV."""
