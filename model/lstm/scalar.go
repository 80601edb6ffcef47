package lstm

import (
	"math"
	"slices"

	"github.com/plumb-go/plumb/internal/linalg"
	"github.com/plumb-go/plumb/nn/seq"
)

// spectral returns the largest singular value of a row-major matrix with its vectors, +Inf when it has none.
func spectral(rows, cols int, x []float64) (s float64, left, right []float64) {
	u, v, r, err := linalg.SVD(rows, cols, x)
	if err != nil {
		return math.Inf(1), make([]float64, rows), make([]float64, cols)
	}
	k := len(v)
	left, right = make([]float64, rows), make([]float64, cols)
	for i := range left {
		left[i] = u[i*k]
	}
	for i := range right {
		right[i] = r[i*k]
	}
	return v[0], left, right
}

// The checker bounds a squared spectral norm within about 1/800 up to checkerMax rows or columns; above, by the trace of
// the Gram matrix.
const (
	checkerShare = 1.0 / 512
	checkerMax   = 48
)

// checkerNorm returns a bound of the spectral norm of a row-major matrix that the checker's bound does not exceed.
func checkerNorm(rows, cols int, x []float64) float64 {
	var trace float64
	for _, v := range x {
		trace += v * v
	}
	if n := min(rows, cols); n == 1 || n > checkerMax || trace == 0 {
		return math.Sqrt(trace) * (1 + 1e-12) // rounding of the sum
	}
	s, _, _ := spectral(rows, cols, x)
	return math.Sqrt(min(s*s*(1+checkerShare), trace)) * (1 + 1e-12)
}

// scalar is the comparison in Euclidean norms: the map of Bonassi et al. 2023 (eq. 11) with the bounds of this package,
// the largest over the units, in place of theirs.
func (b *lstmCompare) scalar(w []float64) (m [4]float64, in [2]float64, ok bool) {
	i, f, g, o := slices.Max(b.val[gateI]), slices.Max(b.val[gateF]), slices.Max(b.val[gateG]), slices.Max(b.val[gateO])
	si, sf, sg, so := slices.Max(b.s[gateI]), slices.Max(b.s[gateF]), slices.Max(b.s[gateG]), slices.Max(b.s[gateO])
	c := slices.Max(b.t.CBox.Of(w))
	form := func(t func(seq.GateTensors) seq.Tensor) (float64, float64) {
		norm := func(g seq.GateTensors) float64 {
			x := t(g)
			return checkerNorm(x.Rows, x.Cols, x.Of(w))
		}
		return c*sf*norm(b.t.F) + i*sg*norm(b.t.G) + g*si*norm(b.t.I), math.Tanh(c) * so * norm(b.t.O)
	}
	a, t := form(func(g seq.GateTensors) seq.Tensor { return g.U })
	m = [4]float64{f, a, o * f, o*a + t}
	a, t = form(func(g seq.GateTensors) seq.Tensor { return g.W })
	return m, [2]float64{a, o*a + t}, true
}

// radius2 is the spectral radius of a non-negative 2 x 2 matrix.
func radius2(m [4]float64) float64 {
	half := (m[0] + m[3]) / 2
	return half + math.Hypot((m[0]-m[3])/2, math.Sqrt(m[1]*m[2]))
}

// paperLayer evaluates the condition of Bonassi et al. 2023 for one layer.
type paperLayer struct {
	gates [4]seq.GateTensors
}

// paperNumbers are the quantities of the paper: bounds of the gates, of c and tanh c, and spectral norms of the U.
type paperNumbers struct {
	i, f, g, o  float64
	row         [4]int // where the bound of a gate is attained
	c, x        float64
	norm        [4]float64
	left, right [4][]float64
	alpha       float64
	nu1, nu2    float64
}

// eval computes nu1 (8a) and nu2 (8b), for |v| <= 1 and |h| <= 1:
//
//	nu1 = -1 + f + alpha o + x |Uo| / 4 - f x |Uo| / 4,   nu2 = -1 + f x |Uo| / 4
//	alpha = |Uf| c / 4 + i |Ug| + |Ui| g / 4,   c = i g / (1 - f),   x = tanh c
//
// with i = sigma(largest row sum of |Wi|, |Ui|, |bi|) and so on. nu2 < 0 follows from nu1 < 0.
func (p *paperLayer) eval(w []float64) (e paperNumbers) {
	var z [4]float64
	for q, g := range p.gates {
		z[q], e.row[q] = largestRow(g, w)
		e.norm[q], e.left[q], e.right[q] = spectral(g.U.Rows, g.U.Cols, g.U.Of(w))
	}
	e.i, e.f, e.g, e.o = sigmoid(z[gateI]), sigmoid(z[gateF]), math.Tanh(z[gateG]), sigmoid(z[gateO])
	e.c = e.i * e.g / sigmoid(-z[gateF])
	e.x = math.Tanh(e.c)
	e.alpha = e.norm[gateF]*e.c/4 + e.i*e.norm[gateG] + e.norm[gateI]*e.g/4
	uo := e.norm[gateO] / 4
	e.nu1 = -1 + e.f + e.alpha*e.o + e.x*uo*(1-e.f)
	e.nu2 = -1 + e.f*e.x*uo
	return e
}

// pull adds scale times the gradient of nu1 to dw.
func (p *paperLayer) pull(w []float64, e *paperNumbers, scale float64, dw []float64) {
	uo := e.norm[gateO] / 4
	dalpha := scale * e.o
	do, dx := scale*e.alpha, scale*uo*(1-e.f)
	df := scale * (1 - e.x*uo)
	dc := dalpha*e.norm[gateF]/4 + dx*(1-e.x*e.x)
	di := dalpha*e.norm[gateG] + dc*e.g/(1-e.f)
	dg := dalpha*e.norm[gateI]/4 + dc*e.i/(1-e.f)
	df += dc * e.c / (1 - e.f)
	dz := [4]float64{gateI: di * e.i * (1 - e.i), gateF: df * e.f * (1 - e.f), gateG: dg * (1 - e.g*e.g), gateO: do * e.o * (1 - e.o)}
	dnorm := [4]float64{gateI: dalpha * e.g / 4, gateF: dalpha * e.c / 4, gateG: dalpha * e.i, gateO: scale * e.x * (1 - e.f) / 4}
	for q, g := range p.gates {
		for _, t := range []seq.Tensor{g.W, g.U, g.B} {
			k := max(t.Cols, 1)
			x, dx := t.Of(w)[e.row[q]*k:(e.row[q]+1)*k], t.Of(dw)[e.row[q]*k:]
			for i, v := range x {
				dx[i] += dz[q] * sign(v)
			}
		}
		du, n := g.U.Of(dw), g.U.Cols
		for j, l := range e.left[q] {
			for k, r := range e.right[q] {
				du[j*n+k] += dnorm[q] * l * r
			}
		}
	}
}

// largestRow returns the largest row sum of |W|, |U| and |b|, and its row.
func largestRow(g seq.GateTensors, w []float64) (top float64, at int) {
	top = -1
	for j, b := range g.B.Of(w) {
		s := math.Abs(b)
		for _, t := range []seq.Tensor{g.W, g.U} {
			for _, v := range t.Of(w)[j*t.Cols : (j+1)*t.Cols] {
				s += math.Abs(v)
			}
		}
		if s > top {
			top, at = s, j
		}
	}
	return top, at
}
