"""`make docs`: the documentation's site, in site/."""

import sys
from pathlib import Path

from tests.site.site import build

built = build(Path(__file__).parents[2] / "site")
sys.stderr.write(built.stdout + built.stderr)
sys.exit(built.returncode)
