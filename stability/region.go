package stability

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
)

// RegionOptions of Region and CheckLevel. The zero value means the defaults.
type RegionOptions struct {
	P       *mat.SymDense // of V; nil chooses one with a large region
	Radius  []float64     // |x_i - x*_i| considered at most; nil means DefaultRadius each
	Boxes   int           // examined at most; 0 means 200 000 up to two states, 40 000 up to four, 10 000 beyond
	Gap     float64       // relative gap of the levels at which the work ends; 0 means 0.002
	Cover   bool          // return the proved boxes
	Workers int           // goroutines, where the field has a method Clone() Field; 0 means 1. The result does not depend on it
}

// DefaultRadius is how far from the equilibrium levels are considered where nothing else is said, in units of the states.
const DefaultRadius = 10

// ErrNoEquilibrium is returned where no equilibrium can be verified near the given point.
var ErrNoEquilibrium = errors.New("stability: no equilibrium can be verified here")

// RegionResult is a region of attraction {V <= Proved} with V = (x - x*)'P(x - x*).
type RegionResult struct {
	At         []float64    // the floating-point equilibrium
	Enclosure  []interval.I // that holds the true one, verified; a point where At is exact
	P          *mat.SymDense
	Chosen     string  // how P was chosen
	Proved     float64 // V falls on {0 < V <= Proved}, verified; 0 where nothing could be proved
	Volume     float64 // of {V <= Proved}
	Falsified  float64 // smallest level found with a point where V does not fall; +Inf where none was found
	Counter    []float64
	Limited    bool // the region ends at the radius, not at a failure of the decrease
	Global     bool // the slope form holds on the whole box, as for linear systems
	Boxes      int
	Why        string // what ended the search
	Cover      [][]interval.I
	DecreaseAt float64 // W at Counter, in floating point
}

// Region computes the largest sublevel set of a quadratic Lyapunov function on which the decrease is proved.
//
// Claim: V = (x - x*)'P(x - x*) with P > 0 falls strictly along every solution at every x != x* with V(x) <= Proved. So
// {V <= Proved} is compact and invariant, and every solution in it converges to x* (Lyapunov; LaSalle). V(x*) = 0,
// positivity, f(x*) = 0 and the decrease are all checked; no neighbourhood of x* is left out.
//
// Method: falsification first (rays and a pattern search in the metric of P), which bounds the level from above; then
// cover from below. P is searched with the volume of the falsified level as its value, starting from the solution
// of the Lyapunov equation with Q = I; what is proved of it does not depend on how it was found.
//
// Numerics: Proved is verified; Counter is verified, that no lower level fails is only estimated. Between Proved and Falsified
// nothing is known.
//
// Reference: Bof, Carli, Schenato (2018), theorems 1.2 and 1.4; Khalil (2002), theorem 4.1 and section 8.2.
func Region(f Field, near []float64, o RegionOptions) (*RegionResult, error) {
	e, at, r, err := o.prepare(f, near)
	if err != nil {
		return nil, err
	}
	out := &RegionResult{At: mids(at), Enclosure: at, P: o.P, Chosen: "given", Falsified: math.Inf(1)}
	if o.P == nil {
		out.P, out.Chosen, err = choose(e, at, r)
		if err != nil {
			out.Why = err.Error()
			return out, nil
		}
	}
	q := newQuadratic(e, out.P, at)
	if !definite(q.n, q.ip) {
		out.Why = "P is not positive definite, so V is not positive"
		return out, nil
	}
	limit, err := q.within(r)
	if err != nil {
		return nil, err
	}
	out.refute(q, limit)
	c, ok, err := newCover(q, min(limit, out.Falsified), o.Cover)
	if err != nil {
		return nil, err
	}
	if !ok {
		out.Why = "the decrease cannot be proved on any box around the equilibrium: " + degenerate(e, at)
		return out, nil
	}
	out.Global = len(c.queue) == 0
	done := func() bool { return c.level() >= min(c.falsified, out.Falsified)*(1-o.Gap) }
	c.run(o.Boxes, o.Workers, done)
	out.finish(c, limit, done())
	return out, nil
}

