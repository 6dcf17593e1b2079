"""What reminders say: politer first, firmer later, and which law the legal amounts rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reports.wording import Phrase


@dataclass(frozen=True)
class Tone:
    """The words of one step; `{amount}` is what is asked for."""

    subject: Phrase
    body: Phrase
    asks_legal_amounts: bool
    """The amount asked for includes interest and indemnity."""
    lists_legal_amounts: bool
    """They are itemised, whether or not they are asked for yet."""


FRIENDLY = Tone(
    subject=Phrase("Rappel de paiement", "Promemoria di pagamento", "Payment reminder"),
    body=Phrase(
        "Sauf erreur ou omission de notre part, les factures ci-dessous, arrivées à échéance, ne "
        "nous ont pas encore été réglées. Leur montant s'élève à {amount}. Nous vous remercions "
        "de bien vouloir procéder à leur règlement dans les meilleurs délais.",
        "Salvo errori od omissioni da parte nostra, le fatture sotto elencate, già scadute, non "
        "risultano ancora pagate. L'importo ammonta a {amount}. Vi saremo grati se vorrete "
        "provvedere al pagamento quanto prima.",
        "According to our records the invoices below are past their due date and have not been "
        "paid yet. They amount to {amount}. We would be grateful if you could arrange for their "
        "payment shortly.",
    ),
    asks_legal_amounts=False,
    lists_legal_amounts=False,
)
SECOND = Tone(
    subject=Phrase("Deuxième rappel", "Secondo sollecito di pagamento", "Second reminder"),
    body=Phrase(
        "Malgré notre précédent rappel, les factures ci-dessous demeurent impayées. Nous vous "
        "demandons de nous régler la somme de {amount} sous huit jours, ou de nous faire connaître "
        "dans ce délai la raison de ce retard.",
        "Nonostante il nostro precedente promemoria, le fatture sotto elencate risultano ancora "
        "non pagate. Vi chiediamo di versare l'importo di {amount} entro otto giorni, oppure di "
        "comunicarci entro lo stesso termine il motivo del ritardo.",
        "Despite our earlier reminder the invoices below are still unpaid. Please pay the sum of "
        "{amount} within eight days, or tell us within that time why it is delayed.",
    ),
    asks_legal_amounts=False,
    lists_legal_amounts=True,
)
FIRM = Tone(
    subject=Phrase(
        "Dernier rappel avant mise en demeure",
        "Ultimo sollecito prima della messa in mora",
        "Last reminder before formal notice",
    ),
    body=Phrase(
        "Nos rappels précédents sont restés sans effet. Nous vous demandons de nous régler sous "
        "huit jours la somme de {amount}, dont le détail figure ci-dessous. À défaut, nous serons "
        "contraints de vous mettre en demeure.",
        "I nostri precedenti solleciti sono rimasti senza esito. Vi chiediamo di versare entro "
        "otto giorni l'importo di {amount}, dettagliato qui di seguito. In mancanza saremo "
        "costretti a procedere alla formale messa in mora.",
        "Our earlier reminders have had no effect. Please pay the sum of {amount}, itemised "
        "below, within eight days. Otherwise we shall have to give you formal notice.",
    ),
    asks_legal_amounts=True,
    lists_legal_amounts=True,
)
FORMAL_NOTICE = Tone(
    subject=Phrase("Mise en demeure de payer", "Diffida e messa in mora", "Formal notice to pay"),
    body=Phrase(
        "Malgré nos relances, les factures ci-dessous restent impayées. Par la présente, nous vous "
        "mettons en demeure de nous régler la somme de {amount}, dont le détail figure ci-dessous, "
        "dans un délai de quinze jours à compter de la réception de cette lettre. À défaut, nous "
        "nous réservons le droit d'engager sans autre avis toute procédure utile au recouvrement "
        "de notre créance.",
        "Nonostante i nostri solleciti, le fatture sotto elencate risultano ancora non pagate. Con "
        "la presente Vi diffidiamo e costituiamo formalmente in mora, invitandoVi a versare "
        "l'importo di {amount}, dettagliato qui di seguito, entro quindici giorni dal ricevimento "
        "della presente. In mancanza ci riserviamo di agire, senza ulteriore avviso, nelle sedi "
        "competenti per il recupero del nostro credito.",
        "Despite our reminders the invoices below remain unpaid. We hereby give you formal notice "
        "to pay the sum of {amount}, itemised below, within fifteen days of receiving this "
        "letter. Failing that, we reserve the right to take all steps needed to recover the debt "
        "without further notice.",
    ),
    asks_legal_amounts=True,
    lists_legal_amounts=True,
)
TONES: Mapping[int, Tone] = {1: FRIENDLY, 2: SECOND, 3: FIRM}
"""By level; what goes by registered letter, and any level beyond, is a formal notice."""

DECREE_231 = Phrase(
    "Conformément aux articles 4, 5 et 6 du décret législatif italien n° 231 du 9 octobre "
    "2002, les intérêts moratoires courent automatiquement dès le jour suivant l'échéance, "
    "sans mise en demeure, et une indemnité forfaitaire pour frais de recouvrement est due.",
    "Ai sensi degli articoli 4, 5 e 6 del D.Lgs. 9 ottobre 2002, n. 231, gli interessi "
    "moratori decorrono automaticamente dal giorno successivo alla scadenza, senza che sia "
    "necessaria la costituzione in mora, ed è dovuto un importo forfettario a titolo di "
    "risarcimento dei costi di recupero.",
    "Under articles 4, 5 and 6 of the Italian Legislative Decree no. 231 of 9 October 2002, "
    "interest runs automatically from the day after the due date, without formal notice, and "
    "a fixed sum for recovery costs is due.",
)
"""In Italy one decree holds for companies and public bodies alike."""
LAWS: Mapping[tuple[str, str], Phrase] = {
    ("FR", "private"): Phrase(
        "Conformément à l'article L. 441-10 du code de commerce, les pénalités de retard sont "
        "exigibles de plein droit dès le jour suivant la date de règlement figurant sur la "
        "facture, sans qu'un rappel soit nécessaire, ainsi que, pour chaque facture payée en "
        "retard, une indemnité forfaitaire pour frais de recouvrement (article D. 441-5).",
        "Ai sensi dell'articolo L. 441-10 del codice di commercio francese, gli interessi di mora "
        "sono dovuti di diritto dal giorno successivo alla scadenza indicata in fattura, senza "
        "necessità di sollecito, insieme a un'indennità forfettaria per le spese di recupero per "
        "ogni fattura pagata in ritardo (articolo D. 441-5).",
        "Under article L. 441-10 of the French Commercial Code, interest on late payment is due by "
        "law from the day after the payment date shown on the invoice, without any reminder, and "
        "so is a fixed indemnity for recovery costs for each invoice paid late (article D. 441-5).",
    ),
    ("FR", "public"): Phrase(
        "Conformément aux articles L. 2192-13 et suivants du code de la commande publique, le "
        "dépassement du délai de paiement donne lieu de plein droit, sans autre formalité, à des "
        "intérêts moratoires et à une indemnité forfaitaire pour frais de recouvrement (article "
        "D. 2192-35).",
        "Ai sensi degli articoli L. 2192-13 e seguenti del codice francese degli appalti pubblici, "
        "il superamento del termine di pagamento dà luogo di diritto, senza altre formalità, a "
        "interessi di mora e a un'indennità forfettaria per le spese di recupero (articolo "
        "D. 2192-35).",
        "Under articles L. 2192-13 and following of the French Public Procurement Code, exceeding "
        "the payment period gives rise by law, without any formality, to interest and to a fixed "
        "indemnity for recovery costs (article D. 2192-35).",
    ),
    ("IT", "private"): DECREE_231,
    ("IT", "public"): DECREE_231,
}
"""By country of the creditor and class of the debtor."""
UNION = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)
"""Countries whose law the directive shaped."""
LAW_OF_THE_UNION = Phrase(
    "Conformément à la directive 2011/7/UE (articles 3 et 6) telle que transposée, des intérêts "
    "pour retard de paiement courent sans rappel dès le jour suivant l'échéance, et une indemnité "
    "forfaitaire pour frais de recouvrement est due.",
    "Ai sensi della direttiva 2011/7/UE (articoli 3 e 6), come recepita, gli interessi di mora "
    "decorrono senza sollecito dal giorno successivo alla scadenza ed è dovuto un importo "
    "forfettario per i costi di recupero.",
    "Under Directive 2011/7/EU (articles 3 and 6), as transposed, interest for late payment runs "
    "without a reminder from the day after the due date, and a fixed sum for recovery costs is "
    "due.",
)


def law(country: str | None, customer_class: str) -> Phrase | None:
    """The law on late payment that a reminder cites; it governs no debts of consumers."""
    if customer_class not in ("private", "public"):
        return None
    otherwise = LAW_OF_THE_UNION if country in UNION else None
    return LAWS.get((country or "", customer_class), otherwise)


SALUTATION = Phrase("Madame, Monsieur,", "Spett.le Ditta,", "Dear Sir or Madam,")
SALUTATIONS: Mapping[str, Phrase] = {
    "public": Phrase("Madame, Monsieur,", "Spett.le Ente,", "Dear Sir or Madam,"),
    "consumer": Phrase("Madame, Monsieur,", "Gentile Cliente,", "Dear Customer,"),
}
"""By class of the debtor, where it is no company."""
PAID_MEANWHILE = Phrase(
    "Si vous avez effectué ce règlement entre-temps, nous vous prions de ne pas tenir compte de "
    "ce courrier.",
    "Se nel frattempo avete già provveduto al pagamento, Vi preghiamo di non tenere conto della "
    "presente.",
    "If you have paid in the meantime, please disregard this letter.",
)
DISPUTED = Phrase(
    "Les montants que vous contestez ({amount}) ne sont pas réclamés ici.",
    "Gli importi da Voi contestati ({amount}) non sono qui richiesti.",
    "Amounts that you dispute ({amount}) are not claimed here.",
)
UNMATCHED = Phrase(
    "Nous avons reçu de votre part {amount} que nous n'avons pas encore pu affecter : merci de "
    "nous indiquer les factures concernées.",
    "Abbiamo ricevuto da parte Vostra {amount} che non abbiamo ancora potuto abbinare: Vi "
    "preghiamo di indicarci le fatture interessate.",
    "We hold {amount} from you that we could not match yet: please tell us which invoices it is "
    "for.",
)
CLOSING = Phrase(
    "Nous vous prions d'agréer, Madame, Monsieur, nos salutations distinguées.",
    "Distinti saluti.",
    "Yours faithfully,",
)
TO_THE_ATTENTION = Phrase(
    "À l'attention du service comptabilité fournisseurs",
    "Alla cortese attenzione dell'ufficio contabilità fornitori",
    "For the attention of accounts payable",
)
BY_REGISTERED_LETTER = Phrase(
    "Lettre recommandée avec accusé de réception",
    "Raccomandata con avviso di ricevimento",
    "Registered letter with acknowledgement of receipt",
)
YOUR_NUMBER = Phrase(
    "Votre numéro de client : {number}", "Vs. codice cliente: {number}", "Your account: {number}"
)
SUBJECT = Phrase("Objet : {subject}", "Oggetto: {subject}", "Subject: {subject}")
INVOICE = Phrase("Facture", "Fattura", "Invoice")
INVOICE_DATE = Phrase("Date", "Data", "Date")
DUE_DATE = Phrase("Échéance", "Scadenza", "Due date")
DAYS_LATE = Phrase("Jours de retard", "Giorni di ritardo", "Days late")
AMOUNT = Phrase("Montant dû TTC", "Importo dovuto", "Amount due")
OWN_AMOUNT = Phrase("Montant en devise", "Importo in valuta", "Invoice currency")
OTHER_CURRENCIES = Phrase(
    "Les montants facturés dans une autre devise sont indiqués à leur valeur dans nos livres, en "
    "{currency}.",
    "Gli importi fatturati in un'altra valuta sono indicati al loro valore nei nostri libri, in "
    "{currency}.",
    "Amounts invoiced in another currency are told at their value in our books, in {currency}.",
)
RATE = Phrase("Taux annuel initial", "Tasso annuo iniziale", "First rate a year")
"""Of the half-year in which the delay began: interest follows the rates of the next ones."""
INTEREST = Phrase("Pénalités de retard", "Interessi di mora", "Interest")
INDEMNITY = Phrase("Indemnité forfaitaire", "Importo forfettario", "Fixed indemnity")
TOTAL = Phrase("Total", "Totale", "Total")
INTEREST_UP_TO = Phrase(
    "Pénalités calculées jusqu'au {day} ; elles continuent de courir jusqu'au paiement.",
    "Interessi calcolati fino al {day}; continuano a maturare fino al pagamento.",
    "Interest is reckoned up to {day} and goes on until payment.",
)
