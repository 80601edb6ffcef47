package lstm

import (
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/nn/seq"
)

// ErrNotProvable says that no form of the comparison has a spectral radius below one (or below the rate asked for) in
// some layer. The network may well be stable: this is a sufficient condition.
var ErrNotProvable = errors.New("lstm: the comparison of a layer does not contract")

// NotProvableError carries the spectral radii of each layer's comparison, by components and in Euclidean norms (+Inf
// where there is no such form), the largest modulus of the filter's eigenvalues, and the rate that they had to be below.
type NotProvableError struct {
	Radii  [][2]float64
	Filter float64
	Rate   float64
}

func (e *NotProvableError) Error() string {
	s := fmt.Sprintf("lstm: not provable with a rate below %g:", e.Rate)
	for l, r := range e.Radii {
		s += fmt.Sprintf(" layer %d has %.6g by components", l, r[0])
		if !math.IsInf(r[1], 1) {
			s += fmt.Sprintf(" and %.6g in norms", r[1])
		}
		s += ";"
	}
	return s + fmt.Sprintf(" filter %.6g", e.Filter)
}

// Is reports ErrNotProvable.
func (e *NotProvableError) Is(target error) bool { return target == ErrNotProvable }

// ErrBox says that the boxes stored with the weights are not invariant; Boxes writes some that are.
var ErrBox = errors.New("lstm: a stored box is not invariant")

// Prove returns the numbers that prove delta-ISS of a seq.LSTM or seq.GRU with weights w: a rate, and for each layer
// the vectors of decay and gain in its better form. Nothing here is trusted; cert decides. Among the provable rates it
// takes that whose bound falls first below one percent of a unit of the outputs: the smallest rate would have the
// largest factor in front.
//
// It returns a *NotProvableError where there is no proof, ErrBox where the boxes are not invariant.
func Prove(cell seq.Cell, w []float64) (cert.Witness, error) { return prove(cell, w, 0) }

// ProveRate is Prove for a prescribed rate.
func ProveRate(cell seq.Cell, w []float64, rate float64) (cert.Witness, error) {
	if !(rate > 0 && rate < 1) {
		return cert.Witness{}, fmt.Errorf("lstm: rate %v; it must lie between 0 and 1", rate)
	}
	return prove(cell, w, rate)
}

// prover holds what all rates share.
type prover struct {
	cell   front
	layers []proverLayer
	c, e   linear // of the first layer's input and of the output
	wy     seq.Tensor
	w      []float64
	pole   float64 // largest modulus of the filter
	factor factored
}

// proverLayer is one layer with both forms of its comparison.
type proverLayer struct {
	d     int
	cell  bool      // the states are c, then h; else h alone
	forms [2]form   // by components, in norms
	rowIn []float64 // N by components for an input that is known by its 2-norm
}

// form is one form of a comparison: |dx+| <= M |dx| + N |dv|.
type form struct {
	n     int
	m, in []float64
	box   []float64
	rho   float64
}

func prove(cell seq.Cell, w []float64, rate float64) (cert.Witness, error) {
	if n := cell.Layout().Len(); len(w) != n {
		return cert.Witness{}, fmt.Errorf("lstm: %d weights for a cell of %d", len(w), n)
	}
	p, err := newProver(cell, w)
	if err != nil {
		return cert.Witness{}, err
	}
	least := p.pole
	fail := &NotProvableError{Filter: p.pole, Rate: 1}
	if rate > 0 {
		fail.Rate = rate
	}
	for _, l := range p.layers {
		fail.Radii = append(fail.Radii, [2]float64{l.forms[0].rho, l.forms[1].rho})
		least = max(least, min(l.forms[0].rho, l.forms[1].rho))
	}
	if !(least < fail.Rate) {
		return cert.Witness{}, fail
	}
	best, found := cert.Witness{}, math.Inf(1)
	for _, norm := range p.choices() {
		least := p.pole
		for l, y := range p.layers {
			least = max(least, y.forms[norm[l]].rho)
		}
		for _, r := range rates(least, rate) {
			x, k, ok := p.at(r, norm)
			if ok && k < found {
				best, found = x, k
			}
		}
	}
	if math.IsInf(found, 1) {
		return cert.Witness{}, fail
	}
	return best, nil
}

