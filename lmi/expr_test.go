package lmi

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/conic"
)

// rounding is what sums of some hundred products of numbers of size one may differ by.
const rounding = 1e-11

func random(r *rand.Rand, rows, cols int) *mat.Dense {
	m := mat.NewDense(rows, cols, nil)
	for i := range rows {
		for j := range cols {
			m.Set(i, j, r.NormFloat64())
		}
	}
	return m
}

func dense(ms ...mat.Matrix) *mat.Dense { // product
	out := mat.DenseCopyOf(ms[0])
	for _, m := range ms[1:] {
		var next mat.Dense
		next.Mul(out, m)
		out = &next
	}
	return out
}

func add(ms ...mat.Matrix) *mat.Dense {
	out := mat.DenseCopyOf(ms[0])
	for _, m := range ms[1:] {
		out.Add(out, m)
	}
	return out
}

func scaled(s float64, m mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Scale(s, m)
	return &out
}

func stack(n int, at ...any) *mat.Dense { // row, column, matrix, ...
	out := mat.NewDense(n, n, nil)
	for k := 0; k < len(at); k += 3 {
		m := at[k+2].(mat.Matrix)
		r, c := m.Dims()
		for i := range r {
			for j := range c {
				out.Set(at[k].(int)+i, at[k+1].(int)+j, m.At(i, j))
			}
		}
	}
	return out
}

func distance(a, b mat.Matrix) float64 {
	var d mat.Dense
	d.Sub(a, b)
	return mat.Norm(&d, math.Inf(1))
}

// blockValue evaluates a block of a conic problem by its definition, element by element.
func blockValue(p *conic.Problem, k int, x []float64) *mat.Dense {
	b := &p.Blocks[k]
	f := mat.NewDense(b.N, b.N, nil)
	put := func(r, c int, v float64) {
		f.Set(r, c, f.At(r, c)+v)
		if r != c {
			f.Set(c, r, f.At(c, r)+v)
		}
	}
	for _, e := range b.Constant {
		put(e.Row, e.Col, e.Val)
	}
	for _, e := range b.Coefs {
		put(e.Row, e.Col, e.Val*x[e.Var])
	}
	for _, t := range b.Terms {
		v := p.Vars[t.Var]
		for i := range v.Rows {
			for j := range v.Cols {
				u := v.Index(i, j)
				if u < 0 {
					continue
				}
				for r := range b.N {
					for c := range b.N {
						y := t.Scale * x[u] * b.Dict[(t.Left+i)*b.N+r] * b.Dict[(t.Right+j)*b.N+c]
						f.Set(r, c, f.At(r, c)+y)
						f.Set(c, r, f.At(c, r)+y)
					}
				}
			}
		}
	}
	return f
}

// TestAlgebra compares expressions and the compiled blocks with the same formula written in dense matrices, before and
// after a parameter is changed.
func TestAlgebra(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		n, q := 2+r.IntN(3), 1+r.IntN(3)
		a, b, c := random(r, n, n), random(r, n, q), random(r, q, n)
		p := New()
		P, L, K, s := p.Sym("P", n), p.Diag("L", q), p.Mat("K", q, n), p.Scalar("s")
		ap := p.Param("A", a)
		rho := p.Param("rho", mat.NewDense(1, 1, []float64{0.7}))
		// [A'P + PA + rho C'LC + s I + 3 K'(C) + 3 C'K,  PB;  B'P, -L + K C' + C K']
		ck := K.Right(c.T())
		e := SymBlock([][]Expr{
			{Sum(P.Left(ap.T()), P.Right(ap), L.Congruence(c).ScaleBy(rho), s.Times(eye(n)), K.T().Right(c).Scale(3).He(), Const(scaled(2, eye(n))))},
			{P.Left(b.T()), Sum(L.Scale(-1), ck.He())},
		})
		p.PSD("main", e, 0)
		p.PSD("twice", Sum(P.Left(ap.T()).Right(ap), P.Slice(0, n, 0, n)), 0.5)
		comp, err := p.Compile()
		if err != nil {
			t.Fatal(err)
		}
		for round := range 2 {
			x := make([]float64, len(comp.Conic().C))
			for i := range x {
				x[i] = r.NormFloat64()
			}
			sol, err := comp.At(x)
			if err != nil {
				t.Fatal(err)
			}
			value := func(e Expr) *mat.Dense {
				v, err := sol.Value(e)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			pv, lv, kv, sv := value(P), value(L), value(K), value(s).At(0, 0)
			if pv.At(0, n-1) != pv.At(n-1, 0) || q > 1 && lv.At(0, 1) != 0 || x[0] != pv.At(0, 0) {
				t.Fatal("the shape of a variable is wrong")
			}
			rhov := 0.7 - 0.3*float64(round)
			k1 := scaled(3, dense(kv.T(), c))
			k2 := dense(kv, c.T())
			want := stack(n+q,
				0, 0, add(dense(a.T(), pv), dense(pv, a), scaled(rhov, dense(c.T(), lv, c)), scaled(sv+2, eye(n)), k1, k1.T()),
				0, n, dense(pv, b), n, 0, dense(b.T(), pv), n, n, add(scaled(-1, lv), k2, k2.T()))
			if d := distance(value(e), want); d > rounding {
				t.Errorf("seed %d: Value differs by %g", seed, d)
			}
			if d := distance(blockValue(comp.Conic(), 0, x), want); d > rounding {
				t.Errorf("seed %d round %d: the compiled block differs by %g", seed, round, d)
			}
			want = add(dense(a.T(), pv, a), pv, scaled(-0.5, eye(n)))
			if d := distance(blockValue(comp.Conic(), 1, x), want); d > rounding {
				t.Errorf("seed %d round %d: the block with a margin differs by %g", seed, round, d)
			}
			a = random(r, n, n)
			if err := comp.Set("A", a); err != nil {
				t.Fatal(err)
			}
			if err := comp.Set("rho", mat.NewDense(1, 1, []float64{0.4})); err != nil {
				t.Fatal(err)
			}
			comp.refresh(false)
		}
	}
}

