"""The thin shell: Dagster's definitions and the command line. No domain logic lives here.

Telemetry of every tool is switched off here because this package is imported before any of them.
"""

import os

for _switch, _value in {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
}.items():
    os.environ.setdefault(_switch, _value)
