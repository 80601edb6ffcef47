package seq

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// filterStep is s+ and Re(E s), v of the filter in complex arithmetic; without filter v is u.
func (c Deep) filterStep(t FilterTensors, w, x, u []float64) (next, v, y []float64) {
	n := c.Filter.States
	y = make([]float64, c.Out)
	if n == 0 {
		return nil, u, y
	}
	v = affine(t.D.Of(w), u, make([]float64, c.Filter.Width))
	re, im := make([]float64, n), make([]float64, n)
	for i := range n {
		s := complex(x[i], x[n+i])
		for o := range v {
			v[o] += real(complex(t.Cre.Of(w)[o*n+i], t.Cim.Of(w)[o*n+i]) * s)
		}
		for o := range y {
			y[o] += real(complex(t.Ere.Of(w)[o*n+i], t.Eim.Of(w)[o*n+i]) * s)
		}
		s *= complex(t.Lre.Of(w)[i], t.Lim.Of(w)[i])
		for j := range u {
			s += complex(t.Bre.Of(w)[i*c.In+j], t.Bim.Of(w)[i*c.In+j]) * complex(u[j], 0)
		}
		re[i], im[i] = real(s), imag(s)
	}
	return append(re, im...), v, y
}

// gate is f(W v + U h + b).
func (t GateTensors) gate(f func(float64) float64, w, v, h []float64) []float64 {
	return apply(f, sum(affine(t.W.Of(w), v, t.B.Of(w)), affine(t.U.Of(w), h, make([]float64, len(h)))))
}

// step is the obvious one-step evaluation, written from the defining equations.
func (c LSTM) step(w, x, u []float64) (next, y []float64) {
	t := c.Tensors()
	next, v, y := c.filterStep(t.Filter, w, x, u)
	x = x[len(next):]
	for l, n := range c.Units {
		g := t.Layers[l]
		cell, h := x[:n], x[n:2*n]
		x = x[2*n:]
		i, f, o := g.I.gate(logistic, w, v, h), g.F.gate(logistic, w, v, h), g.O.gate(logistic, w, v, h)
		a := g.G.gate(math.Tanh, w, v, h)
		to, out := make([]float64, n), make([]float64, n)
		for j := range n {
			to[j] = f[j]*cell[j] + i[j]*a[j]
			out[j] = o[j] * math.Tanh(to[j])
		}
		next = append(append(next, to...), out...)
		v = out
	}
	return next, sum(y, affine(t.Out.Wy.Of(w), v, t.Out.By.Of(w)), affine(t.Out.Dy.Of(w), u, make([]float64, c.Out)))
}

func (c GRU) step(w, x, u []float64) (next, y []float64) {
	t := c.Tensors()
	next, v, y := c.filterStep(t.Filter, w, x, u)
	x = x[len(next):]
	for l, n := range c.Units {
		g := t.Layers[l]
		h := x[:n]
		x = x[n:]
		z, r := g.Z.gate(logistic, w, v, h), g.R.gate(logistic, w, v, h)
		rh, out := make([]float64, n), make([]float64, n)
		for j := range n {
			rh[j] = r[j] * h[j]
		}
		a := g.N.gate(math.Tanh, w, v, rh)
		for j := range n {
			out[j] = z[j]*h[j] + (1-z[j])*a[j]
		}
		next = append(next, out...)
		v = out
	}
	return next, sum(y, affine(t.Out.Wy.Of(w), v, t.Out.By.Of(w)), affine(t.Out.Dy.Of(w), u, make([]float64, c.Out)))
}

type deepStepper interface {
	stepper
	Confined
}

// deeps are networks of one to three layers, with filter and without, of both kinds.
func deeps() map[string]deepStepper {
	all := map[string]deepStepper{}
	for name, d := range map[string]Deep{
		"one layer":                    {In: 1, Out: 1, Units: []int{3}},
		"two layers":                   {In: 1, Out: 2, Units: []int{4, 3}},
		"three layers, mimo":           {In: 3, Out: 2, Units: []int{2, 5, 3}},
		"one layer behind a filter":    {In: 1, Out: 2, Units: []int{4}, Filter: FilterSize{States: 2, Width: 3}},
		"two layers behind a filter":   {In: 2, Out: 1, Units: []int{3, 4}, Filter: FilterSize{States: 3, Width: 2}},
		"three layers behind a filter": {In: 2, Out: 3, Units: []int{3, 1, 4}, Filter: FilterSize{States: 1, Width: 1}},
	} {
		all["lstm, "+name], all["gru, "+name] = LSTM{d}, GRU{d}
	}
	return all
}

