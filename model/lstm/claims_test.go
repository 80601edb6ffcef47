package lstm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/internal/linalg"
	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

// simulatePairs simulates steps steps of lanes pairs of trajectories from random states in the boxes under random inputs
// that often sit at the ends of the range, those of a pair at most apart from each other, and calls see after each step
// with the states.
func simulatePairs(m model.Network, w []float64, r *rand.Rand, apart float64, steps, lanes int, see func(k int, a, b seq.Mat)) {
	n := m.States()
	x := [2]seq.Mat{seq.NewMat(n, lanes), seq.NewMat(n, lanes)}
	half := make([]float64, n)
	for _, p := range m.(seq.Confined).Box() {
		copy(half[p.First:], p.Tensor.Of(w))
	}
	near := math.Exp(-3 * r.Float64())
	for i := range n {
		for l := range lanes {
			a := 2*r.Float64() - 1
			if l%3 == 0 {
				a = sign(a)
			}
			b := min(max(a+near*r.NormFloat64(), -1), 1)
			x[0].Row(i)[l], x[1].Row(i)[l] = half[i]*a, half[i]*b
		}
	}
	see(0, x[0], x[1])
	p := m.NewPass(1, lanes)
	u, y := seq.NewMat(m.Inputs(), lanes), seq.NewMat(m.Outputs(), lanes)
	for k := range steps {
		for i := range m.Inputs() {
			for l := range lanes {
				u.Row(i)[l] = 2*r.Float64() - 1
				if l%2 == 0 {
					u.Row(i)[l] = sign(u.Row(i)[l])
				}
			}
		}
		for t := range x {
			p.Forward(w, u, x[t], y)
			p.State(x[t])
			for i := range m.Inputs() {
				for l, v := range u.Row(i) {
					u.Row(i)[l] = min(max(v+apart*(2*r.Float64()-1), -1), 1)
				}
			}
		}
		see(k+1, x[0], x[1])
	}
}

// rounding allows for that of one step of the simulation, relative to the size of the states.
const rounding = 1e-12

// TestConstructRatio tests the theorems of the package: for 300 networks of wild parameters no pair of states in the
// boxes, the inputs of the layer being equal, approaches by less than the rate in the metric of the layer.
func TestConstructRatio(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 14))
	worst := 0.0
	for i := range 300 {
		o := randomOptions(r, Construct)
		o.Units = o.Units[:1] // the theorem is per layer; cascades are below
		o.Filter, o.FilterWidth, o.Direct = 0, 0, false
		net, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		m := net.(*Network)
		w := make([]float64, m.Layout().Len())
		m.Deploy(raw(r, m.Dim()), w)
		metric := metricOf(m.layers[0])
		before := make([]float64, 32)
		simulatePairs(m, w, r, 0, 3, 32, func(k int, a, b seq.Mat) {
			for l := range before {
				var d, size float64
				for j, e := range metric {
					d = max(d, math.Abs(a.Row(j)[l]-b.Row(j)[l])/e)
					size = max(size, math.Abs(a.Row(j)[l])/e)
				}
				if k > 0 {
					if d > o.Rate*before[l]+rounding*size {
						t.Fatalf("network %d (%s): distance %g became %g, rate %g", i, o.name(), before[l], d, o.Rate)
					}
					if before[l] > 1e-6*size {
						worst = max(worst, d/before[l]/o.Rate)
					}
				}
				before[l] = d
			}
		})
	}
	t.Logf("largest ratio over rate: %.4f", worst)
	if worst < 0.9 {
		t.Error("the search is too weak to say anything")
	}
}

func metricOf(l layer) (eta []float64) {
	switch l := l.(type) {
	case *constructLSTM:
		for j := range l.unit {
			eta = append(eta, l.unit[j].eta)
		}
		return append(eta, l.ke...)
	case *constructGRU:
		return l.eta
	}
	return nil
}

