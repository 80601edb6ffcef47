package cert

func (p *part) deltaISS() { p.require(false, "undecided", "") }
