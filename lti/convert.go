package lti

import (
	"fmt"
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/mat"
)

// SS returns a state-space realisation: controllable canonical form with one set of states per input where the
// denominators of a column agree, else per channel, with states scaled. It need not be minimal; see MinReal.
// ErrImproper where a numerator has higher degree than its denominator.
func (g *TF) SS() (*SS, error) {
	g, err := g.cleaned()
	if err != nil {
		return nil, err
	}
	p, m := len(g.Num), len(g.Num[0])
	var parts []channel
	for j := range m {
		common := true
		for i := range p {
			common = common && equal(g.Den[i][j], g.Den[0][j])
		}
		if common {
			c := channel{in: j}
			var nums [][]float64
			for i := range p {
				c.out = append(c.out, i)
				nums = append(nums, g.Num[i][j])
			}
			parts = append(parts, c.companion(nums, g.Den[0][j]))
			continue
		}
		for i := range p {
			c := channel{in: j, out: []int{i}}
			parts = append(parts, c.companion([][]float64{g.Num[i][j]}, g.Den[i][j]))
		}
	}
	return assemble(parts, p, m, g.Ts, g.Inputs, g.Outputs)
}

// channel is a realisation with one input and some outputs of a larger system.
type channel struct {
	in  int
	out []int
	sys *SS
	err error
}

// companion realises num[k]/den.
func (c channel) companion(num [][]float64, den []float64) channel {
	n, p := len(den)-1, len(num)
	d := mat.NewDense(p, 1, nil)
	if n == 0 {
		for i := range p {
			if len(num[i]) > 1 {
				c.err = ErrImproper
				return c
			}
			d.Set(i, 0, num[i][0]/den[0])
		}
		c.sys, c.err = Gain(d, 0)
		return c
	}
	a, b, cc := mat.NewDense(n, n, nil), mat.NewDense(n, 1, nil), mat.NewDense(p, n, nil)
	b.Set(0, 0, 1)
	for j := range n {
		a.Set(0, j, -den[j+1]/den[0])
		if j > 0 {
			a.Set(j, j-1, 1)
		}
	}
	for i := range p {
		if len(num[i]) > n+1 {
			c.err = fmt.Errorf("%w: numerator of degree %d over denominator of degree %d", ErrImproper, len(num[i])-1, n)
			return c
		}
		full := append(make([]float64, n+1-len(num[i])), num[i]...)
		d.Set(i, 0, full[0]/den[0])
		for j := range n {
			cc.Set(i, j, (full[j+1]-full[0]*(den[j+1]/den[0]))/den[0])
		}
	}
	c.sys, c.err = NewSS(a, b, cc, d, 0)
	return c
}

// assemble adds the channels up.
func assemble(parts []channel, p, m int, ts float64, in, out []Signal) (*SS, error) {
	n := 0
	for _, c := range parts {
		if c.err != nil {
			return nil, c.err
		}
		k, _, _ := c.sys.Dims()
		n += k
	}
	d := mat.NewDense(p, m, nil)
	var a, b, cc *mat.Dense
	if n > 0 {
		a, b, cc = mat.NewDense(n, n, nil), mat.NewDense(n, m, nil), mat.NewDense(p, n, nil)
	}
	at := 0
	for _, c := range parts {
		put(a, at, at, 1, c.sys.A)
		put(b, at, c.in, 1, c.sys.B)
		k, _, _ := c.sys.Dims()
		for i, o := range c.out {
			put(cc, o, at, 1, part(c.sys.C, i, i+1, 0, k))
			d.Set(o, c.in, d.At(o, c.in)+c.sys.D.At(i, 0))
		}
		at += k
	}
	g, err := NewSS(a, b, cc, d, ts)
	if err != nil {
		return nil, err
	}
	g = g.balanced()
	return named(g, in, out), nil
}

func named(g *SS, in, out []Signal) *SS {
	if len(in) == len(g.Inputs) {
		g.Inputs = append([]Signal(nil), in...)
	}
	if len(out) == len(g.Outputs) {
		g.Outputs = append([]Signal(nil), out...)
	}
	return g
}

