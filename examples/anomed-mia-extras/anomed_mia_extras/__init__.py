"""An extension of supervised-mia: a metric, a house attack and a report section."""
