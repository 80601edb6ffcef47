package system

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
)

// UnitWarnings lists where the units of the parameters and signals contradict the equations: a derivative (or next value)
// that has not the unit of its state per second (of its state), sums of different units, functions of quantities that are no
// numbers. Degrees are radians times pi/180 and centimetres metres times 0.01, so a forgotten conversion shows.
//
// It is a warning, not a proof: signals without a unit, and numbers that may stand for a quantity (all but halves of whole
// ones), agree with everything.
func (s *System) UnitWarnings() []string {
	d := s.d
	units := map[string]quantityUnit{}
	note := func(name, unit string) { units[name] = parseUnit(unit) }
	for _, p := range d.Parameters {
		note(p.Name, p.Unit)
	}
	for _, x := range slices.Concat(d.States, d.Inputs) {
		note(x.Name, x.Unit)
	}
	with := map[string]*expr.Expr{}
	for _, x := range d.Define {
		with[x.Name] = x.Value.Substitute(with)
	}
	var out []string
	for i, e := range d.Rhs {
		c := unitCheck{units: units}
		got, ok := c.of(e.Substitute(with))
		want := units[d.States[i].Name]
		what := "next " + d.States[i].Name
		if d.Step == 0 {
			what = "derivative of " + d.States[i].Name
			want = want.times(parseUnit("s"), -1)
		}
		if ok && !got.agrees(want) {
			c.warn("the equation gives %s, expected %s", got, want)
		}
		for _, w := range c.warnings {
			out = append(out, what+": "+w)
		}
	}
	return out
}

// base are the names of the dimensions.
var base = [...]string{"m", "kg", "s", "A", "K", "mol", "cd"}

// quantityUnit is a product of powers of the base units times a factor; the zero value is unknown and agrees with all.
type quantityUnit struct {
	known  bool
	powers [len(base)]float64
	factor float64
	number float64 // of a plain number, for exponents
}

func pure(v float64) quantityUnit { return quantityUnit{known: true, factor: 1, number: v} }

func (q quantityUnit) dimensionless() bool {
	return q.powers == [len(base)]float64{} && math.Abs(q.factor-1) < sameFactor
}

// sameFactor is the relative difference of factors that is rounding.
const sameFactor = 1e-9

func (q quantityUnit) agrees(r quantityUnit) bool {
	return !q.known || !r.known || q.powers == r.powers && math.Abs(q.factor-r.factor) <= sameFactor*math.Abs(q.factor)
}

func (q quantityUnit) times(r quantityUnit, power float64) quantityUnit {
	if !q.known || !r.known {
		return quantityUnit{}
	}
	for i := range q.powers {
		q.powers[i] += power * r.powers[i]
	}
	q.factor *= math.Pow(r.factor, power)
	q.number = math.NaN()
	return q
}

func (q quantityUnit) raised(power float64) quantityUnit {
	if !q.known {
		return q
	}
	return pure(0).times(q, power)
}

// String writes the unit in base units.
func (q quantityUnit) String() string {
	if !q.known {
		return "an unknown unit"
	}
	var s []string
	if math.Abs(q.factor-1) >= sameFactor {
		s = append(s, fmt.Sprintf("%.6g", q.factor))
	}
	for i, p := range q.powers {
		switch {
		case p == 1:
			s = append(s, base[i])
		case p != 0:
			s = append(s, fmt.Sprintf("%s^%g", base[i], p))
		}
	}
	if len(s) == 0 {
		return "[1]"
	}
	return "[" + strings.Join(s, " ") + "]"
}

// derived are units by others.
var derived = map[string]string{"rad": "1", "Hz": "1/s", "N": "kg m/s^2", "J": "N m", "W": "J/s", "Pa": "N/m^2", "C": "A s", "V": "W/A", "Ohm": "V/A", "Ω": "V/A",
	"F": "C/V", "H": "V s/A", "Wb": "V s", "T": "Wb/m^2", "sr": "1"}

// factors are units that are multiples of others.
var factors = map[string]struct {
	factor float64
	unit   string
}{"deg": {math.Pi / 180, "rad"}, "°": {math.Pi / 180, "rad"}, "rpm": {math.Pi / 30, "rad/s"}, "g": {1e-3, "kg"}, "t": {1e3, "kg"}, "min": {60, "s"}, "h": {3600, "s"},
	"l": {1e-3, "m^3"}, "L": {1e-3, "m^3"}, "bar": {1e5, "Pa"}, "%": {0.01, "1"}}

