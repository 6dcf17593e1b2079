"""Every phrase that lists use, in each language: headings, notes, and what stands for a code.

A phrase is written in all languages at once, so that none can lack one. Headings of published
columns are not here: they come from `kpi.glossary`, where each has its label already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reports.request import Language


@dataclass(frozen=True)
class Phrase:
    """One phrase in every language; what stands in braces is filled in."""

    fr: str
    it: str
    en: str

    def __getitem__(self, language: Language) -> str:
        return {Language.FRENCH: self.fr, Language.ITALIAN: self.it}.get(language, self.en)


def headed(head: str, rest: str, language: Language) -> str:
    """What something is said of, and what is said."""
    return f"{head}{COLON[language]}{rest}"


# Headings of what a list adds to the marts: names in place of keys, sentences.
COMPANY = Phrase("Société", "Società", "Company")
CUSTOMER = Phrase("Client", "Cliente", "Customer")
AGENT = Phrase("Gestionnaire ADV", "Addetto vendite", "ADV agent")
SALESPERSON = Phrase("Commercial", "Agente commerciale", "Salesperson")
OWNER = Phrase("Responsable", "Responsabile", "Owner")
COMPANY_CURRENCY = Phrase("Devise société", "Valuta società", "Company currency")

# The frame of every list.
AS_OF = Phrase("Situation au {day}", "Situazione al {day}", "As of {day}")
KNOWN_AT = Phrase(
    "Sources lues jusqu'au {instant} UTC",
    "Fonti lette fino al {instant} UTC",
    "Sources read up to {instant} UTC",
)
LAST_BANK_ENTRY = Phrase(
    "Dernière écriture de banque, {company} : {day}",
    "Ultima registrazione bancaria, {company}: {day}",
    "Last bank entry, {company}: {day}",
)
NO_BANK_ENTRY = Phrase("aucune", "nessuna", "none")
OLD_SOURCE = Phrase(
    "Attention : la source {source} n'a pas été relue depuis le {instant} UTC",
    "Attenzione: la fonte {source} non è stata riletta dal {instant} UTC",
    "Beware: the source {source} has not been read since {instant} UTC",
)
ONLY = Phrase("Seulement : {name}", "Solo: {name}", "Only: {name}")
LINES = Phrase("Lignes", "Righe", "Lines")
SUMMARY = Phrase("Synthèse", "Riepilogo", "Summary")
CUSTOMERS = Phrase("Clients", "Clienti", "Customers")
TOTAL = Phrase("Total", "Totale", "Total")
TOTAL_OF_LINES = Phrase("Total des lignes affichées", "Totale delle righe visibili", "Total shown")
COUNT = Phrase("Nombre de lignes", "Numero di righe", "Number of lines")
ONE_LEFT_OUT = Phrase(
    "{shown} lignes sur {all} sont imprimées{selection} ; {left} ne l'est pas, les totaux la "
    "comprennent.",
    "Sono stampate {shown} righe su {all}{selection}; {left} non lo è, i totali la comprendono.",
    "{shown} of {all} lines are printed{selection}; {left} is not, and the totals include it.",
)
LEFT_OUT = Phrase(
    "{shown} lignes sur {all} sont imprimées{selection} ; {left} ne le sont pas, les totaux "
    "les comprennent.",
    "Sono stampate {shown} righe su {all}{selection}; {left} non lo sono, i totali le comprendono.",
    "{shown} of {all} lines are printed{selection}; {left} are not, and the totals include them.",
)
COLON = Phrase(" : ", ": ", ": ")
PAGE = Phrase("Page", "Pagina", "Page")
AND_ONE_MORE = Phrase("… et 1 autre ligne", "… e 1 altra riga", "… and 1 more line")
AND_MORE = Phrase("… et {left} autres lignes", "… e altre {left} righe", "… and {left} more lines")
NOTHING = Phrase("Aucune ligne.", "Nessuna riga.", "No lines.")
YES = Phrase("oui", "sì", "yes")
NO = Phrase("non", "no", "no")
UNKNOWN = Phrase("Non renseigné", "Non indicato", "Unknown")
"""What stands in place of a name where the marts have none and say `unknown`."""
ROUNDED = Phrase(
    "{column} : les lignes sont arrondies à la plus petite unité de la devise ; leur somme diffère "
    "du total exact, {total}, de {difference}.",
    "{column}: le righe sono arrotondate all'unità minima della valuta; la loro somma differisce "
    "dal totale esatto, {total}, di {difference}.",
    "{column}: lines are rounded to the smallest unit of the currency; their sum differs from "
    "the exact total, {total}, by {difference}.",
)

CODES: Mapping[str, Mapping[str, Phrase]] = {
    "item_type": {
        "invoice": Phrase("Facture", "Fattura", "Invoice"),
        "deposit_invoice": Phrase("Facture d'acompte", "Fattura di acconto", "Deposit invoice"),
        "credit_note": Phrase("Avoir", "Nota di credito", "Credit note"),
        "opening_balance": Phrase("À-nouveau", "Saldo iniziale", "Opening balance"),
        "payment": Phrase("Encaissement", "Incasso", "Payment"),
        "refund": Phrase("Remboursement", "Rimborso", "Refund"),
        "bill": Phrase("Effet", "Effetto", "Bill"),
    },
    "account_role": {
        "trade": Phrase("Clients", "Crediti commerciali", "Trade"),
        "bills_in_hand": Phrase(
            "Effets en portefeuille", "Effetti in portafoglio", "Bills in hand"
        ),
        "bills_discounted": Phrase("Effets escomptés", "Effetti scontati", "Bills discounted"),
        "doubtful": Phrase("Clients douteux", "Crediti dubbi", "Doubtful"),
        "deposits": Phrase("Acomptes", "Acconti", "Deposits"),
        "unbilled": Phrase("Factures à établir", "Fatture da emettere", "Unbilled"),
        "factor": Phrase("Factor", "Factor", "Factor"),
        "sales": Phrase("Ventes", "Ricavi di vendita", "Sales"),
        "tax": Phrase("TVA", "IVA", "Tax"),
        "bank": Phrase("Banque", "Banca", "Bank"),
        "write_off": Phrase("Pertes et écarts", "Perdite e abbuoni", "Write-offs"),
        "other": Phrase("Autre", "Altro", "Other"),
        "unknown": Phrase("Inconnu", "Sconosciuto", "Unknown"),
    },
    "promise_status": {
        "kept": Phrase("Tenue", "Mantenuta", "Kept"),
        "pending": Phrase("En cours", "In attesa", "Pending"),
        "broken": Phrase("Non tenue", "Non mantenuta", "Broken"),
    },
    "worklist_status": {
        "remind": Phrase("À relancer", "Da sollecitare", "Remind"),
        "wait": Phrase("Pas encore", "Non ancora", "Not yet"),
        "excluded": Phrase("Exclu", "Escluso", "Excluded"),
        "claim_interest": Phrase("Intérêts à réclamer", "Interessi da chiedere", "Claim interest"),
    },
    "exclusion_reason": {
        "paid": Phrase("Payé", "Pagato", "Paid"),
        "intercompany": Phrase("Intragroupe", "Infragruppo", "Intercompany"),
        "insolvent": Phrase("Procédure collective", "Procedura concorsuale", "Insolvent"),
        "factored": Phrase("Cédé au factor", "Ceduto al factor", "Factored"),
        "bill_not_due": Phrase("Effet non échu", "Effetto non scaduto", "Bill not due"),
        "do_not_remind": Phrase("Ne pas relancer", "Non sollecitare", "Not to be reminded"),
        "disputed": Phrase("En litige", "In contestazione", "Disputed"),
        "promise_pending": Phrase("Promesse en cours", "Promessa in corso", "Promise pending"),
        "no_further_level": Phrase(
            "Tous les niveaux envoyés", "Tutti i livelli inviati", "All levels were sent"
        ),
        "below_tolerance": Phrase("Sous le seuil", "Sotto la soglia", "Below the tolerance"),
        "covered_by_receipts": Phrase(
            "Couvert par des encaissements", "Coperto da incassi", "Covered by receipts"
        ),
    },
    "next_channel": {
        "email": Phrase("E-mail", "E-mail", "E-mail"),
        "telephone": Phrase("Téléphone", "Telefono", "Telephone"),
        "letter": Phrase("Courrier", "Lettera", "Letter"),
        "registered_letter": Phrase("Lettre recommandée", "Raccomandata", "Registered letter"),
    },
    "activity_status": {
        "at_risk": Phrase("À risque", "A rischio", "At risk"),
        "dormant": Phrase("Dormant", "Dormiente", "Dormant"),
    },
    "next_action": {
        "handle_insolvency": Phrase(
            "Traiter la procédure collective", "Gestire l'insolvenza", "Handle the insolvency"
        ),
        "answer_claim": Phrase(
            "Répondre à la réclamation", "Rispondere al reclamo", "Answer the claim"
        ),
        "tell_new_date": Phrase(
            "Annoncer la nouvelle date", "Comunicare la nuova data", "Tell the new date"
        ),
        "chase_payment": Phrase(
            "Relancer le paiement", "Sollecitare il pagamento", "Chase payment"
        ),
        "await_promised_payment": Phrase(
            "Attendre le paiement promis",
            "Attendere il pagamento promesso",
            "Await promised payment",
        ),
        "win_back": Phrase("Reconquérir", "Riconquistare", "Win back"),
        "follow_up": Phrase("Suivre", "Seguire", "Follow up"),
        "none": Phrase("Rien", "Niente", "Nothing"),
    },
    "claim_status": {
        "new": Phrase("Nouvelle", "Nuovo", "New"),
        "in_progress": Phrase("En cours", "In corso", "In progress"),
        "waiting_customer": Phrase(
            "En attente du client", "In attesa del cliente", "Awaits customer"
        ),
        "unknown": Phrase("Inconnu", "Sconosciuto", "Unknown"),
    },
    "claim_channel": {
        "email": Phrase("E-mail", "E-mail", "E-mail"),
        "telephone": Phrase("Téléphone", "Telefono", "Telephone"),
        "web": Phrase("Web", "Web", "Web"),
        "portal": Phrase("Portail", "Portale", "Portal"),
        "letter": Phrase("Courrier", "Lettera", "Letter"),
        "unknown": Phrase("Inconnu", "Sconosciuto", "Unknown"),
    },
    "failure_cause": {
        "cancelled_by_us": Phrase("Annulée par nous", "Annullata da noi", "Cancelled by us"),
        "credit": Phrase("Blocage crédit", "Blocco credito", "Credit block"),
        "customer": Phrase("Attente du client", "In attesa del cliente", "Awaited the customer"),
        "late_validation": Phrase("Validée trop tard", "Confermata tardi", "Validated too late"),
        "stock": Phrase("Stock", "Stock", "Stock"),
        "short_delivery": Phrase("Livrée en partie", "Consegna parziale", "Delivered in part"),
        "warehouse": Phrase("Entrepôt", "Magazzino", "Warehouse"),
        "unknown": Phrase("Inconnue", "Sconosciuta", "Unknown"),
    },
    "measure_kind": {
        "to_date": Phrase("Réalisé à ce jour", "A oggi", "To date"),
        "forecast": Phrase("Prévision", "Previsione", "Forecast"),
    },
    "document_kind": {
        "quote": Phrase("Devis", "Preventivo", "Quote"),
        "proforma": Phrase("Proforma", "Proforma", "Proforma"),
        "framework_order": Phrase("Commande-cadre", "Ordine quadro", "Framework order"),
        "order": Phrase("Commande", "Ordine", "Order"),
        "preparation": Phrase("Préparation", "Preparazione", "Preparation"),
        "delivery_note": Phrase("Bon de livraison", "Bolla di consegna", "Delivery note"),
        "return": Phrase("Retour", "Reso", "Return"),
        "deposit_invoice": Phrase("Facture d'acompte", "Fattura di acconto", "Deposit invoice"),
        "invoice": Phrase("Facture", "Fattura", "Invoice"),
        "credit_note": Phrase("Avoir", "Nota di credito", "Credit note"),
        "backorder": Phrase("Reliquat", "Residuo d'ordine", "Backorder"),
        "order_to_enter": Phrase("Commande à saisir", "Ordine da inserire", "Order to enter"),
    },
}
"""By code set and code; a code that none knows is shown as it is."""
