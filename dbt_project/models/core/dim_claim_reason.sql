-- One row per reason that a claim may have; `unknown` stands for none and for what no map knows.
select
    claim_reason,
    origin,
    label_fr,
    label_it,
    label_en
from {{ ref('claim_reasons') }}
