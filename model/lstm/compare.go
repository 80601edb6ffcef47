package lstm

import (
	"math"

	"github.com/plumb-go/plumb/nn/seq"
)

// comparison is the linear map that bounds the difference of two trajectories of one layer after one step,
//
//	|dx+| <= M |dx| + N |dv|,
//
// componentwise, from the layer's deployed weights and a bound of its inputs. M is N x N row-major, N states of the
// layer, and N is N x d. The states of an LSTM layer are c, then h.
type comparison interface {
	// set computes all bounds, M and N from the deployed weights, for inputs within vbar.
	set(w, vbar []float64)
	matrix() (n int, m, in []float64)
	// pull adds f times the gradient of left' M right to dw, boxes included, and to dv.
	pull(w, left, right []float64, f float64, dw, dv []float64)
	// box returns the half-widths of the states, hbox those of h.
	box(w []float64) []float64
	hbox(w []float64) []float64
	invariant(w []float64) bool
	// scalar returns the map in Euclidean norms of dc, dh and dv, which only an LSTM has.
	scalar(w []float64) (m [4]float64, in [2]float64, ok bool)
	// rowIn returns N for an input of which only the Euclidean norm is bounded.
	rowIn(w []float64) []float64
}

// lstmCompare is the comparison of an LSTM layer: M = [f A; o f o A + T] with
// A = c s_f |Uf| + i s_g |Ug| + g s_i |Ui| and T = tanh(c) s_o |Uo|, bounds of gates written as the gates.
type lstmCompare struct {
	gates [4]seq.GateTensors
	t     seq.LSTMLayer
	n, d  int

	vbar          []float64
	r             [][]float64 // half-widths of the pre-activations
	val           [][]float64 // upper ends of i, f, o; of g the modulus
	s, dlo, dhi   [][]float64
	tc            []float64
	m, in         []float64
	q             [][]float64 // |U| of the right vector
	dr            [][]float64
	dval, ds, dq  [][]float64
	dtc, dc, unit []float64
}

func newLSTMCompare(t seq.LSTMLayer) *lstmCompare {
	n, d := t.I.W.Rows, t.I.W.Cols
	return &lstmCompare{
		gates: [4]seq.GateTensors{t.I, t.F, t.G, t.O}, t: t, n: n, d: d, vbar: make([]float64, d),
		r: vectors(4, n), val: vectors(4, n), s: vectors(4, n), dlo: vectors(4, n), dhi: vectors(4, n), q: vectors(4, n),
		dr: vectors(4, n), dval: vectors(4, n), ds: vectors(4, n), dq: vectors(4, n),
		tc: make([]float64, n), dtc: make([]float64, n), dc: make([]float64, n), unit: make([]float64, n),
		m: make([]float64, 4*n*n), in: make([]float64, 2*n*d),
	}
}

func (b *lstmCompare) matrix() (int, []float64, []float64) { return 2 * b.n, b.m, b.in }

func (b *lstmCompare) box(w []float64) []float64 {
	return append(append([]float64(nil), b.t.CBox.Of(w)...), b.t.HBox.Of(w)...)
}

func (b *lstmCompare) hbox(w []float64) []float64 { return b.t.HBox.Of(w) }

func (b *lstmCompare) invariant(w []float64) bool {
	h := b.t.HBox.Of(w)
	for j, c := range b.t.CBox.Of(w) {
		if !(b.val[gateF][j]*c+b.val[gateI][j]*b.val[gateG][j] <= c && b.val[gateO][j]*b.tc[j] <= h[j]) {
			return false
		}
	}
	return true
}

func (b *lstmCompare) rowIn(w []float64) []float64 {
	x := make([]float64, 2*b.n)
	b.block(w, b.t.CBox.Of(w), x, 1, 0, func(g seq.GateTensors) []float64 { return rowNorms(g.W.Of(w), b.d) }, 1)
	return x
}

func (b *lstmCompare) set(w, vbar []float64) {
	copy(b.vbar, vbar)
	cbox, hbox := b.t.CBox.Of(w), b.t.HBox.Of(w)
	for q, g := range b.gates {
		sum(b.r[q], g.W.Of(w), b.vbar)
		addAbs(b.r[q], g.U.Of(w), hbox)
		for j, bias := range g.B.Of(w) {
			lo, hi := bias-b.r[q][j], bias+b.r[q][j]
			if q == gateG {
				b.val[q][j] = math.Tanh(math.Abs(bias) + b.r[q][j])
				b.s[q][j], b.dlo[q][j], b.dhi[q][j] = steepestTanh(lo, hi)
			} else {
				b.val[q][j] = sigmoid(hi)
				b.s[q][j], b.dlo[q][j], b.dhi[q][j] = steepest(lo, hi)
			}
		}
	}
	for j, c := range cbox {
		b.tc[j] = math.Tanh(c)
	}
	n := b.n
	clear(b.m)
	for j := range n {
		f, o := b.val[gateF][j], b.val[gateO][j]
		b.m[j*2*n+j], b.m[(n+j)*2*n+j] = f, o*f
	}
	b.block(w, cbox, b.m, 2*n, n, func(g seq.GateTensors) []float64 { return g.U.Of(w) }, n)
	b.block(w, cbox, b.in, b.d, 0, func(g seq.GateTensors) []float64 { return g.W.Of(w) }, b.d)
}

