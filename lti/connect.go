package lti

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Series returns second applied to the output of first, y = second(first(u)): the transfer matrix is the product
// G2 G1. As in MATLAB, the first argument acts first.
func Series(first, second *SS) (*SS, error) {
	if err := check(first, second); err != nil {
		return nil, err
	}
	n1, m1, p1 := first.Dims()
	n2, m2, p2 := second.Dims()
	if p1 != m2 {
		return nil, fmt.Errorf("%w: the first system has %d outputs, the second %d inputs", ErrShape, p1, m2)
	}
	if err := sameTime(first, second); err != nil {
		return nil, err
	}
	out := blank(n1+n2, m1, p2, sampleTime(first, second))
	put(out.A, 0, 0, 1, first.A)
	put(out.A, n1, n1, 1, second.A)
	if n2 > 0 && n1 > 0 {
		put(out.A, n1, 0, 1, mul(second.B, first.C))
	}
	put(out.B, 0, 0, 1, first.B)
	if n2 > 0 {
		put(out.B, n1, 0, 1, mul(second.B, first.D))
		put(out.C, 0, n1, 1, second.C)
	}
	if n1 > 0 {
		put(out.C, 0, 0, 1, mul(second.D, first.C))
	}
	put(out.D, 0, 0, 1, mul(second.D, first.D))
	copy(out.Inputs, first.Inputs)
	copy(out.Outputs, second.Outputs)
	out.States = joined(first.States, second.States)
	return out, nil
}

// Parallel returns G1 + G2.
func Parallel(g1, g2 *SS) (*SS, error) {
	if err := check(g1, g2); err != nil {
		return nil, err
	}
	_, m1, p1 := g1.Dims()
	_, m2, p2 := g2.Dims()
	if m1 != m2 || p1 != p2 {
		return nil, fmt.Errorf("%w: one system is %d x %d, the other %d x %d (outputs x inputs)", ErrShape, p1, m1, p2, m2)
	}
	all, err := Append(g1, g2)
	if err != nil {
		return nil, err
	}
	in, out := mat.NewDense(2*m1, m1, nil), mat.NewDense(p1, 2*p1, nil)
	put(in, 0, 0, 1, identity(m1))
	put(in, m1, 0, 1, identity(m1))
	put(out, 0, 0, 1, identity(p1))
	put(out, 0, p1, 1, identity(p1))
	g := all.mixed(in, out)
	copy(g.Inputs, g1.Inputs)
	copy(g.Outputs, g1.Outputs)
	return g, nil
}

// Append puts systems side by side: inputs, outputs and states follow each other.
func Append(systems ...*SS) (*SS, error) {
	if len(systems) == 0 {
		return nil, fmt.Errorf("%w: no system to append", ErrShape)
	}
	if err := check(systems...); err != nil {
		return nil, err
	}
	if err := sameTime(systems...); err != nil {
		return nil, err
	}
	var n, m, p int
	for _, s := range systems {
		i, j, k := s.Dims()
		n, m, p = n+i, m+j, p+k
	}
	out := blank(n, m, p, sampleTime(systems...))
	out.Inputs, out.Outputs, out.States = nil, nil, nil
	n, m, p = 0, 0, 0
	for _, s := range systems {
		i, j, k := s.Dims()
		put(out.A, n, n, 1, s.A)
		put(out.B, n, m, 1, s.B)
		put(out.C, p, n, 1, s.C)
		put(out.D, p, m, 1, s.D)
		n, m, p = n+i, m+j, p+k
		out.Inputs, out.Outputs = append(out.Inputs, s.Inputs...), append(out.Outputs, s.Outputs...)
		out.States = append(out.States, s.States...)
	}
	return out, nil
}

// Sign is the sign with which a feedback signal is added. The zero value is negative feedback.
type Sign int

// The two signs of feedback.
const (
	Negative Sign = iota
	Positive
)

func (s Sign) String() string {
	if s == Positive {
		return "positive feedback"
	}
	return "negative feedback"
}

