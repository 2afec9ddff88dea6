"""The Python face: a question or a study is loaded and run, and its answer read as tables and figures."""
