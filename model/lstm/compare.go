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

// gruCompare is the comparison of a GRU layer at the upper end of z: where M has a spectral radius below one, the upper
// end is the worse of the two at every vector that matters (doc.go). M = z + (1-z) s_n |Un| (r + h s_r |Ur|) +
// (h + n) s_z |Uz|.
type gruCompare struct {
	t    seq.GRULayer
	n, d int

	vbar, rh       []float64
	r              [3][]float64 // half-widths of the pre-activations
	val            [3][]float64 // upper ends of z, r; of n the modulus
	s, dlo, dhi    [3][]float64
	m, in, p       []float64
	t1, e, ue, q   []float64
	dval, ds, dr   [3][]float64
	dp, de, d1, d2 []float64
}

func newGRUCompare(t seq.GRULayer) *gruCompare {
	n, d := t.Z.W.Rows, t.Z.W.Cols
	b := &gruCompare{t: t, n: n, d: d, vbar: make([]float64, d), m: make([]float64, n*n), in: make([]float64, n*d), p: make([]float64, n*max(n, d))}
	for q := range 3 {
		for _, v := range []*[]float64{&b.r[q], &b.val[q], &b.s[q], &b.dlo[q], &b.dhi[q], &b.dval[q], &b.ds[q], &b.dr[q]} {
			*v = make([]float64, n)
		}
	}
	for _, v := range []*[]float64{&b.rh, &b.t1, &b.e, &b.ue, &b.q, &b.dp, &b.de, &b.d1, &b.d2} {
		*v = make([]float64, n)
	}
	return b
}

func (b *gruCompare) matrix() (int, []float64, []float64) { return b.n, b.m, b.in }

func (b *gruCompare) box(w []float64) []float64 { return append([]float64(nil), b.t.HBox.Of(w)...) }

func (b *gruCompare) hbox(w []float64) []float64 { return b.t.HBox.Of(w) }

func (b *gruCompare) invariant(w []float64) bool {
	for j, h := range b.t.HBox.Of(w) {
		if !(b.val[gateN][j] <= h) {
			return false
		}
	}
	return true
}

func (b *gruCompare) rowIn([]float64) []float64 { return nil }

func (b *gruCompare) scalar([]float64) (m [4]float64, in [2]float64, ok bool) { return m, in, false }

func (b *gruCompare) gates() [3]seq.GateTensors { return [3]seq.GateTensors{b.t.Z, b.t.R, b.t.N} }

func (b *gruCompare) set(w, vbar []float64) {
	copy(b.vbar, vbar)
	hbox := b.t.HBox.Of(w)
	for q, g := range b.gates() {
		sum(b.r[q], g.W.Of(w), b.vbar)
		if q == gateN {
			for j, h := range hbox {
				b.rh[j] = b.val[gateR][j] * h
			}
			addAbs(b.r[q], g.U.Of(w), b.rh)
		} else {
			addAbs(b.r[q], g.U.Of(w), hbox)
		}
		for j, bias := range g.B.Of(w) {
			lo, hi := bias-b.r[q][j], bias+b.r[q][j]
			if q == gateN {
				b.val[q][j] = math.Tanh(math.Abs(bias) + b.r[q][j])
				b.s[q][j], b.dlo[q][j], b.dhi[q][j] = steepestTanh(lo, hi)
			} else {
				b.val[q][j] = sigmoid(hi)
				b.s[q][j], b.dlo[q][j], b.dhi[q][j] = steepest(lo, hi)
			}
		}
	}
	b.fill(b.m, b.n, hbox, b.t.Z.U.Of(w), b.t.R.U.Of(w), nil, w)
	b.fill(b.in, b.d, hbox, b.t.Z.W.Of(w), b.t.R.W.Of(w), b.t.N.W.Of(w), w)
	for j := range b.n {
		b.m[j*b.n+j] += b.val[gateZ][j]
	}
}

