package cli

import (
	"math"
	"testing"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/model/linear"
)

// TestLinearProof: what the checker is asked about is the linear model of the table, and an unstable one claims nothing.
func TestLinearProof(t *testing.T) {
	u := make([]float64, 60)
	for k := range u {
		u[k] = math.Sin(0.4 * float64(k*k%17))
	}
	set := &dataset.Set{Inputs: []int{0}, Outputs: []int{1, 2}, Record: &dataset.Record{Ts: 0.1,
		Signals:     []dataset.Signal{{Name: "u", Unit: "V"}, {Name: "a"}, {Name: "b"}},
		Experiments: []dataset.Experiment{{Data: [][]float64{u, make([]float64, 60), make([]float64, 60)}}}}}
	m := &linear.Model{Order: 2, Inputs: 1, Outputs: 2, A: []float64{0.9, 0.3, -0.2, 0.7}, B: []float64{1, -0.5}, C: []float64{1, 2, -1, 0.5}, D: []float64{0.1, 0.2},
		Bx: []float64{0.01, 0.02}, By: []float64{3, 4}, Delay: []int{2}}
	want, err := m.Simulate([][]float64{u}, []float64{0, 0})
	if err != nil {
		t.Fatal(err)
	}
	b := linearBundle(m, set)
	// The bundle's numbers, run by the recursion of docs/bundle.md.
	tensor := map[string][]float64{}
	for _, x := range b.Tensors {
		tensor[x.Name] = x.Data
	}
	for name, want := range map[string]float64{"scale.u_mid": 0, "scale.u_half": 1, "scale.y_mean": 0, "scale.y_std": 1} {
		if tensor[name][0] != want {
			t.Errorf("%s is %v, want %v: the matrices are in physical units", name, tensor[name], want)
		}
	}
	a, in, c, dd, bx, by := tensor["m0.A"], tensor["m0.B2"], tensor["m0.Cx"], tensor["m0.D22"], tensor["m0.bx"], tensor["m0.by"]
	x0, x1 := 0.0, 0.0
	for k := range u {
		v := u[max(k-b.Manifest.InputDelay[0], 0)]
		for i := range 2 {
			if y := c[2*i]*x0 + c[2*i+1]*x1 + dd[i]*v + by[i]; math.Abs(y-want[i][k]) > rounding {
				t.Fatalf("output %d, sample %d: %v in the bundle, %v in the model", i, k, y, want[i][k])
			}
		}
		x0, x1 = a[0]*x0+a[1]*x1+in[0]*v+bx[0], a[2]*x0+a[3]*x1+in[1]*v+bx[1]
	}
	if claim, decided := linearClaim(m, set); claim != ident.Contraction || decided != report.Proved {
		t.Errorf("a stable model: %s, %s", claim, decided)
	}
	m.A[0] = 1.2
	if claim, _ := linearClaim(m, set); claim != ident.None {
		t.Errorf("an unstable model claims %s", claim)
	}
}
