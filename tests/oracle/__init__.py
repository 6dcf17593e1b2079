"""An oracle for the marts: each recomputed from the demo company's source tables, and compared.

It shares no code with the models. Every mart is computed a second time, in pandas, from what
Odoo's tables, the CRM's export and the team's sheets hold, by the written rules; then it is
compared with the mart row for row, for several as-of dates. Where the two disagree, one of them
misreads a rule.

**What it is written from.** The columns and grains declared in `dbt_project/models/**/_*.yml`, the
seeds, `docs/DECISIONS.md`, and how the demo company uses Odoo (`ingestion/demo_company`). The SQL
and the macros of the models, and their unit tests, must not be read by whoever writes an oracle,
nor be imported by it: an oracle that copies the model proves nothing. Rows of the marts and of the
tables between may be looked at, to find *where* the two differ; the rule decides who is right.

**What holds.** Counts, days, instants, words and money are equal, exactly: amounts and quantities
are whole ten-thousandths (`sources.UNIT`), never floating point. Ratios, medians and percentiles
(the `statistics` of a mart) are equal to 1e-9 of themselves, or in the last decimal that the mart
keeps. Rows that only one side has are differences too.

**What is known to differ** is in `findings.py`: an error of a model, the rule it breaks, and a
branch in the oracle that errs alike, so that everything else is held to the letter meanwhile. When
a model is mended, its marts differ from that oracle, and the entry leaves with its branches. A
difference that is a matter of choice is no finding: it is decided, written into
`docs/DECISIONS.md`, and the oracle follows.

**Running it.** `pytest tests/oracle` (part of `make test`) makes a small company of its own. For a
company of full size, whose home is only read:

    adv demo create --scale 1 && adv run
    python -m tests.oracle --home .adv --dates 2026-06-30 2025-12-31 2024-11-15

The home's own as-of date is compared as published; every other date is restated: built by the
models into a copy beside, over the same raw tables. `--rebuild` does so for the own date as well,
for a model that was changed since. `ADV_ORACLE_SCALE=1 pytest tests/oracle` makes the company of
full size itself.

**Adding a mart.**

1. Write a function of `Sources` in the module of its theme in `marts/` that returns the mart's key
   and all its columns: amounts as ten-thousandths, other decimals in units of their last place,
   days as midnights, instants as UTC.
2. Take what it needs from the modules beside (`documents`, `order_book`, `receivables`, `claims`,
   `messages`, `working_time`), and add there what two marts need; decorate it with `derived`, so
   that each date computes it once. Only `sources.py` reads tables.
3. Cut by the as-of date at the source: `sources.happened(instants)` for what is logged,
   `day <= sources.day` for what is dated.
4. Name it in the `ORACLES` of its module, with the columns that are `ignored` and why, and the
   `rows` that are compared where others are estimates. The test and the command go through all
   modules.
5. Compare (`python -m tests.oracle --home … --marts my_mart`): the first rows that differ are
   printed by column. Settle each difference by the rule, as said above.
"""