func eye(n int) *mat.Dense {
	m := mat.NewDense(n, n, nil)
	for i := range n {
		m.Set(i, i, 1)
	}
	return m
}

// TestRows compares linear rows, cones, equalities and the objective with their definitions.
func TestRows(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		c, k0 := random(r, 3, 2), random(r, 2, 2)
		p := New()
		P, K, s := p.Sym("P", 2), p.Mat("K", 2, 2), p.Scalar("s")
		k0p := p.Param("K0", k0)
		d := K.Minus(Const(k0p))
		e := P.Left(c).Plus(K.T().Left(c).Scale(2)).Plus(s.Times(c))
		p.GE("ge", e, 0.5, 0.25)
		p.SOC("soc", d, s.Plus(P.Trace()))
		p.Eq("eq", P.Slice(0, 1, 0, 2).Plus(Const(mat.NewDense(1, 2, []float64{1, 2}))))
		p.Minimize(P.Trace().Plus(s.Scale(3)))
		p.MinimizeSquares(d.Left(c))
		comp, err := p.Compile()
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			x := make([]float64, len(comp.Conic().C))
			for i := range x {
				x[i] = r.NormFloat64()
			}
			pv := mat.NewDense(2, 2, []float64{x[0], x[1], x[1], x[2]})
			kv := mat.NewDense(2, 2, x[3:7])
			sv := x[7]
			dv := add(kv, scaled(-1, k0))
			want := add(dense(c, pv), scaled(2, dense(c, kv.T())), scaled(sv, c))
			got := blockValue(comp.Conic(), 0, x)
			for k := range 6 {
				if v := want.At(k/2, k%2) - 0.75; math.Abs(got.At(k, k)-v) > rounding {
					t.Errorf("seed %d: row %d is %g, want %g", seed, k, got.At(k, k), v)
				}
			}
			got = blockValue(comp.Conic(), 1, x)
			if v := sv + pv.At(0, 0) + pv.At(1, 1); math.Abs(got.At(0, 0)-v) > rounding || math.Abs(got.At(3, 3)-dv.At(1, 0)) > rounding {
				t.Errorf("seed %d: the cone is wrong", seed)
			}
			q := comp.Conic()
			if len(q.Eqs) != 2 || q.Eqs[1].RHS != -2 || q.Eqs[1].Vars[0] != 1 || q.Eqs[1].Vals[0] != 1 {
				t.Errorf("seed %d: equalities %+v", seed, q.Eqs)
			}
			f := q.Offset
			for i, v := range q.C {
				f += v * x[i]
			}
			for _, e := range q.Quad {
				w := e.Val * x[e.Row] * x[e.Col]
				if e.Row == e.Col {
					w /= 2
				}
				f += w
			}
			cd := dense(c, dv)
			w := pv.At(0, 0) + pv.At(1, 1) + 3*sv + 0.5*math.Pow(mat.Norm(cd, 2), 2)
			if math.Abs(f-w) > rounding*10 {
				t.Errorf("seed %d: the objective is %g, want %g", seed, f, w)
			}
			k0 = random(r, 2, 2)
			if err := comp.Set("K0", k0); err != nil {
				t.Fatal(err)
			}
			comp.refresh(false)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, tc := range []struct {
		want  string
		build func(p *Problem)
	}{
		{"not symmetric", func(p *Problem) { p.PSD("c", p.Mat("K", 2, 2), 0) }},
		{"expected a square", func(p *Problem) { p.PSD("c", p.Mat("K", 2, 3), 0) }},
		{"3 x 3 and 2 x 2", func(p *Problem) { p.PSD("c", p.Sym("P", 2).Left(eye(3)), 0) }},
		{"exists already", func(p *Problem) { p.Sym("P", 2); p.Sym("P", 3) }},
		{"another problem", func(p *Problem) { p.Sym("P", 2); p.PSD("c", New().Sym("P", 2), 0) }},
		{"no variables", func(p *Problem) {}},
		{"at least 1 x 1", func(p *Problem) { p.Sym("P", 0) }},
		{"sum of shapes", func(p *Problem) { p.GE("g", p.Sym("P", 2).Plus(Identity(3)), 0, 0) }},
		{"no block that gives its size", func(p *Problem) { p.PSD("c", Block([][]Expr{{p.Sym("P", 2), {}}, {{}, {}}}), 0) }},
		{"expected 1 x 1", func(p *Problem) { p.Minimize(p.Sym("P", 2)) }},
		{"margin", func(p *Problem) { p.PSD("c", p.Sym("P", 2), -1) }},
		{"not finite", func(p *Problem) { p.Minimize(p.Scalar("s").Scale(math.NaN())) }},
		{"is nil", func(p *Problem) { p.Minimize(p.Scalar("s").Left(nil)) }},
	} {
		p := New()
		tc.build(p)
		if _, err := p.Compile(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("want an error with %q, got %v", tc.want, err)
		}
	}
	p := New()
	a := p.Param("A", eye(2))
	p.PSD("c", p.Sym("P", 2).Congruence(a), 0)
	c, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{c.Set("B", eye(2)), c.Set("A", eye(3)), c.Set("A", scaled(math.Inf(1), eye(2))), c.Set("A", nil)} {
		if err == nil {
			t.Error("Set took what it should not")
		}
	}
}
