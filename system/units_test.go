package system

import (
	"math"
	"strings"
	"testing"
)

// Units in base units, by hand.
func TestParseUnit(t *testing.T) {
	for text, want := range map[string]string{
		"m/s^2": "[m s^-2]", "N m s/rad": "[m^2 kg s^-1]", "rad": "[1]", "1/s": "[s^-1]", "Ohm": "[m^2 kg s^-3 A^-2]", "cm": "[0.01 m]", "kN": "[1000 m kg s^-2]",
		"kg/m^3": "[m^-3 kg]", "ms": "[0.001 s]", "min": "[60 s]", "quux": "an unknown unit", "": "an unknown unit", "mm²": "[1e-06 m^2]", "mol/l": "[1000 m^-3 mol]",
	} {
		if got := parseUnit(text).String(); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	if q := parseUnit("deg"); math.Abs(q.factor-math.Pi/180) > 1e-15 || q.dimensionless() {
		t.Errorf("deg is %s", q)
	}
}

const hangingText = `name: pendulum
time: continuous
parameters: {g: 9.81 m/s^2, l: 1 m, d: 0.5 1/s}
states: {theta: rad, omega: rad/s}
inputs: {a: rad/s^2}
derivative:
  theta: omega
  omega: -g/l*sin(theta) - d*omega + a
`

// Mix-ups are named; what is right, or has no unit, is left in peace.
func TestUnitWarnings(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"", "", ""},
		{"l: 1 m", "l: 1 kg", "do not go together"},
		{"l: 1 m", "l: 100 cm", "do not go together"},
		{"l: 1 m", "l: 1", ""},
		{"-g/l*", "-9.81*", ""},
		{"theta: rad,", "theta: deg,", "sin of"},
		{"theta: omega\n", "theta: omega/l\n", "derivative of theta"},
		{"theta: omega\n", "theta: 2*pi*omega\n", ""},
		{"omega: rad/s}", "omega: deg/s}", "derivative of theta"},
		{"- d*omega", "- d^2*omega", "do not go together"},
		{"- d*omega", "- sqrt(d^2)*omega", ""},
		{"+ a", "+ 0", ""},
	} {
		text := strings.Replace(hangingText, c.old, c.new, 1)
		s, err := Parse([]byte(text))
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		got := strings.Join(s.UnitWarnings(), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%q for %q: warnings %q, want %q", c.new, c.old, got, c.want)
		}
	}
}