// TestComparison: for random LSTM layers, certifiable or not, one step of two trajectories under different inputs obeys
// |dx+| <= M |dx| + N |du|, by components and in Euclidean norms. (M of a GRU bounds multiples of its own vectors only;
// see TestBoundsHoldOnPairs.)
func TestComparison(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 28))
	tight := [2]float64{}
	for i := range 200 {
		d := seq.Deep{In: 1 + i%2, Out: 1, Units: []int{1 + r.IntN(4)}}
		c := seq.LSTM{Deep: d}
		w := random(r, c.Layout().Len(), 0.1+1.5*r.Float64())
		if err := Boxes(c, w); err != nil {
			t.Fatal(err)
		}
		f := comparisons(c)[0]
		f.set(w, ones(d.In))
		n, m, in := f.matrix()
		m2, in2, _ := f.scalar(w)
		const lanes = 40
		x, next, u := [2]seq.Mat{}, [2]seq.Mat{}, [2]seq.Mat{}
		p, y := c.NewPass(1, lanes), seq.NewMat(1, lanes)
		near := math.Exp(-4 * r.Float64())
		draw := func(rows int, half []float64) (z [2]seq.Mat) {
			z = [2]seq.Mat{seq.NewMat(rows, lanes), seq.NewMat(rows, lanes)}
			for j := range rows {
				for l := range lanes {
					a := 2*r.Float64() - 1
					b := min(max(a+near*r.NormFloat64(), -1), 1)
					z[0].Row(j)[l], z[1].Row(j)[l] = half[j]*a, half[j]*b
				}
			}
			return z
		}
		x, u = draw(n, f.box(w)), draw(d.In, ones(d.In))
		for k := range x {
			next[k] = seq.NewMat(n, lanes)
			p.Forward(w, u[k], x[k], y)
			p.State(next[k])
		}
		for l := range lanes {
			apart := func(z [2]seq.Mat) (out []float64) {
				for j := range z[0].Rows {
					out = append(out, math.Abs(z[0].Row(j)[l]-z[1].Row(j)[l]))
				}
				return out
			}
			dx, du, got := apart(x), apart(u), apart(next)
			limit := multiply(m, dx)
			direct(limit, multiply(in, du))
			for j, v := range got {
				if v > limit[j]*(1+1e-9)+rounding {
					t.Fatalf("network %d: state %d moved by %g, bound %g", i, j, v, limit[j])
				}
				tight[0] = max(tight[0], v/limit[j])
			}
			h := n / 2
			limit = multiply(m2[:], []float64{norm2(dx[:h]), norm2(dx[h:])})
			direct(limit, multiply(in2[:], []float64{norm2(du)}))
			for j, v := range []float64{norm2(got[:h]), norm2(got[h:])} {
				if v > limit[j]*(1+1e-9)+rounding {
					t.Fatalf("network %d: norm %d moved by %g, bound %g", i, j, v, limit[j])
				}
				tight[1] = max(tight[1], v/limit[j])
			}
		}
	}
	t.Logf("largest ratios to the bounds: %.3f by components, %.3f in norms", tight[0], tight[1])
	if min(tight[0], tight[1]) < 0.6 {
		t.Error("the search is too weak to say anything")
	}
}