// Feedback returns the closed loop of g (p x m) with h (m x p) in its return path under negative feedback,
//
//	u = r - h(y),   y = g(u):   (I + G H)^-1 G from r to y.
//
// A nil h is the identity, for square g. Inputs and outputs are those of g; states are those of g, then h. ErrAlgebraic
// where I + D_g D_h is singular. See FeedbackSign for positive feedback.
func Feedback(g, h *SS) (*SS, error) { return FeedbackSign(g, h, Negative) }

// FeedbackSign is Feedback with the sign stated.
func FeedbackSign(g, h *SS, sign Sign) (*SS, error) {
	if err := check(g); err != nil {
		return nil, err
	}
	_, m, p := g.Dims()
	if h == nil {
		if m != p {
			return nil, fmt.Errorf("%w: unit feedback around a system with %d outputs and %d inputs, expected as many", ErrShape, p, m)
		}
		var err error
		if h, err = Gain(identity(m), g.Ts); err != nil {
			return nil, err
		}
		h.States = nil
	}
	if err := check(h); err != nil {
		return nil, err
	}
	if _, mh, ph := h.Dims(); mh != p || ph != m {
		return nil, fmt.Errorf("%w: the return path is %d x %d, expected %d x %d (outputs x inputs)", ErrShape, ph, mh, m, p)
	}
	all, err := Append(g, h)
	if err != nil {
		return nil, err
	}
	s := -1.0
	if sign == Positive {
		s = 1
	}
	// u = r + s y_h, u_h = y.
	loop := mat.NewDense(m+p, p+m, nil)
	put(loop, 0, p, s, identity(m))
	put(loop, m, 0, 1, identity(p))
	closed, err := all.close(loop)
	if err != nil {
		return nil, err
	}
	return closed.Select(upTo(m), upTo(p))
}

// close returns the system with u = r + F y, all inputs and outputs kept.
func (g *SS) close(f *mat.Dense) (*SS, error) {
	n, m, p := g.Dims()
	// y = E (C x + D r), E = (I - D F)^-1, u = r + F y.
	e, err := solve(sub(identity(p), mul(g.D, f)), identity(p))
	if err != nil {
		return nil, fmt.Errorf("%w: I - DF for the direct terms", ErrAlgebraic)
	}
	fe := mul(f, e)
	fed := mul(fe, g.D)
	fed.Add(fed, identity(m)) // u from r: I + F E D
	out := g.Copy()
	out.D = mul(e, g.D)
	if n > 0 {
		out.A = add(g.A, mul3(g.B, fe, g.C))
		out.B = mul(g.B, fed)
		out.C = mul(e, g.C)
	}
	return out, nil
}

// mixed returns out * G * in for constant matrices; signals are renumbered.
func (g *SS) mixed(in, out *mat.Dense) *SS {
	n, _, _ := g.Dims()
	s := g.Copy()
	if n > 0 {
		s.B, s.C = mul(g.B, in), mul(out, g.C)
	}
	s.D = mul3(out, g.D, in)
	_, m, p := s.Dims()
	s.Inputs, s.Outputs = numbered("u", m), numbered("y", p)
	return s
}

// Select returns the system with the given inputs and outputs, from 0, in the given order.
func (g *SS) Select(inputs, outputs []int) (*SS, error) {
	if err := check(g); err != nil {
		return nil, err
	}
	_, m, p := g.Dims()
	if len(inputs) == 0 || len(outputs) == 0 {
		return nil, fmt.Errorf("%w: select at least one input and one output", ErrShape)
	}
	in, out := mat.NewDense(m, len(inputs), nil), mat.NewDense(len(outputs), p, nil)
	var inNames, outNames []Signal
	for k, j := range inputs {
		if j < 0 || j >= m {
			return nil, fmt.Errorf("%w: input %d of %d (from 0)", ErrName, j, m)
		}
		in.Set(j, k, 1)
		inNames = append(inNames, g.Inputs[j])
	}
	for k, i := range outputs {
		if i < 0 || i >= p {
			return nil, fmt.Errorf("%w: output %d of %d (from 0)", ErrName, i, p)
		}
		out.Set(k, i, 1)
		outNames = append(outNames, g.Outputs[i])
	}
	s := g.mixed(in, out)
	s.Inputs, s.Outputs = inNames, outNames
	return s, nil
}

