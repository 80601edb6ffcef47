package lti

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Stability is a verdict on asymptotic stability.
type Stability int

// Verdicts.
const (
	Undecided Stability = iota // closer to the boundary than rounding lets decide
	Stable
	Unstable
)

func (s Stability) String() string {
	return [...]string{"undecided", "stable", "unstable"}[s]
}

// StabilityVerdict says whether a system is asymptotically stable, and how far from the boundary.
type StabilityVerdict struct {
	State Stability
	// Pole is the pole farthest to the right (continuous) or farthest out (discrete), as computed.
	Pole     complex128
	Discrete bool
}

func (v StabilityVerdict) String() string {
	what := fmt.Sprintf("largest real part of a pole %.6g", real(v.Pole))
	if v.Discrete {
		what = fmt.Sprintf("largest modulus of a pole %.6g", math.Hypot(real(v.Pole), imag(v.Pole)))
	}
	if v.State == Undecided {
		return what + ", too close to the boundary to decide in double precision"
	}
	return v.State.String() + ", " + what
}

// Stability decides whether all poles are stable.
//
// Claim: if the verdict is Stable, every eigenvalue of A has a negative real part (modulus below 1); if Unstable, at
// least one does not.
// Method: for the computed solution P of A'P + PA = -I (A'PA - P = -I) the left side is bounded with all rounding errors
// of its evaluation; where it is negative definite the numbers of eigenvalues of A on the two sides are those of P of the
// two signs (Ostrowski and Schneider, 1962; Taussky, 1964, for the discrete case). For an instability the same is done
// for A shifted to the middle between the boundary and the outermost pole.
// Numerics: verified, in floating point with error bounds; states are scaled by powers of two first. Undecided where the
// bounds do not suffice, which a badly conditioned A can cause as well as a pole at the boundary.
func (g *SS) Stability() (StabilityVerdict, error) {
	if err := g.Check(); err != nil {
		return StabilityVerdict{}, err
	}
	return g.stability(nil)
}

// stability also allows every entry of A to be wrong by up to that of da.
func (g *SS) stability(da *mat.Dense) (StabilityVerdict, error) {
	v := StabilityVerdict{State: Stable, Discrete: g.Discrete(), Pole: complex(math.Inf(-1), 0)}
	n, _, _ := g.Dims()
	if n == 0 {
		v.Pole = 0
		if !v.Discrete {
			v.Pole = complex(math.Inf(-1), 0)
		}
		return v, nil
	}
	a, da := balancedPair(g.A, da)
	s, err := newSchur(a)
	if err != nil {
		return v, err
	}
	size := -1.0
	for _, p := range s.values {
		switch {
		case v.Discrete && math.Hypot(real(p), imag(p)) > size:
			size = math.Hypot(real(p), imag(p))
			v.Pole = p
		case !v.Discrete && real(p) > real(v.Pole):
			v.Pole = p
		}
	}
	negative, ok := v.inertia(a, da)
	if ok && negative == 0 {
		return v, nil
	}
	v.State = Undecided
	if ok { // without a shift the count says it all
		v.State = Unstable
		return v, nil
	}
	shifted := mat.DenseCopyOf(a)
	switch {
	case v.Discrete && size > 1:
		shifted.Scale(2/(1+size), shifted)
	case !v.Discrete && real(v.Pole) > 0:
		for i := range n {
			shifted.Set(i, i, shifted.At(i, i)-real(v.Pole)/2)
		}
	default:
		return v, nil
	}
	round := scale(2*eps, add(modulus(a), modulus(shifted))) // of the shift
	if da != nil {
		round.Add(round, da)
	}
	da = round
	if negative, ok = v.inertia(shifted, da); ok && negative > 0 {
		v.State = Unstable
	}
	return v, nil
}

// inertia counts the unstable eigenvalues of a; ok is false where rounding leaves it open.
func (v *StabilityVerdict) inertia(a, da *mat.Dense) (unstable int, ok bool) {
	n, _ := a.Dims()
	at := transposed(a)
	var sol *Solution
	var err error
	if v.Discrete {
		sol, err = DLyap(at, identity(n))
	} else {
		sol, err = Lyap(at, identity(n))
	}
	if err != nil || !finite(sol.X) {
		return 0, false
	}
	p := sol.X
	symmetrise(p)
	absA, absP := modulus(a), modulus(p)
	if da != nil {
		absA.Add(absA, da)
	}
	// Entries of a product of three n x n matrices differ from the computed ones by at most 2(n+2) eps of the product of
	// moduli, to first order; twice that is safe for n eps << 1.
	rounding := 4 * float64(n+2) * eps
	var left, size *mat.Dense
	if v.Discrete {
		left, size = mul3(at, p, a), mul3(absA.T(), absP, absA)
		left.Sub(left, p)
		size.Add(size, absP)
	} else {
		pa := mul(p, a)
		left, size = add(pa, pa.T()), mul(absP, absA)
		size.Add(size, transposed(size))
	}
	bound := rounding * frob(size)
	if da != nil {
		if v.Discrete {
			bound += 2*frob(mul3(absA.T(), absP, da)) + frob(mul3(da.T(), absP, da))
		} else {
			bound += 2 * frob(mul(absP, da))
		}
	}
	symmetrise(left)
	values, good := symmetricValues(left)
	if !good || !(values[n-1]+bound+rounding*frob(left) < 0) {
		return 0, false
	}
	values, good = symmetricValues(p)
	if !good {
		return 0, false
	}
	margin := rounding * frob(p)
	for _, x := range values {
		if math.Abs(x) <= margin {
			return 0, false
		}
		if x < 0 {
			unstable++
		}
	}
	return unstable, true
}

// symmetricValues returns the eigenvalues in ascending order.
func symmetricValues(a *mat.Dense) ([]float64, bool) {
	n, _ := a.Dims()
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(n, mat.DenseCopyOf(a).RawMatrix().Data), false) {
		return nil, false
	}
	return e.Values(nil), true
}

// balancedPair scales the states of a by powers of two, and its error bounds da (nil allowed) with them.
func balancedPair(a, da *mat.Dense) (*mat.Dense, *mat.Dense) {
	n, _ := a.Dims()
	g := &SS{A: a, B: mat.NewDense(n, 1, nil), C: mat.NewDense(1, n, nil), D: mat.NewDense(1, 1, nil)}
	b, f := g.scaledStates()
	if da == nil {
		return b.A, nil
	}
	out := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			out.Set(i, j, da.At(i, j)/f[i]*f[j])
		}
	}
	return b.A, out
}
