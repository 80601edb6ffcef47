package system

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
)

// Errors that callers can act on.
var (
	ErrShape    = errors.New("system: lengths do not fit")
	ErrName     = errors.New("system: no such name")
	ErrOpaque   = errors.New("system: the equations are a Go function, not expressions")
	ErrUnsolved = errors.New("system: the simulation cannot go on")
)

// Signal is the name and the unit of a state, an input or an output; the unit may be empty.
type Signal struct{ Name, Unit string }

// Parameter is a constant of the equations.
type Parameter struct {
	Name  string
	Value float64
	Unit  string
}

// Definition names an expression of parameters, states, inputs and earlier definitions.
type Definition struct {
	Name  string
	Value *expr.Expr
}

// Output is an output and its expression.
type Output struct {
	Signal
	Value *expr.Expr
}

// Description is the content of a system: what the text says, or what a program puts together.
type Description struct {
	Name, Title string
	Step        float64 // s between samples; 0 for continuous time
	StepName    string  // the parameter that is the step and sets Step; empty for none
	Parameters  []Parameter
	Define      []Definition
	States      []Signal
	Inputs      []Signal
	Rhs         []*expr.Expr // derivative or next value of each state
	Outputs     []Output     // none means all states
	Equilibrium []float64    // a state that is meant to be one; nil where none is given
	Inflow      []float64    // the inputs there; nil means zero
	Box         []interval.I // region of interest, one interval a state; nil where none is given
}

// System is a description whose equations are compiled. It does not change; its methods may be called from several
// goroutines, programs obtained from it may not.
type System struct {
	d    Description
	f, g *expr.Program // of states then inputs
	fn   *function     // in place of f and g
}

// New checks a description and compiles it. ErrShape where the right-hand sides, the equilibrium or the box do not match
// the states; ErrName for names that are missing, doubled or impossible.
func New(d Description) (*System, error) {
	d = d.clone()
	if err := d.takeStep(); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	if len(d.Outputs) == 0 {
		for _, s := range d.States {
			d.Outputs = append(d.Outputs, Output{s, expr.Name(s.Name)})
		}
	}
	s := &System{d: d}
	var err error
	if s.f, err = d.compile(d.Rhs); err != nil {
		return nil, fmt.Errorf("system: %s: %w", d.Name, err)
	}
	values := make([]*expr.Expr, len(d.Outputs))
	for i, o := range d.Outputs {
		values[i] = o.Value
	}
	if s.g, err = d.compile(values); err != nil {
		return nil, fmt.Errorf("system: %s: outputs: %w", d.Name, err)
	}
	return s, nil
}

// takeStep sets Step from its parameter.
func (d *Description) takeStep() error {
	if d.StepName == "" {
		return nil
	}
	i := slices.IndexFunc(d.Parameters, func(p Parameter) bool { return p.Name == d.StepName })
	if i < 0 {
		return fmt.Errorf("%w: the step is parameter %s%s", ErrName, d.StepName, hint(d.StepName, d.parameterNames()))
	}
	if d.Step = d.Parameters[i].Value; !(d.Step > 0) {
		return fmt.Errorf("system: step %s is %v s; expected a positive number", d.StepName, d.Step)
	}
	return nil
}

func (d *Description) clone() Description {
	c := *d
	c.Parameters, c.Define, c.States, c.Inputs = slices.Clone(d.Parameters), slices.Clone(d.Define), slices.Clone(d.States), slices.Clone(d.Inputs)
	c.Rhs, c.Outputs = slices.Clone(d.Rhs), slices.Clone(d.Outputs)
	c.Equilibrium, c.Inflow, c.Box = slices.Clone(d.Equilibrium), slices.Clone(d.Inflow), slices.Clone(d.Box)
	return c
}

// check validates all but the names inside expressions.
func (d *Description) check() error {
	if len(d.States) == 0 {
		return fmt.Errorf("%w: a system has at least one state", ErrShape)
	}
	if len(d.Rhs) != len(d.States) {
		return fmt.Errorf("%w: %d right-hand sides for %d states", ErrShape, len(d.Rhs), len(d.States))
	}
	return d.checkRest()
}

func (d *Description) checkRest() error {
	for _, c := range []struct {
		what      string
		got, want int
	}{{"equilibrium", len(d.Equilibrium), len(d.States)}, {"inputs at the equilibrium", len(d.Inflow), len(d.Inputs)}, {"box", len(d.Box), len(d.States)}} {
		if c.got != 0 && c.got != c.want {
			return fmt.Errorf("%w: %s of %d numbers, expected %d", ErrShape, c.what, c.got, c.want)
		}
	}
	if d.Step < 0 || math.IsNaN(d.Step) || math.IsInf(d.Step, 0) {
		return fmt.Errorf("system: step %v s; expected a positive number, or 0 for continuous time", d.Step)
	}
	for _, p := range d.Parameters {
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			return fmt.Errorf("system: parameter %s is %v, expected a finite number", p.Name, p.Value)
		}
	}
	for i, b := range d.Box {
		if !(b.Lo < b.Hi) {
			return fmt.Errorf("system: box of %s is %v, expected a lower and a higher number", d.States[i].Name, b)
		}
	}
	return d.checkNames()
}

