package lmi

import (
	"context"
	"fmt"
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/conic"
)

// Proof is the outcome of Certify.
type Proof struct {
	// Verified: every constraint was proved to hold, for the numbers of the problem as they are and the unknowns X.
	Verified bool
	Exact    bool   // decided in integers throughout; otherwise in floating point with bounds on its errors
	Reason   string // why not verified: the first constraint that was not proved, and by how much

	Constraints []Checked

	// X is the unknowns that were verified: those of the solution, or numbers near them that satisfy the equalities exactly.
	X []*big.Rat
	// Moved is the largest change of an unknown that the equalities needed, 0 without.
	Moved float64
}

// Checked is one constraint of a Proof.
type Checked struct {
	Name   string
	Proved bool
	// Estimate is the smallest eigenvalue of a PSD constraint, the smallest entry or slack of others, in floating point;
	// for an equality minus the largest violation.
	Estimate float64
	// Above is a proved lower bound of the same, 0 where only the sign was proved.
	Above float64
}

// CertifyOptions choose how Certify decides; the zero value is the default.
type CertifyOptions struct {
	Exact bool // in integers; slower, and needed by no constraint but equalities and inequalities close to their edge
}

// Certify decides whether a solution satisfies every constraint of the problem: PSD strictly, the others as stated. Margins
// are not part of what is decided. What a solver says of its own answer is not asked.
//
// Method: F(x) is computed in floating point with a bound on its error, and the Cholesky factorisation of F(x) - c I, c above all errors, must
// complete (Rump 2006). With Exact, and where there are equalities, F(x) is computed in integers and a congruence to a
// diagonally dominant matrix found and verified in integers. Equalities are satisfied exactly by solving for some of the unknowns in rationals. The answer
// is sound: a verified solution satisfies the constraints in real arithmetic. It is not complete: solutions within rounding of the edge are not verified. Unknowns
// are float64, read as exact numbers. Cost: about one Cholesky factorisation and three evaluations; exact some hundred times that.
func (c *Compiled) Certify(s *Solution, o CertifyOptions) *Proof {
	p := &Proof{Verified: true}
	if s == nil || len(s.X) != c.problem.unknown {
		return p.refuse("there are no values to verify")
	}
	for _, x := range s.X {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return p.refuse("an unknown is %g", x)
		}
	}
	if c.stale {
		c.refresh(false)
	}
	pt, err := pointOf(s.X)
	if err != nil {
		return p.refuse("%v", err)
	}
	p.Exact = o.Exact
	if len(c.conic.Eqs) > 0 {
		p.Exact = true
		if pt, p.Moved, err = c.satisfy(pt, s.X); err != nil {
			return p.refuse("equalities: %v", err)
		}
	}
	for _, n := range pt.num {
		p.X = append(p.X, rational(n, pt.exp, pt.den))
	}
	for _, b := range c.blocks {
		k := Checked{Name: b.name}
		switch {
		case p.Exact:
			err = c.checkExact(b, pt, s.X, &k)
		default:
			c.checkFloat(b, s.X, &k)
		}
		p.Constraints = append(p.Constraints, k)
		if err != nil {
			return p.refuse("constraint %q: %v", b.name, err)
		}
		if !k.Proved && p.Verified {
			p.refuse("constraint %q is not proved: %s %.3g", b.name, estimates[b.sort], k.Estimate)
		}
	}
	return p
}

var estimates = map[sort]string{psd: "the smallest eigenvalue is about", ge: "the smallest entry is about", soc: "the slack is about", eq: "it is violated by about"}

func (p *Proof) refuse(format string, args ...any) *Proof {
	p.Verified, p.Reason = false, fmt.Sprintf(format, args...)
	return p
}

func rational(n *big.Int, exp int, den *big.Int) *big.Rat {
	two := new(big.Int).Lsh(big.NewInt(1), uint(max(exp, -exp)))
	if exp >= 0 {
		return new(big.Rat).SetFrac(two.Mul(two, n), den)
	}
	return new(big.Rat).SetFrac(n, two.Mul(two, den))
}

// checkFloat decides a constraint in floating point with error bounds.
func (c *Compiled) checkFloat(b *block, x []float64, k *Checked) {
	f, ok := c.enclose(b.e, x)
	switch b.sort {
	case psd:
		n := b.e.rows
		k.Estimate = smallest(n, c.eval(b.e, x))
		if !ok {
			return
		}
		a, radius := symmetricPart(n, f)
		w := make([]float64, 2*n*n)
		if half := k.Estimate / 2; half > 0 && definite(n, a, radius, half, w) {
			k.Proved, k.Above = true, half
		} else if k.Estimate > 0 {
			k.Proved = definite(n, a, radius, 0, w)
		}
	case ge:
		k.Estimate, k.Proved = math.Inf(1), ok
		for i, v := range c.eval(b.e, x) {
			k.Estimate = min(k.Estimate, v)
			if !ok {
				continue
			}
			k.Proved = k.Proved && v-f.rad[i] >= 0 // a difference of floats has the sign of the exact one
		}
	case soc:
		t, okT := c.enclose(b.t, x)
		k.Estimate = c.eval(b.t, x)[0] - norm2(c.eval(b.e, x))
		if ok && okT {
			k.Proved = (t.mid[0]-t.rad[0])*(1-4*unit) >= upperNorm(f.mid, f.rad)
		}
	}
}

