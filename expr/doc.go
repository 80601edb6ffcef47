// Package expr reads, prints, differentiates and evaluates expressions such as
//
//	-g/l*sin(theta) - d*omega
//
// by floats, by duals (exact Jacobians), by intervals (enclosures of values, Jacobians and slopes over boxes) and as
// postfix words for a checker that brings its own arithmetic.
//
// # Grammar
//
//	sum     = product { ("+" | "-") product }
//	product = factor { ("*" | "/") factor }
//	factor  = "-" factor | "+" factor | power
//	power   = atom [ "^" factor ]                     -x^2 is -(x^2); x^y^z is x^(y^z)
//	atom    = number | name | function "(" sum { "," sum } ")" | "(" sum ")"
//
// A number means the float64 next to it, and pi the float64 next to pi. Names are letters, digits and underscores and do
// not begin with a digit. The functions are sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, exp, log (natural), sqrt,
// abs, min and max. x^n with a whole number n is a product and takes any x; any other power takes x > 0 (x = 0 too where
// the exponent is a positive number).
//
// # Not differentiable everywhere
//
// abs, min and max have kinks. Where the operand of abs is zero, or those of min or max are equal, Jacobian returns one
// member of the generalised derivative (Clarke 1983): zero for abs, that of the first operand for min and max.
// EncloseJacobian contains all of them, so the mean value form holds with kinks too, but a linearisation at a kink
// describes nothing. Smooth tells whether an expression is free of them.
//
// # Use
//
// Parse gives an Expr; Compile turns several into a Program, a flat list of instructions in which equal subexpressions
// are computed once. A Program evaluates without allocation and is used from one goroutine at a time; Clone gives another
// goroutine its own. A slice of the wrong length is a bug of the caller and panics.
package expr
