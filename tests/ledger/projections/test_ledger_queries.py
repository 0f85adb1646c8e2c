"""SQL against a fold by hand: every balance, on every day, as known at every moment."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.ledger.domain.aging import bucket_of
from services.ledger.projections import aging, invoices, open_items, payments
from services.ledger.projections.moments import KNOWN_EVER, At
from services.ledger.projections.open_items import OPEN_ITEMS, Asked
from services.ledger.projections.tables import METADATA
from shared.platform.database import Database
from shared.platform.migrations import migrate
from tests.support.databases import Server, apart_thread
from tests.support.ledger import TENANT, noon
from tests.support.ledger_histories import ACTIONS, FIRST_DAY, Life, Step, life_of
from tests.support.ledger_tables import MIGRATIONS, fill
from tests.support.projecting import project