// deepWeights draws weights of size one half, with boxes of size one and eigenvalues of modulus 0.5 to 0.95.
func deepWeights(r *rand.Rand, c deepStepper) []float64 {
	w := make([]float64, c.Layout().Len())
	random(r, w, 0.5)
	for _, b := range c.Box() {
		for i := range b.Tensor.Of(w) {
			b.Tensor.Of(w)[i] = 0.5 + r.Float64()
		}
	}
	for _, t := range c.Layout() {
		if t.Name != "f.lre" {
			continue
		}
		for i := range t.Rows {
			s, cos := math.Sincos(6 * r.Float64())
			rad := 0.5 + 0.45*r.Float64()
			w[t.Offset+i], w[t.Offset+t.Rows+i] = rad*cos, rad*s // f.lim follows f.lre
		}
	}
	return w
}

// deepShapes: one lane and several, a number of steps below the waves held at once and above, a single step.
var deepShapes = [][2]int{{6, 5}, {9, 1}, {1, 3}, {2, 150}}

func TestDeepForwardIsTheDefinition(t *testing.T) {
	const tol = 1e-12 // a few hundred roundings of numbers of size one to ten
	for name, c := range deeps() {
		for _, shape := range append(deepShapes, [2]int{2*waveCols + 3, 1}, [2]int{70, 6}) {
			steps, lanes := shape[0], shape[1]
			r := rand.New(rand.NewPCG(1, 2))
			w := deepWeights(r, c)
			u, x0 := randomMat(r, c.Inputs(), steps*lanes, 1), randomMat(r, c.States(), lanes, 1)
			y, xT := NewMat(c.Outputs(), steps*lanes), NewMat(c.States(), lanes)
			for i := range y.Rows {
				fill(y.Row(i), math.NaN())
			}
			p := c.NewPass(steps, lanes)
			for range 2 { // a second pass over the same workspace must give the same
				p.Forward(w, u, x0, y)
			}
			p.State(xT)
			for l := range lanes {
				x := column(x0, l)
				for k := range steps {
					var want []float64
					x, want = c.step(w, x, column(u, k*lanes+l))
					for i, v := range want {
						if got := y.Row(i)[k*lanes+l]; !(math.Abs(got-v) <= tol) {
							t.Fatalf("%s, %d x %d: lane %d step %d output %d: got %v want %v", name, steps, lanes, l, k, i, got, v)
						}
					}
				}
				for i, v := range x {
					if got := xT.Row(i)[l]; !(math.Abs(got-v) <= tol) {
						t.Fatalf("%s, %d x %d: final state %d of lane %d: got %v want %v", name, steps, lanes, i, l, got, v)
					}
				}
			}
		}
	}
}

func TestDeepGradientsAgainstDifferences(t *testing.T) {
	for name, c := range deeps() {
		for _, shape := range deepShapes {
			steps, lanes := shape[0], shape[1]
			r := rand.New(rand.NewPCG(3, 4))
			w := deepWeights(r, c)
			u, x0 := randomMat(r, c.Inputs(), steps*lanes, 1), randomMat(r, c.States(), lanes, 1)
			y, dy := NewMat(c.Outputs(), steps*lanes), NewMat(c.Outputs(), steps*lanes)
			weight := randomMat(r, c.Outputs(), steps*lanes, 1)
			p := c.NewPass(steps, lanes)
			eval := func() float64 { p.Forward(w, u, x0, y); return loss(y, weight, dy) }
			const prior = 7 // Backward adds to what is there
			dw, dx0 := make([]float64, len(w)), NewMat(c.States(), lanes)
			f := eval()
			for range 2 { // also a second time, to the same
				fill(dw, prior)
				for i := range dx0.Rows {
					fill(dx0.Row(i), prior)
				}
				p.Backward(w, dy, dw, dx0)
			}
			check := func(where string, x *float64, g float64) {
				const h = 1e-5
				keep := *x
				*x = keep + h
				fp := eval()
				*x = keep - h
				fm := eval()
				*x = keep
				// central differences: h^2 times third derivative, and rounding of f divided by h
				tol := 1e-7*(1+math.Abs(g)) + 1e-15*math.Abs(f)*math.Sqrt(float64(steps*lanes))/h
				if d := (fp - fm) / (2 * h); !(math.Abs(d-(g-prior)) <= tol) {
					t.Errorf("%s, %d x %d: %s: gradient %v, difference quotient %v", name, steps, lanes, where, g-prior, d)
				}
			}
			stride := 1
			if lanes > 10 {
				stride = 3
			}
			for _, tensor := range c.Layout() {
				for i := 0; i < tensor.Len(); i += stride {
					check(tensor.Name, &w[tensor.Offset+i], dw[tensor.Offset+i])
				}
			}
			for i := range c.States() {
				for j := 0; j < lanes; j += 1 + lanes/4 {
					check("x0", &x0.Row(i)[j], dx0.Row(i)[j])
				}
			}
		}
	}
}

