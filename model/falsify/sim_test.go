package falsify

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/nn/seq"
)

// shapes are small networks of every form.
var shapes = []spec{
	{in: 1, out: 2, units: []int{3}, rate: 0.9, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.9},
	{in: 2, out: 1, units: []int{3, 2, 4}, rate: 0.9, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.9},
	{in: 2, out: 2, units: []int{2, 3}, filter: seq.FilterSize{States: 2, Width: 3}, rate: 0.9, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.9},
	{in: 2, out: 1, units: []int{3, 2}, norm: true, rate: 0.9, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.9},
	{gru: true, in: 1, out: 2, units: []int{3, 2}, rate: 0.9, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.9},
	{gru: true, in: 2, out: 1, units: []int{3, 4}, filter: seq.FilterSize{States: 2, Width: 1}, rate: 0.9, slow: [2]float64{0.5, 0.9}, input: 1, recur: 1, tight: 0.9},
}

// plain simulates one trajectory with loops over the equations of docs/bundle.md; x has one row a step, y too.
func plain(cell seq.Cell, w, x0 []float64, u [][]float64) (x, y [][]float64) {
	var deep seq.Deep
	var filter seq.FilterTensors
	var out seq.OutTensors
	type part struct{ w, u, b []float64 }
	var layers []map[string]part
	put := func(g map[string]part, name string, t seq.GateTensors) {
		g[name] = part{t.W.Of(w), t.U.Of(w), t.B.Of(w)}
	}
	gru := false
	switch c := cell.(type) {
	case seq.LSTM:
		deep, filter, out = c.Deep, c.Tensors().Filter, c.Tensors().Out
		for _, l := range c.Tensors().Layers {
			g := map[string]part{}
			put(g, "i", l.I)
			put(g, "f", l.F)
			put(g, "g", l.G)
			put(g, "o", l.O)
			layers = append(layers, g)
		}
	case seq.GRU:
		gru = true
		deep, filter, out = c.Deep, c.Tensors().Filter, c.Tensors().Out
		for _, l := range c.Tensors().Layers {
			g := map[string]part{}
			put(g, "z", l.Z)
			put(g, "r", l.R)
			put(g, "n", l.N)
			layers = append(layers, g)
		}
	}
	dot := func(a, b []float64, row int) (s float64) {
		for j, v := range b {
			s += a[row*len(b)+j] * v
		}
		return s
	}
	x = append(x, append([]float64(nil), x0...))
	n := deep.Filter.States
	for _, in := range u {
		now := x[len(x)-1]
		next := make([]float64, len(now))
		v := in
		if n > 0 {
			v = make([]float64, deep.Filter.Width)
			for a := range n {
				l, s := complex(filter.Lre.Of(w)[a], filter.Lim.Of(w)[a]), complex(now[a], now[n+a])
				s = l*s + complex(dot(filter.Bre.Of(w), in, a), dot(filter.Bim.Of(w), in, a))
				next[a], next[n+a] = real(s), imag(s)
			}
			for i := range v {
				v[i] = dot(filter.Cre.Of(w), now[:n], i) - dot(filter.Cim.Of(w), now[n:2*n], i) + dot(filter.D.Of(w), in, i)
			}
		}
		at := 2 * n
		for l, q := range deep.Units {
			g := layers[l]
			h := now[at : at+q]
			if !gru {
				h = now[at+q : at+2*q]
			}
			z := func(name string, h []float64, j int) float64 {
				p := g[name]
				return dot(p.w, v, j) + dot(p.u, h, j) + p.b[j]
			}
			hn := make([]float64, q)
			if gru {
				rh := make([]float64, q)
				for j := range q {
					rh[j] = sigmoid(z("r", h, j)) * h[j]
				}
				for j := range q {
					keep := sigmoid(z("z", h, j))
					hn[j] = keep*h[j] + (1-keep)*math.Tanh(z("n", rh, j))
				}
				copy(next[at:], hn)
				at += q
			} else {
				for j := range q {
					c := sigmoid(z("f", h, j))*now[at+j] + sigmoid(z("i", h, j))*math.Tanh(z("g", h, j))
					next[at+j], hn[j] = c, sigmoid(z("o", h, j))*math.Tanh(c)
				}
				copy(next[at+q:], hn)
				at += 2 * q
			}
			v = hn
		}
		row := make([]float64, deep.Out)
		for i := range row {
			row[i] = dot(out.Wy.Of(w), v, i) + out.By.Of(w)[i] + dot(out.Dy.Of(w), in, i)
			if n > 0 {
				row[i] += dot(filter.Ere.Of(w), now[:n], i) - dot(filter.Eim.Of(w), now[n:2*n], i)
			}
		}
		x, y = append(x, next), append(y, row)
	}
	return x, y
}

