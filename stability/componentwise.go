package stability

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/internal/linalg"
)

// Componentwise bounds the deviation from an equilibrium of x(k+1) = f(x(k)) + w(k) with |w_i(k)| <= w_i, component by
// component.
//
// Claim: with M_ij >= |df_i/dx_j| over the box |x - x*| <= r and v >= M v + w, v <= r, every solution from x* (and from any
// deviation within v) obeys |x_i - x*_i| <= v_i for all time.
//
// Method: v solves (I - M) v = w in floating point, is widened by one part in 10^9 and then checked with upward rounding.
// It exists exactly if the spectral radius of M is below one. A linear system takes M = |A|, which is never sharper than
// UltimateBounds.Box but holds for the nonlinear system.
//
// Numerics: verified. ErrNotStable where M is not contractive, an error that names the component where v leaves the box.
//
// Reference: the mean value theorem and Perron and Frobenius.
func Componentwise(f Field, near, r, w []float64) ([]float64, error) {
	if f.Time() != Discrete {
		return nil, fmt.Errorf("stability: Componentwise is for discrete time, the system is %s", f.Time())
	}
	n := f.Dim()
	if len(r) != n || len(w) != n {
		return nil, fmt.Errorf("%w: %d radii and %d bounds of the disturbance, the system has %d states", ErrShape, len(r), len(w), n)
	}
	o := RegionOptions{Radius: r}
	e, at, _, err := o.prepare(f, near)
	if err != nil {
		return nil, err
	}
	box := make([]interval.I, n)
	for i := range box {
		if !(w[i] >= 0) || math.IsInf(w[i], 0) {
			return nil, fmt.Errorf("stability: bound %d of the disturbance is %v, want a finite number that is not negative", i+1, w[i])
		}
		box[i] = at[i].Add(interval.I{Lo: -r[i], Hi: r[i]})
	}
	e.EncloseJacobian(e.jac, box)
	if !finiteAll(e.jac) {
		return nil, fmt.Errorf("stability: the Jacobian is not bounded on the box %v", box)
	}
	m, left := make([]float64, n*n), linalg.Identity(n)
	for i := range m {
		m[i] = e.jac[i].Mag()
		left[i] -= m[i]
	}
	if l, err := Classify(mat.NewDense(n, n, m), Discrete); err != nil || l.Verdict != Asymptotic {
		return nil, fmt.Errorf("%w: the matrix of the largest slopes has spectral radius %.6g on the box", ErrNotStable, spectralRadius(n, m))
	}
	v, err := linalg.Solve(n, 1, left, append([]float64(nil), w...))
	if err != nil {
		return nil, fmt.Errorf("stability: %w", err)
	}
	const widen = 1e-9
	most := 0.0
	for i := range v {
		most = max(most, math.Abs(v[i]))
	}
	for i := range v {
		v[i] = math.Abs(v[i])*(1+widen) + widen*most
	}
	for i := range n {
		s := interval.Point(w[i])
		for j := range n {
			s = s.Add(interval.Point(m[i*n+j]).Mul(interval.Point(v[j])))
		}
		if s.Hi > v[i] {
			return nil, fmt.Errorf("%w: the bound of component %d cannot be verified", ErrNotStable, i+1)
		}
		if v[i] > r[i] {
			return nil, fmt.Errorf("stability: component %d may reach %.4g, outside the box of radius %.4g: a smaller disturbance or a larger box is needed", i+1, v[i], r[i])
		}
	}
	return v, nil
}

func spectralRadius(n int, m []float64) float64 {
	rho, err := linalg.SpectralRadius(n, m)
	if err != nil {
		return math.NaN()
	}
	return rho
}
