package seq

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// step is the obvious one-step evaluation in complex arithmetic, written from the defining equations.
func (c Diagonal) step(w, x, u []float64) (next, y []float64) {
	xin := u
	for b, t := range c.Tensors() {
		n, hid := c.Blocks[b].States, c.Blocks[b].Hidden
		in, out := c.Widths(b)
		s := make([]complex128, n)
		for i := range s {
			s[i] = complex(x[i], x[n+i])
		}
		x = x[2*n:]
		z := affine(t.D.Of(w), xin, t.C.Of(w))
		re, im := make([]float64, n), make([]float64, n)
		for i := range s {
			for o := range out {
				z[o] += real(complex(t.Cre.Of(w)[o*n+i], t.Cim.Of(w)[o*n+i]) * s[i])
			}
			to := complex(t.Lre.Of(w)[i], t.Lim.Of(w)[i]) * s[i]
			for j := range in {
				to += complex(t.Bre.Of(w)[i*in+j], t.Bim.Of(w)[i*in+j]) * complex(xin[j], 0)
			}
			re[i], im[i] = real(to), imag(to)
		}
		next = append(append(next, re...), im...)
		xin = z
		if hid > 0 {
			a := apply(math.Tanh, affine(t.W1.Of(w), z, t.B1.Of(w)))
			xin = sum(z, affine(t.W2.Of(w), a, t.B2.Of(w)))
		}
	}
	return next, xin
}

var diagonals = map[string]Diagonal{
	"one linear block":    {In: 1, Out: 1, Blocks: []DiagonalBlock{{3, 0}}},
	"one static layer":    {In: 2, Out: 3, Blocks: []DiagonalBlock{{2, 5}}},
	"tanks":               {In: 1, Out: 1, Width: 4, Blocks: []DiagonalBlock{{4, 12}, {4, 12}}},
	"wiener-hammerstein":  {In: 1, Out: 1, Width: 3, Blocks: []DiagonalBlock{{6, 16}, {6, 0}}},
	"three blocks, mimo":  {In: 3, Out: 2, Width: 2, Blocks: []DiagonalBlock{{1, 0}, {3, 4}, {2, 3}}},
	"first block without": {In: 2, Out: 2, Width: 5, Blocks: []DiagonalBlock{{2, 0}, {1, 6}}},
}

// random returns weights of size one half with eigenvalues of modulus 0.5 to 0.95.
func (c Diagonal) random(r *rand.Rand) []float64 {
	w := make([]float64, c.Layout().Len())
	random(r, w, 0.4)
	for _, t := range c.Tensors() {
		im := t.Lim.Of(w)
		for i := range im {
			im[i], t.Lre.Of(w)[i] = math.Sincos(6 * r.Float64())
			rad := 0.5 + 0.45*r.Float64()
			im[i] *= rad
			t.Lre.Of(w)[i] *= rad
		}
	}
	return w
}

func TestDiagonalForwardIsTheDefinition(t *testing.T) {
	const tol = 1e-12 // a few hundred roundings of numbers of size one to ten
	for name, c := range diagonals {
		// one chunk; three chunks, the last short; steps longer than a chunk; one lane
		for _, shape := range [][2]int{{7, 5}, {5, 200}, {3, chunkCols + 3}, {chunkCols + 40, 1}} {
			steps, lanes := shape[0], shape[1]
			r := rand.New(rand.NewPCG(1, 2))
			w := c.random(r)
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

func TestDiagonalGradientsAgainstDifferences(t *testing.T) {
	for name, c := range diagonals {
		for _, shape := range [][2]int{{6, 3}, {5, 200}} {
			steps, lanes := shape[0], shape[1]
			r := rand.New(rand.NewPCG(3, 4))
			w := c.random(r)
			u, x0 := randomMat(r, c.Inputs(), steps*lanes, 1), randomMat(r, c.States(), lanes, 1)
			y, dy := NewMat(c.Outputs(), steps*lanes), NewMat(c.Outputs(), steps*lanes)
			weight := randomMat(r, c.Outputs(), steps*lanes, 1)
			p := c.NewPass(steps, lanes)
			eval := func() float64 { p.Forward(w, u, x0, y); return loss(y, weight, dy) }
			const prior = 7 // Backward adds to what is there
			dw, dx0 := make([]float64, len(w)), NewMat(c.States(), lanes)
			fill(dw, prior)
			for i := range dx0.Rows {
				fill(dx0.Row(i), prior)
			}
			f := eval()
			p.Backward(w, dy, dw, dx0)
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
			for _, tensor := range c.Layout() {
				for i := range tensor.Len() {
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

func TestDiagonalSimulationInTwoHalves(t *testing.T) {
	const steps, split, lanes = 90, 37, 16
	const tol = 1e-13 // different products, same numbers: a few roundings
	for name, c := range diagonals {
		r := rand.New(rand.NewPCG(7, 8))
		w := c.random(r)
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

// The names are the contract with the checker, see docs/bundle.md.
func TestDiagonalLayoutNames(t *testing.T) {
	var names []string
	for _, x := range (Diagonal{In: 2, Out: 1, Width: 3, Blocks: []DiagonalBlock{{4, 5}, {6, 0}}}).Layout() {
		names = append(names, x.Name)
	}
	want := strings.Fields("b0.lre b0.lim b0.Bre b0.Bim b0.Cre b0.Cim b0.D b0.c b0.W1 b0.b1 b0.W2 b0.b2 " +
		"b1.lre b1.lim b1.Bre b1.Bim b1.Cre b1.Cim b1.D b1.c")
	if !slices.Equal(names, want) {
		t.Errorf("layout %q, want %q", names, want)
	}
}

func TestDiagonalPassDoesNotAllocate(t *testing.T) {
	c := diagonals["tanks"]
	r := rand.New(rand.NewPCG(5, 6))
	w := c.random(r)
	const steps, lanes = 40, 16
	u, x0 := randomMat(r, 1, steps*lanes, 1), randomMat(r, c.States(), lanes, 1)
	y, dx0, dw := NewMat(1, steps*lanes), NewMat(c.States(), lanes), make([]float64, len(w))
	p := c.NewPass(steps, lanes)
	if n := testing.AllocsPerRun(10, func() { p.Forward(w, u, x0, y); p.Backward(w, y, dw, dx0) }); n > 0 {
		t.Errorf("%v allocations per forward and backward pass", n)
	}
}

func BenchmarkDiagonalTanks(b *testing.B) { benchmarkCell(b, diagonals["tanks"], 400, 16) }
func BenchmarkDiagonalWienerHammerstein(b *testing.B) {
	benchmarkCell(b, diagonals["wiener-hammerstein"], 400, 24)
}
