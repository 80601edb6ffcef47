package system

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
)

// The keys of a description.
const (
	keyTitle      = "title"
	keyName       = "name"
	keyTime       = "time"
	keyStep       = "step"
	keyParameters = "parameters"
	keyDefine     = "define"
	keyStates     = "states"
	keyInputs     = "inputs"
	keyDerivative = "derivative"
	keyNext       = "next"
	keyOutputs    = "outputs"
	keyRest       = "equilibrium"
	keyBox        = "box"
)

// reader fills a description from a document.
type reader struct {
	Description
	top   map[string]item
	names []string // known to expressions so far
}

func read(root item) (Description, error) {
	r := &reader{}
	var err error
	r.top, err = root.fields("a system", keyName, keyTitle, keyTime, keyStep, keyParameters, keyDefine, keyStates, keyInputs,
		keyDerivative, keyNext, keyOutputs, keyRest, keyBox)
	if err != nil {
		return Description{}, err
	}
	for _, part := range []func() error{r.head, r.parameters, r.step, r.signals, r.definitions, r.equations, r.outputs, r.equilibrium, r.box} {
		if err := part(); err != nil {
			return Description{}, err
		}
	}
	return r.Description, nil
}

func (r *reader) word(key string) (string, item, error) {
	i, ok := r.top[key]
	if !ok {
		return "", i, nil
	}
	s, err := i.text(key)
	return strings.TrimSpace(s), i, err
}

func (r *reader) head() (err error) {
	if r.Name, _, err = r.word(keyName); err != nil {
		return err
	}
	if r.Title, _, err = r.word(keyTitle); err != nil {
		return err
	}
	time, at, err := r.word(keyTime)
	if err != nil {
		return err
	}
	step, stepped := r.top[keyStep]
	switch {
	case time == "continuous" && stepped:
		return failAt(step.name, "step belongs to time: discrete; a system in continuous time has none")
	case time == "discrete" && !stepped:
		return at.fail("time: discrete needs step: SECONDS between samples")
	case time == "":
		return &Error{Problem: "expected time: continuous, or time: discrete with step: SECONDS"}
	case time != "continuous" && time != "discrete":
		return at.fail("time is %q, expected continuous or discrete", time)
	}
	return nil
}

// step reads the sampling time: a number of seconds, or a parameter.
func (r *reader) step() error {
	at, stepped := r.top[keyStep]
	if !stepped {
		return nil
	}
	text, err := at.text(keyStep)
	if err != nil {
		return err
	}
	value, unit := quantity(text)
	if i := slices.IndexFunc(r.Parameters, func(p Parameter) bool { return p.Name == value }); i >= 0 && unit == "" {
		r.StepName, r.Step, unit = value, r.Parameters[i].Value, r.Parameters[i].Unit
	} else {
		number := at
		number.value = withText(at.value, value)
		if r.Step, err = number.constant(keyStep); err != nil {
			return err
		}
	}
	if unit != "" && unit != "s" {
		return at.fail("step has the unit %q, expected seconds (s)", unit)
	}
	if r.Step <= 0 {
		return at.fail("step is %v s, expected a positive number", r.Step)
	}
	return nil
}

// quantity splits "9.81 m/s^2" into its number and its unit; the number is all up to the first space, so it holds none.
func quantity(text string) (value, unit string) {
	value, unit, _ = strings.Cut(strings.TrimSpace(text), " ")
	return value, strings.TrimSpace(unit)
}

// withText keeps the place of a scalar and shortens its text.
func withText(n ast.Node, text string) ast.Node {
	return &ast.StringNode{BaseNode: &ast.BaseNode{}, Token: n.GetToken(), Value: text}
}

// declare takes a name for a parameter, state, input or definition.
func (r *reader) declare(i item, what string) error {
	if err := expr.CheckName(i.key); err != nil {
		return failAt(i.name, "%s: %s", what, strings.TrimPrefix(err.Error(), "expr: no such name: "))
	}
	if slices.Contains(r.names, i.key) {
		e := failAt(i.name, "%s %s: the name is taken", what, i.key).(*Error)
		e.cause = ErrName
		return e
	}
	r.names = append(r.names, i.key)
	return nil
}

// section lists the entries of a part that may be missing or empty.
func (r *reader) section(key string) ([]item, error) {
	i, ok := r.top[key]
	if !ok {
		return nil, nil
	}
	if _, null := i.value.(*ast.NullNode); null {
		return nil, nil
	}
	return i.entries(key)
}

func (r *reader) parameters() error {
	all, err := r.section(keyParameters)
	if err != nil {
		return err
	}
	for _, i := range all {
		if err := r.declare(i, "parameter"); err != nil {
			return err
		}
		text, err := i.text("parameter " + i.key)
		if err != nil {
			return err
		}
		value, unit := quantity(text)
		i.value = withText(i.value, value)
		v, err := i.constant("parameter " + i.key)
		if err != nil {
			return err
		}
		r.Parameters = append(r.Parameters, Parameter{i.key, v, unit})
	}
	return nil
}