// fill writes (1-z) s_n (|Wn| + |Un| (r + h s_r |Ur|)) + (h + n) s_z |Uz| without the terms whose weights are nil: r
// belongs to the state (own nil), |Wn| to the input.
func (b *gruCompare) fill(to []float64, cols int, hbox, uz, ur, own, w []float64) {
	n := b.n
	p := b.p[:n*cols]
	for k := range n {
		f := hbox[k] * b.s[gateR][k]
		for c := range cols {
			p[k*cols+c] = f * math.Abs(ur[k*cols+c])
		}
		if own == nil {
			p[k*cols+k] += b.val[gateR][k]
		}
	}
	un := b.t.N.U.Of(w)
	for j := range n {
		row := to[j*cols : (j+1)*cols]
		clear(row)
		for k := range n {
			f := math.Abs(un[j*n+k])
			for c, v := range p[k*cols : (k+1)*cols] {
				row[c] += f * v
			}
		}
		fn, fz := (1-b.val[gateZ][j])*b.s[gateN][j], (hbox[j]+b.val[gateN][j])*b.s[gateZ][j]
		for c := range row {
			if own != nil {
				row[c] += math.Abs(own[j*cols+c])
			}
			row[c] = fn*row[c] + fz*math.Abs(uz[j*cols+c])
		}
	}
}

func (b *gruCompare) pull(w, left, right []float64, scale float64, dw, dv []float64) {
	hbox, dh := b.t.HBox.Of(w), b.t.HBox.Of(dw)
	sum(b.t1, b.t.R.U.Of(w), right)
	for k, v := range right {
		b.e[k] = b.val[gateR][k]*v + hbox[k]*b.s[gateR][k]*b.t1[k]
	}
	sum(b.ue, b.t.N.U.Of(w), b.e)
	sum(b.q, b.t.Z.U.Of(w), right)
	for j, y := range left {
		y *= scale
		z, bound := b.val[gateZ][j], hbox[j]+b.val[gateN][j]
		b.dval[gateZ][j] = y * (right[j] - b.s[gateN][j]*b.ue[j])
		b.ds[gateN][j] = y * (1 - z) * b.ue[j]
		b.dp[j] = y * (1 - z) * b.s[gateN][j]
		b.ds[gateZ][j] = y * bound * b.q[j]
		b.d1[j] = y * bound * b.s[gateZ][j]
		b.dval[gateN][j] = y * b.s[gateZ][j] * b.q[j]
		dh[j] += b.dval[gateN][j]
	}
	pullAbs(b.t.Z.U.Of(dw), nil, b.t.Z.U.Of(w), right, b.d1)
	clear(b.de)
	pullAbs(b.t.N.U.Of(dw), b.de, b.t.N.U.Of(w), b.e, b.dp)
	for k, g := range b.de {
		b.dval[gateR][k] = g * right[k]
		dh[k] += g * b.s[gateR][k] * b.t1[k]
		b.ds[gateR][k] = g * hbox[k] * b.t1[k]
		b.d2[k] = g * hbox[k] * b.s[gateR][k]
	}
	pullAbs(b.t.R.U.Of(dw), nil, b.t.R.U.Of(w), right, b.d2)
	b.pullGates(w, dw, dv)
}

// pullGates pulls dval and ds back through the ranges of the pre-activations, n before r, which bounds its argument.
func (b *gruCompare) pullGates(w, dw, dv []float64) {
	hbox, dh := b.t.HBox.Of(w), b.t.HBox.Of(dw)
	for _, q := range []int{gateN, gateR, gateZ} {
		g := b.gates()[q]
		bias, dbias := g.B.Of(w), g.B.Of(dw)
		for j := range bias {
			v := b.val[q][j]
			lo, hi := b.ds[q][j]*b.dlo[q][j], b.ds[q][j]*b.dhi[q][j]
			z := b.dval[q][j] * v * (1 - v)
			s := 1.0
			if q == gateN {
				z, s = b.dval[q][j]*(1-v*v), sign(bias[j])
			}
			dbias[j] += lo + hi + s*z
			b.dr[q][j] = hi - lo + z
		}
		pullAbs(g.W.Of(dw), dv, g.W.Of(w), b.vbar, b.dr[q])
		if q != gateN {
			pullAbs(g.U.Of(dw), dh, g.U.Of(w), hbox, b.dr[q])
			continue
		}
		clear(b.de)
		pullAbs(g.U.Of(dw), b.de, g.U.Of(w), b.rh, b.dr[q])
		for j, v := range b.de {
			b.dval[gateR][j] += v * hbox[j]
			dh[j] += v * b.val[gateR][j]
		}
	}
}