// TestBoundsHoldOnPairs: proved networks of every guarantee, one to three layers: no pair of trajectories from the
// boxes leaves them, or exceeds eta_j r^k max_i |dx_i(0)|/eta_i + zeta_j sup |du|, whether the inputs differ or not.
func TestBoundsHoldOnPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 4))
	proved := map[Guarantee]int{}
	for i := range 150 {
		g := Guarantee(i % 3)
		o := randomOptions(r, g)
		m, theta := build(t, o, uint64(i), []float64{0.5, 0.04, 0.06}[g])
		w := make([]float64, m.Layout().Len())
		m.Deploy(theta, w)
		if c, ok := m.(model.Certifiable); ok && !(c.Residual(theta) < 0) {
			continue
		}
		x, err := Prove(deployed(m), w)
		if err != nil {
			t.Fatalf("%s: %v", o.name(), err)
		}
		proved[g]++
		if v := check(t, m, w, x); !v.Proved {
			t.Fatalf("%s: refused: %s %s", o.name(), v.Failed, v.By)
		}
		rate, _ := x.Rate.Float64()
		var gauges []gauge
		at := 0
		for _, e := range x.Filter {
			gauges = append(gauges, gauge{[]int{at, at + len(x.Filter)}, e, math.Inf(1)})
			at++
		}
		at *= 2
		for l, c := range x.Cells {
			n := o.Units[l]
			for q := range len(c.Eta) {
				e := gauge{[]int{at + q}, c.Eta[q], c.Zeta[q]}
				if c.Norm {
					e.rows = nil
					for j := range n {
						e.rows = append(e.rows, at+q*n+j)
					}
				}
				gauges = append(gauges, e)
			}
			at += n
			if !o.GRU {
				at += n
			}
		}
		half := make([]float64, m.States())
		for _, p := range m.(seq.Confined).Box() {
			copy(half[p.First:], p.Tensor.Of(w))
		}
		const lanes = 16
		start, factor, apart := make([]float64, lanes), 1.0, 0.0
		if i%2 == 0 {
			apart = math.Exp(-4 * r.Float64())
		}
		simulatePairs(m, w, r, apart, 30, lanes, func(k int, a, b seq.Mat) {
			for l := range lanes {
				for _, e := range gauges {
					d := e.of(a, b, l)
					if k == 0 {
						start[l] = max(start[l], d/e.eta)
						continue
					}
					bound := e.eta * factor * start[l]
					if apart > 0 {
						bound += e.zeta * apart
					}
					if d > bound*(1+rounding)+rounding*e.eta { // eta is at least the width of the box
						t.Fatalf("%s: after %d steps a distance of %g, bound %g, rate %g", o.name(), k, d, bound, rate)
					}
				}
			}
			for j := 2 * o.Filter; j < len(half); j++ {
				for l := range lanes {
					if v := max(math.Abs(a.Row(j)[l]), math.Abs(b.Row(j)[l])); v > half[j] {
						t.Fatalf("%s: state %d is %g after %d steps, outside its box %g", o.name(), j, v, k, half[j])
					}
				}
			}
			factor *= rate
		})
	}
	t.Log(proved)
	for g := Construct; g <= Penalty; g++ {
		if proved[g] < 15 {
			t.Errorf("%v: only %d networks were proved", g, proved[g])
		}
	}
}

// gauge is one number of eta and zeta, and the states that it measures in Euclidean norm.
type gauge struct {
	rows      []int
	eta, zeta float64 // zeta infinite: no gain is stated
}

func (g gauge) of(a, b seq.Mat, l int) (d float64) {
	for _, i := range g.rows {
		d = math.Hypot(d, a.Row(i)[l]-b.Row(i)[l])
	}
	return d
}

func deployed(m model.Network) seq.Cell { return m.(interface{ Deployed() seq.Cell }).Deployed() }

// TestResidualMeansProvable: of free networks near the edge of what can be proved, those with a negative residual are.
func TestResidualMeansProvable(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 55))
	negative, positive := 0, 0
	for i := range 120 {
		g := Componentwise + Guarantee(i%2)
		o := randomOptions(r, g)
		m, theta := build(t, o, uint64(i), 0.2*float64(i%5))
		res := m.(model.Certifiable).Residual(theta)
		w := make([]float64, m.Layout().Len())
		m.Deploy(theta, w)
		if !(res < 0) {
			positive++
			continue
		}
		negative++
		x, err := Prove(deployed(m), w)
		if err != nil {
			t.Fatalf("%s: residual %g, but %v", o.name(), res, err)
		}
		if v := check(t, m, w, x); !v.Proved {
			t.Fatalf("%s: residual %g, but refused: %s %s", o.name(), res, v.Failed, v.By)
		}
	}
	if negative < 20 || positive < 20 {
		t.Errorf("%d residuals negative, %d positive: the test does not reach the edge", negative, positive)
	}
}