// randomRun draws initial states in the box and inputs for some lanes.
func randomRun(r *rand.Rand, n *net, lanes, steps int) (x0 [][]float64, u [][][]float64) {
	for range lanes {
		x := make([]float64, n.states)
		for j := range x {
			x[j] = n.box[j] * symmetric(r)
		}
		x0 = append(x0, x)
		var rows [][]float64
		for range steps {
			row := make([]float64, n.in)
			uniform(r, row, 1)
			rows = append(rows, row)
		}
		u = append(u, rows)
	}
	return x0, u
}

func load(s *sim, x0 [][]float64, u [][][]float64) {
	for j := range s.states {
		for p := range x0 {
			s.stateRow(0, j)[p] = x0[p][j]
		}
	}
	for k := range u[0] {
		for i := range s.net.in {
			for p := range u {
				s.input(k)[i*len(u)+p] = u[p][k][i]
			}
		}
		s.step(k)
	}
}

// accumulated is what a dozen steps of a contracting network may differ by between two orders of summation.
const accumulated = 1e-13

// TestSimulation: every state of every lane agrees with loops over the equations, and the last state and the outputs
// with the passes of nn/seq, which this package does not use.
func TestSimulation(t *testing.T) {
	const lanes, steps = 3, 12
	for _, s := range shapes {
		f := build(t, s, 3)
		n, err := gather(f.cell, f.w)
		if err != nil {
			t.Fatal(err)
		}
		x0, u := randomRun(rand.New(rand.NewPCG(5, 6)), n, lanes, steps)
		m := newSim(n, lanes, steps, true)
		load(m, x0, u)
		pass := f.cell.NewPass(steps, lanes)
		su, sx, sy := seq.NewMat(n.in, steps*lanes), seq.NewMat(n.states, lanes), seq.NewMat(n.out, steps*lanes)
		for p := range lanes {
			for j, v := range x0[p] {
				sx.Row(j)[p] = v
			}
			for k := range steps {
				for i, v := range u[p][k] {
					su.Row(i)[k*lanes+p] = v
				}
			}
		}
		pass.Forward(f.w, su, sx, sy)
		pass.State(sx)
		for p := range lanes {
			x, y := plain(f.cell, f.w, x0[p], u[p])
			for k, row := range x {
				for j, v := range row {
					if got := m.stateRow(k, j)[p]; math.Abs(got-v) > accumulated*(1+math.Abs(v)) {
						t.Fatalf("%s: lane %d step %d state %d: %g, equations %g", s, p, k, j, got, v)
					}
				}
			}
			for j, v := range x[steps] {
				if got := sx.Row(j)[p]; math.Abs(got-v) > accumulated*(1+math.Abs(v)) {
					t.Fatalf("%s: pass of nn/seq, state %d: %g, equations %g", s, j, got, v)
				}
			}
			for k, row := range y {
				for i, v := range row {
					if got := sy.Row(i)[k*lanes+p]; math.Abs(got-v) > accumulated*(1+math.Abs(v)) {
						t.Fatalf("%s: pass of nn/seq, step %d output %d: %g, equations %g", s, k, i, got, v)
					}
				}
			}
		}
	}
}

// TestReverse compares the gradients of a random functional of the last states and the last output with central
// differences.
func TestReverse(t *testing.T) {
	const lanes, steps, h = 2, 5, 1e-6
	for _, s := range shapes {
		f := build(t, s, 3)
		n, err := gather(f.cell, f.w)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(7, 8))
		x0, u := randomRun(r, n, lanes, steps)
		cx, cs, cu := make([]float64, n.states), make([]float64, 2*n.fs), make([]float64, n.in)
		for _, c := range [][]float64{cx, cs, cu} {
			uniform(r, c, 1)
		}
		m := newSim(n, lanes, steps, true)
		value := func() (v float64) {
			load(m, x0, u)
			for p := range lanes {
				for j, c := range cx {
					v += c * float64(p+1) * m.stateRow(steps, j)[p]
				}
				for j, c := range cs {
					v += c * m.stateRow(steps-1, j)[p]
				}
				for j, c := range cu {
					v += c * u[p][steps-1][j]
				}
			}
			return v
		}
		value()
		m.clearAdjoints()
		for p := range lanes {
			for j, c := range cx {
				m.adjoint(j)[p] = c * float64(p+1)
			}
			for j, c := range cs {
				m.back.lastS[j*lanes+p] = c
			}
			for j, c := range cu {
				m.back.lastU[j*lanes+p] = c
			}
		}
		m.reverse(steps)
		check := func(what string, at *float64, got float64) {
			t.Helper()
			keep := *at
			*at = keep + h
			up := value()
			*at = keep - h
			down := value()
			*at = keep
			// h^2 times the third derivative plus rounding over h
			if want := (up - down) / (2 * h); math.Abs(got-want) > 1e-8*(1+math.Abs(want)) {
				t.Errorf("%s: %s: gradient %g, difference quotient %g", s, what, got, want)
			}
		}
		for p := range lanes {
			for j := range n.states {
				check("state", &x0[p][j], m.adjoint(j)[p])
			}
			for k := range steps {
				for i := range n.in {
					check("input", &u[p][k][i], m.back.du[(k*n.in+i)*lanes+p])
				}
			}
		}
	}
}
