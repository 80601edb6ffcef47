package lti

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Method is a way between continuous and discrete time.
type Method int

// ZOH is exact at the samples for inputs held between them; Tustin maps s = (2/T)(z-1)/(z+1) and keeps stability,
// norms and frequency responses up to the warping of the frequency axis.
const (
	ZOH Method = iota
	Tustin
)

func (m Method) String() string {
	if m == Tustin {
		return "Tustin"
	}
	return "zero-order hold"
}

// C2D returns the discrete system with sample time ts (s).
//
// ZOH: [Ad Bd; 0 I] = exp([A B; 0 0] ts), C and D as they are. Tustin: with prewarp > 0 (rad/s, below pi/ts) the frequency
// response is kept exactly at that frequency instead of at 0; prewarp is ignored by ZOH. The states of Tustin's result
// are scaled so that B and C share the factor sqrt(T). ErrSingular where Tustin meets a pole at 2/T.
func C2D(g *SS, ts float64, method Method, prewarp float64) (*SS, error) {
	if err := check(g); err != nil {
		return nil, err
	}
	if g.Discrete() {
		return nil, fmt.Errorf("%w: the system is discrete (%g s), expected a continuous one", ErrTime, g.Ts)
	}
	if !(ts > 0) || math.IsInf(ts, 1) {
		return nil, fmt.Errorf("%w: sample time is %g s, expected a positive number", ErrTime, ts)
	}
	out := g.Copy()
	out.Ts = ts
	n, m, _ := g.Dims()
	if n == 0 {
		return out, nil
	}
	if method == Tustin {
		t, err := warped(ts, prewarp)
		if err != nil {
			return nil, err
		}
		return out, bilinear(out, t)
	}
	e := mat.NewDense(n+m, n+m, nil)
	f := unitScale(ts, g.B)
	put(e, 0, 0, ts, g.A)
	put(e, 0, n, f*ts, g.B)
	x, err := exponential(e)
	if err != nil {
		return nil, err
	}
	out.A, out.B = part(x, 0, n, 0, n), scale(1/f, part(x, 0, n, n, n+m))
	return out, check(out)
}

// unitScale is a power of two that brings ts B to size one, so that the size of B does not enter the scaling of the
// exponential; 1 for B = 0.
func unitScale(ts float64, b *mat.Dense) float64 {
	_, e := math.Frexp(largest(b))
	_, h := math.Frexp(ts)
	const limit = 900 // scale and its inverse stay finite
	if largest(b) == 0 {
		return 1
	}
	return math.Ldexp(1, max(min(-e-h, limit), -limit))
}

// exponential is exp(A). Gonum's squaring never ends for entries that overflow, and beyond mostNorm the result has no
// correct digit.
func exponential(a *mat.Dense) (*mat.Dense, error) {
	const mostNorm = 0x1p40
	if norm := frob(a); !(norm < mostNorm) {
		return nil, fmt.Errorf("%w: exp(A h) with |A h| = %.3g is out of reach; take a shorter step", ErrNotFinite, norm)
	}
	var x mat.Dense
	x.Exp(a)
	if !finite(&x) {
		return nil, fmt.Errorf("%w: exp(A h) overflows; take a shorter step", ErrNotFinite)
	}
	return &x, nil
}

// warped is the T of Tustin's map: 2 tan(w ts/2)/w, which is ts for w = 0.
func warped(ts, prewarp float64) (float64, error) {
	if prewarp == 0 {
		return ts, nil
	}
	if !(prewarp > 0) || prewarp*ts >= math.Pi {
		return 0, fmt.Errorf("%w: prewarp frequency is %g rad/s, expected between 0 and the Nyquist frequency %g", ErrTime, prewarp, math.Pi/ts)
	}
	return 2 * math.Tan(prewarp*ts/2) / prewarp, nil
}

// bilinear replaces a continuous system by its image under s = (2/T)(z-1)/(z+1): with M = (I - A T/2)^-1,
//
//	Ad = M (I + A T/2),  Bd = sqrt(T) M B,  Cd = sqrt(T) C M,  Dd = D + C M B T/2.
func bilinear(g *SS, t float64) error {
	n, _, _ := g.Dims()
	half := scale(t/2, g.A)
	var lu mat.LU
	lu.Factorize(sub(identity(n), half))
	ad, err := solveLU(&lu, add(identity(n), half), false)
	if err != nil {
		return fmt.Errorf("%w: a pole is at 2/T = %g", ErrSingular, 2/t)
	}
	mb, err := solveLU(&lu, g.B, false)
	if err != nil {
		return err
	}
	cm, err := solveLU(&lu, transposed(g.C), true)
	if err != nil {
		return err
	}
	g.D = add(g.D, scale(t/2, mul(g.C, mb)))
	g.A, g.B, g.C = ad, scale(math.Sqrt(t), mb), scale(math.Sqrt(t), transposed(cm))
	return nil
}

