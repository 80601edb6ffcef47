package lti

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ErrMargin says that a margin cannot be proved with one scaling for all frequencies.
var ErrMargin = errors.New("lti: no witness for this margin")

// MarginWitness proves a disk margin at all frequencies: with Lambda diagonal and positive, P > 0 and, continuous,
//
//	[A'P + PA, PB; B'P, 0] + [C D; 0 I]' diag(alpha^2 Lambda, -Lambda) [C D; 0 I] < 0,
//
// discrete with [A'PA - P, A'PB; B'PA, B'PB] in front, the loop of (A, B, C, D) = M (see DiskMargin) is stable and keeps
// stable under every causal perturbation w = Delta(v), channel by channel, with an l2 gain at most alpha: also one that is
// nonlinear or varies with time (Seiler, Packard and Gahinet, 2020; the bounded real lemma with D-scaling).
type MarginWitness struct {
	Break       Break
	Alpha, Skew float64
	P           *mat.Dense // n x n: the states of the plant, then those of the controller
	Lambda      []float64  // of each channel at the place
	// Slack is the smallest eigenvalue of -F, F the left side with unit diagonal: what rounding may use up. It is an
	// estimate in floating point; the proof is the checker's.
	Slack float64
}

// Constants of the search for a witness.
const (
	witnessFloor = 1e-12 // weight of the states that the output does not show, relative to those it shows
	firstShift   = 0.25  // of the decay rate of the loop
	leastShift   = 1e-13
	shiftFactor  = 4
)

// Witness returns a witness for the disk margin alpha at the place, or an error that wraps ErrMargin with the largest alpha
// for which one exists.
//
// Method: with the best constant scaling (DiskMarginResult.Constant) P is the stabilising solution of the Riccati equation
// of the bounded real lemma for the loop with its decay rate reduced, by about half of what alpha allows: then the
// inequality is strict by a part of P itself, whatever the units of the states. Discrete loops are mapped by
// z = (1 + s)/(1 - s), under which P stays valid.
func (l Loop) Witness(at Break, skew, alpha float64) (*MarginWitness, error) {
	g, v, err := l.stable(skew)
	if err != nil {
		return nil, err
	}
	if v.State != Stable {
		return nil, fmt.Errorf("%w: the loop is %s", ErrMargin, v)
	}
	m := g.perturbed(at, skew)
	t, err := newSweep(m)
	if err != nil {
		return nil, err
	}
	best, scale, err := t.constantScaling()
	if err != nil {
		return nil, err
	}
	return m.witness(t, at, Disk{alpha, skew}, 1/best.Upper, scale)
}

func (m *SS) witness(t *sweep, at Break, d Disk, most float64, scaling []float64) (*MarginWitness, error) {
	if !(d.Alpha > 0) || !(d.Alpha < most) {
		return nil, fmt.Errorf("%w: alpha %g is not below %.7g, the most that one scaling for all frequencies gives", ErrMargin, d.Alpha, most)
	}
	w := &MarginWitness{Break: at, Alpha: d.Alpha, Skew: d.Skew, P: &mat.Dense{}}
	s := make([]float64, len(scaling))
	for i, v := range scaling {
		w.Lambda = append(w.Lambda, v*v)
		s[i] = math.Sqrt(w.Lambda[i])
	}
	if t.n == 0 {
		return w, nil
	}
	c := m
	if m.Discrete() {
		var err error
		if c, err = m.bilinear(); err != nil {
			return nil, err
		}
	}
	b, factor := c.scaledStates()
	scaleChannels(b.B, b.C, b.D, s)
	b.C.Scale(d.Alpha, b.C)
	b.D.Scale(d.Alpha, b.D)
	v, err := c.Stability()
	if err != nil {
		return nil, err
	}
	p, err := boundedReal(b, -real(v.Pole))
	if err != nil {
		return nil, fmt.Errorf("%w: alpha %g, limit %.7g: %w", ErrMargin, d.Alpha, most, err)
	}
	for i := range t.n {
		for j := range t.n {
			p.Set(i, j, p.At(i, j)/(factor[i]*factor[j]))
		}
	}
	w.P = p
	w.Slack = m.slack(w)
	return w, nil
}

// boundedReal returns P with the strict inequality of a stable system of norm below 1, in balanced states; decay is the
// distance of the poles from the axis.
func boundedReal(g *SS, decay float64) (*mat.Dense, error) {
	n, m, _ := g.Dims()
	q := mul(g.C.T(), g.C)
	floor := witnessFloor * max(largest(q), 1/(1+frob(g.B)*frob(g.B)))
	for i := range n {
		q.Set(i, i, q.At(i, i)+floor)
	}
	symmetrise(q)
	r := mul(g.D.T(), g.D)
	for i := range m {
		r.Set(i, i, r.At(i, i)-1)
	}
	symmetrise(r)
	s := mul(g.C.T(), g.D)
	solve := func(shift float64) (*mat.Dense, error) {
		a := mat.DenseCopyOf(g.A)
		for i := range n {
			a.Set(i, i, a.At(i, i)+shift)
		}
		x, err := CARE(a, g.B, q, r, s)
		if err != nil {
			return nil, err
		}
		if values, ok := symmetricValues(x.X); !ok || values[0] <= 0 {
			return nil, fmt.Errorf("%w: P is not positive definite", ErrNoStabilising)
		}
		return x.X, nil
	}
	best, err := solve(0)
	if err != nil {
		return nil, err
	}
	for f := firstShift; f > leastShift; f /= shiftFactor {
		if _, err := solve(f * decay); err == nil {
			if x, err := solve(f / 2 * decay); err == nil { // away from the edge, which is between f and the one before
				best = x
			}
			break
		}
	}
	return best, nil
}

// slack evaluates the inequality of w for m in floating point.
func (m *SS) slack(w *MarginWitness) float64 {
	n, k, _ := m.Dims()
	f := mat.NewDense(n+k, n+k, nil)
	if m.Discrete() {
		pa, pb := mul(w.P, m.A), mul(w.P, m.B)
		put(f, 0, 0, 1, mul(m.A.T(), pa))
		for i := range n {
			for j := range n {
				f.Set(i, j, f.At(i, j)-w.P.At(i, j))
			}
		}
		put(f, 0, n, 1, mul(m.A.T(), pb))
		put(f, n, n, 1, mul(m.B.T(), pb))
	} else {
		pa := mul(w.P, m.A)
		put(f, 0, 0, 1, add(pa, pa.T()))
		put(f, 0, n, 1, mul(w.P, m.B))
	}
	for i := range n {
		for j := range k {
			f.Set(n+j, i, f.At(i, n+j))
		}
	}
	cd := mat.NewDense(k, n+k, nil)
	put(cd, 0, 0, 1, m.C)
	put(cd, 0, n, 1, m.D)
	for i := range k {
		for r := range n + k {
			for c := range n + k {
				f.Set(r, c, f.At(r, c)+w.Alpha*w.Alpha*w.Lambda[i]*cd.At(i, r)*cd.At(i, c))
			}
		}
		f.Set(n+i, n+i, f.At(n+i, n+i)-w.Lambda[i])
	}
	d := make([]float64, n+k)
	for i := range d {
		if !(f.At(i, i) < 0) {
			return math.Inf(-1)
		}
		d[i] = 1 / math.Sqrt(-f.At(i, i))
	}
	for i := range d {
		for j := range d {
			f.Set(i, j, -f.At(i, j)*d[i]*d[j])
		}
	}
	symmetrise(f)
	values, ok := symmetricValues(f)
	if !ok {
		return math.Inf(-1)
	}
	return values[0]
}
