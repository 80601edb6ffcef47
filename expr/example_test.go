package expr_test

import (
	"fmt"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
)

func ExampleParse() {
	e, err := expr.Parse("-g/l*sin(theta) - d*omega", []string{"g", "l", "d", "theta", "omega"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Diff("theta"))
	_, err = expr.Parse("g/l*sin(tehta)", e.Names())
	fmt.Println(err)
	// Output:
	// -g/l*cos(theta)
	// expr: line 1, column 9: unknown name tehta; did you mean theta
}

// Over theta in [1, 1.2], sin(theta) is S theta with S in the slope about zero; the derivative over all that lies between
// bounds it more loosely.
func ExampleProgram_EncloseSlope() {
	e, err := expr.Parse("sin(theta)", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := expr.Compile([]*expr.Expr{e}, []string{"theta"})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, j := make([]interval.I, 1), make([]interval.I, 1)
	p.EncloseSlope(s, []interval.I{interval.Of(1, 1.2)}, []interval.I{interval.Point(0)})
	p.EncloseJacobian(j, []interval.I{interval.Of(0, 1.2)})
	fmt.Printf("slope    [%.3f, %.3f]\nJacobian [%.3f, %.3f]\n", s[0].Lo, s[0].Hi, j[0].Lo, j[0].Hi)
	// Output:
	// slope    [0.777, 0.841]
	// Jacobian [0.362, 1.000]
}