func degenerate(e *enclosing, at []interval.I) string {
	if v, _ := e.linearisation(at, &Linear{Growth: math.Inf(-1)}); v == Unstable {
		return "it is unstable"
	}
	return "its linearisation does not prove asymptotic stability with this V"
}

// refute searches a low level with a point where V does not fall.
func (out *RegionResult) refute(q *quadratic, limit float64) {
	f, ok := newFalsifier(q, 400)
	if !ok {
		return
	}
	const directionsPerState = 180
	s, z := f.search(math.Sqrt(limit), directionsPerState*q.n, 4, searchStream("falsify"))
	if z == nil {
		return
	}
	for grow := 1.0; grow < 1+1e-6; grow += 1e-8 { // step over the zero of W until interval arithmetic sees it
		f.at(z, s*grow)
		d := f.d
		if v := form(q.ip, point(d)); v.Lo > 0 && q.decrease(point(d)).Lo >= 0 {
			out.counter(q, d, v.Hi)
			return
		}
	}
}

func (out *RegionResult) counter(q *quadratic, d []float64, level float64) {
	out.Falsified, out.DecreaseAt = level, q.change(d)
	out.Counter = make([]float64, q.n)
	for i := range d {
		out.Counter[i] = q.mid[i] + d[i]
	}
}

func (out *RegionResult) finish(c *cover, limit float64, done bool) {
	if c.falsified < out.Falsified {
		out.counter(c.q, c.counter, c.falsified)
	}
	out.Proved, out.Boxes, out.Cover = c.level(), c.boxes, c.proved
	if out.Proved >= out.Falsified {
		out.Proved = math.Nextafter(out.Falsified, 0)
	}
	out.Volume = c.q.volume(out.Proved)
	switch {
	case c.stuck:
		out.Why = "a box became too small to split"
	case len(c.queue) == 0 && math.IsInf(out.Falsified, 1):
		out.Limited = out.Proved >= limit
		out.Why = "all levels within the radius are proved"
	case len(c.queue) > 0 && math.IsInf(out.Falsified, 1):
		out.Why = fmt.Sprintf("%d boxes were examined; no counterexample is known", c.boxes)
	case len(c.queue) > 0 && !done:
		out.Why = fmt.Sprintf("%d boxes were examined; between level %.6g and level %.6g, where the decrease fails, nothing is known", c.boxes, out.Proved, out.Falsified)
	default:
		out.Why = fmt.Sprintf("the decrease fails at level %.6g", out.Falsified)
	}
}

// LevelResult says whether a given level is proved.
type LevelResult struct {
	Proved     bool
	Counter    []float64 // a state with V <= level at which V does not fall, verified; nil where none was found
	DecreaseAt float64   // W there
	LevelAt    float64   // V there
	Boxes      int
	Why        string
}

// CheckLevel decides whether V falls on {0 < V <= level}: proved, refuted by a counterexample, or neither within the work
// allowed. Claim, method and numerics as Region's; o.P must be given.
func CheckLevel(f Field, near []float64, level float64, o RegionOptions) (*LevelResult, error) {
	if o.P == nil {
		return nil, errors.New("stability: CheckLevel needs P")
	}
	if !(level > 0) || math.IsInf(level, 0) {
		return nil, fmt.Errorf("stability: level %v, want a positive number", level)
	}
	e, at, _, err := o.prepare(f, near)
	if err != nil {
		return nil, err
	}
	q := newQuadratic(e, o.P, at)
	if !definite(q.n, q.ip) {
		return &LevelResult{Why: "P is not positive definite, so V is not positive"}, nil
	}
	found := &RegionResult{Falsified: math.Inf(1)}
	found.refute(q, level*(1+1e-9))
	out := &LevelResult{}
	if found.Falsified <= level {
		out.refuted(found)
		return out, nil
	}
	c, ok, err := newCover(q, level, false)
	if err != nil {
		return nil, err
	}
	if !ok {
		out.Why = "the decrease cannot be proved on any box around the equilibrium: " + degenerate(e, at)
		return out, nil
	}
	c.run(o.Boxes, o.Workers, func() bool { return c.falsified <= level })
	out.Boxes = c.boxes
	switch {
	case c.falsified <= level:
		found.counter(q, c.counter, c.falsified)
		out.refuted(found)
	case len(c.queue) == 0:
		out.Proved, out.Why = true, "the decrease holds on every box"
	default:
		out.Why = fmt.Sprintf("undecided after %d boxes; levels below %.6g are proved", c.boxes, c.level())
	}
	return out, nil
}

