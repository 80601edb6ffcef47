package stability

import "github.com/plumb-go/plumb/internal/interval"

// Jets is what a Field may offer besides: Taylor coefficients along a line.
type Jets interface {
	// EncloseSeries returns for each state the coefficients 0..order of f(x + t u) in t, enclosed for every x and u in
	// the boxes; false where an operation has no series.
	EncloseSeries(x, u []interval.I, order int) ([][]interval.I, bool)
}

// Limits of the blow-up.
const (
	maxJet      = 9    // largest leading order that is tried
	blowUpBoxes = 2000 // boxes of directions
)

// jet returns Taylor coefficients along x + t u.
type jet func(x, u []interval.I, order int) ([][]interval.I, bool)

// blowUp reports whether V falls on the whole box except at its middle although the Jacobian at the equilibrium proves
// nothing, in continuous time.
//
// Claim: let all Taylor coefficients of f along every ray t u, u on the boundary of the box, vanish at t = 0 below order j.
// By Taylor's theorem f_i(t u) = t^j f_ij(s) with s between 0 and t, so u'P f_j < 0, for the enclosure of the j-th
// coefficients over all t in [0, 1], proves W(t u) = 2 t^(j+1) u'P f_j < 0 for t in (0, 1].
//
// Method: the boundary is covered by boxes of directions, split where the sign is not clear. Verified. It finds no proof where
// directions of different leading order mix, as in x' = -x, y' = -y^3.
func (q *quadratic) blowUp(d []interval.I) bool {
	jets, ok := q.e.Field.(Jets)
	if !ok || q.time == Discrete {
		return false
	}
	for i := range q.at {
		if !q.at[i].IsPoint() {
			return false
		}
	}
	return onRays(jets.EncloseSeries, q.at, d, func(u, f []interval.I) bool {
		var s interval.I
		mulMat(q.ipd, q.ip, u, q.n, q.n, 1)
		for i := range f {
			s = s.Add(q.ipd[i].Mul(f[i]))
		}
		return s.Hi < 0
	})
}

// onRays reports whether test holds for the leading coefficients on all rays from at to the boundary of at + d, over their
// whole length. d holds zero in its interior.
func onRays(f jet, at, d []interval.I, test func(u, leading []interval.I) bool) bool {
	order, ok := leadingOrder(f, at, d)
	if !ok {
		return false
	}
	var stack [][]interval.I
	for i := range d {
		for _, end := range []float64{d[i].Lo, d[i].Hi} {
			face := append([]interval.I(nil), d...)
			face[i] = interval.Point(end)
			stack = append(stack, face)
		}
	}
	unit, x := interval.I{Lo: 0, Hi: 1}, make([]interval.I, len(d))
	for count := 0; len(stack) > 0; count++ {
		u := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for i := range u {
			x[i] = at[i].Add(unit.Mul(u[i]))
		}
		all, ok := f(x, u, order)
		if !ok {
			return false
		}
		top := make([]interval.I, len(all))
		for i := range all {
			top[i] = all[i][order]
		}
		if test(u, top) {
			continue
		}
		k, w := -1, 0.0
		for i := range u {
			if r := u[i].Width() / d[i].Width(); r > w {
				k, w = i, r
			}
		}
		if count > blowUpBoxes || k < 0 {
			return false
		}
		left, right := append([]interval.I(nil), u...), append([]interval.I(nil), u...)
		left[k], right[k] = u[k].Split()
		stack = append(stack, left, right)
	}
	return true
}

// leadingOrder returns the lowest order at which a coefficient along a ray does not vanish exactly; it must be positive.
func leadingOrder(f jet, at, d []interval.I) (int, bool) {
	all, ok := f(at, d, maxJet)
	if !ok {
		return 0, false
	}
	for j := range maxJet + 1 {
		for i := range all {
			if c := all[i][j]; c.Lo != 0 || c.Hi != 0 {
				return j, j > 0
			}
		}
	}
	return 0, false
}
