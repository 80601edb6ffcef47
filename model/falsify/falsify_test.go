package falsify

import (
	"context"
	"errors"
	"math"
	"math/big"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/nn/seq"
)

// specs are networks of realistic size, with tight bounds.
var specs = []spec{
	{in: 1, out: 2, units: []int{10}, rate: 0.95, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.98},
	{in: 1, out: 2, units: []int{8, 8}, rate: 0.95, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.98},
	{in: 2, out: 1, units: []int{6, 5}, filter: seq.FilterSize{States: 3, Width: 2}, rate: 0.97, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.98},
	{norm: true, in: 2, out: 1, units: []int{6, 5}, rate: 0.97, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.98},
	{gru: true, in: 1, out: 2, units: []int{8, 6}, rate: 0.95, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.98},
	{gru: true, in: 2, out: 2, units: []int{8}, filter: seq.FilterSize{States: 2, Width: 3}, rate: 0.98, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.98},
	{in: 1, out: 1, units: []int{10, 10}, rate: 0.995, slow: [2]float64{0.8, 0.99}, input: 1, recur: 1, tight: 0.98},
}

// rounded is how far the ratio of a proved bound may lie above 1: the witness of a fixture has a few such parts of
// slack, and a ratio is a quotient of two rounded numbers. Larger rounding is part of the bound (Bound.least).
const rounded = 1e-9

// effort returns the pairs and searches for each guarantee: 10^4 and 20, or 10^5 and 200 with PLUMB_LONG set.
func effort() (pairs, searches int) {
	if os.Getenv("PLUMB_LONG") != "" {
		return 100000, 200
	}
	return 10000, 20
}

// TestBoundHolds: no search finds a pair that violates a proved bound, nor a state that leaves a box.
func TestBoundHolds(t *testing.T) {
	for _, s := range specs {
		f := build(t, s, 1)
		proved(t, f)
		b := f.bound(t)
		pairs, searches, steps := 2000, 40, 40
		if os.Getenv("PLUMB_LONG") != "" {
			pairs, searches, steps = 100000, 200, 0
		}
		r, a, m := attackAll(t, f, f.w, b, pairs, searches, steps)
		for _, x := range []Finding{r, a} {
			if x.Ratio > 1+rounded || x.Box > 1+rounded {
				t.Errorf("%s: ratio %.12g of %s at step %d, box %.12g", s, x.Ratio, b.Quantities[x.Quantity].Name, x.Step, x.Box)
			}
		}
		if m.Ratio > 1+rounded {
			t.Errorf("%s: %s: %.12g at step %d", s, b.Quantities[m.Quantity].Name, m.Ratio, m.Step)
		}
		if a.Ratio < 0.5 {
			t.Errorf("%s: the climbs reach %.3f only; these bounds are tighter", s, a.Ratio)
		}
	}
}

