package system

import (
	"fmt"
	"strconv"
	"strings"
)

// YAML writes the description as a text that Parse reads back to the same system. ErrOpaque for a Go function.
func (s *System) YAML() (string, error) {
	if s.fn != nil {
		return "", ErrOpaque
	}
	d := &s.d
	var b strings.Builder
	pair := func(indent, key, value string) {
		if value != "" {
			value = " " + value
		}
		fmt.Fprintf(&b, "%s%s:%s\n", indent, key, value)
	}
	if d.Name != "" {
		pair("", keyName, quoted(d.Name))
	}
	if d.Title != "" {
		pair("", keyTitle, quoted(d.Title))
	}
	rhs := keyDerivative
	if d.Step > 0 {
		rhs = keyNext
		pair("", keyTime, "discrete")
		step := number(d.Step) + " s"
		if d.StepName != "" {
			step = d.StepName
		}
		pair("", keyStep, step)
	} else {
		pair("", keyTime, "continuous")
	}
	if len(d.Parameters) > 0 {
		pair("", keyParameters, "")
	}
	for _, p := range d.Parameters {
		pair("  ", p.Name, quantityText(p))
	}
	pair("", keyStates, "")
	for _, x := range d.States {
		pair("  ", x.Name, quoted(x.Unit))
	}
	if len(d.Inputs) > 0 {
		pair("", keyInputs, "")
	}
	for _, x := range d.Inputs {
		pair("  ", x.Name, quoted(x.Unit))
	}
	if len(d.Define) > 0 {
		pair("", keyDefine, "")
	}
	for _, x := range d.Define {
		pair("  ", x.Name, x.Value.String())
	}
	pair("", rhs, "")
	for i, x := range d.States {
		pair("  ", x.Name, d.Rhs[i].String())
	}
	pair("", keyOutputs, "")
	for _, o := range d.Outputs {
		pair("  ", quoted(o.Name), "{value: "+quoted(o.Value.String())+", unit: "+quoted(o.Unit)+"}")
	}
	if d.Equilibrium != nil {
		all := []string{}
		for i, x := range d.States {
			all = append(all, x.Name+": "+number(d.Equilibrium[i]))
		}
		for i, v := range d.Inflow {
			all = append(all, d.Inputs[i].Name+": "+number(v))
		}
		pair("", keyRest, "{"+strings.Join(all, ", ")+"}")
	}
	if d.Box != nil {
		pair("", keyBox, "")
	}
	for i, v := range d.Box {
		pair("  ", d.States[i].Name, fmt.Sprintf("[%s, %s]", number(v.Lo), number(v.Hi)))
	}
	return b.String(), nil
}

// quantityText is a number, or a number and a unit, which the reader takes as text.
func quantityText(p Parameter) string {
	switch {
	case p.Unit == "":
		return number(p.Value)
	case p.Value < 0:
		return strconv.Quote(number(p.Value) + " " + p.Unit)
	}
	return quoted(number(p.Value) + " " + p.Unit)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// quoted writes text in quotes where YAML might read it as something else than that text.
func quoted(text string) string {
	plain := text != ""
	for i, r := range text {
		word := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		plain = plain && (word || i > 0 && strings.ContainsRune(" .-+/^*()", r))
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		plain = false
	}
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		plain = false
	}
	if plain {
		return text
	}
	return strconv.Quote(text)
}
