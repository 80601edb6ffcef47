package deploy

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/nn/seq"
)

// Of the measured outputs a simulation reads the window alone: with every other one missing it is the same, and it is
// what the format's document says. Where the window is as long as the encoder reads, the increment before the window's
// first sample is not known and that of the second stands for it.
func TestOutputsOutsideTheWindowAreNotRead(t *testing.T) {
	const from, to = 10, 40
	for _, integrate := range []bool{false, true} {
		for _, window := range []int{2, 3, 8} {
			m := scalar(1, integrate)
			set, u, y := record(60)
			known := append([]float64(nil), y...)
			for k := range y {
				if k < from || k >= from+window {
					y[k] = math.NaN()
				}
			}
			got, err := m.SimulatePart(set, dataset.Part{From: from, To: to, Window: window})
			if err != nil {
				t.Fatal(err)
			}
			if window == m.Lags { // the value before the window that makes its first two increments equal
				known[from-1] = 2*known[from] - known[from+1]
			}
			same(t, "simulation", got[0], byHand(u, known, from+window, to, 1, integrate, nil))
		}
	}
}

// A stretch predicts the same inside a long record and as a record of its own, where nothing comes before the window.
func TestCutRecordPredictsTheSame(t *testing.T) {
	const from, to, window = 10, 40, 2
	m := scalar(0, true)
	m.Low[0], m.High[0] = math.Inf(-1), math.Inf(1) // limits hide differences
	set, u, y := record(60)
	long, err := m.PredictPart(set, dataset.Part{From: from, To: to, Window: window}, 3)
	if err != nil {
		t.Fatal(err)
	}
	set.Record.Experiments[0].Data = [][]float64{u[from:to], y[from:to]}
	own, err := m.PredictPart(set, dataset.Part{To: to - from, Window: window}, 3)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "prediction", own[0], long[0])
}

// A k-step prediction of sample t does not move with the outputs after t-k, moves with that of t-k, and is free
// simulation where t-k lies in the window.
func TestPredictionReadsOutputsUpToItsStart(t *testing.T) {
	const from, to, window, k = 5, 60, 4, 6
	p := dataset.Part{From: from, To: to, Window: window}
	m := scalar(2, true)
	m.Low[0], m.High[0] = math.Inf(-1), math.Inf(1)
	set, _, y := record(to)
	before, err := m.PredictPart(set, p, k)
	if err != nil {
		t.Fatal(err)
	}
	sim, err := m.SimulatePart(set, p)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "predictions that start at the window's end", before[0][:k], sim[0][:k])
	const changed = 30
	y[changed]++
	after, err := m.PredictPart(set, p, k)
	if err != nil {
		t.Fatal(err)
	}
	for i := range before[0] {
		at := from + window + i // starts from at-k; integrated, it starts from that output
		reads := at-k >= changed && at-k-m.Lags <= changed
		if moved := before[0][i] != after[0][i]; moved != reads {
			t.Errorf("prediction of sample %d moved: %v, with output %d", at, moved, changed)
		}
	}
}

// Limits act on what the sensor shows and not on the sum behind it: an integrated output that passed its limit comes
// back when the sum does.
func TestLimitDoesNotHoldTheIntegrator(t *testing.T) {
	m := scalar(0, true)
	w := m.Members[0].W // y = 4 (0.25 u') = u', an increment
	clear(w)
	m.Members[0].Cell.(seq.Linear).Tensors().D22.Of(w)[0] = 0.25
	m.YMean[0], m.UMid[0], m.UHalf[0], m.Low[0], m.High[0] = 0, 0, 1, -1.5, 2.5
	rec := &dataset.Record{Signals: []dataset.Signal{{Name: "u"}, {Name: "y"}}, Experiments: []dataset.Experiment{{Data: [][]float64{
		{0, 0, 2, 2, -1, -1, -4}, {7, 0.5, 0, 0, 0, 0, 0}}}}}
	set := &dataset.Set{Record: rec, Inputs: []int{0}, Outputs: []int{1}}
	got, err := m.SimulatePart(set, dataset.Part{To: 7, Window: 2})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "simulation", got[0], []float64{2.5, 2.5, 2.5, 2.5, -1.5}) // of 2.5, 4.5, 3.5, 2.5, -1.5
	m.High[0], m.Low[0] = 4, math.Inf(-1)
	if got, err = m.SimulatePart(set, dataset.Part{To: 7, Window: 2}); err != nil {
		t.Fatal(err)
	}
	same(t, "simulation", got[0], []float64{2.5, 4, 3.5, 2.5, -1.5})
}