// The state after one half is the start of the other; the gradient that the other returns for it continues backward.
func TestDeepSimulationInTwoHalves(t *testing.T) {
	const steps, split, lanes = 40, 17, 6
	const tol = 1e-12 // the same products over other columns: roundings that the recurrence does not amplify
	for name, c := range deeps() {
		r := rand.New(rand.NewPCG(7, 8))
		w := deepWeights(r, c)
		u, x := randomMat(r, c.Inputs(), steps*lanes, 1), randomMat(r, c.States(), lanes, 1)
		whole := NewMat(c.Outputs(), steps*lanes)
		c.NewPass(steps, lanes).Forward(w, u, x, whole)
		for _, span := range [][2]int{{0, split}, {split, steps}} {
			n := (span[1] - span[0]) * lanes
			from := u
			from.Data = u.Data[span[0]*lanes:]
			from.Cols = n
			y, p := NewMat(c.Outputs(), n), c.NewPass(span[1]-span[0], lanes)
			p.Forward(w, from, x, y)
			p.State(x)
			for i := range y.Rows {
				for j, v := range y.Row(i) {
					if want := whole.Row(i)[span[0]*lanes+j]; !(math.Abs(v-want) <= tol*(1+math.Abs(want))) {
						t.Fatalf("%s: output %d column %d: %v in halves, %v at once", name, i, span[0]*lanes+j, v, want)
					}
				}
			}
		}
	}
}

// named is a cell of which no more is known than the interface says.
type named struct {
	Cell
	box interface{ Box() []BoxPart }
}

func (c named) Box() []BoxPart { return c.box.Box() }

func TestConfine(t *testing.T) {
	const lanes = 3
	for name, c := range deeps() {
		r := rand.New(rand.NewPCG(9, 10))
		w := deepWeights(r, c)
		e, x0 := randomMat(r, c.States(), lanes, 2), NewMat(c.States(), lanes)
		covered := 0
		for _, b := range c.Box() {
			if b.First != covered {
				t.Fatalf("%s: a part of the box starts at state %d, want %d", name, b.First, covered)
			}
			covered += b.States
		}
		if covered != c.States() {
			t.Fatalf("%s: the box covers %d of %d states", name, covered, c.States())
		}
		Confine(c, w, e, x0)
		byName := NewMat(c.States(), lanes)
		Confine(named{c, c}, w, e, byName)
		if !slices.Equal(byName.Data, x0.Data) {
			t.Errorf("%s: another start by the names of the parts", name)
		}
		for _, b := range c.Box() {
			for i := range b.States {
				for j := range lanes {
					const tol = 4 * 0x1p-52 // two units of tanh, one of the product
					want := b.Tensor.Of(w)[i] * math.Tanh(e.Row(b.First + i)[j])
					if got := x0.Row(b.First + i)[j]; !(math.Abs(got-want) <= tol*math.Abs(want)) {
						t.Fatalf("%s: state %d starts at %v, want %v", name, b.First+i, got, want)
					}
				}
			}
		}
		same := NewMat(c.States(), lanes)
		copy(same.Data, e.Data)
		Confine(c, w, same, same)
		if !slices.Equal(same.Data, x0.Data) {
			t.Errorf("%s: another start in place", name)
		}
	}
}

