"""`python -m hyperparameter.cli` is `hp`."""

import sys

from ._main import main

sys.exit(main())
