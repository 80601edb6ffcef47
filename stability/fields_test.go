package stability

import (
	"math"

	"github.com/plumb-go/plumb/internal/interval"
)

// handField is a system written out by hand, with enclosures independent of the expression compiler.
type handField struct {
	n    int
	time Time
	f    func(dst, x []float64)
	box  func(dst, x []interval.I)
	jac  func(dst, x []interval.I)
}

func (h *handField) Dim() int                            { return h.n }
func (h *handField) Time() Time                          { return h.time }
func (h *handField) Eval(dst, x []float64)               { h.f(dst, x) }
func (h *handField) Enclose(dst, x []interval.I)         { h.box(dst, x) }
func (h *handField) EncloseJacobian(dst, x []interval.I) { h.jac(dst, x) }

func num(v float64) interval.I { return interval.Point(v) }

// hanging is theta” = -g sin theta - d theta'.
func hanging(g, d float64) *handField {
	return &handField{n: 2,
		f:   func(y, x []float64) { y[0], y[1] = x[1], -g*math.Sin(x[0])-d*x[1] },
		box: func(y, x []interval.I) { y[0], y[1] = x[1], x[0].Sin().Scale(-g).Sub(x[1].Scale(d)) },
		jac: func(y, x []interval.I) { y[0], y[1], y[2], y[3] = num(0), num(1), x[0].Cos().Scale(-g), num(-d) },
	}
}

// euler is the pendulum of the lecture, theta+ = theta + h omega, omega+ = omega + h (g sin theta - d omega): theta = 0 is
// upright.
func euler(g, d, h float64) *handField {
	return &handField{n: 2, time: Discrete,
		f: func(y, x []float64) { y[0], y[1] = x[0]+h*x[1], x[1]+h*(g*math.Sin(x[0])-d*x[1]) },
		box: func(y, x []interval.I) {
			y[0], y[1] = x[0].Add(x[1].Scale(h)), x[1].Add(x[0].Sin().Scale(g).Sub(x[1].Scale(d)).Scale(h))
		},
		jac: func(y, x []interval.I) {
			y[0], y[1], y[2], y[3] = num(1), num(h), x[0].Cos().Scale(g).Scale(h), num(1).Sub(num(h).Scale(d))
		},
	}
}