// block writes A and o A + T for the given weights, cols columns from column at of a matrix with the given stride.
func (b *lstmCompare) block(w, cbox, to []float64, stride, at int, weights func(seq.GateTensors) []float64, cols int) {
	ui, uf, ug, uo := weights(b.t.I), weights(b.t.F), weights(b.t.G), weights(b.t.O)
	for j := range b.n {
		af, ag, ai := cbox[j]*b.s[gateF][j], b.val[gateI][j]*b.s[gateG][j], b.val[gateG][j]*b.s[gateI][j]
		o, to1 := b.val[gateO][j], b.tc[j]*b.s[gateO][j]
		top, low := to[j*stride+at:], to[(b.n+j)*stride+at:]
		for k := range cols {
			e := j*cols + k
			a := af*math.Abs(uf[e]) + ag*math.Abs(ug[e]) + ai*math.Abs(ui[e])
			top[k], low[k] = a, o*a+to1*math.Abs(uo[e])
		}
	}
}

func (b *lstmCompare) pull(w, left, right []float64, scale float64, dw, dv []float64) {
	n := b.n
	wc, wh, vc, vh := left[:n], left[n:], right[:n], right[n:]
	cbox := b.t.CBox.Of(w)
	for q, g := range b.gates {
		sum(b.q[q], g.U.Of(w), vh)
	}
	for j := range n {
		i, f, g, o := b.val[gateI][j], b.val[gateF][j], b.val[gateG][j], b.val[gateO][j]
		qi, qf, qg, qo := b.q[gateI][j], b.q[gateF][j], b.q[gateG][j], b.q[gateO][j]
		si, sf, sg, so := b.s[gateI][j], b.s[gateF][j], b.s[gateG][j], b.s[gateO][j]
		c, tc := cbox[j], b.tc[j]
		yc := f*vc[j] + c*sf*qf + i*sg*qg + g*si*qi
		h := scale * wh[j]
		a := scale*wc[j] + h*o
		b.dval[gateO][j], b.dval[gateF][j] = h*yc, a*vc[j]
		b.dval[gateI][j], b.dval[gateG][j] = a*sg*qg, a*si*qi
		b.ds[gateF][j], b.ds[gateG][j], b.ds[gateI][j], b.ds[gateO][j] = a*c*qf, a*i*qg, a*g*qi, h*tc*qo
		b.dq[gateF][j], b.dq[gateG][j], b.dq[gateI][j], b.dq[gateO][j] = a*c*sf, a*i*sg, a*g*si, h*tc*so
		b.dc[j] = a*sf*qf + h*so*qo*tanhSlope(c)
	}
	for q, g := range b.gates {
		pullAbs(g.U.Of(dw), nil, g.U.Of(w), vh, b.dq[q])
	}
	direct(b.t.CBox.Of(dw), b.dc)
	b.pullGates(w, dw, dv)
}

// pullGates pulls dval and ds back through the ranges of the pre-activations.
func (b *lstmCompare) pullGates(w, dw, dv []float64) {
	hbox, dh := b.t.HBox.Of(w), b.t.HBox.Of(dw)
	for q, g := range b.gates {
		bias, dbias := g.B.Of(w), g.B.Of(dw)
		for j := range bias {
			v := b.val[q][j]
			lo, hi := b.ds[q][j]*b.dlo[q][j], b.ds[q][j]*b.dhi[q][j]
			dbias[j] += lo + hi
			b.dr[q][j] = hi - lo
			var z float64
			if q == gateG {
				z = b.dval[q][j] * (1 - v*v)
				dbias[j] += z * sign(bias[j])
			} else {
				z = b.dval[q][j] * v * (1 - v)
				dbias[j] += z
			}
			b.dr[q][j] += z
		}
		pullAbs(g.W.Of(dw), dv, g.W.Of(w), b.vbar, b.dr[q])
		pullAbs(g.U.Of(dw), dh, g.U.Of(w), hbox, b.dr[q])
	}
}
