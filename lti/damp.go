package lti

import (
	"cmp"
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Mode is one row of the damping table.
type Mode struct {
	Pole complex128
	Wn   float64 // natural frequency |s|, rad/s
	Zeta float64 // damping ratio -Re s/|s|; negative for unstable modes, NaN at s = 0
	Tau  float64 // time constant -1/Re s in s; negative for unstable modes, infinite on the boundary
}

// Damp returns the damping table, by rising natural frequency. The modes of a discrete system are those of s = log(z)/Ts;
// a pole at z = 0 has infinite frequency, damping ratio 1 and time constant 0.
func Damp(g *SS) ([]Mode, error) {
	poles, err := g.Poles()
	if err != nil {
		return nil, err
	}
	var out []Mode
	for _, p := range poles {
		s := p
		if g.Discrete() {
			if p == 0 {
				out = append(out, Mode{Pole: p, Wn: math.Inf(1), Zeta: 1})
				continue
			}
			s = cmplx.Log(p) / complex(g.Ts, 0)
		}
		w := cmplx.Abs(s)
		out = append(out, Mode{Pole: p, Wn: w, Zeta: -real(s) / w, Tau: -1 / real(s)})
	}
	slices.SortStableFunc(out, func(a, b Mode) int { return cmp.Compare(a.Wn, b.Wn) })
	return out, nil
}

// DCGain returns the transfer matrix at zero frequency, D - C A^-1 B (D + C (I - A)^-1 B), p x m. It is the final value of
// the step response only for stable systems. With a pole there (an integrator) the entries are infinite where the
// integrator shows, as limits from positive real s; entries that stay finite are so, provided that the pole is found.
func DCGain(g *SS) (*mat.Dense, error) {
	if err := check(g); err != nil {
		return nil, err
	}
	n, m, p := g.Dims()
	if n == 0 {
		return clone(g.D), nil
	}
	a := scale(-1, g.A)
	if g.Discrete() {
		a.Add(a, identity(n))
	}
	if x, err := solve(a, g.B); err == nil {
		return add(g.D, mul(g.C, x)), nil
	}
	out := mat.NewDense(p, m, nil)
	for i := range p {
		for j := range m {
			c, err := MinReal(g.Channel(i, j), 0)
			if err != nil {
				return nil, err
			}
			if out.Set(i, j, c.D.At(0, 0)); c.A.IsEmpty() {
				continue
			}
			k, _ := c.A.Dims()
			a := scale(-1, c.A)
			if g.Discrete() {
				a.Add(a, identity(k))
			}
			x, err := solve(a, c.B)
			if err == nil {
				out.Set(i, j, c.D.At(0, 0)+mul(c.C, x).At(0, 0))
				continue
			}
			size := frob(c.A)
			if size == 0 {
				size = 1
			}
			near := complex(math.Sqrt(eps)*size, 0)
			if g.Discrete() {
				near++
			}
			out.Set(i, j, math.Inf(1))
			if real(c.At(near).At(0, 0)) < 0 {
				out.Set(i, j, math.Inf(-1))
			}
		}
	}
	return out, nil
}

// mustHaveStates refuses a static gain where a design needs states.
func (g *SS) mustHaveStates(what string) error {
	if err := check(g); err != nil {
		return err
	}
	if n, _, _ := g.Dims(); n == 0 {
		return fmt.Errorf("%w: the system has no states, %s needs some", ErrShape, what)
	}
	return nil
}