func (out *LevelResult) refuted(r *RegionResult) {
	out.Counter, out.DecreaseAt, out.LevelAt = r.Counter, r.DecreaseAt, r.Falsified
	out.Why = fmt.Sprintf("V does not fall at %.6g, where V = %.9g", r.Counter, r.Falsified)
}

// prepare resolves the defaults and verifies the equilibrium.
func (o *RegionOptions) prepare(f Field, near []float64) (*enclosing, []interval.I, []float64, error) {
	if err := checkPoint(f, near); err != nil {
		return nil, nil, nil, err
	}
	n := f.Dim()
	if o.P != nil && o.P.SymmetricDim() != n {
		return nil, nil, nil, fmt.Errorf("%w: P is %d x %d, the system has %d states", ErrShape, o.P.SymmetricDim(), o.P.SymmetricDim(), n)
	}
	r := o.Radius
	if r == nil {
		r = make([]float64, n)
		for i := range r {
			r[i] = DefaultRadius
		}
	}
	if len(r) != n {
		return nil, nil, nil, fmt.Errorf("%w: %d radii, the system has %d states", ErrShape, len(r), n)
	}
	for i, v := range r {
		if !(v > 0) || math.IsInf(v, 0) {
			return nil, nil, nil, fmt.Errorf("stability: radius %d is %v, want a positive number", i, v)
		}
	}
	if o.Boxes == 0 { // the more states, the more a box costs and the less it gains
		switch {
		case n <= 2:
			o.Boxes = 200_000
		case n <= 4:
			o.Boxes = 40_000
		default:
			o.Boxes = 10_000
		}
	}
	if o.Gap == 0 {
		o.Gap = 0.002
	}
	e := newEnclosing(f)
	at, err := equilibriumAt(e, near, r)
	return e, at, r, err
}

// equilibriumAt returns a box that holds exactly one equilibrium close to the given point: the point itself where f vanishes
// there exactly.
func equilibriumAt(e *enclosing, near, r []float64) ([]interval.I, error) {
	root := make([]interval.I, e.n)
	for i := range root {
		root[i] = interval.Of(near[i]-r[i], near[i]+r[i])
	}
	s := &rootSearch{e: e, root: root}
	if exact := point(near); allZero(s.value(exact)) {
		return exact, nil
	}
	x, ok := s.newton(near)
	if ok {
		radius := make([]float64, len(x))
		for i := range x {
			if math.Abs(x[i]-near[i]) > nearby*r[i] {
				return nil, fmt.Errorf("%w: the nearest solution that Newton's method finds is %.6g, far from %.6g", ErrNoEquilibrium, x, near)
			}
			radius[i] = 1e-6 * r[i]
		}
		if q, ok := s.prove(x, radius); ok {
			return q.Enclosure, nil
		}
	}
	return nil, fmt.Errorf("%w: near %.6g", ErrNoEquilibrium, near)
}

// nearby is how far, relative to the radius, Newton's method may go from the point that the caller gave: points are
// typed with a few digits.
const nearby = 0.05