func TestConfinePullAgainstDifferences(t *testing.T) {
	const lanes = 3
	for name, c := range deeps() {
		r := rand.New(rand.NewPCG(11, 12))
		w := deepWeights(r, c)
		e, x0, dx0, de := randomMat(r, c.States(), lanes, 1), NewMat(c.States(), lanes), NewMat(c.States(), lanes), NewMat(c.States(), lanes)
		weight := randomMat(r, c.States(), lanes, 1)
		eval := func() float64 { Confine(c, w, e, x0); return loss(x0, weight, dx0) }
		eval()
		const prior = 7
		dw := make([]float64, len(w))
		fill(dw, prior)
		ConfinePull(c, w, x0, dx0, dw, de)
		check := func(where string, x *float64, g float64) {
			const h = 1e-5
			keep := *x
			*x = keep + h
			fp := eval()
			*x = keep - h
			fm := eval()
			*x = keep
			// central differences: h^2 times third derivative plus rounding of f divided by h
			if d := (fp - fm) / (2 * h); !(math.Abs(d-g) <= 1e-7*(1+math.Abs(g))) {
				t.Errorf("%s: %s: gradient %v, difference quotient %v", name, where, g, d)
			}
		}
		for _, tensor := range c.Layout() {
			for i := range tensor.Len() {
				check(tensor.Name, &w[tensor.Offset+i], dw[tensor.Offset+i]-prior)
			}
		}
		for i := range e.Rows {
			for j := range lanes {
				check(fmt.Sprintf("e of state %d", i), &e.Row(i)[j], de.Row(i)[j])
			}
		}
	}
}

// The names are the contract with the checker, see docs/bundle.md.
func TestDeepLayoutNames(t *testing.T) {
	d := Deep{In: 2, Out: 1, Units: []int{3, 4}, Filter: FilterSize{States: 2, Width: 2}}
	filter := "f.lre f.lim f.Bre f.Bim f.Cre f.Cim f.D f.Ere f.Eim f.box "
	for c, want := range map[Cell]string{
		&LSTM{d}: filter + "l0.Wi l0.Ui l0.bi l0.Wf l0.Uf l0.bf l0.Wg l0.Ug l0.bg l0.Wo l0.Uo l0.bo l0.cbox l0.hbox " +
			"l1.Wi l1.Ui l1.bi l1.Wf l1.Uf l1.bf l1.Wg l1.Ug l1.bg l1.Wo l1.Uo l1.bo l1.cbox l1.hbox Wy by Dy",
		&GRU{d}: filter + "l0.Wz l0.Uz l0.bz l0.Wr l0.Ur l0.br l0.Wn l0.Un l0.bn l0.hbox " +
			"l1.Wz l1.Uz l1.bz l1.Wr l1.Ur l1.br l1.Wn l1.Un l1.bn l1.hbox Wy by Dy",
	} {
		var names []string
		for _, x := range c.Layout() {
			names = append(names, x.Name)
		}
		if !slices.Equal(names, strings.Fields(want)) {
			t.Errorf("layout %q, want %q", names, strings.Fields(want))
		}
	}
}

func TestDeepPassDoesNotAllocate(t *testing.T) {
	const steps, lanes = 30, 10
	for name, c := range deeps() {
		r := rand.New(rand.NewPCG(5, 6))
		w := deepWeights(r, c)
		u, x0 := randomMat(r, c.Inputs(), steps*lanes, 1), randomMat(r, c.States(), lanes, 1)
		y, dx0, dw := NewMat(c.Outputs(), steps*lanes), NewMat(c.States(), lanes), make([]float64, len(w))
		p := c.NewPass(steps, lanes)
		if n := testing.AllocsPerRun(10, func() {
			Confine(c, w, x0, x0)
			p.Forward(w, u, x0, y)
			p.Backward(w, y, dw, dx0)
			p.State(dx0)
			ConfinePull(c, w, x0, dx0, dw, dx0)
		}); n > 0 {
			t.Errorf("%s: %v allocations per forward and backward pass", name, n)
		}
	}
}

func BenchmarkLSTM(b *testing.B) {
	for _, s := range []struct{ units, steps, lanes int }{{10, 400, 10}, {40, 1000, 32}, {16, 400, 16}} {
		b.Run(fmt.Sprintf("H%d-T%d-B%d", s.units, s.steps, s.lanes), func(b *testing.B) {
			benchmarkCell(b, LSTM{Deep{In: 1, Out: 2, Units: []int{s.units, s.units}}}, s.steps, s.lanes)
		})
	}
}

func BenchmarkGRU(b *testing.B) {
	benchmarkCell(b, GRU{Deep{In: 1, Out: 2, Units: []int{10, 10}}}, 400, 10)
}
