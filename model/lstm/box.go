package lstm

import (
	"math"

	"github.com/plumb-go/plumb/nn/seq"
)

// The box of a layer is found by interval arithmetic: from a box that surely holds the hidden state, each step gives
// the bounds of the gates over the box and from them the next, smaller box (doc.go). A relative margin in each step
// makes the invariance strict, so that it survives rounding here and the enclosures of the checker.
const (
	boxSteps  = 4
	boxMargin = 1e-9
	boxFloor  = 1e-9          // half-widths stay positive
	unit      = 1 + 4e-9      // bounds |h| < 1 and all boxes with their margins
	wider     = 1 + 2e-9      // a bound of a box with its margin is wider than the box
	twoFloors = 2 * boxFloor  // and its floor higher
	grown     = 1 + boxMargin // factor of each step
)

func vectors(k, n int) [][]float64 {
	v := make([][]float64, k)
	for i := range v {
		v[i] = make([]float64, n)
	}
	return v
}

// lstmBox finds the box of one LSTM layer and pulls its gradient back. Index 0 of a list is the start of the iteration.
type lstmBox struct {
	gates [4]seq.GateTensors // i, f, g, o
	t     seq.LSTMLayer

	vbar      []float64
	base      [][]float64 // |W| vbar of each gate
	h, c      [][]float64
	i, g, o   [][]float64 // largest values of the gates, of g the modulus
	rest      [][]float64 // 1 - f at its largest
	ends      [][]float64 // of each gate in the present step
	dz, dbase [][]float64
	dh        []float64
}

const (
	gateI = iota
	gateF
	gateG
	gateO
)

func newLSTMBox(t seq.LSTMLayer) *lstmBox {
	n, d := t.I.W.Rows, t.I.W.Cols
	return &lstmBox{
		gates: [4]seq.GateTensors{t.I, t.F, t.G, t.O}, t: t, vbar: make([]float64, d),
		base: vectors(4, n), h: vectors(boxSteps+1, n), c: vectors(boxSteps+1, n),
		i: vectors(boxSteps+1, n), rest: vectors(boxSteps+1, n), g: vectors(boxSteps+1, n), o: vectors(boxSteps+1, n),
		ends: vectors(4, n), dz: vectors(4, n), dbase: vectors(4, n), dh: make([]float64, n),
	}
}

// run writes the box for inputs within vbar into w, given that |h| <= start always and that start maps into itself.
func (b *lstmBox) run(w, vbar, start []float64) {
	copy(b.vbar, vbar)
	copy(b.h[0], start)
	for q, g := range b.gates {
		clear(b.base[q])
		addAbs(b.base[q], g.W.Of(w), b.vbar)
	}
	for k := 1; k <= boxSteps; k++ {
		for q, g := range b.gates {
			copy(b.ends[q], b.base[q])
			addAbs(b.ends[q], g.U.Of(w), b.h[k-1])
			bias := g.B.Of(w)
			for j := range bias {
				if q == gateG {
					b.ends[q][j] += math.Abs(bias[j])
				} else {
					b.ends[q][j] += bias[j]
				}
			}
		}
		for j := range b.h[k] {
			b.i[k][j], b.rest[k][j] = sigmoid(b.ends[gateI][j]), sigmoid(-b.ends[gateF][j])
			b.o[k][j], b.g[k][j] = sigmoid(b.ends[gateO][j]), math.Tanh(b.ends[gateG][j])
			b.c[k][j] = grown*b.i[k][j]*b.g[k][j]/b.rest[k][j] + boxFloor
			b.h[k][j] = grown * b.o[k][j] * math.Tanh(b.c[k][j])
		}
	}
	copy(b.t.CBox.Of(w), b.c[boxSteps])
	copy(b.t.HBox.Of(w), b.h[boxSteps])
}

