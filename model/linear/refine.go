package linear

import (
	"context"
	"fmt"
)

// fitter minimises the output error over stretches: the squared difference between measured outputs and free
// simulations, initial states free.
type fitter struct {
	parts  []stretch
	delay  []int
	stride int  // every stride-th sample counts
	eye    *eye // how initial states follow from windows; nil: they are free
	banks  []*bank
	shape  string
}

// bank returns workspace for stretch i, kept while the structure stays.
func (f *fitter) bank(s *sum, i int) *bank {
	if shape := fmt.Sprint(s.m, s.p, shapeOf(s)); shape != f.shape {
		f.banks, f.shape = make([]*bank, len(f.parts)), shape
	}
	if f.banks[i] == nil {
		f.banks[i] = newBank(s, &f.parts[i], f.delay)
	}
	return f.banks[i]
}

func shapeOf(s *sum) (out []int) {
	for _, q := range s.secs {
		out = append(out, q.order, q.fixed)
	}
	return out
}

// states makes zero initial states.
func (f *fitter) states(s *sum) [][]float64 {
	x0 := make([][]float64, len(f.parts))
	for i := range x0 {
		x0[i] = make([]float64, s.order())
	}
	return x0
}

func shifted(x0, dx [][]float64) [][]float64 {
	out := make([][]float64, len(x0))
	for i := range x0 {
		out[i] = append([]float64(nil), x0[i]...)
		for r := range out[i] {
			out[i][r] += dx[i][r]
		}
	}
	return out
}

// linear fits what the outputs depend on linearly: everything but the poles with one output, else the initial states.
func (f *fitter) linear(s *sum, x0 [][]float64) (*sum, [][]float64, bool) {
	what := butPoles
	if s.p > 1 {
		what = onlyStates
	}
	for damping := 0.0; damping < 1e-3; damping = 100*damping + 1e-10 {
		if step, dx, ok := f.equations(s, x0, what).solve(damping); ok {
			return s.moved(step), shifted(x0, dx), true
		}
	}
	return nil, nil, false
}

// cost is the sum of squares that equations works with.
func (f *fitter) cost(s *sum, x0 [][]float64) (ss float64) {
	for i := range f.parts {
		b := f.bank(s, i)
		b.simulate(s, x0[i])
		for o, y := range f.parts[i].y {
			for k := 0; k < b.steps; k += f.stride {
				d := y[k] - b.yhat[o][k]
				ss += d * d
			}
		}
	}
	return ss
}

// Levenberg-Marquardt constants: the usual ones.
const (
	firstDamping = 1e-3
	lastDamping  = 1e8
	enough       = 1e-5 // relative fall of the cost below which two iterations in a row end the search
)

// refine is the Levenberg-Marquardt iteration on the output error from the start s, at most iterations accepted steps.
// A step that leaves the region of stable poles is rejected. With one output all parameters but the poles are fitted
// anew at each trial, which is variable projection with the Jacobian of the joint problem.
//
// Reference: Golub and Pereyra (2003), Separable nonlinear least squares, Inverse Problems 19(2).
func (f *fitter) refine(ctx context.Context, s *sum, x0 [][]float64, iterations int) (*sum, [][]float64, error) {
	if x0 == nil {
		x0 = f.states(s)
	}
	s, x0, ok := f.linear(s, x0)
	if !ok {
		return nil, nil, errNormal
	}
	if iterations == 0 {
		return s, x0, nil
	}
	q := f.equations(s, x0, everything)
	mu := firstDamping
	slow := 0
	for done := 0; done < iterations && mu < lastDamping && slow < 2; {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		step, dx, ok := q.solve(mu)
		if !ok {
			mu *= 10
			continue
		}
		t, tx := s.moved(step), shifted(x0, dx)
		if !t.stable() {
			mu *= 4
			continue
		}
		if s.p == 1 {
			if t, tx, ok = f.linear(t, tx); !ok {
				mu *= 4
				continue
			}
		}
		if !(f.cost(t, tx) < q.cost) {
			mu *= 4
			continue
		}
		qt := f.equations(t, tx, everything)
		slow++
		if q.cost-qt.cost > enough*q.cost {
			slow = 0
		}
		s, x0, q = t, tx, qt
		mu = max(mu/5, 1e-9)
		done++
	}
	return s, x0, nil
}