func (d *Description) checkNames() error {
	seen := map[string]string{}
	add := func(name, what string) error {
		if err := expr.CheckName(name); err != nil {
			return fmt.Errorf("system: %s: %w", what, err)
		}
		if first, twice := seen[name]; twice {
			return fmt.Errorf("%w: %s %s has the name of a %s", ErrName, what, name, first)
		}
		seen[name] = what
		return nil
	}
	var all []error
	for _, p := range d.Parameters {
		all = append(all, add(p.Name, "parameter"))
	}
	for _, x := range d.Define {
		all = append(all, add(x.Name, "definition"))
	}
	for _, s := range d.States {
		all = append(all, add(s.Name, "state"))
	}
	for _, s := range d.Inputs {
		all = append(all, add(s.Name, "input"))
	}
	outputs := map[string]bool{}
	for _, o := range d.Outputs {
		if outputs[o.Name] || o.Name == "" {
			all = append(all, fmt.Errorf("%w: output %q is nameless or doubled", ErrName, o.Name))
		}
		outputs[o.Name] = true
	}
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// variables lists states, then inputs: the variables of the programs.
func (d *Description) variables() []string {
	var all []string
	for _, s := range slices.Concat(d.States, d.Inputs) {
		all = append(all, s.Name)
	}
	return all
}

// closed puts numbers and definitions in the place of their names.
func (d *Description) closed(es []*expr.Expr) []*expr.Expr {
	with := map[string]*expr.Expr{}
	for _, p := range d.Parameters {
		with[p.Name] = expr.Number(p.Value)
	}
	for _, x := range d.Define {
		with[x.Name] = x.Value.Substitute(with)
	}
	out := make([]*expr.Expr, len(es))
	for i, e := range es {
		out[i] = e.Substitute(with)
	}
	return out
}

func (d *Description) compile(es []*expr.Expr) (*expr.Program, error) {
	return expr.Compile(d.closed(es), d.variables())
}

// Description returns a copy of what the system was made of; outputs are filled in.
func (s *System) Description() Description { return s.d.clone() }

// Name of the system.
func (s *System) Name() string { return s.d.Name }

// Step is the sampling time in seconds, 0 in continuous time.
func (s *System) Step() float64 { return s.d.Step }

// Dims gives the numbers of states, inputs and outputs.
func (s *System) Dims() (states, inputs, outputs int) {
	return len(s.d.States), len(s.d.Inputs), len(s.d.Outputs)
}

// States, Inputs and Outputs list names and units.
func (s *System) States() []Signal { return slices.Clone(s.d.States) }

// Inputs is described with States.
func (s *System) Inputs() []Signal { return slices.Clone(s.d.Inputs) }

// Outputs is described with States.
func (s *System) Outputs() []Signal {
	out := make([]Signal, len(s.d.Outputs))
	for i, o := range s.d.Outputs {
		out[i] = o.Signal
	}
	return out
}

// Parameters lists the parameters with their values.
func (s *System) Parameters() []Parameter { return slices.Clone(s.d.Parameters) }

// Equilibrium is the state and the input that the description names; zeros and false where it names none.
func (s *System) Equilibrium() (x, u []float64, named bool) {
	x, u = make([]float64, len(s.d.States)), make([]float64, len(s.d.Inputs))
	copy(x, s.d.Equilibrium)
	copy(u, s.d.Inflow)
	return x, u, s.d.Equilibrium != nil
}

// Box is the region of interest, nil where the description names none.
func (s *System) Box() []interval.I { return slices.Clone(s.d.Box) }

// With returns the system with other values of some parameters. ErrName for one that does not exist, with a suggestion.
func (s *System) With(values map[string]float64) (*System, error) {
	if len(values) == 0 {
		return s, nil
	}
	if s.fn != nil {
		return nil, ErrOpaque
	}
	d := s.d.clone()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		i := slices.IndexFunc(d.Parameters, func(p Parameter) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%w: parameter %s%s", ErrName, name, hint(name, d.parameterNames()))
		}
		d.Parameters[i].Value = values[name]
	}
	return New(d)
}

func (d *Description) parameterNames() []string {
	var all []string
	for _, p := range d.Parameters {
		all = append(all, p.Name)
	}
	return all
}

// hint suggests the closest name.
func hint(name string, among []string) string {
	if c := expr.Closest(name, among); c != "" {
		return "; did you mean " + c
	}
	if len(among) == 0 {
		return "; there are none"
	}
	return "; there are " + strings.Join(among, ", ")
}
