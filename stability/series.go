package stability

import "github.com/plumb-go/plumb/internal/interval"

// series is a truncated Taylor series in one variable with interval coefficients: s[k] encloses the k-th derivative over
// k! at every point of the expansion. Exact zeros stay exact, which blowUp relies on.
//
// Reference for the recurrences: Griewank and Walther, Evaluating Derivatives (2008), table 13.1 and 13.2.
type series []interval.I

func constant(v interval.I, order int) series {
	s := make(series, order+1)
	s[0] = v
	return s
}

func (a series) add(b series) series {
	c := make(series, len(a))
	for k := range a {
		c[k] = a[k].Add(b[k])
	}
	return c
}

func (a series) neg() series {
	c := make(series, len(a))
	for k := range a {
		c[k] = a[k].Neg()
	}
	return c
}

func (a series) sub(b series) series { return a.add(b.neg()) }

func (a series) mul(b series) series {
	c := make(series, len(a))
	for k := range a {
		for i := range k + 1 {
			c[k] = c[k].Add(a[i].Mul(b[k-i]))
		}
	}
	return c
}

func (a series) div(b series) series {
	c := make(series, len(a))
	for k := range a {
		s := a[k]
		for i := 1; i <= k; i++ {
			s = s.Sub(b[i].Mul(c[k-i]))
		}
		c[k] = s.Div(b[0])
	}
	return c
}

func (a series) powInt(n int) series {
	if n < 0 {
		return constant(interval.Point(1), len(a)-1).div(a.powInt(-n))
	}
	out, square := constant(interval.Point(1), len(a)-1), a
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			out = out.mul(square)
		}
		square = square.mul(square)
	}
	return out
}

// rate returns (1/k) sum_{i=1..k} i a_i b_{k-i}, the k-th coefficient of the integral of a'b.
func (a series) rate(b series, k int) interval.I {
	var s interval.I
	for i := 1; i <= k; i++ {
		s = s.Add(a[i].Mul(b[k-i]).Scale(float64(i)))
	}
	return s.Div(interval.Point(float64(k)))
}

func (a series) exp() series {
	c := constant(a[0].Exp(), len(a)-1)
	for k := 1; k < len(a); k++ {
		c[k] = a.rate(c, k)
	}
	return c
}

func (a series) log() series {
	c := constant(a[0].Log(), len(a)-1)
	for k := 1; k < len(a); k++ {
		s := a[k]
		for i := 1; i < k; i++ {
			s = s.Sub(c[i].Mul(a[k-i]).Scale(float64(i)).Div(interval.Point(float64(k))))
		}
		c[k] = s.Div(a[0])
	}
	return c
}

func (a series) sqrt() series {
	c := constant(a[0].Sqrt(), len(a)-1)
	for k := 1; k < len(a); k++ {
		s := a[k]
		for i := 1; i < k; i++ {
			s = s.Sub(c[i].Mul(c[k-i]))
		}
		c[k] = s.Div(c[0].Scale(2))
	}
	return c
}

// sinCos returns both; hyperbolic changes the sign that couples them.
func (a series) sinCos(hyperbolic bool) (s, c series) {
	n := len(a) - 1
	if hyperbolic {
		s, c = constant(a[0].Sinh(), n), constant(a[0].Cosh(), n)
	} else {
		s, c = constant(a[0].Sin(), n), constant(a[0].Cos(), n)
	}
	for k := 1; k <= n; k++ {
		s[k] = a.rate(c, k)
		if c[k] = a.rate(s, k); !hyperbolic {
			c[k] = c[k].Neg()
		}
	}
	return s, c
}

// tanh solves c' = (1 - c^2) a'.
func (a series) tanh() series {
	n := len(a) - 1
	c := constant(a[0].Tanh(), n)
	slope := constant(interval.Point(1).Sub(c[0].Sqr()), n)
	for k := 1; k <= n; k++ {
		c[k] = a.rate(slope, k)
		var s interval.I
		for i := range k + 1 {
			s = s.Sub(c[i].Mul(c[k-i]))
		}
		slope[k] = s
	}
	return c
}

// atan solves c' = a'/(1 + a^2).
func (a series) atan() series {
	n := len(a) - 1
	c := constant(a[0].Atan(), n)
	slope := constant(interval.Point(1), n).div(constant(interval.Point(1), n).add(a.mul(a)))
	for k := 1; k <= n; k++ {
		c[k] = a.rate(slope, k)
	}
	return c
}
