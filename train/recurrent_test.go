package train

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/internal/parallel"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

// gates is an LSTM whose weights, boxes included, are its parameters, with a quadratic penalty and a residual that is
// negative while the first parameter is below limit.
type gates struct {
	seq.LSTM
	weight, limit float64
}

func (g gates) Kind() string                     { return "lstm" }
func (g gates) Dim() int                         { return g.Layout().Len() }
func (g gates) Deploy(theta, w []float64)        { copy(w, theta) }
func (g gates) Pullback(_, dw, dtheta []float64) { add(dtheta, dw) }
func (g gates) Residual(theta []float64) float64 { return theta[0] - g.limit }
func (g gates) Init(r *rand.Rand, _ []complex128, t []float64) {
	model.Normal(r, t, 0.3)
	for _, b := range g.Box() {
		for i := range b.Tensor.Of(t) {
			b.Tensor.Of(t)[i] = 0.5 + r.Float64()
		}
	}
}

func (g gates) Penalty(theta, grad []float64) float64 {
	var s float64
	for i, v := range theta {
		s += 0.5 * g.weight * v * v
		if grad != nil {
			grad[i] += g.weight * v
		}
	}
	return s
}

func confined(t *testing.T) (*Windows, []float64) {
	t.Helper()
	net := gates{seq.LSTM{Deep: seq.Deep{In: 1, Out: 1, Units: []int{3}}}, 0.01, math.Inf(1)}
	out := OutputMap{Low: []float64{math.Inf(-1)}, High: []float64{math.Inf(1)}, Integrate: []float64{0}}
	o := NewWindows(net, []Sequence{second(300)}, out, 4, 20, parallel.New(1))
	theta := make([]float64, o.Dim())
	r := rng.Stream(3, "theta")
	model.Normal(r, theta, 0.4)
	net.Init(r, nil, theta[:net.Dim()])
	return o, theta
}

// TestConfinedGradient compares gradients with difference quotients where the network confines its initial state and
// is penalised, with the encoder's and with random initial states, with and without washout.
func TestConfinedGradient(t *testing.T) {
	for _, random := range []bool{false, true} {
		for _, integrate := range []float64{0, 2.5} {
			o, theta := confined(t)
			o.Washout, o.RandomStart, o.Out.Integrate[0] = 7, random, integrate
			if err := o.Draw(rng.Stream(2, "draw"), 30); err != nil {
				t.Fatal(err)
			}
			g, scratch := make([]float64, o.Dim()), make([]float64, o.Dim())
			o.ValueGrad(theta, g)
			for i := range theta {
				const h = 1e-6
				keep := theta[i]
				theta[i] = keep + h
				fp := o.ValueGrad(theta, scratch)
				theta[i] = keep - h
				fm := o.ValueGrad(theta, scratch)
				theta[i] = keep
				if d := (fp - fm) / (2 * h); math.Abs(d-g[i]) > 1e-6*(1+math.Abs(d)) {
					t.Errorf("random %v, integrate %g, parameter %d: gradient %g, difference quotient %g", random, integrate, i, g[i], d)
				}
			}
			if enc := g[o.Net.Dim():]; random && norm(enc) != 0 {
				t.Errorf("the encoder has a gradient of norm %g where it has no part", norm(enc))
			}
		}
	}
}

// TestWashoutIsNotScored changes the targets of the washout; the loss must not see it.
func TestWashoutIsNotScored(t *testing.T) {
	o, theta := confined(t)
	o.Washout = 5
	o.starts = []Start{{0, 40}}
	o.shape()
	before := o.Value(theta)
	y := o.Data[0].Y.Row(0)
	for k := 40; k < 45; k++ {
		y[k] += 100
	}
	if got := o.Value(theta); got != before {
		t.Errorf("loss %g, was %g before the washout's targets changed", got, before)
	}
	y[45] += 1
	if got := o.Value(theta); got == before {
		t.Error("the loss does not see the first sample after the washout")
	}
}

// TestRandomStartsFillTheBox checks that drawn states lie in the box and reach into its outer tenth on either side.
func TestRandomStartsFillTheBox(t *testing.T) {
	o, _ := confined(t)
	o.RandomStart = true
	if err := o.Draw(rng.Stream(4, "draw"), 200); err != nil {
		t.Fatal(err)
	}
	for i := range o.random.Rows {
		low, high := 1.0, -1.0
		for _, e := range o.random.Row(i) {
			low, high = min(low, math.Tanh(e)), max(high, math.Tanh(e))
		}
		if low < -1 || high > 1 || low > -0.9 || high < 0.9 {
			t.Errorf("state %d: drawn between %g and %g of the box", i, low, high)
		}
	}
}

// TestOnlyProvableIteratesAreKept fits with a limit on the first parameter; whatever is stored must respect it, though
// training leaves the limit.
func TestOnlyProvableIteratesAreKept(t *testing.T) {
	for _, keepLast := range []bool{false, true} {
		o, theta := confined(t)
		net := o.Net.(gates)
		net.limit = theta[0] + 0.01
		o.Net = net
		plan := Plan{AdamSteps: 300, Batch: 8, Rate: 5e-2, Every: 5, KeepLast: keepLast}
		f := NewFit(plan, o, nil, nil, theta, rng.Source(5, "fit"))
		if err := f.Run(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		left := false
		for _, p := range f.State.Trace {
			if p.Residual == nil {
				t.Fatal("a certifiable network leaves no residual in the trace")
			}
			left = left || *p.Residual >= 0
		}
		if !left {
			t.Fatal("training never left the provable set: the test says nothing")
		}
		if r := net.Residual(f.State.Best); r >= 0 {
			t.Errorf("keepLast %v: stored an iterate with residual %g", keepLast, r)
		}
	}
}

// TestRMSPropDescends minimises a quadratic of condition 100; the method normalises each coordinate, so both fall alike.
func TestRMSPropDescends(t *testing.T) {
	theta, g := []float64{1, 1}, make([]float64, 2)
	var a Adam
	for range 2000 {
		g[0], g[1] = theta[0], 100*theta[1]
		a.UpdateRMSProp(theta, g, 1e-3)
	}
	for i, v := range theta {
		if math.Abs(v) > 0.01 {
			t.Errorf("coordinate %d is %g after 2000 steps", i, v)
		}
	}
}

// TestPatience ends a fit whose validation cannot improve.
func TestPatience(t *testing.T) {
	o, theta := confined(t)
	plan := Plan{AdamSteps: 5000, Batch: 4, Rate: 0, Every: 2, Patience: 5, RMSProp: true}
	v := NewWindows(o.Net, o.Data, o.Out, o.Lags, o.Steps, parallel.New(1))
	if err := v.Cover(0); err != nil {
		t.Fatal(err)
	}
	f := NewFit(plan, o, nil, v, theta, rng.Source(5, "fit"))
	if err := f.Run(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if got := f.State.EndedAdam; got > 20 {
		t.Errorf("the fit made %d steps at learning rate 0, patience is 10 steps", got)
	}
}
