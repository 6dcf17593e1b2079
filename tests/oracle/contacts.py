"""Contacts with customers: the CRM's activities, and look-ups noted in the team's sheet."""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import sales
from tests.oracle.revenue import company_names, customer_names
from tests.oracle.sources import Sources, code_map, derived


@derived
def crm_customers(sources: Sources) -> pd.Series:
    """Customer of each CRM account: the one with its number, else the account itself."""
    accounts = sources.table("salesforce__account").set_index("Id")
    partners = customers_by_number(sources)
    known = accounts["AccountNumber"].map(partners)
    return known.fillna("crm/account/" + accounts.index.to_series())


@derived
def customers_by_number(sources: Sources) -> pd.Series:
    """Keys of customers by the number that the CRM and the sheets call them by."""
    partners = sources.table("odoo__res_partner")
    partners = partners[partners["ref"].notna()].set_index("ref")
    return customer_names(partners["id"])


@derived
def contacts(sources: Sources) -> pd.DataFrame:
    """One row per contact that happened by the as-of date."""
    topics = code_map("interaction_topic_map", "salesforce", "source_topic", "topic")
    tasks = sources.table("salesforce__task")
    noted = sources.table("sheets__information_lookups")
    crm = pd.DataFrame(
        {
            "event_id": "crm/task/" + tasks["Id"],
            "company": tasks["Company__c"].map(sources.company_names),
            "customer_id": tasks["AccountId"].map(crm_customers(sources)),
            "at": tasks["CreatedDate"],
            "channel": tasks["Type"].str.lower(),
            "document_id": None,
            "topic": tasks["Topic__c"].str.lower().map(topics).fillna("unknown"),
        }
    )
    looked_up = pd.DataFrame(
        {
            "event_id": "sheets/information.lookup/" + noted["reference"],
            "company": noted["company"].map(sources.company_names),
            "customer_id": noted["customer_number"].map(customers_by_number(sources)),
            "at": noted["occurred_at"],
            "channel": "information_lookup",
            "document_id": noted["order_number"]
            .map(_sale_documents(sources))
            .fillna("ref/document/" + noted["order_number"]),
            "topic": noted["topic"],
        }
    )
    rows = pd.concat([crm, looked_up], ignore_index=True)
    rows = rows[sources.happened(rows["at"])].copy()
    rows["company_id"] = company_names(rows["company"])
    rows["day"] = sources.local_day(rows["at"])
    return rows


def _sale_documents(sources: Sources) -> pd.Series:
    """Key of the order, else of the quote, by the number that both bear."""
    rows = sales(sources)
    kinds = rows["is_order"].map({True: "order", False: "quotation"})
    names = "erp/sale." + kinds + "/" + rows["id"].astype(str)
    return pd.Series(names.array, rows["name"])
