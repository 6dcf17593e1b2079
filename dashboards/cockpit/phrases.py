"""Every phrase of the cockpit's frame, in each language; a page's own are beside its blocks."""

from __future__ import annotations

from reports.wording import Phrase

COCKPIT = Phrase("Cockpit ADV", "Cockpit vendite", "ADV cockpit")
SKIP = Phrase("Aller au contenu", "Vai al contenuto", "Skip to content")
PAGES = Phrase("Pages", "Pagine", "Pages")
LANGUAGES = Phrase("Langues", "Lingue", "Languages")
FILTERS = Phrase("Filtres", "Filtri", "Filters")
APPLY = Phrase("Appliquer", "Applica", "Apply")
CLEAR = Phrase("Tout afficher", "Mostra tutto", "Show everything")
ALL = Phrase("Tout", "Tutto", "All")
COMPANY = Phrase("Société", "Società", "Company")
MONTHS = Phrase("Période des graphiques", "Periodo dei grafici", "Period of the charts")
SO_MANY_MONTHS = Phrase("{count} mois", "{count} mesi", "{count} months")
SEARCH = Phrase("Rechercher", "Cerca", "Search")
SEARCH_HINT = Phrase(
    "Client, commande, facture ou référence",
    "Cliente, ordine, fattura o riferimento",
    "Customer, order, invoice or reference",
)
DEFINITION = Phrase("Définition", "Definizione", "Definition")
DEFINITIONS = Phrase("Définitions", "Definizioni", "Definitions")
ROWS = Phrase("Lignes", "Righe", "Rows")
ROWS_OF = Phrase("Lignes : {name}", "Righe: {name}", "Rows: {name}")
DEFINITION_OF = Phrase("Définition : {name}", "Definizione: {name}", "Definition: {name}")
EXCEL = Phrase("Excel", "Excel", "Excel")
EXCEL_OF = Phrase(
    "Exporter dans Excel : {name}", "Esporta in Excel: {name}", "Export to Excel: {name}"
)
NUMBERS_OF_CHART = Phrase(
    "Les chiffres du graphique", "I numeri del grafico", "The numbers of the chart"
)
ALL_ROWS = Phrase("Les {count} lignes", "Tutte le {count} righe", "All {count} rows")
ONE_ROW = Phrase("La ligne", "La riga", "The row")
OTHERS = Phrase("Autres", "Altri", "Others")
SOME_LINES = Phrase(
    "{shown} courbes sur {all} sont dessinées ; le tableau les a toutes.",
    "Sono disegnate {shown} linee su {all}; la tabella le ha tutte.",
    "{shown} lines of {all} are drawn; the table has all of them.",
)
SHOWN_ROWS = Phrase(
    "Lignes {first} à {last} sur {count}",
    "Righe da {first} a {last} su {count}",
    "Rows {first} to {last} of {count}",
)
NO_ROWS = Phrase(
    "Aucune ligne : rien à signaler ici.",
    "Nessuna riga: niente da segnalare qui.",
    "No rows: nothing to report here.",
)
NO_ROWS_SO = Phrase(
    "Aucune ligne avec ces filtres.",
    "Nessuna riga con questi filtri.",
    "No rows with these filters.",
)
NO_NUMBERS = Phrase(
    "Pas de chiffres pour cette période.",
    "Nessun numero per questo periodo.",
    "No numbers for this period.",
)
NO_VALUE = Phrase("pas de valeur", "nessun valore", "no value")
NOT_NARROWED = Phrase(
    "Sans le filtre : {names}", "Senza il filtro: {names}", "Not filtered by: {names}"
)
PREVIOUS = Phrase("Page précédente", "Pagina precedente", "Previous page")
NEXT = Phrase("Page suivante", "Pagina successiva", "Next page")
SORT_BY = Phrase("Trier par {name}", "Ordina per {name}", "Sort by {name}")
DAY_OF = Phrase("au {day}", "al {day}", "as of {day}")
ON_DAY = Phrase("le {day}", "il {day}", "on {day}")
WEEK_OF = Phrase("semaine du {day}", "settimana del {day}", "week of {day}")
SO_FAR = Phrase("{month}, en cours", "{month}, in corso", "{month}, so far")
BEFORE = Phrase("contre {value} ({when})", "contro {value} ({when})", "against {value} ({when})")
BETTER = Phrase("mieux", "meglio", "better")
WORSE = Phrase("moins bien", "peggio", "worse")
HIGHER = Phrase("en hausse", "in aumento", "up")
LOWER = Phrase("en baisse", "in calo", "down")
SAME = Phrase("inchangé", "invariato", "unchanged")
TARGET_HEADING = Phrase("Objectif", "Obiettivo", "Target")
TARGET = Phrase("Objectif : {value}", "Obiettivo: {value}", "Target: {value}")
FORMULA = Phrase("Formule", "Formula", "Formula")
UNIT = Phrase("Unité", "Unità", "Unit")
BETTER_WHEN = Phrase("Mieux quand", "Meglio quando", "Better when")
MART = Phrase("Table", "Tabella", "Table")
HISTORY = Phrase("Évolution", "Andamento", "History")
BY = Phrase("Par {name}", "Per {name}", "By {name}")
COLUMNS_OF = Phrase(
    "Ce que disent les colonnes", "Che cosa dicono le colonne", "What the columns say"
)
IN_ENGLISH = Phrase(
    "Les définitions des colonnes sont en anglais.",
    "Le definizioni delle colonne sono in inglese.",
    "",
)
REMINDED = Phrase(
    "Exporter et noter la relance", "Esporta e annota il sollecito", "Export and note"
)
REMINDED_HINT = Phrase(
    "Les lignes cochées vont dans un classeur Excel et sont notées dans la feuille des relances : "
    "la prochaine nuit, leur niveau monte.",
    "Le righe spuntate vanno in una cartella Excel e sono annotate nel foglio dei solleciti: la "
    "prossima notte il loro livello sale.",
    "Ticked rows go into an Excel workbook and are noted in the sheet of reminders: their level "
    "moves with the next night.",
)
NOTED = Phrase("noté", "annotato", "noted")
CHOOSE = Phrase("Choisir", "Scegli", "Choose")
CHOOSE_ROW = Phrase("Choisir {name}", "Scegli {name}", "Choose {name}")
NOTHING_CHOSEN = Phrase(
    "Rien n'était coché. Cochez les lignes à relancer, puis exportez.",
    "Nessuna riga era spuntata. Spuntare le righe da sollecitare, poi esportare.",
    "Nothing was ticked. Tick the rows to remind of, then export.",
)
WORKLIST_MOVED = Phrase(
    "Une nouvelle publication est en vigueur : {count} des lignes cochées n'y sont plus à "
    "relancer. Rien n'a été noté ; revoyez la liste.",
    "È in vigore una nuova pubblicazione: {count} delle righe spuntate non sono più da "
    "sollecitare. Non è stato annotato nulla; rivedere l'elenco.",
    "A new publication is in force: {count} of the ticked rows are no longer to be reminded of. "
    "Nothing was noted; look at the list again.",
)
LEVEL = Phrase("Niveau {level}", "Livello {level}", "Level {level}")
LOG_LOOKUP = Phrase("Noter ce renseignement", "Annota questa informazione", "Log this look-up")
LOOKUP_HINT = Phrase(
    "Un collègue vous a demandé ? Un clic, et l'indicateur se mesure tout seul.",
    "Ve l'ha chiesto un collega? Un clic, e l'indicatore si misura da solo.",
    "Asked by a colleague? One click, and the KPI measures itself.",
)
FOR_WHOM = Phrase("Pour qui (identifiant)", "Per chi (login)", "For whom (login)")
ABOUT_WHAT = Phrase("À quel sujet", "Su che cosa", "About what")
MINUTES = Phrase("Minutes", "Minuti", "Minutes")
LOOKUP_LOGGED = Phrase(
    "Noté dans la feuille des renseignements.",
    "Annotato nel foglio delle informazioni.",
    "Noted in the sheet of look-ups.",
)
STALE = Phrase(
    "Ces chiffres ne sont plus frais.",
    "Questi numeri non sono freschi.",
    "These figures are stale.",
)
NEWER = Phrase(
    "De nouveaux chiffres sont publiés.",
    "Nuovi numeri sono pubblicati.",
    "New figures are published.",
)
RELOAD = Phrase("Les afficher", "Mostrarli", "Show them")
SIGNED_IN = Phrase("{login}, {role}", "{login}, {role}", "{login}, {role}")
OWN_CUSTOMERS = Phrase(
    "Vous voyez les clients de votre portefeuille.",
    "Vedete i clienti del vostro portafoglio.",
    "You see the customers of your portfolio.",
)
ROLES = {
    "agent": Phrase("ADV", "amministrazione vendite", "sales administration"),
    "salesperson": Phrase("commercial", "agente commerciale", "salesperson"),
    "manager": Phrase("responsable", "responsabile", "manager"),
}
NOT_FOUND = Phrase("Page introuvable", "Pagina non trovata", "Page not found")
NOT_FOUND_TOLD = Phrase(
    "Cette adresse ne mène à rien, ou à ce que votre rôle ne montre pas.",
    "Questo indirizzo non porta a nulla, o a ciò che il vostro ruolo non mostra.",
    "This address leads nowhere, or to what your role does not show.",
)
NO_PUBLICATION = Phrase(
    "Rien n'est encore publié", "Nulla è ancora pubblicato", "Nothing published"
)
NO_PUBLICATION_TOLD = Phrase(
    "Le premier rafraîchissement n'est pas encore passé. Il se lance par `adv run` ; rechargez "
    "ensuite cette page.",
    "Il primo aggiornamento non è ancora passato. Si avvia con `adv run`; poi ricaricare questa "
    "pagina.",
    "The first refresh has not come through yet. `adv run` starts it; then reload this page.",
)
UNREADABLE = Phrase(
    "Les chiffres ne peuvent pas être lus",
    "I numeri non possono essere letti",
    "The figures cannot be read",
)
UNREADABLE_TOLD = Phrase(
    "La publication est absente, abîmée ou d'une autre version. Ce n'est pas de votre fait : "
    "prévenez qui s'occupe de l'entrepôt de données.",
    "La pubblicazione manca, è danneggiata o di un'altra versione. Non dipende da voi: avvisate "
    "chi cura il magazzino dati.",
    "The publication is missing, damaged or of another version. It is not your doing: tell who "
    "looks after the warehouse.",
)
NOT_SIGNED_IN = Phrase("Accès refusé", "Accesso negato", "No access")
NOT_SIGNED_IN_TOLD = Phrase(
    "Le cockpit ne sait pas qui vous êtes, ou vous n'y avez pas accès. Passez par l'adresse que "
    "votre administrateur vous a donnée.",
    "Il cockpit non sa chi siete, o non vi avete accesso. Usate l'indirizzo che vi ha dato "
    "l'amministratore.",
    "The cockpit does not know who you are, or you have no access. Use the address that your "
    "administrator gave you.",
)
NOT_WRITTEN = Phrase("Rien n'a été noté", "Nulla è stato annotato", "Nothing was noted")
NO_SHEETS = Phrase(
    "Aucune source de feuilles n'est configurée, ou son dossier ne peut pas être écrit : {told}",
    "Nessuna fonte di fogli è configurata, o la cartella non può essere scritta: {told}",
    "No source of sheets is configured, or its folder cannot be written: {told}",
)
NO_SUCH_CUSTOMER = Phrase("Client inconnu", "Cliente sconosciuto", "Unknown customer")
UNITS_AFTER = {
    "days": Phrase("jours", "giorni", "days"),
    "working_minutes": Phrase("min", "min", "min"),
}
"""Units that stand after a number."""
UNITS = {
    "share": Phrase("part", "quota", "share"),
    "currency": Phrase("montant", "importo", "amount"),
    "documents": Phrase("documents", "documenti", "documents"),
    "days": Phrase("jours", "giorni", "days"),
    "working_minutes": Phrase("minutes ouvrées", "minuti lavorativi", "working minutes"),
    "lines": Phrase("lignes", "righe", "lines"),
    "score": Phrase("points", "punti", "points"),
    "customers": Phrase("clients", "clienti", "customers"),
}
BETTER_WORDS = {
    "higher": Phrase("c'est plus haut", "è più alto", "higher"),
    "lower": Phrase("c'est plus bas", "è più basso", "lower"),
    "neutral": Phrase("ni l'un ni l'autre", "né l'uno né l'altro", "neither"),
}