func newProver(cell seq.Cell, w []float64) (*prover, error) {
	f, err := frontOf(cell)
	if err != nil {
		return nil, err
	}
	p := &prover{cell: f, w: w, wy: f.out.Wy}
	p.c = f.response(f.t.Cre, f.t.Cim, f.t.D, w)
	p.e = f.response(f.t.Ere, f.t.Eim, f.out.Dy, w)
	if f.s > 0 {
		for _, r := range moduli(f.t.Lre.Of(w), f.t.Lim.Of(w)) {
			p.pole = max(p.pole, r)
		}
	}
	vbar := p.c.reach
	var pf perron
	for l, c := range comparisons(cell) {
		c.set(w, vbar)
		if !c.invariant(w) {
			return nil, fmt.Errorf("%w: layer %d", ErrBox, l)
		}
		n, m, in := c.matrix()
		pf.set(n, m)
		box := c.box(w)
		_, cell := c.(*lstmCompare)
		y := proverLayer{d: len(in) / n, cell: cell, rowIn: c.rowIn(w)}
		y.forms[0] = form{n, m, in, box, pf.rho}
		y.forms[1].rho = math.Inf(1)
		if m2, in2, ok := c.scalar(w); ok {
			y.forms[1] = form{2, m2[:], in2[:], []float64{norm2(box[:n/2]), norm2(box[n/2:])}, radius2(m2)}
		}
		p.layers = append(p.layers, y)
		vbar = c.hbox(w)
	}
	return p, nil
}

func norm2(x []float64) float64 {
	var s float64
	for _, v := range x {
		s = math.Hypot(s, v)
	}
	return s
}

// choices lists the forms to try: 0 by components, 1 in norms, for each layer; of many layers only the better of each.
func (p *prover) choices() (out [][]int) {
	better := make([]int, len(p.layers))
	for l, y := range p.layers {
		if y.forms[1].rho < y.forms[0].rho {
			better[l] = 1
		}
	}
	if len(p.layers) > 3 {
		return [][]int{better}
	}
	for code := range 1 << len(p.layers) {
		norm, ok := make([]int, len(p.layers)), true
		for l := range norm {
			norm[l] = code >> l & 1
			ok = ok && p.layers[l].forms[norm[l]].rho < 1
		}
		if ok {
			out = append(out, norm)
		}
	}
	return out
}

// rates lists the rates to try above the spectral radius, or the prescribed one.
func rates(least, rate float64) (out []*big.Rat) {
	if rate > 0 {
		return []*big.Rat{new(big.Rat).SetFloat64(rate)}
	}
	for share := 1e-4; share < 0.95; share *= 1.25 {
		out = append(out, shortRate(least+(1-least)*share, least))
	}
	return out
}

// shortRate rounds r up to a decimal that is short against its distances to one and to the spectral radius.
func shortRate(r, least float64) *big.Rat {
	for q := int64(1000); q <= 1e15; q *= 10 {
		p := math.Ceil(r * float64(q))
		if d := p/float64(q) - r; p < float64(q) && d <= 0.02*min(1-r, r-least) {
			return big.NewRat(int64(p), q)
		}
	}
	return new(big.Rat).SetFloat64(r)
}

// room is what the vectors leave in their inequalities, relatively, for rounding here and in the checker.
const room = 1e-10