func norm2(x []float64) float64 {
	var s float64
	for _, v := range x {
		s = math.Hypot(s, v)
	}
	return s
}

// symmetricPart returns (F + F')/2 of the midpoints and a bound in the spectral norm on its distance from the exact one.
func symmetricPart(n int, f *enclosed) (a []float64, radius float64) {
	a = make([]float64, n*n)
	for i := range n {
		var row float64
		for j := range n {
			v := 0.5 * (f.mid[i*n+j] + f.mid[j*n+i])
			a[i*n+j] = v
			row += 0.5*(f.rad[i*n+j]+f.rad[j*n+i]) + 2*unit*math.Abs(v) + tiny
		}
		radius = max(radius, row)
	}
	return a, radius * (1 + 2*gamma(4*n+8))
}

// smallest is the smallest eigenvalue of the symmetric part in floating point, NaN where that fails.
func smallest(n int, f []float64) float64 {
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			v := 0.5 * (f[i*n+j] + f[j*n+i])
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return math.NaN()
			}
			s.SetSym(i, j, v)
		}
	}
	var es mat.EigenSym
	if !es.Factorize(s, false) {
		return math.NaN()
	}
	return es.Values(nil)[0]
}

// checkExact decides a constraint in integers. x is the unknowns in floating point, for the estimate.
func (c *Compiled) checkExact(b *block, pt *point, x []float64, k *Checked) error {
	f, err := c.exact(b.e, pt)
	if err != nil {
		return err
	}
	val := func(v *big.Int, exp int) float64 { y, _ := rational(v, exp, pt.den).Float64(); return y }
	switch b.sort {
	case psd:
		k.Proved = f.symmetrised().positive()
		k.Estimate = smallest(b.e.rows, c.eval(b.e, x))
	case ge:
		k.Estimate, k.Proved = math.Inf(1), true
		for _, v := range f.v {
			k.Proved = k.Proved && v.Sign() >= 0
			k.Estimate = min(k.Estimate, val(v, f.exp))
		}
	case soc:
		t, err := c.exact(b.t, pt)
		if err != nil {
			return err
		}
		sum := new(big.Rat)
		for _, v := range f.v {
			q := rational(v, f.exp, pt.den)
			sum.Add(sum, q.Mul(q, q))
		}
		q := rational(t.v[0], t.exp, pt.den)
		norm, _ := sum.Float64()
		k.Estimate = val(t.v[0], t.exp) - math.Sqrt(norm)
		k.Proved = q.Sign() >= 0 && q.Mul(q, q).Cmp(sum) >= 0
	case eq:
		k.Proved = true
		for _, v := range f.v {
			k.Proved = k.Proved && v.Sign() == 0
			k.Estimate = min(k.Estimate, -math.Abs(val(v, f.exp)))
		}
	}
	return nil
}

// Margins that SolveVerified asks for in turn, relative to the size of the constant and of the unknowns' part; they start
// above the accuracy of a solver and end where a margin of such size would be stated by the user.
var repairs = []float64{1e-8, 1e-7, 1e-6, 1e-5}

// SolveVerified solves, certifies, and where the answer is not proved asks the solver again for a margin in every constraint,
// which moves the solution into the interior. The proof says whether that helped: problems without interior are refused.
func (c *Compiled) SolveVerified(ctx context.Context, o Options, co CertifyOptions) (*Solution, *Proof, error) {
	s, err := c.Solve(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	proof := c.Certify(s, co)
	size := c.size(s)
	defer func() { c.extra, c.stale = 0, true }()
	for _, m := range repairs {
		if proof.Verified || s.Status == conic.Infeasible || s.Status == conic.Unbounded {
			break
		}
		c.extra = m * size
		c.refresh(false)
		next, err := c.Solve(ctx, Options{Tol: o.Tol, MaxIter: o.MaxIter, Delta: o.Delta, Solver: o.Solver, Warm: true})
		if err != nil {
			return nil, nil, err
		}
		if next.Status == conic.Infeasible {
			proof.Reason += fmt.Sprintf("; no solution keeps a margin of %.3g", c.extra)
			break
		}
		if p := c.Certify(next, co); p.Verified {
			proof = p
		}
		s = next
	}
	return s, proof, nil
}

// size is the largest diagonal entry of the PSD constraints and entry of the linear ones, at least 1.
func (c *Compiled) size(s *Solution) float64 {
	size := 1.0
	if len(s.X) != c.problem.unknown {
		return size
	}
	for _, b := range c.blocks {
		if b.sort == psd || b.sort == ge {
			for _, v := range c.eval(b.e, s.X) {
				size = max(size, math.Abs(v))
			}
		}
	}
	return size
}
