"""Who works in the company: teams, roles and contract hours of Odoo's users."""

from __future__ import annotations

import pandas as pd

from tests.oracle.documents import robots, teams
from tests.oracle.sources import Sources, derived, seed, translated

_LONG_AGO = pd.Timestamp("1990-01-01")


@derived
def people(sources: Sources) -> pd.DataFrame:
    """One row per internal user, by number; what they are has not changed since they were hired."""
    users = sources.table("odoo__res_users")
    rows = users[~users["share"].fillna(False)].set_index("id", drop=False)
    staff = sources.table("odoo__hr_employee").set_index("user_id")
    contract = sources.table("odoo__hr_contract").set_index("employee_id")
    number = rows["id"].map(staff["id"])
    departments = sources.table("odoo__hr_department").set_index("id")["name"].map(translated)
    member = sources.table("odoo__crm_team_member").set_index("user_id")["crm_team_id"]
    department = rows["id"].map(staff["department_id"]).map(departments)
    is_robot = rows["id"].isin(robots(sources))
    jobs = rows["id"].map(staff["job_title"])
    return pd.DataFrame(
        {
            "employee_id": "erp/res.users/" + rows["id"].astype(str),
            "login": rows["login"],
            "company": rows["company_id"],
            "team": rows["id"].map(member).map(teams(sources)).fillna(department).fillna("unknown"),
            "role": [
                "technical" if robot else _role(job, place)
                for robot, job, place in zip(is_robot, jobs, department, strict=True)
            ],
            "is_robot": is_robot,
            "hours": number.map(contract["resource_calendar_id"]).map(_weekly_hours(sources)),
            "since": number.map(contract["date_start"]).fillna(_LONG_AGO),
        }
    )


def _role(job: object, department: object) -> str:
    """The first pattern of the seed that a job title, else a department, contains."""
    rules = [row for row in seed("employee_role_map") if row["system"] == "odoo"]
    for told, matched_on in ((job, "job_title"), (department, "department")):
        for rule in sorted(rules, key=lambda row: int(row["priority"])):
            if rule["matched_on"] == matched_on and rule["pattern"].strip("%") in str(told).lower():
                return rule["role"]
    return "other"


def _weekly_hours(sources: Sources) -> pd.Series:
    """Hours a week of each calendar, in ten-thousandths."""
    rows = sources.table("odoo__resource_calendar_attendance")
    hours: pd.Series = (rows["hour_to"] - rows["hour_from"]).groupby(rows["calendar_id"]).sum()
    return hours


@derived
def logins(sources: Sources) -> pd.Series:
    """Employees by the login that the sheets and the CRM name."""
    rows = people(sources)
    return pd.Series(rows["employee_id"].to_numpy(), rows["login"].str.lower())


def described(sources: Sources, employee_ids: pd.Series, days: pd.Series) -> pd.DataFrame:
    """Team, role and kind of actor of employees on days; `unknown` before they were hired."""
    rows = people(sources).set_index("employee_id")
    there = days >= employee_ids.map(rows["since"])
    robot = employee_ids.map(rows["is_robot"])
    return pd.DataFrame(
        {
            "team": employee_ids.map(rows["team"]).where(there, "unknown"),
            "role": employee_ids.map(rows["role"]).where(there, "other"),
            "actor_kind": robot.map({True: "robot", False: "person"}).fillna("unknown"),
        }
    )
