-- One row per notice of the exchange system, with the file that it is about and what it says.
with

notices as (
    select
        *,
        signature_object_qualifyingproperties_signedproperties_signedsignatureproperties_signingtime as signed_at
    from {{ raw('fatturapa', 'Notifiche') }}
)

select
    source_id,
    file as notice_file,
    -- The name that the file was sent under, with its suffix.
    {{ dbt.split_part('lower(nomefile)', "'.xml'", 1) }} as invoice_file,
    -- Empty when the notice is about all invoices of the file.
    coalesce(riferimentofattura_posizionefattura, esitocommittente_riferimentofattura_posizionefattura) as invoice_position,
    elemento as notice,
    case when elemento = 'NE' then esitocommittente_esito end as verdict,
    dataoraricezione as received_at,
    coalesce(
        case when elemento = 'RC' then dataoraconsegna end, signed_at, dataoraconsegna, dataoraricezione
    ) as noticed_at,
    coalesce(
        listaerrori_errore_codice || coalesce(' ' || listaerrori_errore_descrizione, ''),
        esitocommittente_descrizione
    ) as reason
from notices