// Signals keep their own delay, scale, integrator and limits, and the encoder's columns are, for each input and then
// each output, the past values oldest first.
func TestEachSignalItsOwn(t *testing.T) {
	const window, to, lags = 3, 12, 2
	cell := seq.Linear{In: 2, Out: 2, N: 8}
	w := make([]float64, cell.Layout().Len())
	c := cell.Tensors()
	for i := range 8 { // states keep the regressor; outputs are different sums of it
		c.A.Of(w)[i*8+i] = 1
		c.Cx.Of(w)[i] = float64(i + 1)
		c.Cx.Of(w)[8+i] = 0.01 * float64(i*i)
	}
	copy(c.D22.Of(w), []float64{1, 0, 0, 1})
	enc := make([]float64, 64)
	for i := range 8 {
		enc[i*8+i] = 1
	}
	m := &Model{Lags: lags, Members: []Member{{Cell: cell, W: w, EncW: enc, EncB: make([]float64, 8)}},
		Scaling: Scaling{UMid: []float64{1, -1}, UHalf: []float64{2, 3}, YMean: []float64{0.5, -0.5}, YStd: []float64{2, 0.1},
			Delay: []int{0, 2}, Integrate: []bool{false, true}, Low: []float64{-1e9, -1e9}, High: []float64{30, 1e9}}}
	r := rand.New(rand.NewPCG(3, 4))
	data := make([][]float64, 5) // y2, unused, u1, y1, u2
	for i := range data {
		for range to {
			data[i] = append(data[i], r.NormFloat64())
		}
	}
	names := []dataset.Signal{{Name: "y2"}, {Name: "x"}, {Name: "u1"}, {Name: "y1"}, {Name: "u2"}}
	set := &dataset.Set{Record: &dataset.Record{Signals: names, Experiments: []dataset.Experiment{{}, {Data: data}}}, Inputs: []int{2, 4}, Outputs: []int{3, 0}}
	got, err := m.SimulatePart(set, dataset.Part{Experiment: 1, To: to, Window: window})
	if err != nil {
		t.Fatal(err)
	}
	y2, u1, y1, u2 := data[0], data[2], data[3], data[4]
	regressor := []float64{
		(u1[1] - 1) / 2, (u1[2] - 1) / 2, (u2[0] + 1) / 3, (u2[0] + 1) / 3, // u2 two samples late, held before the record
		(y1[1] - 0.5) / 2, (y1[2] - 0.5) / 2, (y2[1] - y2[0] + 0.5) / 0.1, (y2[2] - y2[1] + 0.5) / 0.1,
	}
	var sum1, sum2 float64
	for i, v := range regressor {
		sum1 += float64(i+1) * v
		sum2 += 0.01 * float64(i*i) * v
	}
	var want1, want2 []float64
	level := y2[2]
	for k := window; k < to; k++ {
		want1 = append(want1, math.Min(30, 0.5+2*(sum1+(u1[k]-1)/2)))
		level += -0.5 + 0.1*(sum2+(u2[k-2]+1)/3)
		want2 = append(want2, level)
	}
	const sums = 100 // the regressors weigh up to 8/0.1
	for k := range want1 {
		if math.Abs(got[0][k]-want1[k]) > sums*tolerance || math.Abs(got[1][k]-want2[k]) > sums*tolerance {
			t.Fatalf("sample %d: %v and %v, want %v and %v", k, got[0][k], got[1][k], want1[k], want2[k])
		}
	}
}

