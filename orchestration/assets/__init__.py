"""The night's assets, one module a stage; each calls a plain function of `orchestration.stages`."""

import warnings

from dagster import BetaWarning, PreviewWarning

# Backfill policies and freshness policies are marked beta in the pinned version; it is pinned.
warnings.filterwarnings("ignore", category=BetaWarning)
warnings.filterwarnings("ignore", category=PreviewWarning)
