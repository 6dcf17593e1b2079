"""The lists, a module each: title, columns, order, totals. What they hold comes from the marts."""
