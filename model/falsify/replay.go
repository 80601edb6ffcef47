package falsify

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/nn/seq"
)

// Replay simulates the trajectories of a finding again, alone, and returns the ratio of its quantity at its step.
func Replay(cell seq.Cell, w []float64, b *Bound, f Finding) (float64, error) {
	a, err := newAttack(cell, w, b, Options{})
	if err != nil {
		return 0, err
	}
	n := a.net
	if f.Quantity < 0 || f.Quantity >= len(b.Quantities) || len(f.A) != n.states || len(f.B) != n.states || f.UA.Rows != n.in || f.UB.Rows != n.in || f.UA.Cols != f.UB.Cols {
		return 0, fmt.Errorf("falsify: a finding with %d and %d states and inputs %d x %d and %d x %d for a cell of %d states and %d inputs",
			len(f.A), len(f.B), f.UA.Rows, f.UA.Cols, f.UB.Rows, f.UB.Cols, n.states, n.in)
	}
	s, c := newSim(n, 2, 0, false), newScan(b, 1)
	for j := range n.states {
		row := s.stateRow(0, j)
		row[0], row[1] = f.A[j], f.B[j]
	}
	c.start(s)
	for k := range f.UA.Cols {
		u := s.input(k)
		for i := range n.in {
			u[2*i], u[2*i+1] = f.UA.Row(i)[k], f.UB.Row(i)[k]
		}
		s.step(k)
		c.next(s, k)
	}
	q := b.Quantities[f.Quantity]
	if q.Box {
		return math.Abs(s.stateRow(f.Step, q.States[0])[0]) / b.Eta[f.Quantity], nil
	}
	d := c.d[0]*math.Pow(b.Rate, float64(f.Step)) + b.least
	return ratio(c.values(q)[0], b.Eta[f.Quantity]*d+b.Zeta[f.Quantity]*c.e[0]), nil
}
