// Package interval computes with closed intervals of float64 whose bounds are rounded outward: the result of an
// operation contains the operation's value for all real numbers in its operands.
//
// # Rounding
//
// Go has no rounding modes. Sums, products, quotients and square roots come with the sign of their rounding error
// (two-sum of Knuth 1969; fused multiply-add for the others, Ogita, Rump and Oishi 2005, Accurate sum and dot product,
// SIAM J. Sci. Comput. 26(6)), so a bound moves to the next float64 only where rounding went the wrong way: exact
// results stay exact. Products are written float64(x*y) so that the compiler cannot fuse them with a sum.
//
// Elementary functions come from package math, which is not correctly rounded; see the constants in elementary.go for
// how far their results are widened and why.
//
// # What is not a number
//
// An operation that is undefined for some real number in its operands (1/x over [-1, 1], sqrt over [-1, 4]) gives
// Undefined, whose bounds are NaN, and Undefined stays Undefined in everything computed from it. All comparisons with
// NaN are false, so no condition of the form "bound < c" ever holds for it: nothing is proved of a function where it is
// not defined. Unbounded is something else: overflow gives infinite bounds, and an interval with an infinite bound
// stands for the real numbers in it.
package interval
