package deploy_test

import (
	"fmt"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/nn/seq"
)

// A model x+ = 0.5 x + u', y' = x of one linear member runs on a record. The encoder starts it at the last measured
// output of the window; everything after the window is free simulation.
func ExampleModel_SimulatePart() {
	cell := seq.Linear{In: 1, Out: 1, N: 1}
	t, w := cell.Tensors(), make([]float64, cell.Layout().Len())
	t.A.Of(w)[0], t.B2.Of(w)[0], t.Cx.Of(w)[0] = 0.5, 1, 1
	m := &deploy.Model{
		Scaling: deploy.Scaling{
			UMid: []float64{2}, UHalf: []float64{1}, // volts: u' = u - 2
			YMean: []float64{10}, YStd: []float64{4}, // millimetres: y = 10 + 4 y'
			Delay: []int{0}, Integrate: []bool{false},
			Low: []float64{0}, High: []float64{16}, // what the sensor can show
		},
		Lags:    1,
		Members: []deploy.Member{{Cell: cell, Kind: "linear", W: w, EncW: []float64{1, 0.5}, EncB: []float64{0}}}, // x(0) = u'(-1) + 0.5 y'(-1)
	}
	rec := &dataset.Record{Ts: 1, Signals: []dataset.Signal{{Name: "u", Unit: "V"}, {Name: "y", Unit: "mm"}},
		Experiments: []dataset.Experiment{{Data: [][]float64{{2, 3, 3, 3, 3}, {14, 12, 15, 16, 16}}}}}
	set := &dataset.Set{Record: rec, Inputs: []int{0}, Outputs: []int{1}}
	y, err := m.SimulatePart(set, dataset.Part{To: 5, Window: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.1f\n", y[0])
	// Output:
	// [12.0 15.0 16.0 16.0]
}