// LFT returns the linear fractional transformation (Redheffer star product) of g and h: the last nu inputs of g are fed
// by the first nu outputs of h, and the last ny outputs of g feed the first ny inputs of h, without a change of sign. What
// is left of inputs and outputs is that of g, then of h. With nu and ny all of h's outputs and inputs this is the lower
// LFT of g with h. ErrAlgebraic where the loop of direct terms is singular.
func LFT(g, h *SS, nu, ny int) (*SS, error) {
	if err := check(g, h); err != nil {
		return nil, err
	}
	_, m, p := g.Dims()
	_, mh, ph := h.Dims()
	if nu < 0 || ny < 0 || nu > m || nu > ph || ny > p || ny > mh {
		return nil, fmt.Errorf("%w: %d signals from h (%d outputs) to g (%d inputs) and %d back (%d outputs, %d inputs)", ErrShape, nu, ph, m, ny, p, mh)
	}
	if m-nu+mh-ny == 0 || p-ny+ph-nu == 0 {
		return nil, fmt.Errorf("%w: the connection leaves no input or no output", ErrShape)
	}
	all, err := Append(g, h)
	if err != nil {
		return nil, err
	}
	loop := mat.NewDense(m+mh, p+ph, nil)
	put(loop, m-nu, p, 1, orEmpty(nu))
	put(loop, m, p-ny, 1, orEmpty(ny))
	closed, err := all.close(loop)
	if err != nil {
		return nil, err
	}
	return closed.Select(append(upTo(m-nu), between(m+ny, m+mh)...), append(upTo(p-ny), between(p+nu, p+ph)...))
}

// Junction is a summing junction: its output is the sum of the signals that Plus names minus those that Minus names.
type Junction struct {
	Output      string
	Plus, Minus []string
}

// Connect joins systems by the names of their signals: an input is fed by the output or junction of the same name, with
// its own sign and no other (feedback is positive unless a junction subtracts). inputs and outputs name the external
// signals of the result; an external input feeds every input of its name. Outputs may name an output, a junction or an
// input. ErrName where a name is unknown, made twice, or an input of a system is fed by nothing.
func Connect(systems []*SS, junctions []Junction, inputs, outputs []string) (*SS, error) {
	all, err := Append(systems...)
	if err != nil {
		return nil, err
	}
	if len(inputs) == 0 || len(outputs) == 0 {
		return nil, fmt.Errorf("%w: name at least one external input and output", ErrShape)
	}
	w := &wiring{all: all, junctions: map[string]Junction{}, inputs: inputs, sources: map[string]int{}}
	if err := w.index(junctions); err != nil {
		return nil, err
	}
	_, m, p := all.Dims()
	f, r := mat.NewDense(m, p, nil), mat.NewDense(m, len(inputs), nil)
	for i, s := range all.Inputs {
		if err := w.trace(s.Name, 1, f.RawRowView(i), r.RawRowView(i), nil); err != nil {
			return nil, err
		}
	}
	closed, err := all.close(f)
	if err != nil {
		return nil, err
	}
	// External outputs as combinations of y and of the external inputs.
	hy, hr := mat.NewDense(len(outputs), p, nil), mat.NewDense(len(outputs), len(inputs), nil)
	for i, name := range outputs {
		if err := w.trace(name, 1, hy.RawRowView(i), hr.RawRowView(i), nil); err != nil {
			return nil, err
		}
	}
	out := closed.mixed(r, hy)
	out.D.Add(out.D, hr)
	for i, name := range inputs {
		out.Inputs[i] = w.signal(name)
	}
	for i, name := range outputs {
		out.Outputs[i] = w.signal(name)
	}
	return out, nil
}

