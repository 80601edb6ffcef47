package ssm

import (
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/plumb-go/plumb/internal/linalg"
	"github.com/plumb-go/plumb/nn/seq"
)

// ErrUnstable says that an eigenvalue is on or outside the unit circle, or too close to it for a witness.
var ErrUnstable = errors.New("ssm: an eigenvalue has modulus 1 or more")

// Witness is what a contraction certificate states of a deployed cascade. The two ratios are exact; the floating
// figures are for the report, the checker computes its own.
type Witness struct {
	Radius string  // r = "p/q": Re^2 + Im^2 <= r^2 exactly for every eigenvalue
	Rate   string  // r' = "p/q", r < r' < 1
	C      float64 // |dx(k)| <= C r'^k |dx(0)| under equal inputs
	Gain   float64 // sum |dy|^2 <= Gain^2 sum |du|^2 from equal initial states, scaled signals
}

// NewWitness returns the smallest radius with a power of ten as denominator, at least a million, and the rate for which
// C r'^k falls to one percent first. It returns ErrUnstable when no radius below 1 exists, and an error naming both
// lengths when w does not fit the cell.
func NewWitness(c seq.Diagonal, w []float64) (*Witness, error) {
	if n := c.Layout().Len(); len(w) != n {
		return nil, fmt.Errorf("ssm: %d weights for a cell of %d", len(w), n)
	}
	radius, q, err := radius(c, w)
	if err != nil {
		return nil, err
	}
	one := big.NewRat(1, 1)
	gap := float(new(big.Rat).Sub(one, radius))
	n := norms(c, w)
	away := fastest(n, gap) * gap
	rate := new(big.Rat).SetFloat64(away)
	rate = ratio(ceil(rate.Add(rate, radius), q), q)
	if rate.Cmp(radius) <= 0 || rate.Cmp(one) >= 0 {
		rate.Add(radius, one)
		rate.Mul(rate, big.NewRat(1, 2))
	}
	away = float(new(big.Rat).Sub(rate, radius))
	return &Witness{Radius: radius.String(), Rate: rate.String(), C: overshoot(n, away), Gain: gain(n)}, nil
}

func float(x *big.Rat) float64 {
	f, _ := x.Float64()
	return f
}

// radius returns the smallest p/q, q = 10^6, 10^9, ... 10^18, with max |lambda| <= p/q < 1 decided exactly.
func radius(c seq.Diagonal, w []float64) (*big.Rat, *big.Int, error) {
	worst := new(big.Rat) // largest |lambda|^2
	for _, t := range c.Tensors() {
		re, im := t.Lre.Of(w), t.Lim.Of(w)
		for i := range re {
			x, y := new(big.Rat).SetFloat64(re[i]), new(big.Rat).SetFloat64(im[i])
			if x == nil || y == nil {
				return nil, nil, fmt.Errorf("ssm: eigenvalue %v + %vi: %w", re[i], im[i], ErrUnstable)
			}
			x.Add(x.Mul(x, x), y.Mul(y, y))
			if x.Cmp(worst) > 0 {
				worst = x
			}
		}
	}
	f := float(worst)
	if worst.Cmp(big.NewRat(1, 1)) >= 0 {
		return nil, nil, fmt.Errorf("ssm: largest modulus %v: %w", math.Sqrt(f), ErrUnstable)
	}
	q := big.NewInt(1000)
	for range 5 {
		q.Mul(q, big.NewInt(1000))
		p := ceil(new(big.Rat).SetFloat64(math.Sqrt(f)*(1-1e-15)), q) // below the root whatever its rounding
		if p.Sign() == 0 {
			p.SetInt64(1)
		}
		for !covers(ratio(p, q), worst) {
			p.Add(p, big.NewInt(1))
		}
		if p.Cmp(q) < 0 {
			return ratio(p, q), q, nil
		}
	}
	return nil, nil, fmt.Errorf("ssm: largest modulus within 1e-18 of 1: %w", ErrUnstable)
}

func covers(r, square *big.Rat) bool { return new(big.Rat).Mul(r, r).Cmp(square) >= 0 }

func ratio(p, q *big.Int) *big.Rat { return new(big.Rat).SetFrac(p, q) }

