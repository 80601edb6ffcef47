package stability

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/internal/linalg"
)

// Equilibrium is a box that holds exactly one equilibrium, verified, with the stability of its linearisation.
type Equilibrium struct {
	X         []float64    // the floating-point solution; the equilibrium is within Enclosure
	Enclosure []interval.I // the equilibrium exists here
	Unique    []interval.I // and is the only one here
	Jacobian  *mat.Dense   // at X
	Linear    *Linear      // of the Jacobian at X
	Verdict   Verdict      // of the nonlinear system, by the linearisation theorem
	Basis     Basis
}

// EquilibriaResult is the outcome of a search of a box.
type EquilibriaResult struct {
	Equilibria []Equilibrium
	Unsure     [][]interval.I // boxes about which nothing could be decided; empty means that the list is complete
	Boxes      int            // examined
}

// Complete says whether every equilibrium of the box is listed, verified.
func (r *EquilibriaResult) Complete() bool { return len(r.Unsure) == 0 }

// EquilibriaOptions limits the search. The zero value means the defaults.
type EquilibriaOptions struct {
	Boxes int     // examined at most; 0 means 100 000
	Width float64 // of boxes, relative to the searched box, at which splitting ends; 0 means 2^-26
}

// Equilibria finds all solutions of f(x) = 0 (x = f(x) in discrete time) in a box.
//
// Claim: with g = f (or f - x), m in the box X, Y a matrix and K = m - Y g(m) + (I - Y g'(X))(X - m),
//
//	K inside the interior of X   =>  X holds exactly one solution, and K holds it
//	K and X disjoint             =>  X holds none
//	every solution in X is in K
//
// Method: boxes are discarded when g(X) excludes zero or by Krawczyk's test, intersected with K, and split. Near a
// floating-point solution found by Newton's method the largest box is sought in which the test proves existence and
// uniqueness; boxes inside it need no more work. What is left at the smallest width is returned as unsure: multiple
// solutions, curves of solutions and functions that are undefined there end so.
//
// Numerics: verified. Sound; complete up to the unsure boxes. Cost grows exponentially with the number of states.
//
// Reference: Krawczyk (1969); Neumaier (1990), theorem 5.1.8.
func Equilibria(f Field, box []interval.I, o EquilibriaOptions) (*EquilibriaResult, error) {
	n := f.Dim()
	if len(box) != n {
		return nil, fmt.Errorf("%w: box of %d intervals, the system has %d states", ErrShape, len(box), n)
	}
	if !finiteAll(box) {
		return nil, fmt.Errorf("stability: the box %v is not bounded, want finite intervals", box)
	}
	if o.Boxes == 0 {
		o.Boxes = 100_000
	}
	if o.Width == 0 {
		o.Width = 0x1p-26
	}
	s := &rootSearch{e: newEnclosing(f), o: o, root: box}
	s.run()
	r := &EquilibriaResult{Boxes: s.boxes, Unsure: s.unsure}
	for _, q := range s.found {
		if !meets(q.Enclosure, box) {
			continue // the only one of its box lies outside the box that was asked for
		}
		eq, err := s.classify(q)
		if err != nil {
			return nil, err
		}
		r.Equilibria = append(r.Equilibria, eq)
	}
	sort.Slice(r.Equilibria, func(i, j int) bool { return before(r.Equilibria[i].X, r.Equilibria[j].X) })
	return r, nil
}

type rootSearch struct {
	e      *enclosing
	o      EquilibriaOptions
	root   []interval.I
	found  []Equilibrium
	unsure [][]interval.I
	boxes  int
}

func (s *rootSearch) run() {
	stack := [][]interval.I{append([]interval.I(nil), s.root...)}
	for len(stack) > 0 {
		x := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s.boxes >= s.o.Boxes {
			s.unsure = append(s.unsure, x)
			continue
		}
		s.boxes++
		if s.covered(x) {
			continue
		}
		y, gone := s.shrink(x)
		if gone || s.covered(y) {
			continue
		}
		if s.seek(y) && s.covered(y) {
			continue
		}
		i, w := s.widest(y)
		if w <= s.o.Width {
			s.unsure = append(s.unsure, y)
			continue
		}
		left, right := append([]interval.I(nil), y...), append([]interval.I(nil), y...)
		left[i], right[i] = y[i].Split()
		stack = append(stack, right, left)
	}
	s.unsure = s.mergeUnsure()
}