// wiring knows what makes each named signal: output number >= 0, external input -1 - number, or a junction.
type wiring struct {
	all       *SS
	junctions map[string]Junction
	inputs    []string
	sources   map[string]int
}

func (w *wiring) index(junctions []Junction) error {
	twice := func(name string) error {
		_, source := w.sources[name]
		_, junction := w.junctions[name]
		if name == "" {
			return fmt.Errorf("%w: a signal to connect has no name", ErrName)
		}
		if source || junction {
			return fmt.Errorf("%w: signal %q is made twice", ErrName, name)
		}
		return nil
	}
	for i, s := range w.all.Outputs {
		if err := twice(s.Name); err != nil {
			return err
		}
		w.sources[s.Name] = i
	}
	for i, name := range w.inputs {
		if err := twice(name); err != nil {
			return err
		}
		w.sources[name] = -1 - i
	}
	for _, j := range junctions {
		if err := twice(j.Output); err != nil {
			return err
		}
		w.junctions[j.Output] = j
	}
	return nil
}

// trace adds factor times the signal to its representation y'fy + r'fr; path guards against junctions in a circle.
func (w *wiring) trace(name string, factor float64, fy, fr []float64, path []string) error {
	if at, ok := w.sources[name]; ok {
		if at >= 0 {
			fy[at] += factor
		} else {
			fr[-1-at] += factor
		}
		return nil
	}
	j, ok := w.junctions[name]
	if !ok {
		return fmt.Errorf("%w: nothing makes signal %q; expected an output of a system, an external input or a junction of this name", ErrName, name)
	}
	for _, p := range path {
		if p == name {
			return fmt.Errorf("%w: junction %q adds up itself", ErrName, name)
		}
	}
	path = append(path, name)
	for _, s := range j.Plus {
		if err := w.trace(s, factor, fy, fr, path); err != nil {
			return err
		}
	}
	for _, s := range j.Minus {
		if err := w.trace(s, -factor, fy, fr, path); err != nil {
			return err
		}
	}
	return nil
}

// signal finds the unit that a name has anywhere.
func (w *wiring) signal(name string) Signal {
	for _, list := range [][]Signal{w.all.Outputs, w.all.Inputs} {
		for _, s := range list {
			if s.Name == name {
				return s
			}
		}
	}
	return Signal{Name: name}
}

// sameTime requires one sample time; a static gain with Ts = 0 goes with any.
func sameTime(systems ...*SS) error {
	ts := sampleTime(systems...)
	for _, s := range systems {
		if n, _, _ := s.Dims(); s.Ts != ts && !(n == 0 && s.Ts == 0) {
			return fmt.Errorf("%w: sample times %g s and %g s (0 is continuous); convert one with C2D or D2C", ErrTime, ts, s.Ts)
		}
	}
	return nil
}

// sampleTime is that of the first system that is not a static gain without sample time.
func sampleTime(systems ...*SS) float64 {
	for _, s := range systems {
		if n, _, _ := s.Dims(); n > 0 || s.Ts > 0 {
			return s.Ts
		}
	}
	return 0
}

// blank is a zero system with default names.
func blank(n, m, p int, ts float64) *SS {
	g := &SS{A: &mat.Dense{}, B: &mat.Dense{}, C: &mat.Dense{}, D: mat.NewDense(p, m, nil), Ts: ts,
		Inputs: numbered("u", m), Outputs: numbered("y", p), States: numbered("x", n)}
	if n > 0 {
		g.A, g.B, g.C = mat.NewDense(n, n, nil), mat.NewDense(n, m, nil), mat.NewDense(p, n, nil)
	}
	return g
}

func joined(a, b []Signal) []Signal { return append(append([]Signal(nil), a...), b...) }

func upTo(n int) []int { return between(0, n) }

func between(i, j int) []int {
	var out []int
	for ; i < j; i++ {
		out = append(out, i)
	}
	return out
}

func orEmpty(n int) *mat.Dense {
	if n == 0 {
		return &mat.Dense{}
	}
	return identity(n)
}
