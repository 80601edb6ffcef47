package main

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/internal/kernel"
	"github.com/plumb-go/plumb/nn/seq"
)

// lstmCases are training steps of a two-layer LSTM with one input and two outputs over T steps of B sequences.
func lstmCases() []benchCase {
	var cs []benchCase
	for _, s := range [][3]int{{10, 400, 10}, {40, 1000, 32}} {
		cs = append(cs, benchCase{fmt.Sprintf("lstm-H%d-T%d-B%d", s[0], s[1], s[2]), func() func() {
			return lstmStep(s[0], s[1], s[2])
		}})
	}
	return cs
}

func lstmStep(units, steps, lanes int) func() {
	cell := seq.LSTM{Deep: seq.Deep{In: 1, Out: 2, Units: []int{units, units}}}
	n, cols := cell.Layout().Len(), steps*lanes
	theta, g, m, v := uniform[float64](n), make([]float64, n), make([]float64, n), make([]float64, n)
	kernel.Scale(theta, theta, 0.5/math.Sqrt(float64(units))) // the range of PyTorch's initial weights
	u, x0 := seq.NewMat(1, cols), seq.NewMat(cell.States(), lanes)
	copy(u.Data, uniform[float64](cols))
	y, dy, dx0 := seq.NewMat(2, cols), seq.NewMat(2, cols), seq.NewMat(cell.States(), lanes)
	target := uniform[float64](2 * cols)
	pass := cell.NewPass(steps, lanes)
	adam := kernel.AdamStep{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	k := 0.0
	return func() {
		pass.Forward(theta, u, x0, y)
		for i := range 2 { // dL/dy of the mean square
			row := dy.Row(i)
			kernel.Sub(row, y.Row(i), target[i*cols:(i+1)*cols])
			kernel.Scale(row, row, 2/float64(2*cols))
		}
		clear(g)
		pass.Backward(theta, dy, g, dx0)
		k++
		adam.Bias1, adam.Bias2 = 1-math.Pow(adam.Beta1, k), 1-math.Pow(adam.Beta2, k)
		kernel.Adam(theta, g, m, v, adam)
	}
}
