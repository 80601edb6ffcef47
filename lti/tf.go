package lti

import (
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// TF is a matrix of transfer functions: channel (i, j) from input j to output i is Num[i][j] / Den[i][j], polynomials in
// s (Ts = 0) or z (Ts > 0) with coefficients in descending powers. Num and Den have p rows of m channels.
type TF struct {
	Num, Den        [][][]float64
	Ts              float64
	Inputs, Outputs []Signal
}

// ZPK is a matrix of transfer functions in factored form: channel (i, j) is K[i][j] times the product of (s - Z) over the
// product of (s - P). Complex zeros and poles stand in conjugate pairs.
type ZPK struct {
	Z, P            [][][]complex128
	K               [][]float64
	Ts              float64
	Inputs, Outputs []Signal
}

// NewTF returns the transfer function num/den of one channel, coefficients in descending powers; leading zeros are
// dropped. ErrShape for an empty or zero denominator, ErrNotFinite, ErrTime.
func NewTF(num, den []float64, ts float64) (*TF, error) {
	return NewTFMatrix([][][]float64{{num}}, [][][]float64{{den}}, ts)
}

// NewTFMatrix returns the p x m matrix of transfer functions with the given coefficients, which it copies.
func NewTFMatrix(num, den [][][]float64, ts float64) (*TF, error) {
	p := len(num)
	if p == 0 || len(num[0]) == 0 || len(den) != p {
		return nil, fmt.Errorf("%w: %d rows of numerators and %d of denominators, expected as many and at least one channel", ErrShape, len(num), len(den))
	}
	m := len(num[0])
	g := &TF{Num: make([][][]float64, p), Den: make([][][]float64, p), Ts: ts, Inputs: numbered("u", m), Outputs: numbered("y", p)}
	for i := range p {
		if len(num[i]) != m || len(den[i]) != m {
			return nil, fmt.Errorf("%w: row %d has %d numerators and %d denominators, expected %d", ErrShape, i+1, len(num[i]), len(den[i]), m)
		}
		for j := range m {
			a, b := trim(num[i][j]), trim(den[i][j])
			if len(b) == 0 {
				return nil, fmt.Errorf("%w: the denominator of channel (%d, %d) is zero or empty", ErrShape, i+1, j+1)
			}
			if len(a) == 0 {
				a = []float64{0}
			}
			for _, v := range slices.Concat(a, b) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					return nil, fmt.Errorf("%w: channel (%d, %d) has a coefficient %g", ErrNotFinite, i+1, j+1, v)
				}
			}
			g.Num[i], g.Den[i] = append(g.Num[i], a), append(g.Den[i], b)
		}
	}
	if err := checkTime(ts); err != nil {
		return nil, err
	}
	return g, nil
}

// Check returns an error that names the first channel that is missing or malformed.
func (g *TF) Check() error {
	_, err := g.cleaned()
	return err
}

// cleaned is the same without leading zeros.
func (g *TF) cleaned() (*TF, error) {
	if g == nil {
		return nil, fmt.Errorf("%w: the transfer function is nil", ErrShape)
	}
	c, err := NewTFMatrix(g.Num, g.Den, g.Ts)
	if err != nil {
		return nil, err
	}
	c.Inputs, c.Outputs = append([]Signal(nil), g.Inputs...), append([]Signal(nil), g.Outputs...)
	return c, nil
}

// At returns the value of every channel at a complex point, p x m.
func (g *TF) At(s complex128) *mat.CDense {
	out := mat.NewCDense(len(g.Num), len(g.Num[0]), nil)
	for i := range g.Num {
		for j := range g.Num[i] {
			out.Set(i, j, ratio(g.Num[i][j], g.Den[i][j], s))
		}
	}
	return out
}

// ratio evaluates num/den at s; beyond the unit disk in powers of 1/s, so that high degrees do not overflow.
func ratio(num, den []float64, s complex128) complex128 {
	if cmplx.Abs(s) <= 1 {
		return horner(num, s) / horner(den, s)
	}
	r := reversed(num, 1/s) / reversed(den, 1/s)
	return r * cmplx.Pow(s, complex(float64(len(num)-len(den)), 0))
}

func horner(c []float64, s complex128) complex128 {
	var v complex128
	for _, c := range c {
		v = v*s + complex(c, 0)
	}
	return v
}

// reversed evaluates the polynomial with coefficients in ascending powers of r.
func reversed(c []float64, r complex128) complex128 {
	var v complex128
	for i := len(c) - 1; i >= 0; i-- {
		v = v*r + complex(c[i], 0)
	}
	return v
}

// trim copies a polynomial without its leading zeros.
func trim(c []float64) []float64 {
	for len(c) > 0 && c[0] == 0 {
		c = c[1:]
	}
	return slices.Clone(c)
}