func (r *reader) signals() error {
	for _, part := range []struct {
		key, what string
		to        *[]Signal
	}{{keyStates, "state", &r.States}, {keyInputs, "input", &r.Inputs}} {
		all, err := r.section(part.key)
		if err != nil {
			return err
		}
		for _, i := range all {
			if err := r.declare(i, part.what); err != nil {
				return err
			}
			unit, err := i.text("unit of " + i.key)
			if err != nil {
				return err
			}
			*part.to = append(*part.to, Signal{i.key, strings.TrimSpace(unit)})
		}
	}
	if len(r.States) == 0 {
		return &Error{Problem: "expected states: with at least one NAME: UNIT"}
	}
	return nil
}

func (r *reader) definitions() error {
	all, err := r.section(keyDefine)
	if err != nil {
		return err
	}
	for _, i := range all {
		e, err := i.expression("definition of "+i.key, r.names)
		if err != nil {
			return err
		}
		if err := r.declare(i, "definition"); err != nil {
			return err
		}
		r.Define = append(r.Define, Definition{i.key, e})
	}
	return nil
}

// equations reads the right-hand sides in the order of the states.
func (r *reader) equations() error {
	key, other := keyDerivative, keyNext
	if r.Step > 0 {
		key, other = keyNext, keyDerivative
	}
	if i, wrong := r.top[other]; wrong {
		return failAt(i.name, "%s does not belong to this time model; expected %s", other, key)
	}
	i, ok := r.top[key]
	if !ok {
		return &Error{Problem: fmt.Sprintf("expected %s: with an expression for each state", key)}
	}
	all, err := i.entries(key)
	if err != nil {
		return err
	}
	r.Rhs = make([]*expr.Expr, len(r.States))
	for _, x := range all {
		k, err := r.state(x, key)
		if err != nil {
			return err
		}
		if r.Rhs[k], err = x.expression(key+" of "+x.key, r.names); err != nil {
			return err
		}
	}
	for k, e := range r.Rhs {
		if e == nil {
			return failAt(i.name, "%s: nothing for state %s", key, r.States[k].Name)
		}
	}
	return nil
}

func find(all []Signal, name string) int {
	return slices.IndexFunc(all, func(s Signal) bool { return s.Name == name })
}

func names(all []Signal) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.Name
	}
	return out
}

// state is the index of the state that a key names.
func (r *reader) state(x item, what string) (int, error) {
	k := find(r.States, x.key)
	if k < 0 {
		return 0, failAt(x.name, "%s: %s is no state%s", what, x.key, hint(x.key, names(r.States)))
	}
	return k, nil
}

func (r *reader) outputs() error {
	all, err := r.section(keyOutputs)
	if err != nil {
		return err
	}
	for _, i := range all {
		o := Output{Signal: Signal{Name: i.key}}
		value := i
		if i.isMap() {
			f, err := i.fields("output "+i.key, "value", "unit")
			if err != nil {
				return err
			}
			var ok bool
			if value, ok = f["value"]; !ok {
				return i.fail("output %s: expected value: EXPRESSION", i.key)
			}
			if u, ok := f["unit"]; ok {
				if o.Unit, err = u.text("unit"); err != nil {
					return err
				}
			}
		}
		if o.Value, err = value.expression("output "+i.key, r.names); err != nil {
			return err
		}
		if k := find(r.States, o.Value.String()); k >= 0 && o.Unit == "" { // a state itself
			o.Unit = r.States[k].Unit
		}
		r.Outputs = append(r.Outputs, o)
	}
	return nil
}

func (r *reader) equilibrium() error {
	i, ok := r.top[keyRest]
	if !ok {
		return nil
	}
	all, err := i.entries(keyRest)
	if err != nil {
		return err
	}
	r.Equilibrium, r.Inflow = make([]float64, len(r.States)), make([]float64, len(r.Inputs))
	for _, x := range all {
		v, err := x.constant(keyRest + " of " + x.key)
		if err != nil {
			return err
		}
		if k := find(r.Inputs, x.key); k >= 0 {
			r.Inflow[k] = v
			continue
		}
		k := find(r.States, x.key)
		if k < 0 {
			return failAt(x.name, "equilibrium: %s is neither a state nor an input%s", x.key, hint(x.key, append(names(r.States), names(r.Inputs)...)))
		}
		r.Equilibrium[k] = v
	}
	return nil
}

func (r *reader) box() error {
	i, ok := r.top[keyBox]
	if !ok {
		return nil
	}
	all, err := i.entries(keyBox)
	if err != nil {
		return err
	}
	r.Box = make([]interval.I, len(r.States))
	for _, x := range all {
		k, err := r.state(x, keyBox)
		if err != nil {
			return err
		}
		if r.Box[k], err = x.bounds(keyBox + " of " + x.key); err != nil {
			return err
		}
	}
	for k, b := range r.Box {
		if b.IsPoint() {
			return failAt(i.name, "box: nothing for state %s", r.States[k].Name)
		}
	}
	return nil
}

// bounds reads [LOWER, UPPER].
func (i item) bounds(what string) (interval.I, error) {
	seq, ok := i.value.(*ast.SequenceNode)
	if !ok || len(seq.Values) != 2 {
		return interval.I{}, i.fail("%s: expected [LOWER, UPPER]", what)
	}
	var v [2]float64
	for k, n := range seq.Values {
		var err error
		if v[k], err = (item{value: n}).constant(what); err != nil {
			return interval.I{}, err
		}
	}
	if !(v[0] < v[1]) {
		return interval.I{}, i.fail("%s: the lower bound %v is not below the upper bound %v", what, v[0], v[1])
	}
	return interval.I{Lo: v[0], Hi: v[1]}, nil
}
