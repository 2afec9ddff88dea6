"""The interactive view: twin villages under two policies and one luck, played in the browser.

`settings` says what is asked, `world` and `record` run it, `payload` is what the browser gets, `lucks` and `household`
and `mechanisms` tell more of the same pair; `page` shows it in a browser, and only `page` and `stage` know Solara.
"""
