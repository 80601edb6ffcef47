package conic

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// sample has every part that a problem can have.
func sample() *Problem {
	return &Problem{
		Name: "sample", C: []float64{1, -0.1, 1e-300, 4, 5, 6}, Offset: 0.3,
		Quad: []Quad{{0, 0, 2}, {0, 1, 0.1}},
		Vars: []Variable{{Symmetric, 2, 2, 0}, {Full, 1, 2, 3}, {Diagonal, 2, 2, 1}, {Scalar, 2, 2, 5}},
		Blocks: []Block{
			{Cone: PSD, N: 2, Constant: []Elem{{0, 1, 1.0 / 3}}, Coefs: []Coef{{4, 0, 0, 7}},
				Dict: []float64{1, 0, 0, 1, 2, 3}, Terms: []Term{{0, 0, 1, -1}, {1, 2, 0, 0.5}, {2, 1, 0, 2}, {3, 0, 1, 1}}},
			{Cone: Nonneg, N: 2, Constant: []Elem{{1, 1, 1}}, Coefs: []Coef{{0, 0, 0, 1}}},
			{Cone: SecondOrder, N: 3, Coefs: []Coef{{0, 0, 0, 1}, {1, 2, 2, -1}}},
		},
		Eqs: []Equality{{[]int{0, 3}, []float64{1, 2}, 3}},
	}
}

