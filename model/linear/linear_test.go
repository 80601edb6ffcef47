package linear

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/internal/linalg"
)

// truth is a system with known matrices.
type truth struct {
	n, m, p    int
	a, b, c, d []float64
	delay      []int
	by         []float64
}

// oscillator has poles 0.9 e^{+-0.4i} and 0.6, input delay 3 and an output offset of 5.
func oscillator() truth {
	re, im := 0.9*math.Cos(0.4), 0.9*math.Sin(0.4)
	return truth{n: 3, m: 1, p: 1,
		a: []float64{re, -im, 0, im, re, 0, 0, 0, 0.6}, b: []float64{1, 0.3, 0.5}, c: []float64{0.4, 0.2, 1}, d: []float64{0.1},
		delay: []int{3}, by: []float64{5}}
}

// coupled has two inputs and three outputs that share four states.
func coupled() truth {
	return truth{n: 4, m: 2, p: 3,
		a:     []float64{0.8, -0.5, 0, 0, 0.5, 0.8, 0, 0, 0, 0, 0.7, 0.2, 0, 0, 0, -0.3},
		b:     []float64{1, 0, 0, 0.5, 0.3, 1, 1, -1},
		c:     []float64{1, 0, 0.5, 0, 0, 1, 0, 1, 0.3, 0.3, 1, -0.5},
		d:     []float64{0, 0.2, 0.1, 0, 0, 0},
		delay: []int{1, 1}, by: []float64{1, -2, 0}}
}

// run simulates by the definition, from x, with noise of standard deviation sd on the outputs.
func (s truth) run(u [][]float64, x []float64, sd float64, r *rand.Rand) [][]float64 {
	steps := len(u[0])
	y := zeros(s.p, steps)
	for k := range steps {
		in := make([]float64, s.m)
		for j := range in {
			in[j] = u[j][max(k-s.delay[j], 0)]
		}
		for i := range y {
			y[i][k] = s.by[i] + sd*r.NormFloat64()
			for l, v := range x {
				y[i][k] += s.c[i*s.n+l] * v
			}
			for j, v := range in {
				y[i][k] += s.d[i*s.m+j] * v
			}
		}
		next := make([]float64, s.n)
		for l := range next {
			for i, v := range x {
				next[l] += s.a[l*s.n+i] * v
			}
			for j, v := range in {
				next[l] += s.b[l*s.m+j] * v
			}
		}
		x = next
	}
	return y
}

