package expr

import (
	"testing"

	"github.com/plumb-go/plumb/internal/interval"
)

// The pendulum with friction: two outputs, five instructions.
func BenchmarkProgram(b *testing.B) {
	omega, err := Parse("-9.81/0.5*sin(theta) - 0.5*omega", nil)
	if err != nil {
		b.Fatal(err)
	}
	p, err := Compile([]*Expr{Name("omega"), omega}, []string{"theta", "omega"})
	if err != nil {
		b.Fatal(err)
	}
	x, y, jac := []float64{1, 2}, make([]float64, 2), make([]float64, 4)
	box, out, slopes, centre := []interval.I{{Lo: 1, Hi: 1.1}, {Lo: 2, Hi: 2.1}}, make([]interval.I, 2), make([]interval.I, 4), make([]interval.I, 2)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"Eval", func() { p.Eval(y, x) }}, {"Jacobian", func() { p.Jacobian(jac, x) }}, {"Enclose", func() { p.Enclose(out, box) }},
		{"EncloseJacobian", func() { p.EncloseJacobian(slopes, box) }}, {"EncloseSlope", func() { p.EncloseSlope(slopes, box, centre) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
		})
	}
}
