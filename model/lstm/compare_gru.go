package lstm

import (
	"math"

	"github.com/plumb-go/plumb/nn/seq"
)

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
