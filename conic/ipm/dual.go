package ipm

func newDualSystem(s *Compiled) system { return nil }
