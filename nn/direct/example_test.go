package direct_test

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/nn/direct"
)

// Whatever the free parameters, the matrices obey the contraction inequality at the prescribed rate; here with one
// state, where its two diagonal entries and its determinant can be read off.
func ExampleContracting() {
	const rate = 0.9
	c, err := direct.NewContracting(1, 1, rate, direct.PsiChannel)
	if err != nil {
		fmt.Println(err)
		return
	}
	theta := make([]float64, c.Dim())
	for i := range theta {
		theta[i] = math.Sin(float64(i + 1)) // any numbers
	}
	a, b1, c1 := make([]float64, 1), make([]float64, 1), make([]float64, 1)
	c.Map(theta, a, b1, c1)
	m, lambda := c.Metric()
	s11 := rate*rate*m[0] - c1[0]*lambda[0]*c1[0] - a[0]*m[0]*a[0]
	s22 := lambda[0] - b1[0]*m[0]*b1[0]
	s12 := -a[0] * m[0] * b1[0]
	fmt.Println(s11 > 0, s22 > 0, s11*s22-s12*s12 > 0)
	// Output:
	// true true true
}

// A sandwich layer with one channel: the product of its two weights bounds its slope.
func ExampleSandwich() {
	s, err := direct.NewSandwich(1, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	win, wout := make([]float64, 1), make([]float64, 1)
	steepest := 0.0
	for k := range 1000 {
		s.Map([]float64{0, 0.01 * float64(k), 0.3}, win, wout)
		steepest = max(steepest, math.Abs(wout[0]*win[0]))
	}
	fmt.Printf("%.3f\n", steepest)
	// Output:
	// 1.000
}
