"""What stands for the codes that only the cockpit shows, beside those of `reports.wording`."""

from __future__ import annotations

from collections.abc import Mapping

from reports import wording
from reports.wording import Phrase

CODES: Mapping[str, Mapping[str, Phrase]] = {
    "activity_status": {
        **wording.CODES["activity_status"],
        "new": Phrase("Nouveau", "Nuovo", "New"),
        "regular": Phrase("Régulier", "Abituale", "Regular"),
        "lost": Phrase("Perdu", "Perso", "Lost"),
        "won_back": Phrase("Reconquis", "Riconquistato", "Won back"),
        "unknown": Phrase("Pas encore de rythme", "Nessun ritmo ancora", "No rhythm yet"),
    },
    "waits_for": {
        "sales": Phrase("Notre confirmation", "Nostra conferma", "Our confirmation"),
        "credit": Phrase("Accord de crédit", "Benestare credito", "Credit release"),
        "customer": Phrase("Le client", "Il cliente", "The customer"),
        "stock": Phrase("Le stock", "La merce", "Stock"),
        "promised_date": Phrase("La date promise", "La data promessa", "The promised date"),
        "warehouse": Phrase("L'entrepôt", "Il magazzino", "The warehouse"),
    },
    "stage": {
        "to_validate": Phrase("À valider", "Da convalidare", "To validate"),
        "validated": Phrase("Validée", "Convalidato", "Validated"),
        "blocked": Phrase("Bloquée", "Bloccato", "Blocked"),
        "in_preparation": Phrase("En préparation", "In preparazione", "In preparation"),
        "part_shipped": Phrase("Expédiée en partie", "Spedito in parte", "Shipped in part"),
    },
    "drift_status": {
        "no_baseline": Phrase("Pas assez d'histoire", "Storia insufficiente", "Too little history"),
        "stable": Phrase("Stable", "Stabile", "Stable"),
        "slipping": Phrase("Se dégrade", "Peggiora", "Slipping"),
        "recovered": Phrase("Rétabli", "Ristabilito", "Recovered"),
    },
    "momentum": {
        "growing": Phrase("En hausse", "In crescita", "Growing"),
        "flat": Phrase("Stable", "Stabile", "Flat"),
        "declining": Phrase("En baisse", "In calo", "Declining"),
        "too_little": Phrase("Trop peu de ventes", "Vendite insufficienti", "Too little sold"),
    },
    "severity": {
        "high": Phrase("Haute", "Alta", "High"),
        "medium": Phrase("Moyenne", "Media", "Medium"),
        "low": Phrase("Basse", "Bassa", "Low"),
    },
    "owner_function": {
        "credit": Phrase("Crédit clients", "Crediti", "Credit control"),
        "sales": Phrase("Commerce", "Vendite", "Sales"),
        "sales_administration": Phrase("ADV", "Amministrazione vendite", "Sales administration"),
        "stock": Phrase("Stock", "Magazzino", "Stock"),
    },
    "task": {
        "acknowledge": Phrase("Accuser réception", "Confermare ricezione", "Acknowledge"),
        "answer": Phrase("Répondre", "Rispondere", "Answer"),
        "credit": Phrase("Établir l'avoir", "Emettere nota di credito", "Credit"),
        "enter": Phrase("Saisir", "Inserire", "Enter"),
        "invoice": Phrase("Facturer", "Fatturare", "Invoice"),
        "remind": Phrase("Relancer", "Sollecitare", "Remind"),
    },
    "document_type": wording.CODES["document_kind"],
    "error_type": {
        "all": Phrase("Toutes", "Tutti", "All"),
        "address": Phrase("Adresse", "Indirizzo", "Address"),
        "customer": Phrase("Client", "Cliente", "Customer"),
        "date": Phrase("Date", "Data", "Date"),
        "discount": Phrase("Remise", "Sconto", "Discount"),
        "duplicate": Phrase("Doublon", "Doppione", "Duplicate"),
        "item": Phrase("Article", "Articolo", "Item"),
        "other": Phrase("Autre", "Altro", "Other"),
        "payment_terms": Phrase("Conditions de paiement", "Termini di pagamento", "Payment terms"),
        "price": Phrase("Prix", "Prezzo", "Price"),
        "quantity": Phrase("Quantité", "Quantità", "Quantity"),
    },
    "event_type": {
        "claim_received": Phrase("Réclamation reçue", "Reclamo ricevuto", "Claim received"),
        "claim_resolved": Phrase("Réclamation résolue", "Reclamo risolto", "Claim resolved"),
        "contact": Phrase("Contact", "Contatto", "Contact"),
        "credit_note": Phrase("Avoir", "Nota di credito", "Credit note"),
        "deposit_invoice": Phrase("Facture d'acompte", "Fattura di acconto", "Deposit invoice"),
        "dispute_closed": Phrase("Litige clos", "Contestazione chiusa", "Dispute closed"),
        "dispute_opened": Phrase("Litige ouvert", "Contestazione aperta", "Dispute opened"),
        "goods_returned": Phrase("Retour de marchandise", "Reso di merce", "Goods returned"),
        "invoice": Phrase("Facture", "Fattura", "Invoice"),
        "order": Phrase("Commande", "Ordine", "Order"),
        "order_cancelled": Phrase("Commande annulée", "Ordine annullato", "Order cancelled"),
        "payment": Phrase("Encaissement", "Incasso", "Payment"),
        "payment_promise": Phrase(
            "Promesse de paiement", "Promessa di pagamento", "Payment promise"
        ),
        "payment_rejected": Phrase("Impayé", "Insoluto", "Payment rejected"),
        "quote": Phrase("Devis", "Preventivo", "Quote"),
        "refund": Phrase("Remboursement", "Rimborso", "Refund"),
        "reminder": Phrase("Relance", "Sollecito", "Reminder"),
        "shipment": Phrase("Expédition", "Spedizione", "Shipment"),
        "survey_answer": Phrase("Réponse à l'enquête", "Risposta al sondaggio", "Survey answer"),
    },
    "book": {
        "to_deliver": Phrase("À livrer", "Da consegnare", "To deliver"),
        "to_invoice": Phrase("À facturer", "Da fatturare", "To invoice"),
    },
    "level": {
        "customer": Phrase("Client", "Cliente", "Customer"),
        "product": Phrase("Article", "Articolo", "Product"),
        "range": Phrase("Gamme", "Gamma", "Range"),
    },
    "measure_kind": {
        **wording.CODES["measure_kind"],
        "actual": Phrase("Réalisé", "Effettivo", "Actual"),
    },
    "contact_channel": {
        "call": Phrase("Appel", "Chiamata", "Call"),
        "email": Phrase("E-mail", "E-mail", "E-mail"),
        "telephone": Phrase("Téléphone", "Telefono", "Telephone"),
        "letter": Phrase("Courrier", "Lettera", "Letter"),
        "information_lookup": Phrase("Renseignement", "Informazione", "Look-up"),
        "transfer": Phrase("Virement", "Bonifico", "Transfer"),
        "direct_debit": Phrase("Prélèvement", "Addebito diretto", "Direct debit"),
        "cheque": Phrase("Chèque", "Assegno", "Cheque"),
        "lcr": Phrase("LCR", "LCR", "LCR"),
        "riba": Phrase("RiBa", "RiBa", "RiBa"),
        "sale": Phrase("Vente", "Vendita", "Sale"),
    },
    "certainty": {
        "confirmed": Phrase("Confirmée", "Confermato", "Confirmed"),
        "probable": Phrase("Probable", "Probabile", "Probable"),
        "customer_change": Phrase(
            "Changement du client", "Modifica del cliente", "Customer's change"
        ),
    },
    "detected_by": {
        "customer": Phrase("Le client", "Il cliente", "The customer"),
        "agent": Phrase("L'ADV", "L'amministrazione vendite", "Sales administration"),
        "warehouse": Phrase("L'entrepôt", "Il magazzino", "The warehouse"),
        "accounting": Phrase("La comptabilité", "La contabilità", "Accounting"),
    },
    "price_verdict": {
        "overcharged": Phrase("Surfacturé", "Fatturato in eccesso", "Overcharged"),
        "undercharged": Phrase("Sous-facturé", "Fatturato in meno", "Undercharged"),
        "term_over_legal": Phrase(
            "Délai au-delà de la loi", "Termine oltre la legge", "Term beyond the law"
        ),
        "term_longer": Phrase("Délai plus long", "Termine più lungo", "Longer term"),
        "freight": Phrase("Port différent", "Trasporto diverso", "Other freight"),
    },
    "question": {
        "telephone_reception": Phrase(
            "Accueil téléphonique", "Accoglienza telefonica", "Telephone reception"
        ),
        "order_taking_speed": Phrase(
            "Rapidité de la prise de commande",
            "Rapidità della presa d'ordine",
            "Speed of order taking",
        ),
        "delivery": Phrase("Livraison", "Consegna", "Delivery"),
        "overall": Phrase("Dans l'ensemble", "Nel complesso", "Overall"),
        "recommendation": Phrase("Recommandation", "Raccomandazione", "Recommendation"),
    },
    "exposure_level": {
        "customer": Phrase("Client", "Cliente", "Customer"),
        "group": Phrase("Groupe", "Gruppo", "Group"),
    },
    "delivery_reason": {
        "sale": Phrase("Vente", "Vendita", "Sale"),
        "sample": Phrase("Échantillon", "Campione", "Sample"),
        "consignment": Phrase("Dépôt", "Conto deposito", "Consignment"),
        "return": Phrase("Retour", "Reso", "Return"),
        "free": Phrase("Gratuit", "Omaggio", "Free"),
    },
    "cancelled_by": {
        "customer": Phrase("Par le client", "Dal cliente", "By the customer"),
        "us": Phrase("Par nous", "Da noi", "By us"),
    },
    "dispute_reason": {
        "quantity": Phrase("Quantité", "Quantità", "Quantity"),
    },
    "lookup_topic": {
        "order_status": Phrase("Où en est la commande", "Stato dell'ordine", "Order status"),
        "delivery": Phrase("Livraison, stock", "Consegna, giacenza", "Delivery, stock"),
        "invoice": Phrase("Facture, paiement", "Fattura, pagamento", "Invoice, payment"),
        "price": Phrase("Prix", "Prezzo", "Price"),
        "product": Phrase("Article", "Articolo", "Product"),
        "claim": Phrase("Réclamation", "Reclamo", "Claim"),
        "other": Phrase("Autre", "Altro", "Other"),
    },
    "freshness": {
        "": Phrase("À jour", "Aggiornata", "Up to date"),
        "late": Phrase("En retard", "In ritardo", "Late"),
        "stale": Phrase("Pas relue", "Non riletta", "Could not be read"),
        "not read": Phrase("Laissée de côté", "Tralasciata", "Left out"),
    },
    "rule_severity": {
        "batch": Phrase("Refuse la table", "Rifiuta la tabella", "Refuses the table"),
        "row": Phrase("Écarte la ligne", "Scarta la riga", "Sets the row apart"),
        "warning": Phrase("Signale", "Segnala", "Warns"),
    },
    "run_outcome": {
        "running": Phrase("Celui-ci", "Questa", "This one"),
        "published": Phrase("Publié", "Pubblicata", "Published"),
        "success": Phrase("Réussi", "Riuscito", "Succeeded"),
        "failed": Phrase("Échoué", "Fallito", "Failed"),
        "failure": Phrase("Échoué", "Fallito", "Failed"),
        "refused": Phrase("Refusé", "Rifiutato", "Refused"),
    },
    "line": {
        "required": Phrase("Charge", "Carico", "Workload"),
        "capacity": Phrase("Capacité", "Capacità", "Capacity"),
        "forecast": Phrase("Charge prévue", "Carico previsto", "Workload forecast"),
        "paid": Phrase("Jours de retard payés", "Giorni di ritardo pagati", "Days paid late"),
        "baseline": Phrase("Habitude", "Abitudine", "Habit"),
        "recent": Phrase("Récemment", "Di recente", "Recently"),
        "on_time": Phrase("À l'heure", "In orario", "On time"),
        "in_full": Phrase("Complètes", "Complete", "In full"),
        "otif": Phrase("À l'heure et complètes", "In orario e complete", "On time and in full"),
        "opened": Phrase("Reçues", "Ricevuti", "Received"),
        "closed": Phrase("Closes", "Chiusi", "Closed"),
        "dso_simple": Phrase("DSO simple", "DSO semplice", "Simple DSO"),
        "dso_countback": Phrase("DSO par épuisement", "DSO a esaurimento", "Countback DSO"),
        "entered": Phrase("Saisies", "Inseriti", "Entered"),
        "invoiced": Phrase("Facturées", "Fatturati", "Invoiced"),
    },
}
"""By code set and code, like those of `reports.wording`, which they come before."""
MIXTURES: Mapping[str, tuple[str, ...]] = {
    "any_channel": ("contact_channel", "channel"),
    "any_detail": (
        *("document_status", "contact_channel", "claim_reason", "question", "lookup_topic"),
        *("promise_status", "delivery_reason", "cancelled_by", "dispute_reason"),
    ),
}
"""Sets of codes that a column mixes; of a code in several, the last has the word."""