// set makes a record of experiments of the given lengths; the last one tests.
func (s truth) set(sd float64, lengths ...int) *dataset.Set {
	r := rand.New(rand.NewPCG(21, 22))
	rec := &dataset.Record{Ts: 1}
	set := &dataset.Set{Record: rec}
	for j := range s.m + s.p {
		rec.Signals = append(rec.Signals, dataset.Signal{})
		if j < s.m {
			set.Inputs = append(set.Inputs, j)
		} else {
			set.Outputs = append(set.Outputs, j)
		}
	}
	for e, n := range lengths {
		u := zeros(s.m, n)
		for j := range u {
			for k := range u[j] {
				u[j][k] = 2 + r.NormFloat64()
			}
		}
		x := make([]float64, s.n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		rec.Experiments = append(rec.Experiments, dataset.Experiment{Data: append(u, s.run(u, x, sd, r)...)})
		p := dataset.Part{Experiment: e, To: n, Window: 40}
		if e == len(lengths)-1 {
			set.Test = append(set.Test, p)
		} else {
			set.Train = append(set.Train, p)
		}
	}
	return set
}

// nearest is the largest distance of a wanted pole to the model's poles.
func nearest(m *Model, want ...complex128) (worst float64) {
	for _, w := range want {
		best := math.Inf(1)
		for _, p := range m.Poles() {
			best = min(best, math.Hypot(real(p-w), imag(p-w)))
		}
		worst = max(worst, best)
	}
	return worst
}

// exact bounds errors of fits to noise-free data: square root of rounding, since normal equations square the condition.
const exact = 1e-6

func TestFitFindsANoiseFreeSystem(t *testing.T) {
	s := oscillator()
	set := s.set(0, 600, 300)
	m, err := Fit(t.Context(), set, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Order != 3 || !slices.Equal(m.Delay, s.delay) {
		t.Errorf("order %d, delay %v; the system has 3 and 3", m.Order, m.Delay)
	}
	re, im := 0.9*math.Cos(0.4), 0.9*math.Sin(0.4)
	if d := nearest(m, complex(re, im), complex(re, -im), 0.6); d > exact {
		t.Errorf("poles %v, off by %g", m.Poles(), d)
	}
	if e := rmse(t, m, set, set.Test); e > exact {
		t.Errorf("test error %g", e)
	}
}

// With output noise the simulation error on new data is the noise, up to the cost of fitted parameters.
func TestFitUnderNoise(t *testing.T) {
	for name, s := range map[string]truth{"one output": oscillator(), "three outputs": coupled()} {
		const sd = 0.3
		set := s.set(sd, 500, 700, 900)
		m, err := Fit(t.Context(), set, Options{MaxOrder: 8})
		if err != nil {
			t.Fatal(err)
		}
		if e := rmse(t, m, set, set.Test); e > 1.05*sd {
			t.Errorf("%s: order %d, delay %v: test error %.4f with noise %.2f", name, m.Order, m.Delay, e, sd)
		}
	}
}

func TestFitWithAnIntegrator(t *testing.T) {
	s := truth{n: 2, m: 1, p: 1, a: []float64{1, 1, 0, 0.7}, b: []float64{0, 1}, c: []float64{1, 0}, d: []float64{0}, delay: []int{0}, by: []float64{0}}
	set := s.set(0.1, 400, 300)
	for e := range set.Record.Experiments { // input without drift, and a constant force that nothing measures
		data := set.Record.Experiments[e].Data
		u := [][]float64{data[0]}
		for k := range u[0] {
			u[0][k] = u[0][k] - 2
		}
		data[1] = s.run(u, []float64{0, 0}, 0.1, rand.New(rand.NewPCG(1, uint64(e))))[0]
	}
	m, err := Fit(t.Context(), set, Options{Integrate: []bool{true}, MaxOrder: 4})
	if err != nil {
		t.Fatal(err)
	}
	if d := nearest(m, 1); d > exact {
		t.Errorf("no pole at one: %v", m.Poles())
	}
	if d := nearest(m, 0.7); d > 0.02 {
		t.Errorf("no pole at 0.7: %v", m.Poles())
	}
	if _, err := m.Witness(); !errors.Is(err, ErrUnstable) {
		t.Errorf("an integrator has a witness: %v", err)
	}
}

// Two fits of the same data are equal to the last bit.
func TestFitIsDeterministic(t *testing.T) {
	set := oscillator().set(0.2, 400, 100)
	a, err := Fit(t.Context(), set, Options{MaxOrder: 4, MaxDelay: 4})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Fit(t.Context(), set, Options{MaxOrder: 4, MaxDelay: 4})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.A, b.A) || !slices.Equal(a.B, b.B) || !slices.Equal(a.C, b.C) || !slices.Equal(a.By, b.By) {
		t.Error("two fits differ")
	}
}

// Neither test parts nor measured outputs after a window are read.
func TestOutputsAfterTheWindowAreNotRead(t *testing.T) {
	set := oscillator().set(0.2, 400, 300)
	fit := func() (*Model, [][]float64) {
		m, err := Fit(t.Context(), set, Options{MaxOrder: 4, MaxDelay: 4})
		if err != nil {
			t.Fatal(err)
		}
		y, err := m.SimulatePart(set, set.Test[0])
		if err != nil {
			t.Fatal(err)
		}
		return m, y
	}
	_, want := fit()
	y := set.Record.Experiments[1].Data[1]
	for k := set.Test[0].Window; k < len(y); k++ {
		y[k] = math.NaN()
	}
	if _, got := fit(); !slices.Equal(got[0], want[0]) {
		t.Error("predictions depend on outputs after the window")
	}
}

func TestFitErrors(t *testing.T) {
	set := oscillator().set(0.1, 300, 100)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fit(cancelled, set, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Fit(t.Context(), set, Options{Delay: []int{1, 2}}); err == nil {
		t.Error("two delays for one input")
	}
	short := *set
	short.Train = []dataset.Part{{To: 20}}
	if _, err := Fit(t.Context(), &short, Options{}); !errors.Is(err, ErrShort) {
		t.Errorf("short: %v", err)
	}
	for k := range set.Record.Experiments[0].Data[0] {
		set.Record.Experiments[0].Data[0][k] = 7
	}
	if _, err := Fit(t.Context(), set, Options{}); !errors.Is(err, ErrConstant) {
		t.Errorf("constant input: %v", err)
	}
}

// known is a model with the matrices of a system and no prior knowledge worth anything.
func (s truth) known() *Model {
	m := &Model{Order: s.n, Inputs: s.m, Outputs: s.p, A: s.a, B: s.b, C: s.c, D: s.d, Bx: make([]float64, s.n), By: s.by, Delay: s.delay, forget: 1}
	for range s.p {
		m.trust = append(m.trust, 1e14)
	}
	return m
}

func TestSimulationAndInitialStateOfAKnownSystem(t *testing.T) {
	for _, s := range []truth{oscillator(), coupled()} {
		r := rand.New(rand.NewPCG(3, 4))
		const steps, window = 120, 50
		u := zeros(s.m, steps)
		for j := range u {
			for k := range u[j] {
				u[j][k] = r.NormFloat64()
			}
		}
		x0 := make([]float64, s.n)
		for i := range x0 {
			x0[i] = r.NormFloat64()
		}
		want := s.run(u, x0, 0, r)
		m := s.known()
		got, err := m.Simulate(u, x0)
		if err != nil {
			t.Fatal(err)
		}
		head := func(x [][]float64) (out [][]float64) {
			for _, v := range x {
				out = append(out, v[:window])
			}
			return out
		}
		x, err := m.InitialState(head(u), head(want))
		if err != nil {
			t.Fatal(err)
		}
		rec := &dataset.Record{Signals: make([]dataset.Signal, s.m+s.p), Experiments: []dataset.Experiment{{Data: append(slices.Clone(u), want...)}}}
		set := &dataset.Set{Record: rec, Inputs: []int{0, 1}[:s.m], Outputs: []int{s.m, s.m + 1, s.m + 2}[:s.p]}
		part := dataset.Part{To: steps, Window: window}
		sim, err := m.SimulatePart(set, part)
		if err != nil {
			t.Fatal(err)
		}
		ahead, err := m.PredictPart(set, part, 7)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			for k, v := range want[i] {
				if math.Abs(got[i][k]-v) > 1e-12 {
					t.Fatalf("output %d, sample %d: %g, want %g", i, k, got[i][k], v)
				}
				if k >= window && (math.Abs(sim[i][k-window]-v) > exact || math.Abs(ahead[i][k-window]-v) > exact) {
					t.Fatalf("output %d, sample %d: simulated %g, predicted %g, want %g", i, k, sim[i][k-window], ahead[i][k-window], v)
				}
			}
		}
		if len(x) != s.n {
			t.Errorf("initial state of length %d", len(x))
		}
	}
	m := oscillator().known()
	if _, err := m.Simulate(zeros(2, 5), nil); err == nil {
		t.Error("two inputs for a model with one")
	}
	if _, err := m.InitialState(zeros(1, 5), zeros(1, 4)); err == nil {
		t.Error("signals of different lengths")
	}
}

// A disturbed output makes predictions over few steps better than over many, and a window that ends later moves the
// state: the k-step prediction really reads measurements up to k samples before.
func TestPredictionReadsUpToTheHorizon(t *testing.T) {
	set := oscillator().set(0.2, 400, 300)
	m, err := Fit(t.Context(), set, Options{MaxOrder: 4, MaxDelay: 4})
	if err != nil {
		t.Fatal(err)
	}
	part := set.Test[0]
	const at, k = 200, 5
	before, err := m.PredictPart(set, part, k)
	if err != nil {
		t.Fatal(err)
	}
	set.Record.Experiments[1].Data[1][at] += 3
	after, err := m.PredictPart(set, part, k)
	if err != nil {
		t.Fatal(err)
	}
	for i := range before[0] {
		changed := before[0][i] != after[0][i]
		sample := part.Window + i
		if changed && sample < at+k {
			t.Errorf("sample %d was predicted from the measurement at %d, %d steps ahead", sample, at, sample-at)
		}
		if sample == at+k && !changed {
			t.Errorf("sample %d does not use the measurement at %d", sample, at)
		}
	}
}

func TestWitnessInequality(t *testing.T) {
	for _, s := range []truth{oscillator(), coupled()} {
		m := s.known()
		w, err := m.Witness()
		if err != nil {
			t.Fatal(err)
		}
		n := s.n
		if _, ok := linalg.Cholesky(n, w.M); !ok {
			t.Error("M is not positive definite")
		}
		ama := linalg.Mul(n, n, n, linalg.Transpose(n, n, s.a), linalg.Mul(n, n, n, w.M, s.a))
		for i := range ama {
			ama[i] = w.Rate*w.Rate*w.M[i] - ama[i]
		}
		if _, ok := linalg.Cholesky(n, ama); !ok {
			t.Errorf("rate %g: r^2 M - A'MA is not positive definite", w.Rate)
		}
		for i := range ama { // at a rate below the spectral radius no M does
			ama[i] -= (w.Rate*w.Rate - 0.5) * w.M[i]
		}
		if _, ok := linalg.Cholesky(n, ama); ok {
			t.Error("the inequality holds below the spectral radius")
		}
	}
}