// ceil returns the least integer p with p/q >= x, for x >= 0.
func ceil(x *big.Rat, q *big.Int) *big.Int {
	n := new(big.Int).Mul(x.Num(), q)
	p, rem := new(big.Int).QuoRem(n, x.Denom(), new(big.Int))
	if rem.Sign() > 0 {
		p.Add(p, big.NewInt(1))
	}
	return p
}

// fastest returns the share s in (0, 1) of gap = 1-r, r' = r + s gap, for which log(100 c(r')) / -log r' is least: c
// falls and r'^k grows with s.
func fastest(n []blockNorms, gap float64) float64 {
	best, share := math.Inf(1), 0.1
	for s := 0.01; s < 0.8; s *= 1.1 {
		if k := math.Log(100*overshoot(n, s*gap)) / -math.Log1p(-(1-s)*gap); k < best {
			best, share = k, s
		}
	}
	return share
}

// blockNorms holds the spectral norms of one block's maps, the Lipschitz constant of its static layer and the bound of
// its linear part's l2 gain.
type blockNorms struct{ b, c, d, layer, linear float64 }

func norms(cell seq.Diagonal, w []float64) []blockNorms {
	var all []blockNorms
	for i, t := range cell.Tensors() {
		n := blockNorms{layer: 1}
		in := append(append([]float64(nil), t.Bre.Of(w)...), t.Bim.Of(w)...)
		out := beside(t.Cre.Of(w), t.Cim.Of(w), t.Cre.Rows)
		n.b, n.c = spectral(in, t.Bre.Cols), spectral(out, 2*t.Cre.Cols)
		n.d = spectral(t.D.Of(w), t.D.Cols)
		if cell.Blocks[i].Hidden > 0 {
			n.layer = lipschitz(t.W1.Of(w), t.W2.Of(w), t.W1.Cols)
		}
		re, im := t.Lre.Of(w), t.Lim.Of(w)
		for j := range 2 * len(re) { // both parts of each state
			root := 1 / math.Sqrt(1-math.Hypot(re[j%len(re)], im[j%len(re)]))
			for k := range t.Bre.Cols {
				in[j*t.Bre.Cols+k] *= root
			}
			for k := j; k < len(out); k += 2 * len(re) {
				out[k] *= root
			}
		}
		n.linear = n.d + spectral(in, t.Bre.Cols)*spectral(out, 2*t.Cre.Cols)
		all = append(all, n)
	}
	return all
}

// lipschitz returns l of the package's theorem for a static layer of the given width.
func lipschitz(w1, w2 []float64, width int) float64 {
	hidden := len(w1) / width
	middle := make([]float64, width*width) // I + W2 W1/2
	for i := range width {
		for j := range width {
			for k := range hidden {
				middle[i*width+j] += 0.5 * w2[i*hidden+k] * w1[k*width+j]
			}
		}
		middle[i*width+i]++
	}
	return spectral(middle, width) + 0.5*spectral(w1, width)*spectral(w2, hidden)
}

// beside returns [a b] for row-major matrices with the given number of rows. The sign of Im C does not change a norm.
func beside(a, b []float64, rows int) []float64 {
	n := len(a) / rows
	var out []float64
	for i := range rows {
		out = append(append(out, a[i*n:(i+1)*n]...), b[i*n:(i+1)*n]...)
	}
	return out
}

// spectral returns the largest singular value of a row-major matrix, +Inf when it has none.
func spectral(x []float64, cols int) float64 {
	_, s, _, err := linalg.SVD(len(x)/cols, cols, x)
	if err != nil {
		return math.Inf(1)
	}
	return s[0]
}

// overshoot returns c = |T| of the package's theorem for r' - r = away.
func overshoot(n []blockNorms, away float64) float64 {
	k := len(n)
	t := make([]float64, k*k)
	for j := range k {
		var x float64
		for b := j; b < k; b++ {
			s := x * n[b].b / away
			if b == j {
				s = 1
			}
			t[b*k+j] = s
			x = n[b].layer * (n[b].c*s + n[b].d*x)
		}
	}
	return spectral(t, k)
}

// gain returns the product over the blocks of the gains of linear part and static layer.
func gain(n []blockNorms) float64 {
	g := 1.0
	for _, b := range n {
		g *= b.layer * b.linear
	}
	return g
}
