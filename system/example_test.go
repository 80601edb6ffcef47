package system_test

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/num/dual"

	"github.com/plumb-go/plumb/system"
)

func ExampleParse() {
	s, err := system.Parse([]byte(`
name: pendulum
time: continuous
parameters: {g: 9.81 m/s^2, l: 1 m, d: 0.5 1/s}
states: {theta: rad, omega: rad/s}
derivative:
  theta: omega
  omega: -g/l*sin(theta) - d*omega
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := s.Linearise([]float64{0, 0}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("A = %.2f %.2f; %.2f %.2f\n", g.A.At(0, 0), g.A.At(0, 1), g.A.At(1, 0), g.A.At(1, 1))
	r, err := s.Simulate(context.Background(), []float64{1, 0}, system.Simulation{Until: 10, Every: 5})
	if err != nil {
		fmt.Println(err)
		return
	}
	for k, t := range r.T {
		fmt.Printf("t = %2.0f s: theta = %6.3f rad\n", t, r.X[k][0])
	}
	// Output:
	// A = 0.00 1.00; -9.81 -0.50
	// t =  0 s: theta =  1.000 rad
	// t =  5 s: theta = -0.240 rad
	// t = 10 s: theta =  0.063 rad
}

// The Jacobian of a Go function written over dual numbers, at (2, 3).
func ExampleJacobian() {
	f := func(dst, x []dual.Number) {
		dst[0] = dual.Mul(x[0], x[1])
		dst[1] = dual.Add(dual.Sin(x[0]), x[1])
	}
	jac := make([]float64, 4)
	if err := system.Jacobian(f, jac, 2, []float64{2, 3}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", jac)
	// Output:
	// [3.000 2.000 -0.416 1.000]
}