func validSample(t *testing.T) *Problem {
	p := sample()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDumpReplay(t *testing.T) {
	p := validSample(t)
	o := Options{Tol: 1e-9, MaxIter: 7, Delta: 0.01, Warm: &Solution{Status: Optimal, X: []float64{1, 2, 3, 4, 5, 1.0 / 3}, EqDual: []float64{1},
		Slack: [][]float64{{1}}, Dual: [][]float64{{2}}}}
	var b bytes.Buffer
	if err := Dump(&b, p, o); err != nil {
		t.Fatal(err)
	}
	q, r, err := Replay(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, q) || !reflect.DeepEqual(o, r) {
		t.Errorf("replayed %+v %+v\nexpected %+v %+v", q, r, p, o)
	}
	for _, bad := range []string{"", "{}", "[1]", `{"Format":"plumb-conic/1"}`, strings.Replace(b.String(), `"N":2`, `"N":-2`, 1),
		strings.Replace(b.String(), "Offset", "Ofset", 1)} {
		if _, _, err := Replay(strings.NewReader(bad)); !errors.Is(err, ErrDump) && !errors.Is(err, ErrInvalid) {
			t.Errorf("%.40q: error %v", bad, err)
		}
	}
	p.Blocks[0].N = 0
	if err := Dump(&b, p, o); !errors.Is(err, ErrInvalid) {
		t.Errorf("an invalid problem was dumped: %v", err)
	}
}

// TestExpand compares the multiplied-out coefficients with Eval, at random x, in every block.
func TestExpand(t *testing.T) {
	p := validSample(t)
	r := rand.New(rand.NewPCG(1, 1))
	x := make([]float64, len(p.C))
	for i := range x {
		x[i] = r.NormFloat64()
	}
	// Element (0, 0) of block 0 by hand: four terms and the element of variable 4.
	f := make([]float64, 4)
	p.Eval(f, 0, x, false)
	d := [][]float64{{1, 0}, {0, 1}, {2, 3}}
	want := 7 * x[4]
	pm := [2][2]float64{{x[0], x[1]}, {x[1], x[2]}}
	for a := range 2 {
		for b := range 2 {
			want -= 2 * pm[a][b] * d[a][0] * d[1+b][0]
		}
	}
	want += 0.5 * 2 * (x[3]*d[2][0]*d[0][0] + x[4]*d[2][0]*d[1][0])
	want += 2 * 2 * (x[1]*d[1][0]*d[0][0] + x[2]*d[2][0]*d[1][0])
	want += 2 * x[5] * (d[0][0]*d[1][0] + d[1][0]*d[2][0])
	const tol = 1e-14 // a dozen products of numbers of size ten
	if math.Abs(f[0]-want) > tol*10 {
		t.Errorf("element (0, 0) is %g, by hand %g", f[0], want)
	}
	for k := range p.Blocks {
		flat := &Problem{C: p.C, Blocks: []Block{{Cone: p.Blocks[k].Cone, N: p.Blocks[k].N, Coefs: Expand(p, k)}}}
		a, b := make([]float64, p.Blocks[k].Len()), make([]float64, p.Blocks[k].Len())
		p.Eval(a, k, x, false)
		flat.Eval(b, 0, x, false)
		for i := range a {
			if math.Abs(a[i]-b[i]) > tol*100 {
				t.Errorf("block %d element %d: %g by terms, %g multiplied out", k, i, a[i], b[i])
			}
		}
	}
}

func TestVariableIndex(t *testing.T) {
	for _, v := range []Variable{{Full, 2, 3, 5}, {Symmetric, 4, 4, 5}, {Diagonal, 3, 3, 5}, {Scalar, 3, 3, 5}} {
		seen := map[int]bool{}
		for r := range v.Rows {
			for c := range v.Cols {
				if i := v.Index(r, c); i >= 0 {
					if i < v.First || i >= v.First+v.Size() {
						t.Errorf("%+v: (%d, %d) is variable %d of %d", v, r, c, i, v.Size())
					}
					seen[i] = true
					if v.Kind == Symmetric && v.Index(c, r) != i {
						t.Errorf("%+v: (%d, %d) and its mirror differ", v, r, c)
					}
				}
			}
		}
		if len(seen) != v.Size() {
			t.Errorf("%+v: %d variables are used of %d", v, len(seen), v.Size())
		}
	}
}

func TestValidate(t *testing.T) {
	for name, spoil := range map[string]func(p *Problem){
		"objective":       func(p *Problem) { p.C[0] = math.Inf(1) },
		"offset":          func(p *Problem) { p.Offset = math.NaN() },
		"quadratic":       func(p *Problem) { p.Quad[1].Row = 2 },
		"variable":        func(p *Problem) { p.Vars[0].First = 4 },
		"not square":      func(p *Problem) { p.Vars[2].Cols = 1 },
		"huge variable":   func(p *Problem) { p.Vars[1].Cols = math.MaxInt },
		"order":           func(p *Problem) { p.Blocks[1].N = 0 },
		"cone":            func(p *Problem) { p.Blocks[1].Cone = 9 },
		"lower triangle":  func(p *Problem) { p.Blocks[0].Constant[0] = Elem{1, 0, 1} },
		"off a vector":    func(p *Problem) { p.Blocks[2].Coefs[0].Col = 1 },
		"coefficient":     func(p *Problem) { p.Blocks[0].Coefs[0].Var = 6 },
		"dictionary":      func(p *Problem) { p.Blocks[0].Dict = p.Blocks[0].Dict[:5] },
		"term right":      func(p *Problem) { p.Blocks[0].Terms[0].Right = 2 },
		"term left":       func(p *Problem) { p.Blocks[0].Terms[0].Left = -1 },
		"term variable":   func(p *Problem) { p.Blocks[0].Terms[0].Var = 4 },
		"term in vector":  func(p *Problem) { p.Blocks[1].Terms = p.Blocks[0].Terms },
		"equality":        func(p *Problem) { p.Eqs[0].Vars[0] = 6 },
		"equality length": func(p *Problem) { p.Eqs[0].Vals = nil },
	} {
		p := validSample(t)
		spoil(p)
		if err := p.Validate(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

const small = `"a remark
* another
 2 = number of variables
 2 = blocks
 (2, -3)
 {1.0, -2}
0 1 1 2 1.5
1 1 1 1 1
1 2 2 2 -4
2 1 2 1 0.25
`

func TestSDPA(t *testing.T) {
	p, err := ReadSDPA(strings.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	want := &Problem{Name: "a remark", C: []float64{1, -2}, Blocks: []Block{
		{Cone: PSD, N: 2, Constant: []Elem{{0, 1, -1.5}}, Coefs: []Coef{{0, 0, 0, 1}, {1, 0, 1, 0.25}}},
		{Cone: Nonneg, N: 3, Coefs: []Coef{{0, 1, 1, -4}}}}}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("read %+v\nexpected %+v", p, want)
	}
	var b bytes.Buffer
	if err := WriteSDPA(&b, p); err != nil {
		t.Fatal(err)
	}
	q, err := ReadSDPA(&b)
	if err != nil || !reflect.DeepEqual(p, q) {
		t.Errorf("%v: written and read %+v\nexpected %+v", err, q, p)
	}
	if err := ReadQuad(strings.NewReader("2 0.5\n0 7\n"), p); err != nil {
		t.Fatal(err)
	}
	// x_0 (1 - 2*0.5), 1/2*2*0.25
	if p.C[0] != 0 || p.C[1] != -2 || p.Offset != 0.25 || len(p.Quad) != 1 || p.Quad[0] != (Quad{0, 0, 2}) {
		t.Errorf("quadratic objective read as %v, %v, %v", p.C, p.Offset, p.Quad)
	}
	if err := WriteSDPA(&b, p); !errors.Is(err, ErrNotSDPA) {
		t.Errorf("a quadratic objective was written: %v", err)
	}
}

// TestSDPAArrow writes a second-order cone and evaluates what was written: [t v'; v t I].
func TestSDPAArrow(t *testing.T) {
	p := &Problem{C: []float64{1, 1}, Blocks: []Block{{Cone: SecondOrder, N: 3, Constant: []Elem{{2, 2, 5}},
		Coefs: []Coef{{0, 0, 0, 1}, {1, 1, 1, 2}}}}}
	var b bytes.Buffer
	if err := WriteSDPA(&b, p); err != nil {
		t.Fatal(err)
	}
	q, err := ReadSDPA(&b)
	if err != nil {
		t.Fatal(err)
	}
	f := make([]float64, 9)
	q.Eval(f, 0, []float64{7, 3}, true)
	if want := []float64{7, 6, 5, 6, 7, 0, 5, 0, 7}; !reflect.DeepEqual(f, want) {
		t.Errorf("arrow %v, expected %v", f, want)
	}
}

func TestSDPASyntax(t *testing.T) {
	for name, text := range map[string]string{
		"empty":        "",
		"no number":    "x\n",
		"too many":     "99999999999\n1\n1\n1\n",
		"no blocks":    "1\n",
		"block":        "1\n1\n0\n1\n",
		"short":        "2\n1\n1\n1\n",
		"words":        "1\n1\n1\n1\n1 1 1 1\n",
		"matrix":       "1\n1\n1\n1\n2 1 1 1 1\n",
		"row":          "1\n1\n1\n1\n1 1 2 2 1\n",
		"off diagonal": "1\n1\n-2\n1\n1 1 1 2 1\n",
		"value":        "1\n1\n1\n1\n1 1 1 1 x\n",
		"infinite":     "1\n1\n1\n1\n1 1 1 1 inf\n",
		"objective":    "1\n1\n1\nnan\n1 1 1 1 1\n",
	} {
		if _, err := ReadSDPA(strings.NewReader(text)); !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), "line") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	p := &Problem{C: []float64{1, 1}}
	for _, text := range []string{"", "1 1\n", "1 1\n1 1\n1 1\n", "1 1\n-1 1\n", "1 1\n1 nan\n", "1 1\n1\n"} {
		if err := ReadQuad(strings.NewReader(text), p); !errors.Is(err, ErrSyntax) {
			t.Errorf("quad %q: error %v", text, err)
		}
	}
	if len(p.Quad) != 0 || p.C[0] != 1 {
		t.Error("a refused file changed the problem")
	}
}

func TestStatus(t *testing.T) {
	for s, want := range map[Status]error{Optimal: nil, Near: nil, Infeasible: ErrInfeasible, Unbounded: ErrUnbounded,
		Stalled: ErrNotSolved, IterationLimit: ErrNotSolved, Cancelled: ErrNotSolved, Unknown: ErrNotSolved} {
		if err := s.Err(); !errors.Is(err, want) {
			t.Errorf("%v: error %v, expected %v", s, err, want)
		}
	}
}

// orderTol: sums of fewer than 1e5 numbers.
const orderTol = 1e-11

func FuzzReadSDPA(f *testing.F) {
	f.Add(small)
	f.Add("1\n1\n-1\n1\n1 1 1 1 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadSDPA(strings.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteSDPA(&b, p); err != nil {
			t.Fatal(err)
		}
		q, err := ReadSDPA(&b)
		if err != nil {
			t.Fatalf("%v in what was written", err)
		}
		x := make([]float64, len(p.C))
		for i := range x {
			x[i] = 1
		}
		for k := range p.Blocks {
			if p.Blocks[k].N > 50 {
				continue
			}
			a, c := make([]float64, p.Blocks[k].Len()), make([]float64, p.Blocks[k].Len())
			p.Eval(a, k, x, true)
			q.Eval(c, k, x, true)
			var size float64 // repeated elements are summed in another order
			for _, e := range p.Blocks[k].Constant {
				size += math.Abs(e.Val)
			}
			for _, e := range p.Blocks[k].Coefs {
				size += math.Abs(e.Val)
			}
			for i := range a {
				if math.Abs(a[i]-c[i]) > orderTol*size {
					t.Fatalf("block %d: %v and %v", k, a, c)
				}
			}
		}
	})
}
