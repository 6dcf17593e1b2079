-- One row per way in which a document or request arrives.
select
    channel,
    label_fr,
    label_it,
    label_en,
    is_electronic,
    is_hand_entered
from {{ ref('channels') }}