// covered reports whether the box lies in one whose only solution is known.
func (s *rootSearch) covered(x []interval.I) bool {
	for _, q := range s.found {
		in := true
		for i := range x {
			in = in && x[i].In(q.Unique[i])
		}
		if in {
			return true
		}
	}
	return false
}

// widest returns the coordinate whose width is largest relative to the root box.
func (s *rootSearch) widest(x []interval.I) (int, float64) {
	k, w := 0, -1.0
	for i := range x {
		if full := s.root[i].Width(); full > 0 && x[i].Width()/full > w {
			k, w = i, x[i].Width()/full
		}
	}
	return k, w
}

// value encloses g over x in e.val.
func (s *rootSearch) value(x []interval.I) []interval.I {
	s.e.Enclose(s.e.val, x)
	if s.e.Time() == Discrete {
		for i := range x {
			s.e.val[i] = s.e.val[i].Sub(x[i])
		}
	}
	return s.e.val
}

func (s *rootSearch) slope(x []interval.I) []interval.I {
	s.e.EncloseJacobian(s.e.jac, x)
	if s.e.Time() == Discrete {
		for i := range x {
			s.e.jac[i*s.e.n+i] = s.e.jac[i*s.e.n+i].Sub(interval.Point(1))
		}
	}
	return s.e.jac
}

// shrink discards the box or cuts it down by Krawczyk's operator, at most a few times.
func (s *rootSearch) shrink(x []interval.I) (y []interval.I, gone bool) {
	for _, v := range s.value(x) {
		if v.Lo > 0 || v.Hi < 0 {
			return nil, true
		}
	}
	y = x
	for range 3 { // a second and third cut pay only after a large first one
		k, ok := s.krawczyk(y, mids(y))
		if !ok {
			return y, false
		}
		next := make([]interval.I, len(y))
		gain := false
		for i := range y {
			if k[i].IsUndefined() {
				return y, false
			}
			var common bool
			if next[i], common = y[i].Meet(k[i]); !common {
				return nil, true
			}
			gain = gain || next[i].Width() < 0.7*y[i].Width()
		}
		y = next
		if !gain {
			break
		}
	}
	return y, false
}

// krawczyk returns K for the box and the point m in it; ok is false where the midpoint of the Jacobian is singular.
func (s *rootSearch) krawczyk(x []interval.I, m []float64) (k []interval.I, ok bool) {
	n := s.e.n
	jac := append([]interval.I(nil), s.slope(x)...)
	if !finiteAll(jac) {
		return nil, false
	}
	inv, err := linalg.Inverse(n, mids(jac))
	if err != nil || !finiteNumbers(inv) {
		return nil, false
	}
	y := point(inv)
	g := append([]interval.I(nil), s.value(point(m))...)
	yg, yj := make([]interval.I, n), make([]interval.I, n*n)
	mulMat(yg, y, g, n, n, 1)
	mulMat(yj, y, jac, n, n, n)
	k = make([]interval.I, n)
	for i := range n {
		k[i] = interval.Point(m[i]).Sub(yg[i])
		for j := range n {
			c := yj[i*n+j].Neg()
			if i == j {
				c = c.Add(interval.Point(1))
			}
			k[i] = k[i].Add(c.Mul(x[j].Sub(interval.Point(m[j]))))
		}
	}
	return k, true
}

// seek looks for a solution near the middle of the box and the largest box around it in which it is the only one.
func (s *rootSearch) seek(x []interval.I) bool {
	root, ok := s.newton(mids(x))
	if !ok {
		return false
	}
	radius := make([]float64, len(x))
	for i := range x {
		radius[i] = 2*x[i].Width() + seekRadius*s.root[i].Width() // Krawczyk's cut may leave a point
		if math.Abs(root[i]-x[i].Mid()) > radius[i] {
			return false // belongs to another box
		}
	}
	eq, ok := s.prove(root, radius)
	if !ok {
		return false
	}
	for _, q := range s.found { // found before from another box, in a smaller one
		if meets(q.Enclosure, eq.Enclosure) && (inside(q.Enclosure, eq.Unique) || inside(eq.Enclosure, q.Unique)) {
			if !wider(eq.Unique, q.Unique) {
				return true
			}
		}
	}
	kept := s.found[:0]
	for _, q := range s.found {
		if !inside(q.Enclosure, eq.Unique) {
			kept = append(kept, q)
		}
	}
	s.found = append(kept, eq)
	return true
}

// seekRadius is the least radius, relative to the searched box, at which prove begins.
const seekRadius = 1e-6

