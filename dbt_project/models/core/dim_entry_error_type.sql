-- One row per kind of error that can be made when an order is entered.
select
    error_type,
    label_fr,
    label_it,
    label_en
from {{ ref('entry_error_types') }}
