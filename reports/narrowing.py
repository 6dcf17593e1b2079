"""Whose rows are asked for: a customer, an agent or a company, found by key, number or name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.engine import quoted_text
from ingestion.errors import ConfigurationError
from reports.definition import ListDefinition, TableDefinition
from reports.request import ListRequest

if TYPE_CHECKING:
    import duckdb

NEAR_NAMES = 5


@dataclass(frozen=True)
class Chosen:
    """What a word of the request stands for."""

    keys: tuple[str, ...]
    name: str

    def is_in(self, column: str) -> str:
        """The condition that a column holds one of the keys."""
        return f"{column} in ({', '.join(quoted_text(key) for key in self.keys)})"


@dataclass(frozen=True)
class Narrowing:
    """The rows that a request is about; all of them where nothing is chosen."""

    customer: Chosen | None = None
    agent: Chosen | None = None
    company: Chosen | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What is chosen, for the reader."""
        return tuple(chosen.name for chosen in (self.company, self.customer, self.agent) if chosen)

    def tables(self, definition: ListDefinition) -> tuple[TableDefinition, ...]:
        """The tables of a list that can be narrowed so; others would tell of everybody.

        Raises:
            ConfigurationError: the list itself cannot.

        """
        kept = tuple(
            table
            for table in definition.tables
            if (table.has_customers or not self.customer) and (table.agents or not self.agent)
        )
        if not kept or kept[0] is not definition.tables[0]:
            raise ConfigurationError(f"{definition.name.value} has no customers to choose one of.")
        return kept

    def condition(self, table: TableDefinition) -> str:
        """The condition on the rows of a table's query."""
        conditions = ["true"]
        if self.company:
            conditions.append(self.company.is_in("company_id"))
        if self.customer:
            conditions.append(self.customer.is_in("customer_id"))
        if self.agent:
            belongs = " or ".join(self.agent.is_in(key) for key in table.agents)
            conditions.append(f"({belongs})")
        return " and ".join(conditions)


def narrowing(connection: duckdb.DuckDBPyConnection, request: ListRequest) -> Narrowing:
    """Find who is asked for.

    Raises:
        ConfigurationError: the marts know nobody of that name; the message tells near ones.

    """
    return Narrowing(
        customer=_find(
            connection, "customer", "core.dim_customer", "customer_id", "name", request.customer
        ),
        agent=_find(
            connection, "agent", "core.dim_employee", "employee_id", "display_name", request.agent
        ),
        company=_find(
            connection, "company", "core.dim_company", "company_id", "name", request.company
        ),
    )


def _find(
    connection: duckdb.DuckDBPyConnection,
    what: str,
    table: str,
    key: str,
    name: str,
    wanted: str | None,
) -> Chosen | None:
    if wanted is None:
        return None
    word = quoted_text(wanted)
    number = f"{what}_number" if what != "agent" else key
    found = connection.execute(
        f"select {key}, {name} from {table} "
        f"where {key} = {word} or lower({number}) = lower({word}) "
        f"or lower({name}) = lower({word}) order by {key}"
    ).fetchall()
    if not found:
        # Of a long name a few letters are enough, which no measure of likeness honours.
        near = connection.execute(
            f"select {name} from (select distinct {name} from {table} where {key} <> 'unknown') "
            f"order by contains(lower({name}), lower({word})) desc, "
            f"jaro_winkler_similarity(lower({name}), lower({word})) desc, {name} "
            f"limit {NEAR_NAMES}"
        ).fetchall()
        names = ", ".join(str(value) for (value,) in near)
        raise ConfigurationError(
            f"--{what}: the marts know nobody called {wanted}. Near: {names}. A key or a number "
            "will do, too."
            if names
            else f"--{what}: the marts know no {what} at all."
        )
    return Chosen(
        tuple(str(row[0]) for row in found), " / ".join(sorted({str(row[1]) for row in found}))
    )