// Members of every kind simulate many lanes in blocks as they simulate each lane alone, and go on from their last state
// as if they had not stopped.
func TestLanesAndPiecesOfEveryKind(t *testing.T) {
	const lanes, steps, cut = 200, 200, 77 // 81 steps a block
	for _, cell := range []seq.Cell{
		seq.Lure{In: 2, Out: 1, N: 3, Q: 4},
		seq.Lure{In: 2, Out: 1, N: 3, Q: 4, Layers: 2, Width: 5},
		seq.Gated{In: 2, Out: 1, N: 3, Q: 4, Gate: 5},
		seq.Diagonal{In: 2, Out: 1, Width: 3, Blocks: []seq.DiagonalBlock{{States: 2, Hidden: 4}, {States: 1}}},
		seq.Linear{In: 2, Out: 1, N: 3},
	} {
		r := rand.New(rand.NewPCG(5, 6))
		b := Member{Cell: cell, W: make([]float64, cell.Layout().Len())}
		for i := range b.W {
			b.W[i] = 0.3 * r.NormFloat64()
		}
		x0, u := seq.NewMat(cell.States(), lanes), seq.NewMat(2, lanes*steps)
		for _, m := range []seq.Mat{x0, u} {
			for i := range m.Rows {
				for k := range m.Row(i) {
					m.Row(i)[k] = r.NormFloat64()
				}
			}
		}
		y, end := b.Run(x0, u)
		head, middle := b.Run(x0, columns(u, 0, cut*lanes))
		tail, last := b.Run(middle, columns(u, cut*lanes, (steps-cut)*lanes))
		same(t, "continued outputs", append(append([]float64(nil), head.Row(0)...), tail.Row(0)...), y.Row(0))
		for i := range end.Rows {
			same(t, "continued states", last.Row(i), end.Row(i))
		}
		for _, l := range []int{0, 1, lanes - 1} {
			x1, u1 := seq.NewMat(cell.States(), 1), seq.NewMat(2, steps)
			var want []float64
			for i := range x1.Rows {
				x1.Row(i)[0] = x0.Row(i)[l]
			}
			for k := range steps {
				u1.Row(0)[k], u1.Row(1)[k] = u.Row(0)[k*lanes+l], u.Row(1)[k*lanes+l]
				want = append(want, y.Row(0)[k*lanes+l])
			}
			alone, _ := b.Run(x1, u1)
			same(t, "one lane alone", alone.Row(0), want)
		}
	}
}

// An integrated output needs the window's last value, and two values where the encoder reads its increments; a model
// that reads no past needs no window.
func TestShortWindows(t *testing.T) {
	set, u, _ := record(20)
	m := scalar(0, true)
	m.Lags, m.Members[0].EncW = 1, []float64{0.3, 0.7}
	for _, c := range []struct{ window, lags int }{{1, 1}, {0, 0}} {
		m.Lags = c.lags
		m.Members[0].EncW = m.Members[0].EncW[:2*c.lags]
		if _, err := m.SimulatePart(set, dataset.Part{To: 20, Window: c.window}); err == nil || !strings.Contains(err.Error(), "integrated output starts from") {
			t.Errorf("window %d with %d lags: error %v", c.window, c.lags, err)
		}
	}
	m = scalar(0, false)
	m.Lags, m.Members[0].EncW = 0, nil
	got, err := m.SimulatePart(set, dataset.Part{To: 20})
	if err != nil {
		t.Fatal(err)
	}
	x := m.Members[0].EncB[0]
	same(t, "simulation without a window", got[0], byHand(u, nil, 0, 20, 0, false, &x))
}

// A part that the record does not have is an error, in free simulation, from zero and in prediction.
func TestPartsBeyondTheRecord(t *testing.T) {
	m := scalar(0, false)
	set, _, _ := record(20)
	for want, p := range map[string]dataset.Part{
		"of experiment 2, the record has 1":                           {Experiment: 1, To: 20, Window: 2},
		"of experiment 0, the record has 1":                           {Experiment: -1, To: 20, Window: 2},
		"samples 5 to 20 with a window of 2, the experiment has 20":   {From: 5, To: 21, Window: 2},
		"samples -1 to 19 with a window of 2, the experiment has 20":  {From: -1, To: 20, Window: 2},
		"samples 10 to 19 with a window of -1, the experiment has 20": {From: 10, To: 20, Window: -1},
		"no samples after its window of 10":                           {From: 10, To: 20, Window: 10},
	} {
		_, sim := m.SimulatePart(set, p)
		_, zero := m.SimulateZero(set, p)
		_, ahead := m.PredictPart(set, p, 3)
		for _, err := range []error{sim, zero, ahead} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v does not say %q", err, want)
			}
		}
	}
}
