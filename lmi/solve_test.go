package lmi

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/conic"
)

// solverTol is what objectives of the solver may be off by at its tolerance of 1e-8, with sizes of about one.
const solverTol = 1e-6

// lyapunov is: min tr P, P >= I, -(A'P + PA) >= 0, with A a parameter.
func lyapunov(t *testing.T, a *mat.Dense) (*Compiled, Expr) {
	t.Helper()
	p := New()
	n, _ := a.Dims()
	P := p.Sym("P", n)
	A := p.Param("A", a)
	p.PSD("floor", P.Minus(Identity(n)), 0)
	p.NSD("decay", Sum(P.Left(A.T()), P.Right(A)), 0)
	p.Minimize(P.Trace())
	c, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return c, P
}

// TestLyapunov: A = [-1 a; 0 -1] admits P = I while |a| <= 2. Beyond, with b = a/2, the best P = [1, q; q, r] of smallest trace
// is found by scanning q and r on the boundary.
func TestLyapunov(t *testing.T) {
	c, P := lyapunov(t, mat.NewDense(2, 2, []float64{-1, 1, 0, -1}))
	for _, a := range []float64{1, 4, 1.5, 6} {
		if err := c.Set("A", mat.NewDense(2, 2, []float64{-1, a, 0, -1})); err != nil {
			t.Fatal(err)
		}
		sol, err := c.Solve(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		best := math.Inf(1) // over P = [p q; q r] with P - I and -(A'P + PA) = [2p, 2q - ap; ., 2r - 2aq] semidefinite
		const grid = 400
		for i := range grid + 1 {
			for j := range grid + 1 {
				p, q := 1+float64(i)/grid*3, float64(j)/grid*3
				if d := 2*q - a*p; true {
					r := a*q + d*d/(4*p)
					if p > 1 {
						r = max(r, 1+q*q/(p-1))
					} else if q != 0 {
						continue
					}
					best = min(best, p+max(r, 1))
				}
			}
		}
		if sol.Status.Err() != nil || sol.Objective > best+solverTol || sol.Objective < best-0.02*best {
			t.Errorf("a = %g: %v, trace %g, grid %g", a, sol.Status, sol.Objective, best)
		}
		v, err := sol.Value(P.Trace())
		if err != nil || math.Abs(v.At(0, 0)-sol.Objective) > solverTol {
			t.Errorf("a = %g: the value of the trace is %v, %v", a, v, err)
		}
	}
}

// TestWarmSolvesAllocateNothing: Set and a warm Solve allocate nothing and take fewer iterations.
func TestWarmSolvesAllocateNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	a := random(r, 6, 6)
	for i := range 6 {
		a.Set(i, i, a.At(i, i)-5)
	}
	c, _ := lyapunov(t, a)
	sol, err := c.Solve(t.Context(), Options{})
	if err != nil || sol.Status.Err() != nil {
		t.Fatal(err, sol.Status)
	}
	cold, ctx := sol.Iterations, t.Context()
	step := func() {
		a.Set(0, 1, a.At(0, 1)+1e-4)
		if err := c.Set("A", a); err != nil {
			t.Fatal(err)
		}
		if sol, err = c.Solve(ctx, Options{Warm: true}); err != nil {
			t.Fatal(err)
		}
	}
	step()
	step()
	if n := testing.AllocsPerRun(5, step); n > 0 && !raceEnabled {
		t.Errorf("%g allocations", n)
	}
	if !sol.Warm || sol.Iterations >= cold {
		t.Errorf("warm %v after %d iterations, cold %d", sol.Warm, sol.Iterations, cold)
	}
}

