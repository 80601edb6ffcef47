package deploy

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/nn/seq"
)

// tolerance bounds the difference of two evaluations of one recursion in another order of its few sums.
const tolerance = 1e-12

// scalar is a linear model with one state, two lags and every coefficient different from zero, so that a mistake in any
// place shows.
func scalar(delay int, integrate bool) *Model {
	cell := seq.Linear{In: 1, Out: 1, N: 1}
	w := make([]float64, cell.Layout().Len())
	t := cell.Tensors()
	for _, x := range []struct {
		t seq.Tensor
		v float64
	}{{t.A, 0.8}, {t.B2, 0.5}, {t.Bx, 0.1}, {t.Cx, 1.5}, {t.D22, -0.3}, {t.By, 0.2}} {
		x.t.Of(w)[0] = x.v
	}
	return &Model{
		Scaling: Scaling{UMid: []float64{1}, UHalf: []float64{2}, YMean: []float64{3}, YStd: []float64{4}, Delay: []int{delay}, Integrate: []bool{integrate},
			Low: []float64{-2}, High: []float64{12}},
		Lags:    2,
		Members: []Member{{Cell: cell, Kind: "linear", W: w, EncW: []float64{0.3, -0.2, 0.7, 0.4}, EncB: []float64{-0.05}}},
	}
}

// byHand evaluates docs/bundle.md for the model of scalar: the prediction of samples start, start+1, ... , to-1.
func byHand(u, y []float64, start, to, delay int, integrate bool, state *float64) []float64 {
	in := func(k int) float64 { return (u[max(k-delay, 0)] - 1) / 2 }
	out := func(k int) float64 {
		v := y[k]
		if integrate {
			v -= y[k-1]
		}
		return (v - 3) / 4
	}
	var x, p float64
	if state != nil {
		x = *state
	} else {
		x = 0.3*in(start-2) - 0.2*in(start-1) + 0.7*out(start-2) + 0.4*out(start-1) - 0.05
		p = y[start-1]
	}
	var res []float64
	for k := start; k < to; k++ {
		v := 3 + 4*(1.5*x-0.3*in(k)+0.2)
		x = 0.8*x + 0.5*in(k) + 0.1
		if integrate {
			p += v
			v = p
		}
		res = append(res, math.Min(math.Max(v, -2), 12))
	}
	return res
}

func record(n int) (*dataset.Set, []float64, []float64) {
	r := rand.New(rand.NewPCG(1, 2))
	u, y := make([]float64, n), make([]float64, n)
	for k := range u {
		u[k], y[k] = 3*r.NormFloat64(), 4*r.NormFloat64()
	}
	rec := &dataset.Record{Ts: 1, Signals: []dataset.Signal{{Name: "u"}, {Name: "y"}}, Experiments: []dataset.Experiment{{Data: [][]float64{u, y}}}}
	return &dataset.Set{Record: rec, Inputs: []int{0}, Outputs: []int{1}}, u, y
}

func same(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d samples, want %d", what, len(got), len(want))
	}
	for k := range got {
		if !(math.Abs(got[k]-want[k]) <= tolerance*(1+math.Abs(want[k]))) {
			t.Fatalf("%s: sample %d is %v, want %v", what, k, got[k], want[k])
		}
	}
}

// The deployed model is what the document of the file format says, for delays, integrated outputs and sensor limits.
func TestModelIsTheDocuments(t *testing.T) {
	const from, to, window = 10, 60, 6
	for delay := range 4 {
		for _, integrate := range []bool{false, true} {
			m := scalar(delay, integrate)
			set, u, y := record(80)
			p := dataset.Part{From: from, To: to, Window: window}
			got, err := m.SimulatePart(set, p)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "simulation", got[0], byHand(u, y, from+window, to, delay, integrate, nil))
			var zero float64
			if got, err = m.SimulateZero(set, p); err != nil {
				t.Fatal(err)
			}
			same(t, "simulation from zero", got[0], byHand(u, y, from+window, to, delay, integrate, &zero))
			for _, k := range []int{1, 2, 7, to - from - window, 200} {
				if got, err = m.PredictPart(set, p, k); err != nil {
					t.Fatal(err)
				}
				var want []float64
				for at := from + window; at < to; at++ {
					h := byHand(u, y, max(at-k+1, from+window), at+1, delay, integrate, nil)
					want = append(want, h[len(h)-1])
				}
				same(t, "prediction", got[0], want)
			}
		}
	}
}

// Several members are averaged, and a long record that is simulated in blocks is one simulation.
func TestParallelSumAndBlocks(t *testing.T) {
	const n = 40000 // more than two blocks of a single lane
	m := scalar(1, false)
	m.Low[0], m.High[0] = math.Inf(-1), math.Inf(1)
	set, u, y := record(n)
	m.Members = append(m.Members, m.Members[0])
	b := &m.Members[1]
	b.W = append([]float64(nil), b.W...)
	b.Cell.(seq.Linear).Tensors().By.Of(b.W)[0] += 0.5 // shifts this member by 4 * 0.5
	got, err := m.SimulatePart(set, dataset.Part{To: n, Window: 2})
	if err != nil {
		t.Fatal(err)
	}
	one := scalar(1, false)
	one.Low[0], one.High[0] = math.Inf(-1), math.Inf(1)
	single, err := one.SimulatePart(set, dataset.Part{From: 0, To: 50, Window: 2})
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range single[0] {
		if math.Abs(got[0][k]-v-1) > tolerance*100 {
			t.Fatalf("sample %d: mean %v of members %v and %v", k, got[0][k], v, v+2)
		}
	}
	x := 0.3*(u[0]-1)/2 - 0.2*(u[0]-1)/2 + 0.7*(y[0]-3)/4 + 0.4*(y[1]-3)/4 - 0.05 // samples 0 and 1, inputs delayed by one
	for k := 2; k < n; k++ {
		in := (u[k-1] - 1) / 2
		if want := 3 + 4*(1.5*x-0.3*in+0.2+0.25); math.Abs(got[0][k-2]-want) > tolerance*100 {
			t.Fatalf("sample %d: %v, want %v", k, got[0][k-2], want)
		}
		x = 0.8*x + 0.5*in + 0.1
	}
}

// Shapes that do not fit are errors that name both.
func TestErrors(t *testing.T) {
	m := scalar(0, false)
	set, _, _ := record(30)
	two := *set
	two.Inputs = []int{0, 1}
	for _, c := range []struct {
		set  *dataset.Set
		p    dataset.Part
		k    int
		want string
	}{
		{&two, dataset.Part{To: 30, Window: 5}, 1, "1 inputs and 1 outputs, the data 2"},
		{set, dataset.Part{To: 30, Window: 1}, 1, "needs 2 measured samples"},
		{set, dataset.Part{To: 5, Window: 5}, 1, "no samples after its window of 5"},
		{set, dataset.Part{To: 30, Window: 5}, 0, "at least 1, got 0"},
	} {
		if _, err := m.PredictPart(c.set, c.p, c.k); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v does not say %q", err, c.want)
		}
	}
}