// attackAll runs the three searches and logs what they found and how long they took.
func attackAll(t *testing.T, f fixture, w []float64, b *Bound, pairs, searches, steps int) (r, a, m Finding) {
	t.Helper()
	now := time.Now()
	lap := func() float64 {
		d := time.Since(now).Seconds()
		now = time.Now()
		return d
	}
	var err error
	if r, err = Random(t.Context(), f.cell, w, b, Options{Count: pairs, Steps: steps, Workers: 2, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	tr := lap()
	if a, err = Ascend(t.Context(), f.cell, w, b, Options{Count: searches, Steps: steps, Workers: 2, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	ta := lap()
	if m, err = Reach(t.Context(), f.cell, w, b, Options{Count: searches, Steps: steps, Workers: 2, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d random pairs %.4f (%s, k = %d; %.1f s), %d climbs %.4f (%s, k = %d; %.1f s), boxes %.4f (%.1f s)",
		r.Tried, r.Ratio, b.Quantities[r.Quantity].Name, r.Step, tr, a.Tried, a.Ratio, b.Quantities[a.Quantity].Name, a.Step, ta, m.Ratio, lap())
	return r, a, m
}

// TestNegativeControl: behind a certificate of the original, networks with gates enlarged by 1.5 are caught.
func TestNegativeControl(t *testing.T) {
	for _, s := range []spec{specs[6], specs[4]} {
		f := build(t, s, 1)
		w, err := Scaled(f.cell, f.w, 1.5)
		if err != nil {
			t.Fatal(err)
		}
		r, a, _ := attackAll(t, f, w, f.bound(t), 2000, 200, 40)
		if worst := (Report{Random: r, Ascent: a}).Worst(); worst.Ratio < 1.001 {
			t.Errorf("%s: the enlarged network keeps within %.4f of the bound", s, worst.Ratio)
		}
	}
}

// TestFalseBounds: a bound that is slightly wrong in one place is caught: in the rate, in eta or zeta of a state.
func TestFalseBounds(t *testing.T) {
	f := single(0.9, 0.95)
	good := f.bound(t)
	for _, c := range []struct {
		name  string
		spoil func(b *Bound)
	}{
		{"rate", func(b *Bound) { b.Rate = 0.89 }},
		{"eta", func(b *Bound) { b.Eta[1] *= 0.9 }},
		{"zeta", func(b *Bound) { b.Zeta[0] *= 0.97 }},
	} {
		b := *good
		b.Eta, b.Zeta = append([]float64(nil), good.Eta...), append([]float64(nil), good.Zeta...)
		c.spoil(&b)
		_, a, _ := attackAll(t, f, f.w, &b, 64, 200, 60)
		if a.Ratio <= 1+rounded {
			t.Errorf("%s lowered: the climbs reach %.6f only", c.name, a.Ratio)
		}
	}
}

// single is an LSTM of one unit whose gates are constant: f as given, i = o = 1/2, g = tanh(v/8). Then
// c(k+1) = f c + g/2 and h = tanh(c)/2, whose differences obey |dc(k)| <= f^k |dc(0)| + 1/16 (1 - f^k)/(1 - f) e. At the
// rate r the witness below has no slack but in dc: eta = (1, f/(2r)), zeta = (1, 1/2)/(16 (1 - f)).
func single(f, r float64) fixture {
	c := seq.LSTM{Deep: seq.Deep{In: 1, Out: 1, Units: []int{1}}}
	q := c.Tensors()
	w := make([]float64, c.Layout().Len())
	l := q.Layers[0]
	l.F.B.Of(w)[0] = math.Log(f / (1 - f))
	l.G.W.Of(w)[0] = 1.0 / 8
	box := 0.5 * math.Tanh(1.0/8) / (1 - f)
	l.CBox.Of(w)[0], l.HBox.Of(w)[0] = box, 0.5*math.Tanh(box)
	q.Out.Wy.Of(w)[0] = 1
	z := 1 / (16 * (1 - f))
	return fixture{c, w, cert.Witness{
		Rate:  new(big.Rat).SetFloat64(r),
		Cells: []cert.CellWitness{{Eta: []float64{1, f / (2 * r)}, Zeta: []float64{z, z / 2}}},
	}}
}

// TestClosedForm: in the network of one unit the supremum of all ratios is known. dh(1) = f dc(0)/2 for close pairs
// around c = 0, which is eta_h r: the ratio of h is 1 at k = 1, while that of c is f/r. Without dh, that is in the gain
// alone, it is 1 - f^k.
func TestClosedForm(t *testing.T) {
	const f, r = 0.5, 0.9
	x := single(f, r)
	b := x.bound(t)
	random, climbs, _ := attackAll(t, x, x.w, b, 2000, 40, 30)
	if climbs.Ratio < 1-1e-5 || climbs.Ratio > 1+rounded {
		t.Errorf("climbs: %.8f, the supremum is 1", climbs.Ratio)
	}
	if random.Ratio > 1+rounded || random.Ratio < 0.99 {
		t.Errorf("random pairs: %.8f, the supremum is 1", random.Ratio)
	}

	// With eta_h twice as large the ratio of h is halved, and c is next: f/r; the gain's 1 - f^30 is nearly 1 again, so
	// zeta is made large for this part.
	x.witness.Cells[0].Eta[1] *= 2
	for i := range 2 {
		x.witness.Cells[0].Zeta[i] *= 100
	}
	b = x.bound(t)
	random, climbs, _ = attackAll(t, x, x.w, b, 2000, 40, 30)
	for name, got := range map[string]float64{"climbs": climbs.Ratio, "random pairs": random.Ratio} {
		if math.Abs(got-f/r) > 1e-6 {
			t.Errorf("%s: %.8f, want f/r = %.8f", name, got, f/r)
		}
	}
}

// TestGainInClosedForm: from equal states the ratio at horizon K is 1 - f^K, for small inputs around 0.
func TestGainInClosedForm(t *testing.T) {
	const f, steps = 0.5, 4
	x := single(f, 0.99) // the ratio of the decay is f/r for c,
	x.witness.Cells[0].Eta[1] *= 2
	b := x.bound(t)
	b.Zeta[1] *= 2 // and h and y are as bad as c
	b.Zeta[2] *= 2
	_, a, _ := attackAll(t, x, x.w, b, 64, 200, steps)
	if want := 1 - math.Pow(f, steps); math.Abs(a.Ratio-want) > 1e-4 {
		t.Errorf("climbs: %.6f, want 1 - f^%d = %.6f", a.Ratio, steps, want)
	}
}

// TestOneStepByGrid: in a network of one unit with all couplings the largest one-step ratio is found by a grid over the
// box: the ratio of close pairs is a row of derivatives, written here from the equations. Climbs must reach it.
func TestOneStepByGrid(t *testing.T) {
	s := spec{in: 1, out: 1, units: []int{1}, rate: 0.9, slow: [2]float64{0.6, 0.8}, input: 1, recur: 1, tight: 0.98}
	for seed := range uint64(4) {
		x := build(t, s, seed)
		b := x.bound(t)
		b.Eta[2], b.Zeta[2] = 100*b.Eta[2], 100*b.Zeta[2] // states only
		y := x.cell.(seq.LSTM).Tensors().Layers[0]
		want := 0.0
		const n = 40
		for i := range n + 1 {
			for j := range n + 1 {
				for k := range n + 1 {
					at := func(i int) float64 { return 2*float64(i)/n - 1 }
					c, h, v := b.net.box[0]*at(i), b.net.box[1]*at(j), at(k)
					z := func(g seq.GateTensors) (z, u float64) {
						u = g.U.Of(x.w)[0]
						return g.W.Of(x.w)[0]*v + u*h + g.B.Of(x.w)[0], u
					}
					zi, ui := z(y.I)
					zf, uf := z(y.F)
					zg, ug := z(y.G)
					zo, uo := z(y.O)
					in, f, g, o := sigmoid(zi), sigmoid(zf), math.Tanh(zg), sigmoid(zo)
					cc, ch := f, c*f*(1-f)*uf+in*(1-g*g)*ug+g*in*(1-in)*ui
					tc := math.Tanh(f*c + in*g)
					hc, hh := o*(1-tc*tc)*cc, o*(1-tc*tc)*ch+tc*o*(1-o)*uo
					want = max(want, (math.Abs(cc)*b.Eta[0]+math.Abs(ch)*b.Eta[1])/(b.Rate*b.Eta[0]),
						(math.Abs(hc)*b.Eta[0]+math.Abs(hh)*b.Eta[1])/(b.Rate*b.Eta[1]))
				}
			}
		}
		_, a, _ := attackAll(t, x, x.w, b, 64, 64, 1)
		// the grid misses the maximum by its spacing squared; large differences see a mean of derivatives
		if a.Ratio < want*(1-1e-3) || a.Ratio > want*(1+2e-3) {
			t.Errorf("seed %d: climbs %.6f, grid %.6f", seed, a.Ratio, want)
		}
	}
}

// TestFindingIsReal: the pair of a finding lies in the boxes, and its ratio follows from the claim's words on a
// simulation by plain loops.
func TestFindingIsReal(t *testing.T) {
	for _, s := range shapes {
		f := build(t, s, 2)
		b := f.bound(t)
		r, a, m := attackAll(t, f, f.w, b, 500, 60, 20)
		for _, x := range []Finding{r, a, m} {
			q := b.Quantities[x.Quantity]
			for j, v := range b.net.box {
				if math.Abs(x.A[j]) > v || math.Abs(x.B[j]) > v {
					t.Errorf("%s: state %d of the pair is outside its box", s, j)
				}
			}
			ua, ub := columns(x.UA), columns(x.UB)
			e := 0.0
			for k := range ua {
				for i := range ua[k] {
					if math.Abs(ua[k][i]) > 1 || math.Abs(ub[k][i]) > 1 {
						t.Errorf("%s: an input leaves [-1, 1]", s)
					}
					e = max(e, math.Abs(ua[k][i]-ub[k][i]))
				}
			}
			xa, ya := plain(f.cell, f.w, x.A, ua)
			xb, yb := plain(f.cell, f.w, x.B, ub)
			want := math.Abs(xa[x.Step][max(0, firstOf(q.States))]) / b.Eta[x.Quantity]
			if !q.Box {
				d := 0.0
				for i, p := range b.Quantities[:b.differences] {
					d = max(d, apart(x.A, x.B, p.States)/b.Eta[i])
				}
				lhs := apart(xa[x.Step], xb[x.Step], q.States)
				if q.States == nil {
					lhs = math.Abs(ya[x.Step][q.Output] - yb[x.Step][q.Output])
				}
				want = lhs / (b.Eta[x.Quantity]*math.Pow(b.Rate, float64(x.Step))*d + b.Zeta[x.Quantity]*e)
			}
			// pairs may be as close as 1e-6 of a box, so differences carry 1e-9 of rounding; the searches also count it
			const close = 1e-6
			if math.Abs(x.Ratio-want) > close*want {
				t.Errorf("%s: %s at step %d: ratio %.9f, from the equations %.9f", s, q.Name, x.Step, x.Ratio, want)
			}
			got, err := Replay(f.cell, f.w, b, x)
			if err != nil || math.Abs(got-x.Ratio) > close*x.Ratio {
				t.Errorf("%s: %s at step %d: ratio %.9f, replayed %.9f, %v", s, q.Name, x.Step, x.Ratio, got, err)
			}
		}
	}
}

func columns(m seq.Mat) [][]float64 {
	out := make([][]float64, m.Cols)
	for k := range out {
		for i := range m.Rows {
			out[k] = append(out[k], m.Row(i)[k])
		}
	}
	return out
}

func apart(a, b []float64, at []int) float64 {
	s := 0.0
	for _, j := range at {
		s = math.Hypot(s, a[j]-b[j])
	}
	return s
}

func firstOf(x []int) int {
	if len(x) == 0 {
		return -1
	}
	return x[0]
}

// TestFilterGain compares the gains of a filter with impulse responses summed in the other order, by simulation.
func TestFilterGain(t *testing.T) {
	f := build(t, shapes[2], 1)
	b := f.bound(t)
	w := append([]float64(nil), f.w...)
	q := f.cell.(seq.LSTM).Tensors()
	clear(q.Out.Wy.Of(w)) // only the direct paths
	clear(q.Out.By.Of(w))
	want := make([]float64, 2)
	for j := range 2 {
		u := make([][]float64, 400)
		for k := range u {
			u[k] = make([]float64, 2)
		}
		u[0][j] = 1
		_, y := plain(f.cell, w, make([]float64, f.cell.States()), u)
		for _, row := range y {
			for i, v := range row {
				want[i] += math.Abs(v)
			}
		}
	}
	last := f.witness.Cells[1].Zeta[3:]
	for i := range want {
		for j, v := range q.Out.Wy.Of(f.w)[i*3 : i*3+3] {
			want[i] += math.Abs(v) * last[j]
		}
		got := b.Zeta[b.differences+i]
		if math.Abs(got-want[i]) > 1e-8*want[i] { // the tail is bounded, not summed, below 1e-9 of the sum
			t.Errorf("gain of output %d: %g, by simulation %g", i, got, want[i])
		}
	}
}

// TestRepeatable: the findings depend on the seed, not on the number of workers.
func TestRepeatable(t *testing.T) {
	f := build(t, shapes[1], 1)
	b := f.bound(t)
	for _, search := range []func(context.Context, seq.Cell, []float64, *Bound, Options) (Finding, error){Random, Ascend, Reach} {
		o := Options{Count: 300, Steps: 12, Seed: 4, Workers: 1}
		x, err := search(t.Context(), f.cell, f.w, b, o)
		if err != nil {
			t.Fatal(err)
		}
		o.Workers = 3
		y, err := search(t.Context(), f.cell, f.w, b, o)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(x, y) {
			t.Errorf("ratio %g with one worker, %g with three", x.Ratio, y.Ratio)
		}
		if x.Tried != 300 {
			t.Errorf("tried %d, want 300", x.Tried)
		}
	}
}

// TestNotANumberIsAViolation: a network that computes NaN does not pass as proved.
func TestNotANumberIsAViolation(t *testing.T) {
	f := build(t, shapes[0], 1)
	b := f.bound(t)
	w := append([]float64(nil), f.w...)
	f.cell.(seq.LSTM).Tensors().Layers[0].G.B.Of(w)[0] = math.NaN()
	x, err := Random(t.Context(), f.cell, w, b, Options{Count: 10, Steps: 5})
	if err != nil || !math.IsInf(x.Ratio, 1) {
		t.Errorf("ratio %g, %v", x.Ratio, err)
	}
	if x, err = Reach(t.Context(), f.cell, w, b, Options{Count: 10, Steps: 5}); err != nil || !math.IsInf(x.Ratio, 1) {
		t.Errorf("box %g, %v", x.Ratio, err)
	}
}

// TestRefusals: shapes that do not fit are errors, a cancelled context too.
func TestRefusals(t *testing.T) {
	f := build(t, shapes[0], 1)
	b := f.bound(t)
	other := build(t, shapes[4], 1)
	if _, err := NewBound(seq.Lure{In: 1, Out: 1, N: 1, Q: 1}, make([]float64, 1), f.witness); err == nil {
		t.Error("a cell of another class has a bound")
	}
	if _, err := NewBound(f.cell, f.w[1:], f.witness); err == nil {
		t.Error("a short weight vector has a bound")
	}
	for name, spoil := range map[string]func(w *cert.Witness){
		"no rate":      func(w *cert.Witness) { w.Rate = nil },
		"rate 1":       func(w *cert.Witness) { w.Rate = big.NewRat(1, 1) },
		"no layer":     func(w *cert.Witness) { w.Cells = nil },
		"filter":       func(w *cert.Witness) { w.Filter = []float64{1} },
		"short eta":    func(w *cert.Witness) { w.Cells[0].Eta = w.Cells[0].Eta[1:] },
		"negative eta": func(w *cert.Witness) { w.Cells[0].Eta[0] = -1 },
	} {
		w := f.witness
		c := f.witness.Cells[0]
		c.Eta = append([]float64(nil), c.Eta...)
		w.Cells = []cert.CellWitness{c}
		spoil(&w)
		if _, err := NewBound(f.cell, f.w, w); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Random(t.Context(), other.cell, other.w, b, Options{Count: 1}); err == nil {
		t.Error("a GRU was attacked under the bound of an LSTM")
	}
	if _, err := Replay(f.cell, f.w, b, Finding{}); err == nil {
		t.Error("an empty finding was replayed")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Ascend(ctx, f.cell, f.w, b, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestQuick: the short attack of a run stays short for small and for large networks.
func TestQuick(t *testing.T) {
	large := spec{in: 1, out: 2, units: []int{20, 20}, rate: 0.98, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.9}
	for _, s := range []spec{shapes[0], large} {
		f := build(t, s, 1)
		b := f.bound(t)
		now := time.Now()
		r, err := Quick(t.Context(), f.cell, f.w, b, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d pairs %.4f, %d climbs %.4f, boxes %.4f: %.2f s", s, r.Random.Tried, r.Random.Ratio, r.Ascent.Tried, r.Ascent.Ratio, r.Reach.Ratio, time.Since(now).Seconds())
		if w := r.Worst(); w.Ratio > 1+rounded || w.Ratio < 0.4 {
			t.Errorf("%s: worst ratio %g", s, w.Ratio)
		}
	}
}
