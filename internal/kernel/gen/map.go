package main

func maps(p prec)  {}
func steps(p prec) {}