// TestPaperResidual compares nu1 and nu2 with the eigenvalues of the matrix A_delta that the paper bounds the state by:
// both are negative exactly where it is Schur.
func TestPaperResidual(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 23))
	schur := 0
	for range 500 {
		c := seq.LSTM{Deep: seq.Deep{In: 2, Out: 1, Units: []int{1 + r.IntN(5)}}}
		w := make([]float64, c.Layout().Len())
		sd := 0.3 * r.Float64()
		for i := range w {
			w[i] = sd * r.NormFloat64()
		}
		nu := Residuals(c, w)[0]
		y := c.Tensors().Layers[0]
		bound := func(g seq.GateTensors) (z float64) {
			for j := range g.B.Rows {
				s := math.Abs(g.B.Of(w)[j])
				for k := range g.W.Cols {
					s += math.Abs(g.W.Of(w)[j*g.W.Cols+k])
				}
				for k := range g.U.Cols {
					s += math.Abs(g.U.Of(w)[j*g.U.Cols+k])
				}
				z = max(z, s)
			}
			return z
		}
		norm := func(g seq.GateTensors) float64 {
			gram := linalg.Mul(g.U.Rows, g.U.Rows, g.U.Rows, linalg.Transpose(g.U.Rows, g.U.Rows, g.U.Of(w)), g.U.Of(w))
			e, err := linalg.SpectralRadius(g.U.Rows, gram)
			if err != nil {
				t.Fatal(err)
			}
			return math.Sqrt(e)
		}
		f, i, o, g := 1/(1+math.Exp(-bound(y.F))), 1/(1+math.Exp(-bound(y.I))), 1/(1+math.Exp(-bound(y.O))), math.Tanh(bound(y.G))
		cbar := i * g / (1 - f)
		alpha := norm(y.F)*cbar/4 + i*norm(y.G) + norm(y.I)*g/4
		a := []float64{f, alpha, o * f, alpha*o + math.Tanh(cbar)*norm(y.O)/4}
		rho, err := linalg.SpectralRadius(2, a)
		if err != nil {
			t.Fatal(err)
		}
		if (rho < 1) != (nu[0] < 0 && nu[1] < 0) && math.Abs(rho-1) > 1e-9 {
			t.Fatalf("spectral radius %g, nu %g", rho, nu)
		}
		if nu[0] < 0 && !(nu[1] < 0) {
			t.Fatalf("nu1 %g does not imply nu2 %g", nu[0], nu[1])
		}
		if rho < 1 {
			schur++
		}
	}
	if schur < 50 || schur > 450 {
		t.Errorf("%d of 500 matrices are Schur: the test sees one side only", schur)
	}
}

func TestPerron(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 71))
	for i := range 200 {
		n := 1 + r.IntN(12)
		m := make([]float64, n*n)
		for k := range m {
			if r.IntN(3) > 0 || i%2 == 0 { // every other one may be reducible
				m[k] = math.Exp(4*r.NormFloat64()) * r.Float64()
			}
		}
		want, err := linalg.SpectralRadius(n, m)
		if err != nil {
			t.Fatal(err)
		}
		var p perron
		p.set(n, m)
		size := 0.0
		for _, v := range m {
			size = max(size, v)
		}
		if math.Abs(p.rho-want) > 1e-9*(want+1e-3*size) { // the eigenvalues of a nilpotent part are ill conditioned
			t.Errorf("matrix %d, n %d: spectral radius %.15g, eigenvalues say %.15g", i, n, p.rho, want)
		}
	}
}

func TestOscillators(t *testing.T) {
	got := Oscillators([]complex128{0.99, complex(0.75, 0.6), complex(0.75, -0.6), complex(0.6, 0.3), complex(0.6, -0.3)})
	if len(got) != 1 || got[0] != complex(0.75, 0.6) {
		t.Errorf("got %v, want the pair 0.75 + 0.6i alone", got)
	}
}