// pull adds to dw, dvbar and dstart (nil: not wanted) the gradient of a function whose derivatives with respect to the
// box are dc and dh; w as in the last run.
func (b *lstmBox) pull(w, dc, dh, dw, dvbar, dstart []float64) {
	copy(b.dh, dh)
	for q := range b.dbase {
		clear(b.dbase[q])
	}
	for k := boxSteps; k >= 1; k-- {
		for j, g := range b.dh {
			i, o, c, rest := b.i[k][j], b.o[k][j], b.c[k][j], b.rest[k][j]
			cg := g * grown * o * tanhSlope(c)
			if k == boxSteps {
				cg += dc[j]
			}
			b.dz[gateO][j] = g * b.h[k][j] * (1 - o)
			b.dz[gateI][j] = cg * (c - boxFloor) * (1 - i)
			b.dz[gateF][j] = cg * (c - boxFloor) * (1 - rest)
			b.dz[gateG][j] = cg * grown * i / rest * (1 - b.g[k][j]*b.g[k][j])
		}
		clear(b.dh)
		for q, g := range b.gates {
			bias, dbias := g.B.Of(w), g.B.Of(dw)
			for j, v := range b.dz[q] {
				if q == gateG {
					dbias[j] += v * sign(bias[j])
				} else {
					dbias[j] += v
				}
				b.dbase[q][j] += v
			}
			pullAbs(g.U.Of(dw), b.dh, g.U.Of(w), b.h[k-1], b.dz[q])
		}
	}
	for q, g := range b.gates {
		pullAbs(g.W.Of(dw), dvbar, g.W.Of(w), b.vbar, b.dbase[q])
	}
	for j := range dstart {
		dstart[j] += b.dh[j]
	}
}

// gruBox is lstmBox for a GRU layer: |h+| is at most the larger of |h| and |n|, so the box is a bound of |n|.
type gruBox struct {
	t seq.GRULayer

	vbar         []float64
	baseR, baseN []float64
	h, r, rh, n  [][]float64
	dr, dn       []float64
	dbr, dbn     []float64
	dh, drh      []float64
}

func newGRUBox(t seq.GRULayer) *gruBox {
	n, d := t.Z.W.Rows, t.Z.W.Cols
	v := vectors(8, n)
	return &gruBox{
		t: t, vbar: make([]float64, d), baseR: v[0], baseN: v[1],
		h: vectors(boxSteps+1, n), r: vectors(boxSteps+1, n), rh: vectors(boxSteps+1, n), n: vectors(boxSteps+1, n),
		dr: v[2], dn: v[3], dbr: v[4], dbn: v[5], dh: v[6], drh: v[7],
	}
}

func (b *gruBox) run(w, vbar, start []float64) {
	copy(b.vbar, vbar)
	copy(b.h[0], start)
	clear(b.baseR)
	clear(b.baseN)
	addAbs(b.baseR, b.t.R.W.Of(w), b.vbar)
	addAbs(b.baseN, b.t.N.W.Of(w), b.vbar)
	br, bn := b.t.R.B.Of(w), b.t.N.B.Of(w)
	for k := 1; k <= boxSteps; k++ {
		copy(b.r[k], b.baseR)
		addAbs(b.r[k], b.t.R.U.Of(w), b.h[k-1])
		for j := range br {
			b.r[k][j] = sigmoid(br[j] + b.r[k][j])
			b.rh[k][j] = b.r[k][j] * b.h[k-1][j]
		}
		copy(b.n[k], b.baseN)
		addAbs(b.n[k], b.t.N.U.Of(w), b.rh[k])
		for j := range bn {
			b.n[k][j] = math.Tanh(math.Abs(bn[j]) + b.n[k][j])
			b.h[k][j] = grown*b.n[k][j] + boxFloor
		}
	}
	copy(b.t.HBox.Of(w), b.h[boxSteps])
}

func (b *gruBox) pull(w, dh, dw, dvbar, dstart []float64) {
	copy(b.dh, dh)
	clear(b.dbr)
	clear(b.dbn)
	bn, dbn, dbr := b.t.N.B.Of(w), b.t.N.B.Of(dw), b.t.R.B.Of(dw)
	for k := boxSteps; k >= 1; k-- {
		for j, g := range b.dh {
			b.dn[j] = g * grown * (1 - b.n[k][j]*b.n[k][j])
			dbn[j] += b.dn[j] * sign(bn[j])
			b.dbn[j] += b.dn[j]
		}
		clear(b.drh)
		clear(b.dh)
		pullAbs(b.t.N.U.Of(dw), b.drh, b.t.N.U.Of(w), b.rh[k], b.dn)
		for j, g := range b.drh {
			r := b.r[k][j]
			b.dh[j] = g * r
			b.dr[j] = g * b.h[k-1][j] * r * (1 - r)
			dbr[j] += b.dr[j]
			b.dbr[j] += b.dr[j]
		}
		pullAbs(b.t.R.U.Of(dw), b.dh, b.t.R.U.Of(w), b.h[k-1], b.dr)
	}
	pullAbs(b.t.R.W.Of(dw), dvbar, b.t.R.W.Of(w), b.vbar, b.dbr)
	pullAbs(b.t.N.W.Of(dw), dvbar, b.t.N.W.Of(w), b.vbar, b.dbn)
	for j := range dstart {
		dstart[j] += b.dh[j]
	}
}
