// Package conic states convex problems over symmetric cones and what an answer to one is; package conic/ipm solves them.
//
// The problem, in inequality form with m free variables x, is
//
//	minimise    c'x + 1/2 x'Q x + offset
//	subject to  F_k(x) = F_k0 + x_1 F_k1 + ... + x_m F_km  in K_k      for every block k
//	            A x = b
//
// where K_k is the cone of positive semidefinite n x n matrices, the nonnegative orthant or the second-order cone. Its
// dual has one multiplier Y_k in K_k per block and one number nu_j per equality:
//
//	maximise    -<F_0, Y> + b'nu - 1/2 x'Q x + offset
//	subject to  c + Q x = F*(Y) + A'nu,   F*(Y)_i = sum over k of <F_ki, Y_k>
//
// The coefficients of a block come in two forms that may be mixed: as sparse elements (Coef), and as terms L V R of matrix
// variables V (Term), which is what a matrix inequality such as A'P + P A looks like before it is taken apart; a solver may
// use the second form to work with products of small tables instead of m matrices.
//
// Conventions: matrices are row-major slices; a symmetric matrix is stated by its upper triangle. A Problem may be solved
// repeatedly with other numbers in the same places.
package conic
