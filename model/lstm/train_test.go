package lstm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/internal/parallel"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/nn/seq"
	"github.com/plumb-go/plumb/train"
)

// tank simulates a small over-damped nonlinear plant: a tank with an orifice, fed by a random staircase.
func tank(samples int, seed string) train.Sequence {
	r := rng.Stream(1, seed)
	s := train.Sequence{U: seq.NewMat(1, samples), Y: seq.NewMat(1, samples)}
	level, u := 1.0, 0.0
	for k := range samples {
		if k%15 == 0 {
			u = 2*r.Float64() - 1
		}
		s.U.Row(0)[k], s.Y.Row(0)[k] = u, 2*(level-1)
		level += 0.12 * (1 + 0.8*u - math.Sqrt(max(level, 0)))
	}
	return s
}

// TestTraining: every guarantee fits a small nonlinear plant to a quarter of its spread in a few hundred steps, and what
// it stores is proved.
func TestTraining(t *testing.T) {
	if testing.Short() {
		t.Skip("trains six networks")
	}
	data, held := []train.Sequence{tank(1500, "fit")}, []train.Sequence{tank(500, "held")}
	out := train.OutputMap{Low: []float64{math.Inf(-1)}, High: []float64{math.Inf(1)}, Integrate: []float64{0}}
	one := parallel.New(1)
	const most = 0.25
	spread := deviation(held[0].Y.Row(0))
	for _, c := range []struct {
		gru bool
		g   Guarantee
	}{{false, Construct}, {false, Componentwise}, {false, Penalty}, {false, None}, {true, Construct}, {true, Componentwise}} {
		o := Options{GRU: c.gru, Inputs: 1, Outputs: 1, Units: []int{6}, Guarantee: c.g, Rate: 0.995}
		m, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		w := train.NewWindows(m, data, out, 4, 80, one)
		v := train.NewWindows(m, held, out, 4, 400, one)
		if err := v.Cover(0); err != nil {
			t.Fatal(err)
		}
		src := rng.Source(2, o.name())
		r := rand.New(src)
		theta := make([]float64, w.Dim())
		m.Init(r, []complex128{0.94}, theta[:m.Dim()])
		w.InitEncoder(r, theta)
		fit := train.NewFit(train.Plan{AdamSteps: 800, Batch: 12, Rate: 1e-2, Every: 50}, w, nil, v, theta, src)
		if err := fit.Run(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %.4f", o.name(), fit.State.BestValidation)
		if !(fit.State.BestValidation < most*spread) {
			t.Errorf("%s: error %.4f on held-out data, want below %.2f of their spread %.3f", o.name(), fit.State.BestValidation, most, spread)
		}
		if c.g == None {
			continue
		}
		ws := make([]float64, m.Layout().Len())
		m.Deploy(fit.State.Best, ws)
		x, err := Prove(deployed(m), ws)
		if err != nil {
			t.Errorf("%s: %v", o.name(), err)
			continue
		}
		if v := check(t, m, ws, x); !v.Proved {
			t.Errorf("%s: refused: %s %s", o.name(), v.Failed, v.By)
		}
	}
}

func deviation(x []float64) float64 {
	var mean, sum float64
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(x)))
}
