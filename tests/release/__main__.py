"""`make dist`, `make audit`: what a release consists of, or whether what it needs is known to be vulnerable."""

import sys
from pathlib import Path

from tests.release.release import audit, bill_of_materials, build

if sys.argv[1:] == ["audit"]:
    sys.exit(audit())
repository = Path(__file__).parents[2]
for made in [*build(repository, repository / "dist"), bill_of_materials(repository / "dist" / "afterclick.cdx.json")]:
    print(made.relative_to(repository))
