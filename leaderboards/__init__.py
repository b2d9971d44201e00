"""Result files in; tables, pages and a judgement of change out."""
