"""Commands of the rooms below the report, which cannot tell by themselves what came out."""