// at builds the witness for one rate and choice of forms, and returns the number of samples after which the bound of
// the outputs is one percent of their unit.
func (p *prover) at(rate *big.Rat, norm []int) (cert.Witness, float64, bool) {
	r, _ := rate.Float64()
	if !(p.pole < r) {
		return cert.Witness{}, 0, false
	}
	x := cert.Witness{Rate: rate, Filter: make([]float64, p.cell.s)}
	for i := range x.Filter {
		x.Filter[i] = 2 * sqrtTwo * p.cell.t.Box.Of(p.w)[i]
	}
	in, gin := make([]float64, p.layers[0].d), p.c.gain
	if p.cell.s > 0 {
		in = multiply(p.c.c, x.Filter)
	}
	vnorm := false
	for l, y := range p.layers {
		f := y.forms[norm[l]]
		if !(f.rho < r*(1-2*room)) {
			return x, 0, false
		}
		by, gain := y.drive(norm[l], vnorm, in), y.drive(norm[l], vnorm, gin)
		eta, zeta := p.decay(f, r, by), p.gain(f, gain)
		if !f.holds(eta, by, r) || !f.holds(zeta, gain, 1) {
			return x, 0, false
		}
		x.Cells = append(x.Cells, cert.CellWitness{Norm: norm[l] == 1, Eta: eta, Zeta: zeta})
		h := 0
		if y.cell {
			h = f.n / 2
		}
		in, gin, vnorm = scaled(eta[h:], r), zeta[h:], norm[l] == 1
	}
	wy := moduli(p.wy.Of(p.w), make([]float64, p.wy.Len()))
	if vnorm {
		wy = rowNorms(wy, p.wy.Cols)
	}
	decay := multiply(wy, in)
	if p.cell.s > 0 {
		direct(decay, multiply(p.e.c, x.Filter))
	}
	var worst float64
	for _, d := range decay {
		worst = max(worst, d)
	}
	return x, max(0, math.Ceil(math.Log(0.01/worst)/math.Log(r))), true
}

func scaled(x []float64, f float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = f * v
	}
	return out
}

// multiply returns a x for a row-major with len(x) columns.
func multiply(a, x []float64) []float64 {
	out := make([]float64, len(a)/len(x))
	for i := range out {
		for k, v := range x {
			out[i] += a[i*len(x)+k] * v
		}
	}
	return out
}

func rowNorms(a []float64, cols int) []float64 {
	out := make([]float64, len(a)/cols)
	for i := range out {
		out[i] = norm2(a[i*cols : (i+1)*cols])
	}
	return out
}

// drive returns N |dv| for an input that is bounded by components, or (vnorm) by its 2-norm.
func (y *proverLayer) drive(norm int, vnorm bool, in []float64) []float64 {
	switch {
	case norm == 0 && !vnorm:
		return multiply(y.forms[0].in, in)
	case norm == 0:
		return multiply(y.rowIn, in)
	}
	return scaled(y.forms[1].in, norm2(in))
}

// decay returns the smallest eta >= 2 box of the form q + s p with (r I - M) q = drive and (r I - M) p = r box, which
// satisfies M eta + drive <= r eta. Since p sums M^k box/r^k it bounds what two states in the box can do; near the
// spectral radius it is the Perron vector.
func (p *prover) decay(f form, r float64, drive []float64) []float64 {
	p.factor.set(f.n, f.m, r*(1-room))
	q, own := append([]float64(nil), drive...), scaled(f.box, r)
	p.factor.solve(q)
	p.factor.solve(own)
	var s float64
	for i, b := range f.box {
		s = max(s, (2*b-q[i])/own[i])
	}
	for i := range q {
		q[i] += s * own[i]
	}
	return q
}

// gain returns the least zeta with M zeta + drive <= zeta, up to rounding.
func (p *prover) gain(f form, drive []float64) []float64 {
	p.factor.set(f.n, f.m, 1-room)
	zeta := append([]float64(nil), drive...)
	for i, b := range f.box {
		zeta[i] += 1e-12 * b // positive even where the input does not reach
	}
	p.factor.solve(zeta)
	return zeta
}

// holds reports whether M x + drive <= r x with x > 0, in floating point.
func (f form) holds(x, drive []float64, r float64) bool {
	y := multiply(f.m, x)
	for i, v := range x {
		if !(v > 0 && y[i]+drive[i] <= r*v && !math.IsInf(v, 1)) {
			return false
		}
	}
	return true
}
