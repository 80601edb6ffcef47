// Package lmi states linear matrix inequalities in matrix variables, solves them and proves the answer.
//
//	minimise    c(X) + 1/2 |E(X)|_F^2
//	subject to  F_k(X) >= 0 (positive semidefinite),  G(X) >= 0 entrywise,  |s(X)|_2 <= t(X),  H(X) = 0
//
// where every expression is an affine function of matrix variables, kept as a sum of terms L V R and constants, V a variable
// or its transpose. The terms are never expanded into one matrix for each scalar unknown: Compile hands the solver the
// columns of L and R, which makes A'P + PA cheap.
//
//	p := lmi.New()
//	P := p.Sym("P", 2)
//	p.NSD("decay", lmi.Sum(P.Left(A.T()), P.Right(A)), 1e-6)
//	p.PSD("definite", P.Minus(lmi.Identity(2)), 0)
//	p.Minimize(P.Trace())
//	c, err := p.Compile()
//	sol, err := c.Solve(ctx, lmi.Options{})
//	proof := c.Certify(sol)
//
// A Param is a matrix whose numbers change from solve to solve: Compile once, then Set and Solve many times, each from the
// solution before. A repeated solve allocates nothing.
//
// What a solver returns is a float64 vector that satisfies the inequalities about. Certify decides whether it satisfies them:
// F_k(X) is bounded rigorously (or computed exactly) and its positive definiteness proved. Only that is called verified.
//
// Constants and values are gonum matrices. Vectors are columns. Errors of an expression stick to it and are returned by
// Compile.
package lmi