// TestProjection: the nearest contraction to a matrix in the Frobenius norm has its singular values clipped at one.
func TestProjection(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	k0 := scaled(1.5, random(r, 3, 4))
	p := New()
	K := p.Mat("K", 3, 4)
	K0 := p.Param("K0", k0)
	p.PSD("norm", SymBlock([][]Expr{{Identity(3)}, {K.T(), Identity(4)}}), 0)
	p.MinimizeSquares(K.Minus(Const(K0)))
	c, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		sol, err := c.Solve(t.Context(), Options{Warm: true})
		if err != nil || sol.Status.Err() != nil {
			t.Fatal(err, sol.Status)
		}
		var svd mat.SVD
		svd.Factorize(k0, mat.SVDThin)
		var u, v mat.Dense
		svd.UTo(&u)
		svd.VTo(&v)
		s := svd.Values(nil)
		want := 0.0
		for i := range s {
			want += 0.5 * math.Pow(max(s[i]-1, 0), 2)
			s[i] = min(s[i], 1)
		}
		got, err := sol.Value(K)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(sol.Objective-want) > solverTol*10 || distance(got, dense(&u, mat.NewDiagDense(3, s), v.T())) > 1e-3 {
			t.Errorf("objective %g, want %g; K off by %g", sol.Objective, want, distance(got, dense(&u, mat.NewDiagDense(3, s), v.T())))
		}
		k0 = random(r, 3, 4)
		k0.Scale(2, k0)
		if err := c.Set("K0", k0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCones: the point of a line that is nearest to the origin, through a second-order cone and an equality.
func TestCones(t *testing.T) {
	p := New()
	v, s := p.Mat("v", 2, 1), p.Scalar("s")
	p.SOC("norm", v, s)
	p.Eq("line", v.Left(mat.NewDense(1, 2, []float64{3, 4})).Minus(Identity(1).Scale(10)))
	p.Minimize(s)
	c, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	sol, err := c.Solve(t.Context(), Options{})
	if err != nil || sol.Status.Err() != nil {
		t.Fatal(err, sol.Status)
	}
	if math.Abs(sol.Objective-2) > solverTol || math.Abs(sol.X[0]-1.2) > 1e-4 || math.Abs(sol.X[1]-1.6) > 1e-4 {
		t.Errorf("distance %g at %v", sol.Objective, sol.X)
	}
}

// TestSolveVerified: optima lie on the edge; after the answer was moved into the interior it is proved, at a cost in the objective of
// the size of the margin. Where there is no interior it is refused.
func TestSolveVerified(t *testing.T) {
	c, _ := lyapunov(t, mat.NewDense(2, 2, []float64{-1, 4, 0, -1}))
	plain, err := c.Solve(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	optimum := plain.Objective
	for _, exact := range []bool{false, true} {
		sol, proof, err := c.SolveVerified(t.Context(), Options{}, CertifyOptions{Exact: exact})
		if err != nil || !proof.Verified || len(proof.Constraints) != 2 {
			t.Fatalf("%v, %+v", err, proof)
		}
		if sol.Objective < optimum-solverTol || sol.Objective > optimum+1e-4 {
			t.Errorf("verified at %g, optimum %g", sol.Objective, optimum)
		}
	}
	again, err := c.Solve(t.Context(), Options{})
	if err != nil || math.Abs(again.Objective-optimum) > 1e-9*optimum {
		t.Errorf("the margins of the repair stayed: %g, %v", again.Objective, err)
	}

	p := New()
	x := p.Scalar("x") // [1 x; x 0] >= 0 only for x = 0, without interior
	p.PSD("flat", SymBlock([][]Expr{{Identity(1)}, {x, Zero(1, 1)}}), 0)
	p.Minimize(x)
	if c, err = p.Compile(); err != nil {
		t.Fatal(err)
	}
	sol, proof, err := c.SolveVerified(t.Context(), Options{}, CertifyOptions{})
	if err != nil || proof.Verified || proof.Reason == "" {
		t.Errorf("%v %+v", err, proof)
	}
	t.Logf("without interior: %v, %s", sol.Status, proof.Reason)
}

// fixed is a solver that returns the same point and calls it optimal.
type fixed struct{ x [][]float64 }

func (f *fixed) Solve(_ context.Context, p *conic.Problem, _ conic.Options) (*conic.Solution, error) {
	x := f.x[0]
	if len(f.x) > 1 {
		f.x = f.x[1:]
	}
	return &conic.Solution{Status: conic.Optimal, X: x}, nil
}

// TestRepair (test E20): "optimal" with an eigenvalue of -1e-9 is not proved; asked for a margin, the same solver's next point is.
func TestRepair(t *testing.T) {
	p := New()
	P := p.Sym("P", 2)
	p.PSD("P", P, 0)
	c, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	wrong, right := []float64{1, 1, 1 - 2e-9}, []float64{1, 1, 1 + 1e-7}
	sol, proof, err := c.SolveVerified(t.Context(), Options{Solver: &fixed{[][]float64{wrong, wrong, right}}}, CertifyOptions{})
	if err != nil || !proof.Verified || sol.X[2] != right[2] {
		t.Errorf("%v, %+v", err, proof)
	}
	_, proof, err = c.SolveVerified(t.Context(), Options{Solver: &fixed{[][]float64{wrong}}}, CertifyOptions{})
	if err != nil || proof.Verified || proof.Reason == "" {
		t.Errorf("%v, %+v", err, proof)
	}
}

// TestVerifyConic: the verification of a problem in the solver's form agrees with that of the compiled one.
func TestVerifyConic(t *testing.T) {
	c, _ := lyapunov(t, mat.NewDense(2, 2, []float64{-1, 1, 0, -1}))
	for _, tc := range []struct {
		x    []float64
		want bool
	}{{[]float64{2, 0, 2}, true}, {[]float64{1, 0, 1}, false}, {[]float64{2, 0, 0.5}, false}} {
		sol, _ := c.At(tc.x)
		if got := Verify(c.Conic(), tc.x); got.Verified != tc.want || c.Certify(sol, CertifyOptions{}).Verified != tc.want {
			t.Errorf("%v: %+v, want %v", tc.x, got, tc.want)
		}
	}
	if Verify(c.Conic(), []float64{1}).Verified || Verify(c.Conic(), []float64{math.NaN(), 0, 2}).Verified {
		t.Error("wrong input was verified")
	}
}
