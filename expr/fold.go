package expr

import "github.com/plumb-go/plumb/internal/interval"

// Fold evaluates a program over numbers of any kind: Taylor series, duals, affine forms. number makes one of a constant's
// enclosure; apply computes an operation, named + - * / neg ^ pow (with whole exponent n) or as a function of the
// language, of one operand (b is then the zero value) or two. It stops where apply reports false.
func Fold[T any](p *Program, x []T, number func(interval.I) T, apply func(op string, n int, a, b T) (T, bool)) ([]T, bool) {
	p.check(len(x), len(p.vars))
	v := make([]T, 0, len(p.num))
	for i := range p.first {
		v = append(v, number(p.box[i]))
	}
	v = append(v, x...)
	for _, in := range p.code {
		var b T
		if in.op.arity() == 2 {
			b = v[in.b]
		}
		n := 0
		if in.op == opPowInt {
			n = in.n
		}
		y, ok := apply(in.op.String(), n, v[in.a], b)
		if !ok {
			return nil, false
		}
		v = append(v, y)
	}
	out := make([]T, len(p.outputs))
	for i, s := range p.outputs {
		out[i] = v[s]
	}
	return out, true
}
