package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func steps(p prec) {
	x, y := []string{"x"}, []string{"x", "y"}
	dst := []string{"dst"}
	for _, k := range []mapKernel{
		{name: "add", in: y, out: dst, doc: []string{"x + y"},
			body: func(_ []Op, v []vec) []vec { return []vec{apply(p.add, v[0], v[1])} }},
		{name: "sub", in: y, out: dst, doc: []string{"x - y"},
			body: func(_ []Op, v []vec) []vec { return []vec{apply(p.sub, v[0], v[1])} }},
		{name: "mul", in: y, out: dst, doc: []string{"x y"},
			body: func(_ []Op, v []vec) []vec { return []vec{apply(p.mul, v[0], v[1])} }},
		{name: "scale", in: x, out: dst, scalars: []string{"s"}, doc: []string{"s x"},
			body: func(s []Op, v []vec) []vec { return []vec{apply(p.mul, v[0], repeat(v[0], s[0]))} }},
		{name: "axpy", in: x, inout: dst, scalars: []string{"s"}, doc: []string{"dst + s x"},
			body: func(s []Op, v []vec) []vec { return []vec{p.into(v[0], v[1], repeat(v[0], s[0]))} }},
		{name: "mulAdd", in: y, inout: dst, doc: []string{"dst + x y"},
			body: func(_ []Op, v []vec) []vec { return []vec{p.into(v[0], v[1], v[2])} }},
		{name: "tanhGrad", in: y, out: dst, doc: []string{"x (1 - y^2)"},
			body: func(_ []Op, v []vec) []vec {
				s := p.less(p.copyOf(p.at(v[0], 1)), v[1], v[1])
				return []vec{apply(p.mul, s, v[0])}
			}},
		{name: "sigmoidGrad", in: y, out: dst, doc: []string{"x y (1 - y)"},
			body: func(_ []Op, v []vec) []vec {
				s := p.less(p.copyOf(v[1]), v[1], v[1])
				return []vec{apply(p.mul, s, v[0])}
			}},
		{name: "adam", inout: []string{"theta", "m", "v"}, in: []string{"grad"}, doc: []string{"one step of Adam;",
			"keep is 1 - rate*decay, rate the rate over the bias of m, root the root of the bias of v"},
			scalars: []string{"keep", "rate", "beta1", "rest1", "beta2", "rest2", "root", "eps"}, body: p.adam},
	} {
		k.p, k.unroll = p, []int{4, 1}
		if k.name == "adam" {
			k.unroll = []int{1}
		}
		k.doc = append([]string{k.name + p.tag + " writes, for n numbers,"}, k.doc...)
		k.write()
	}
}

// adam is the update of Kingma and Ba (2015), algorithm 1, with the decoupled decay of Loshchilov and Hutter (2019).
func (p prec) adam(s []Op, in []vec) []vec {
	theta, m, v, g := in[0], in[1], in[2], in[3]
	keep, rate, beta1, rest1, beta2, rest2, root, eps := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	m = p.into(apply(p.mul, m, repeat(m, beta1)), g, repeat(m, rest1))
	g2 := apply(p.mul, g, repeat(g, rest2))
	v = p.into(apply(p.mul, v, repeat(v, beta2)), g2, g)
	d := make(vec, len(v))
	for i := range v {
		d[i] = YMM()
		p.sqrt(v[i], d[i])
	}
	d = apply(p.add, apply(p.div, d, repeat(d, root)), repeat(d, eps))
	step := apply(p.div, apply(p.mul, m, repeat(m, rate)), d)
	theta = apply(p.sub, apply(p.mul, theta, repeat(theta, keep)), step)
	return []vec{theta, m, v}
}

// repeat makes a vec of one register.
func repeat(like vec, x Op) vec {
	out := make(vec, len(like))
	for i := range out {
		out[i] = x
	}
	return out
}
