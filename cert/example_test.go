package cert_test

import (
	"bytes"
	"fmt"
	"math/big"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
)

// One linear member x+ = 0.5 x + u', y' = x is packed with the metric M = 1 and judged twice: at rate 3/5, which is
// true, and at rate 1/2, where the condition r^2 M - A'MA > 0 holds with equality only and so is not strict.
func ExampleCheck() {
	m := &bundle.Model{
		Manifest: cert.Manifest{
			Inputs:       []cert.Signal{{Name: "u", Unit: "V"}},
			Outputs:      []cert.Signal{{Name: "y", Unit: "bar"}},
			SamplingTime: 0.1,
			Window:       1,
			InputDelay:   []int{0},
			Integrate:    []bool{false},
			Saturation:   []cert.Limits{{}},
			InputRange:   []cert.Range{{Low: -1, High: 1}},
			Members:      []cert.Member{{Kind: "linear", States: 1}},
		},
		Tensors: []cert.Tensor{
			{Name: "scale.u_mid", Shape: []int{1}, Data: []float64{0}},
			{Name: "scale.u_half", Shape: []int{1}, Data: []float64{1}},
			{Name: "scale.y_mean", Shape: []int{1}, Data: []float64{0}},
			{Name: "scale.y_std", Shape: []int{1}, Data: []float64{1}},
			{Name: "m0.A", Shape: []int{1, 1}, Data: []float64{0.5}},
			{Name: "m0.B2", Shape: []int{1, 1}, Data: []float64{1}},
			{Name: "m0.bx", Shape: []int{1}, Data: []float64{0}},
			{Name: "m0.Cx", Shape: []int{1, 1}, Data: []float64{1}},
			{Name: "m0.D22", Shape: []int{1, 1}, Data: []float64{0}},
			{Name: "m0.by", Shape: []int{1}, Data: []float64{0}},
			{Name: "m0.enc_W", Shape: []int{1, 2}, Data: []float64{0, 1}},
			{Name: "m0.enc_b", Shape: []int{1}, Data: []float64{0}},
		},
	}
	for _, rate := range []*big.Rat{big.NewRat(3, 5), big.NewRat(1, 2)} {
		m.Certificate = &cert.Certificate{Claim: "contraction", Members: []cert.Witness{{Rate: rate, M: []float64{1}}}}
		var file bytes.Buffer
		if err := bundle.Write(&file, m); err != nil {
			fmt.Println(err)
			return
		}
		b, err := cert.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			fmt.Println("malformed:", err)
			return
		}
		v := cert.Check(b)
		fmt.Println(rate, "proved:", v.Proved)
		if !v.Proved {
			fmt.Println(v.Failed)
		}
	}
	// Output:
	// 3/5 proved: true
	// 1/2 proved: false
	// member 0 (linear): r^2 M - A'MA > 0
}
