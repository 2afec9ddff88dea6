"""Which arm wins where: maps of worlds over two or three uncertainties, and where a policy loses."""