func equal(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// ZPK returns zeros, poles and gain of every channel.
func (g *TF) ZPK() (*ZPK, error) {
	g, err := g.cleaned()
	if err != nil {
		return nil, err
	}
	out := newZPK(len(g.Num), len(g.Num[0]), g.Ts, g.Inputs, g.Outputs)
	for i := range g.Num {
		for j := range g.Num[i] {
			z, err := Roots(g.Num[i][j])
			if err != nil {
				return nil, err
			}
			p, err := Roots(g.Den[i][j])
			if err != nil {
				return nil, err
			}
			out.Z[i][j], out.P[i][j], out.K[i][j] = z, p, g.Num[i][j][0]/g.Den[i][j][0]
		}
	}
	return out, nil
}

func newZPK(p, m int, ts float64, in, out []Signal) *ZPK {
	g := &ZPK{Z: make([][][]complex128, p), P: make([][][]complex128, p), K: make([][]float64, p), Ts: ts,
		Inputs: append([]Signal(nil), in...), Outputs: append([]Signal(nil), out...)}
	for i := range p {
		g.Z[i], g.P[i], g.K[i] = make([][]complex128, m), make([][]complex128, m), make([]float64, m)
	}
	return g
}

// NewZPK returns the one-channel system with the given zeros, poles and gain. Complex numbers must have their
// conjugates in the list (up to rounding, which is removed).
func NewZPK(z, p []complex128, k, ts float64) (*ZPK, error) {
	g := newZPK(1, 1, ts, numbered("u", 1), numbered("y", 1))
	var err error
	if g.Z[0][0], err = paired("zero", z); err != nil {
		return nil, err
	}
	if g.P[0][0], err = paired("pole", p); err != nil {
		return nil, err
	}
	g.K[0][0] = k
	for _, v := range append(append([]complex128{complex(k, 0)}, z...), p...) {
		if cmplx.IsNaN(v) || cmplx.IsInf(v) {
			return nil, fmt.Errorf("%w: %v", ErrNotFinite, v)
		}
	}
	if err := checkTime(ts); err != nil {
		return nil, err
	}
	return g, nil
}

// Check returns an error that names the first channel that is missing or malformed.
func (g *ZPK) Check() error {
	if g == nil || len(g.K) == 0 || len(g.K[0]) == 0 || len(g.Z) != len(g.K) || len(g.P) != len(g.K) {
		return fmt.Errorf("%w: Z, P and K need the same number of rows, at least one channel", ErrShape)
	}
	for i := range g.K {
		if len(g.K[i]) != len(g.K[0]) || len(g.Z[i]) != len(g.K[0]) || len(g.P[i]) != len(g.K[0]) {
			return fmt.Errorf("%w: row %d of Z, P and K has %d, %d and %d channels, expected %d", ErrShape, i+1, len(g.Z[i]), len(g.P[i]), len(g.K[i]), len(g.K[0]))
		}
		for j, k := range g.K[i] {
			if _, err := NewZPK(g.Z[i][j], g.P[i][j], k, g.Ts); err != nil {
				return fmt.Errorf("channel (%d, %d): %w", i+1, j+1, err)
			}
		}
	}
	return nil
}

// At returns the value of every channel at a complex point, p x m.
func (g *ZPK) At(s complex128) *mat.CDense {
	out := mat.NewCDense(len(g.K), len(g.K[0]), nil)
	for i := range g.K {
		for j := range g.K[i] {
			v := complex(g.K[i][j], 0)
			z, p := g.Z[i][j], g.P[i][j]
			for k := range max(len(z), len(p)) { // alternately, so that products stay in range
				if k < len(z) {
					v *= s - z[k]
				}
				if k < len(p) {
					v /= s - p[k]
				}
			}
			out.Set(i, j, v)
		}
	}
	return out
}

// TF multiplies the factors out.
func (g *ZPK) TF() (*TF, error) {
	if err := g.Check(); err != nil {
		return nil, err
	}
	out := &TF{Ts: g.Ts, Inputs: append([]Signal(nil), g.Inputs...), Outputs: append([]Signal(nil), g.Outputs...)}
	for i := range g.K {
		var num, den [][]float64
		for j := range g.K[i] {
			c := Poly(g.Z[i][j])
			for k := range c {
				c[k] *= g.K[i][j]
			}
			if c = trim(c); len(c) == 0 {
				c = []float64{0}
			}
			num, den = append(num, c), append(den, Poly(g.P[i][j]))
		}
		out.Num, out.Den = append(out.Num, num), append(out.Den, den)
	}
	return out, nil
}

// SS returns a realisation as a cascade of sections of first and second order, which keeps poles and zeros at high order
// where a companion form loses them.
func (g *ZPK) SS() (*SS, error) {
	if err := g.Check(); err != nil {
		return nil, err
	}
	p, m := len(g.K), len(g.K[0])
	var parts []channel
	for i := range p {
		for j := range m {
			c := channel{in: j, out: []int{i}}
			c.sys, c.err = cascade(g.Z[i][j], g.P[i][j], g.K[i][j])
			parts = append(parts, c)
		}
	}
	return assemble(parts, p, m, g.Ts, g.Inputs, g.Outputs)
}

// cascade realises one channel. Each section takes the next pole or pair, by modulus, and the zeros nearest to it.
func cascade(z, p []complex128, k float64) (*SS, error) {
	if len(z) > len(p) {
		return nil, fmt.Errorf("%w: %d zeros, %d poles", ErrImproper, len(z), len(p))
	}
	total, err := Gain(mat.NewDense(1, 1, []float64{k}), 0)
	if err != nil || k == 0 {
		return total, err
	}
	if p, err = paired("pole", p); err != nil {
		return nil, err
	}
	if z, err = paired("zero", z); err != nil {
		return nil, err
	}
	sections := sectionsOf(p)
	numerators := matchZeros(sections, sectionsOf(z))
	for i, s := range sections {
		c := channel{out: []int{0}}.companion([][]float64{numerators[i]}, quadratic(s))
		if c.err != nil {
			return nil, c.err
		}
		if total, err = Series(total, c.sys); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// sectionsOf splits a paired list into conjugate pairs and pairs of real numbers; at most one stands alone, last.
func sectionsOf(z []complex128) [][]complex128 {
	var out [][]complex128
	var alone []complex128
	for i := 0; i < len(z); i++ {
		if imag(z[i]) != 0 {
			out = append(out, z[i:i+2])
			i++
			continue
		}
		if alone = append(alone, z[i]); len(alone) == 2 {
			out = append(out, alone)
			alone = nil
		}
	}
	if alone != nil {
		out = append(out, alone)
	}
	return out
}

// matchZeros gives each pole section a numerator: pairs of zeros go to the nearest free section of two poles.
func matchZeros(poles, zeros [][]complex128) [][]float64 {
	out := make([][]float64, len(poles))
	for _, z := range zeros {
		best, near := -1, math.Inf(1)
		for i, p := range poles {
			if out[i] != nil || len(p) < len(z) {
				continue
			}
			d := cmplx.Abs(p[0]-z[0]) + cmplx.Abs(p[len(p)-1]-z[len(z)-1])
			if d < near {
				best, near = i, d
			}
		}
		out[best] = quadratic(z)
	}
	for i := range out {
		if out[i] == nil {
			out[i] = []float64{1}
		}
	}
	return out
}

// quadratic multiplies out one or two factors.
func quadratic(z []complex128) []float64 {
	if len(z) == 1 {
		return []float64{1, -real(z[0])}
	}
	return []float64{1, -real(z[0] + z[1]), real(z[0] * z[1])}
}

// ZPK returns zeros, poles and gain of every channel: the poles are the eigenvalues of A, and a mode that a channel does
// not show is both pole and zero of it.
func (g *SS) ZPK() (*ZPK, error) {
	if err := check(g); err != nil {
		return nil, err
	}
	_, m, p := g.Dims()
	out := newZPK(p, m, g.Ts, g.Inputs, g.Outputs)
	poles, err := g.Poles()
	if err != nil {
		return nil, err
	}
	for i := range p {
		for j := range m {
			c := g.Channel(i, j)
			z, err := c.Zeros()
			if err != nil {
				return nil, err
			}
			k := c.leading(z, poles)
			if k == 0 {
				z = nil
			}
			out.Z[i][j], out.P[i][j], out.K[i][j] = z, append([]complex128(nil), poles...), k
		}
	}
	return out, nil
}

// TF returns the transfer function of every channel, over the characteristic polynomial of A.
func (g *SS) TF() (*TF, error) {
	z, err := g.ZPK()
	if err != nil {
		return nil, err
	}
	return z.TF()
}

// Channel returns the system from input j to output i (from 0), with all states.
func (g *SS) Channel(i, j int) *SS {
	n, _, _ := g.Dims()
	return &SS{A: clone(g.A), B: part(g.B, 0, n, j, j+1), C: part(g.C, i, i+1, 0, n), D: part(g.D, i, i+1, j, j+1), Ts: g.Ts,
		Inputs: []Signal{g.Inputs[j]}, Outputs: []Signal{g.Outputs[i]}, States: append([]Signal(nil), g.States...)}
}

// leading returns the gain k of one channel from G(s) prod(s - p)/prod(s - z) at points around the roots, where G is
// neither small by cancellation nor near a root; the value with the largest clearance from roots is taken.
func (g *SS) leading(z, p []complex128) float64 {
	if len(z) == len(p) {
		return g.D.At(0, 0)
	}
	if mayBeZero(g) {
		return 0
	}
	var radius, count float64
	for _, r := range append(append([]complex128(nil), z...), p...) {
		if a := cmplx.Abs(r); a > 0 {
			radius += math.Log(a)
			count++
		}
	}
	radius = math.Exp(radius / max(count, 1))
	h := newResponder(g)
	const points = 12
	best, clear := 0.0, -1.0
	for i := range points {
		s := complex(radius, 0) * cmplx.Exp(complex(0, math.Pi*(float64(i)+0.5)/points))
		d := math.Inf(1)
		k := h.at(s).At(0, 0)
		for _, r := range p {
			k *= (s - r) / complex(radius, 0)
			d = min(d, cmplx.Abs(s-r))
		}
		for _, r := range z {
			k /= (s - r) / complex(radius, 0)
			d = min(d, cmplx.Abs(s-r))
		}
		if d > clear {
			best, clear = real(k)*math.Pow(radius, float64(len(p)-len(z))), d
		}
	}
	return best
}

// mayBeZero says that no input reaches the output at all: all Markov parameters vanish exactly by structure.
func mayBeZero(g *SS) bool {
	n, _, _ := g.Dims()
	if g.D.At(0, 0) != 0 {
		return false
	}
	reached := make([]bool, n)
	grow := true
	for i := range n {
		reached[i] = g.B.At(i, 0) != 0
	}
	for grow {
		grow = false
		for i := range n {
			for j := range n {
				if !reached[i] && reached[j] && g.A.At(i, j) != 0 {
					reached[i], grow = true, true
				}
			}
		}
	}
	for i := range n {
		if reached[i] && g.C.At(0, i) != 0 {
			return false
		}
	}
	return true
}
