package ipm

func newTerms(n int, b numbers, place []int, m int) coefficients { panic("x") }
