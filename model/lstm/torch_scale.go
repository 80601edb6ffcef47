package lstm

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/plumb-go/plumb/nn/seq"
)

// scalePrecision in bits carries sums of products of float64 numbers of like size without rounding that matters; one
// rounding to float64 follows.
const scalePrecision = 256

// ScaleInputs changes w so that the network reads u' = (u - mid)/half in place of u:
//
//	W' = W half,   b' = b + W mid   in the first layer,   Dy' = Dy half,   by' = by + Dy mid
//
// The function of u is the same in real arithmetic; each new number is rounded once. With mid 0 and half a power of 2
// the network is the same exactly. A cell with a filter is refused. The boxes are not touched: call Boxes afterwards.
func ScaleInputs(cell seq.LSTM, w, mid, half []float64) error {
	if len(mid) != cell.In || len(half) != cell.In {
		return fmt.Errorf("lstm: %d centres and %d half-ranges for a network of %d inputs", len(mid), len(half), cell.In)
	}
	if cell.Filter.States > 0 {
		return errors.New("lstm: the inputs of a cell with a filter are not scaled")
	}
	t := cell.Tensors()
	y := t.Layers[0]
	for _, g := range []seq.GateTensors{y.I, y.F, y.G, y.O} {
		absorb(g.W.Of(w), g.B.Of(w), mid, half)
	}
	absorb(t.Out.Dy.Of(w), t.Out.By.Of(w), mid, half)
	return nil
}

// absorb changes a rows x len(mid) and b so that a u + b is the same function of u' = (u - mid)/half.
func absorb(a, b, mid, half []float64) {
	m := len(mid)
	number := func(x float64) *big.Float { return new(big.Float).SetPrec(scalePrecision).SetFloat64(x) }
	for i := range b {
		sum := number(b[i])
		for j := range m {
			sum.Add(sum, new(big.Float).SetPrec(scalePrecision).Mul(number(a[i*m+j]), number(mid[j])))
			a[i*m+j] *= half[j]
		}
		b[i], _ = sum.Float64()
	}
}

// ScaleOutputs changes w so that the network gives y' = (y - mean)/std in place of y. The numbers are rounded; with std a
// power of 2 and mean 0 or by nothing is. A cell with a filter is refused.
func ScaleOutputs(cell seq.LSTM, w, mean, std []float64) error {
	if len(mean) != cell.Out || len(std) != cell.Out {
		return fmt.Errorf("lstm: %d means and %d deviations for a network of %d outputs", len(mean), len(std), cell.Out)
	}
	if cell.Filter.States > 0 {
		return errors.New("lstm: the outputs of a cell with a filter are not scaled")
	}
	t := cell.Tensors().Out
	for _, a := range []seq.Tensor{t.Wy, t.Dy} {
		x := a.Of(w)
		for i := range x {
			x[i] /= std[i/a.Cols]
		}
	}
	by := t.By.Of(w)
	for i := range by {
		by[i] = (by[i] - mean[i]) / std[i]
	}
	return nil
}
