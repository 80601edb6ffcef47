// Package ipm solves the problems of package conic by a primal-dual interior-point method: infeasible start, Mehrotra's
// predictor and corrector (1992), the HKM direction on semidefinite blocks and the Nesterov-Todd direction on second-order
// cones, in inequality form with a dense Schur complement. For n_k the orders and m variables it works with matrices n_k x
// n_k and m x m alone; free variables, equalities and a convex quadratic objective need no reformulation.
//
// The Schur complement F* H F is formed by the cheapest of several routes: pairs of elements where coefficients have few
// of them; products with a vertex cover of the pattern (the rank of F_j, in effect); dense products; and for blocks stated
// by terms L V R, products of small tables (see terms.go). When the multipliers are fewer than the variables and Q is
// diagonal and positive, the matrix that is factored is that of the multipliers instead (Woodbury, see dual.go).
//
// Compile analyses the structure once; Compiled.Solve reads the numbers of the problem afresh, allocates nothing in
// repeated calls and starts no goroutine. Results depend on the problem, the options and the kernel set (kernel.Set) alone.
//
// What is computed is floating point: Optimal means that the DIMACS errors are below the tolerance, no more. Empty rows of
// semidefinite blocks are left out before the solve; variables that others determine get a zero step.
package ipm