// prefixes of units, but for kg, which is a base.
var prefixes = map[string]float64{"G": 1e9, "M": 1e6, "k": 1e3, "c": 1e-2, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "n": 1e-9}

// parseUnit reads a unit such as N m s/rad or kg/m^3; each slash divides by the factor after it. Unknown for others.
func parseUnit(text string) quantityUnit {
	text = strings.NewReplacer("*", " ", "·", " ", "/", " / ", "²", "^2", "³", "^3").Replace(text)
	words := strings.Fields(text)
	if len(words) == 0 {
		return quantityUnit{}
	}
	out, sign := pure(1), 1.0
	for _, w := range words {
		if w == "/" {
			sign = -1
			continue
		}
		name, power, _ := strings.Cut(w, "^")
		p := 1.0
		if power != "" {
			v, err := strconv.ParseFloat(strings.Trim(power, "()"), 64)
			if err != nil {
				return quantityUnit{}
			}
			p = v
		}
		out, sign = out.times(unitNamed(name), sign*p), 1
	}
	return out
}

func unitNamed(name string) quantityUnit {
	if name == "1" {
		return pure(1)
	}
	if i := slices.Index(base[:], name); i >= 0 {
		q := pure(1)
		q.powers[i] = 1
		return q
	}
	if d, ok := derived[name]; ok {
		return parseUnit(d)
	}
	if f, ok := factors[name]; ok {
		q := parseUnit(f.unit)
		q.factor *= f.factor
		return q
	}
	for p, v := range prefixes {
		if rest, ok := strings.CutPrefix(name, p); ok && rest != "" && rest != "kg" {
			if q := unitNamed(rest); q.known && rest != "1" {
				q.factor *= v
				return q
			}
		}
	}
	return quantityUnit{}
}

// unitCheck walks one equation.
type unitCheck struct {
	units    map[string]quantityUnit
	warnings []string
}

func (c *unitCheck) warn(format string, a ...any) {
	if w := fmt.Sprintf(format, a...); !slices.Contains(c.warnings, w) {
		c.warnings = append(c.warnings, w)
	}
}

func (c *unitCheck) of(e *expr.Expr) (quantityUnit, bool) {
	names := e.Names()
	p, err := expr.Compile([]*expr.Expr{e}, names)
	if err != nil {
		return quantityUnit{}, false
	}
	x := make([]quantityUnit, len(names))
	for i, n := range names {
		x[i] = c.units[n]
	}
	out, ok := expr.Fold(p, x, func(v interval.I) quantityUnit {
		if m := v.Mid(); v.IsPoint() && 2*m == math.Trunc(2*m) || !v.IsPoint() { // pi and the like are enclosed, not points
			return pure(m)
		}
		return quantityUnit{}
	}, c.apply)
	if !ok {
		return quantityUnit{}, false
	}
	return out[0], true
}

func (c *unitCheck) apply(op string, n int, a, b quantityUnit) (quantityUnit, bool) {
	switch op {
	case "+", "-", "min", "max":
		if a.known && a.number == 0 && a.dimensionless() {
			return b, true
		}
		if !a.agrees(b) && !(b.number == 0 && b.dimensionless()) {
			c.warn("%s and %s do not go together in a sum", a, b)
			return quantityUnit{}, true
		}
		if !a.known {
			return b, true
		}
		a.number = math.NaN()
		return a, true
	case "neg":
		a.number = -a.number
		return a, true
	case "abs":
		return a, true
	case "*":
		return a.times(b, 1), true
	case "/":
		return a.times(b, -1), true
	case "pow":
		return a.raised(float64(n)), true
	case "sqrt":
		return a.raised(0.5), true
	case "^":
		if b.known && !math.IsNaN(b.number) {
			return a.raised(b.number), true
		}
		return quantityUnit{}, true
	}
	if a.known && !a.dimensionless() {
		c.warn("%s of %s, expected a number or radians", op, a)
	}
	return pure(math.NaN()), true
}