// D2C returns the continuous system that C2D with the same method and prewarp maps to g.
//
// ZOH: the principal matrix logarithm of [Ad Bd; 0 I]; there is none (ErrSingular) where Ad has a pole on the closed
// negative real axis. It is the original system only if that has no frequency above the Nyquist frequency pi/Ts. Tustin:
// the inverse map; ErrSingular where Ad has a pole at -1. The round trip is checked: a logarithm that does not reproduce
// Ad and Bd gives ErrNoConverge.
func D2C(g *SS, method Method, prewarp float64) (*SS, error) {
	if err := check(g); err != nil {
		return nil, err
	}
	if !g.Discrete() {
		return nil, fmt.Errorf("%w: the system is continuous, expected a discrete one", ErrTime)
	}
	out := g.Copy()
	out.Ts = 0
	n, m, _ := g.Dims()
	if n == 0 {
		return out, nil
	}
	if method == Tustin {
		t, err := warped(g.Ts, prewarp)
		if err != nil {
			return nil, err
		}
		return out, inverseBilinear(out, t)
	}
	e := mat.NewDense(n+m, n+m, nil)
	put(e, 0, 0, 1, g.A)
	put(e, 0, n, 1, g.B)
	put(e, n, n, 1, identity(m))
	x, err := logarithm(e)
	if err != nil {
		return nil, err
	}
	out.A, out.B = scale(1/g.Ts, part(x, 0, n, 0, n)), scale(1/g.Ts, part(x, 0, n, n, n+m))
	return out, nil
}

func inverseBilinear(g *SS, t float64) error {
	n, _, _ := g.Dims()
	var lu mat.LU
	lu.Factorize(add(identity(n), g.A))
	a, err := solveLU(&lu, sub(g.A, identity(n)), false)
	if err != nil {
		return fmt.Errorf("%w: a pole is at -1, which Tustin's map sends to infinity", ErrSingular)
	}
	b, err := solveLU(&lu, g.B, false)
	if err != nil {
		return err
	}
	c, err := solveLU(&lu, transposed(g.C), true)
	if err != nil {
		return err
	}
	// With M = (I - A T/2)^-1 = (I + Ad)/2: B = 2 (I + Ad)^-1 Bd / sqrt(T), C likewise, D = Dd - Cd (I + Ad)^-1 Bd.
	g.D = sub(g.D, mul(g.C, b))
	g.A, g.B, g.C = scale(2/t, a), scale(2/math.Sqrt(t), b), scale(2/math.Sqrt(t), transposed(c))
	return nil
}

// logarithm is the principal logarithm by inverse scaling and squaring: square roots (Denman and Beavers, 1976, product
// form, with the convergence of Newton's iteration) until the matrix is near I, then a diagonal Pade approximant of
// log(I + Y) in partial fractions with Gauss-Legendre nodes (Dieci, Morini, Papini, 1996, SIAM J. Matrix Anal. 17).
func logarithm(a *mat.Dense) (*mat.Dense, error) {
	n, _ := a.Dims()
	none := fmt.Errorf("%w: the matrix has no principal logarithm (a pole on the closed negative real axis)", ErrSingular)
	values, err := eigenvalues(a)
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		if real(v) <= 0 && math.Abs(imag(v)) <= 4*eps*math.Abs(real(v)) {
			return nil, none
		}
	}
	const near, mostRoots = 0.25, 60
	r := mat.DenseCopyOf(a)
	roots := 0
	for frob(sub(r, identity(n))) > near {
		if roots++; roots > mostRoots {
			return nil, none
		}
		if r, err = squareRoot(r); err != nil {
			return nil, none
		}
	}
	// Positive nodes and weights of the 8-point Gauss-Legendre rule on [-1, 1] (Abramowitz and Stegun, table 25.4): for
	// |Y| <= near its error is below rounding.
	nodes := [4]float64{0.18343464249564980, 0.52553240991632899, 0.79666647741362674, 0.96028985649753623}
	weights := [4]float64{0.36268378337836198, 0.31370664587788729, 0.22238103445337447, 0.10122853629037626}
	y := sub(r, identity(n))
	sum := mat.NewDense(n, n, nil)
	for i, x := range nodes {
		// integral of Y (I + x Y)^-1 over x in [0, 1]
		for _, s := range []float64{-1, 1} {
			f := add(identity(n), scale((1+s*x)/2, y))
			q, err := solve(f, y)
			if err != nil {
				return nil, none
			}
			sum.Add(sum, scale(weights[i]/2, q))
		}
	}
	out := scale(math.Exp2(float64(roots)), sum)
	back, err := exponential(out)
	if err != nil {
		return nil, err
	}
	const reproduced = 1e-6 // half of the digits: beyond that the answer would mislead
	if !(frob(sub(back, a)) <= reproduced*frob(a)) {
		return nil, fmt.Errorf("%w: matrix logarithm", ErrNoConverge)
	}
	return out, nil
}

// squareRoot is the principal square root by the product form of Denman and Beavers' iteration.
func squareRoot(a *mat.Dense) (*mat.Dense, error) {
	n, _ := a.Dims()
	m, x := mat.DenseCopyOf(a), mat.DenseCopyOf(a)
	const steps, settled = 60, 1e-6 // settled: quadratic convergence has begun, what no longer falls is rounding
	last := math.Inf(1)
	for range steps {
		inv, err := solve(m, identity(n))
		if err != nil {
			return nil, err
		}
		x = scale(0.5, mul(x, add(identity(n), inv)))
		m = scale(0.25, add(add(m, inv), scale(2, identity(n))))
		d := frob(sub(m, identity(n)))
		if d <= float64(n)*eps || d < settled && d >= last/2 {
			return x, nil
		}
		if last = d; math.IsNaN(d) {
			break
		}
	}
	return nil, ErrNoConverge
}