// seekHalvings is how often prove halves the box before it gives up: the Krawczyk test of a simple solution succeeds when
// the box is small against the distance at which the Jacobian changes by its own size.
const seekHalvings = 30

// prove applies Krawczyk's test to boxes around root, from the given radius down, then tightens the enclosure.
func (s *rootSearch) prove(root, radius []float64) (Equilibrium, bool) {
	x := make([]interval.I, len(root))
	for h := range seekHalvings {
		f := math.Ldexp(1, -h)
		for i := range x {
			r := max(f*radius[i], 8*eps*math.Abs(root[i]), math.SmallestNonzeroFloat64)
			x[i] = interval.Of(root[i]-r, root[i]+r)
		}
		k, ok := s.krawczyk(x, root)
		if !ok || !strictlyInside(k, x) {
			continue
		}
		tight := k
		for range 4 {
			again, ok := s.krawczyk(tight, mids(tight))
			if !ok {
				break
			}
			next, ok := meet(tight, again)
			if !ok {
				break
			}
			tight = next
		}
		if exact := point(root); allZero(s.value(exact)) {
			tight = exact
		}
		return Equilibrium{X: mids(tight), Enclosure: tight, Unique: append([]interval.I(nil), x...)}, true
	}
	return Equilibrium{}, false
}

// newton is a few plain Newton steps, rounded to zero where a coordinate is zero up to rounding and zero solves as well.
func (s *rootSearch) newton(x []float64) ([]float64, bool) {
	n := s.e.n
	x = append([]float64(nil), x...)
	for range 20 {
		g := mids(s.value(point(x)))
		step, err := linalg.Solve(n, 1, mids(s.slope(point(x))), g)
		if err != nil || !finiteNumbers(step) {
			return nil, false
		}
		size := 0.0
		for i := range x {
			x[i] -= step[i]
			size = max(size, math.Abs(step[i])/(math.Abs(x[i])+s.root[i].Width()))
		}
		if size < 4*eps {
			break
		}
	}
	for i := range x {
		if tiny := 1e-9 * s.root[i].Width(); math.Abs(x[i]) < tiny && x[i] != 0 {
			y := append([]float64(nil), x...)
			y[i] = 0
			if norm1(mids(s.value(point(y)))) <= norm1(mids(s.value(point(x)))) {
				x = y
			}
		}
	}
	return x, finiteNumbers(x)
}

// mergeUnsure joins unsure boxes that touch, so that a double solution comes out as one box.
func (s *rootSearch) mergeUnsure() [][]interval.I {
	out := [][]interval.I{}
	for _, x := range s.unsure {
		x = append([]interval.I(nil), x...)
		for again := true; again; {
			again = false
			for i := 0; i < len(out); i++ {
				if meets(out[i], x) {
					for j := range x {
						x[j] = x[j].Hull(out[i][j])
					}
					out = append(out[:i], out[i+1:]...)
					again = true
					break
				}
			}
		}
		out = append(out, x)
	}
	return out
}

func (s *rootSearch) classify(q Equilibrium) (Equilibrium, error) {
	q.Jacobian = s.e.jacobianAt(q.X)
	l, err := Classify(q.Jacobian, s.e.Time())
	if err != nil {
		return q, err
	}
	q.Linear = l
	q.Verdict, q.Basis = s.e.linearisation(q.Enclosure, l)
	return q, nil
}

func before(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

func meets(a, b []interval.I) bool { _, ok := meet(a, b); return ok }

func meet(a, b []interval.I) ([]interval.I, bool) {
	out := make([]interval.I, len(a))
	for i := range a {
		var ok bool
		if out[i], ok = a[i].Meet(b[i]); !ok {
			return nil, false
		}
	}
	return out, true
}

func inside(a, b []interval.I) bool {
	for i := range a {
		if !a[i].In(b[i]) {
			return false
		}
	}
	return true
}

func strictlyInside(a, b []interval.I) bool {
	for i := range a {
		if !a[i].Inside(b[i]) {
			return false
		}
	}
	return true
}

func wider(a, b []interval.I) bool {
	for i := range a {
		if a[i].Width() > b[i].Width() {
			return true
		}
	}
	return false
}

func allZero(x []interval.I) bool {
	for _, v := range x {
		if v.Lo != 0 || v.Hi != 0 {
			return false
		}
	}
	return true
}

func finiteNumbers(x []float64) bool {
	for _, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

func norm1(x []float64) (s float64) {
	for _, v := range x {
		s += math.Abs(v)
	}
	return s
}
