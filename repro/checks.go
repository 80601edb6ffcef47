package repro

import (
	"fmt"
	"math"
)

func atLeast(name string, v, bound float64, unit string) Check {
	return Check{name, Number(v), fmt.Sprintf(">= %g%s", bound, spaced(unit)), v >= bound}
}

func atMost(name string, v, bound float64, unit string) Check {
	return Check{name, Number(v), fmt.Sprintf("<= %g%s", bound, spaced(unit)), v <= bound}
}

func below(name string, v, bound float64, unit string) Check {
	return Check{name, Number(v), fmt.Sprintf("< %g%s", bound, spaced(unit)), v < bound}
}

// holds is a check of something that is true or not: 1 or 0.
func holds(name string, ok bool) Check {
	v := 0.0
	if ok {
		v = 1
	}
	return Check{name, Number(v), "= 1", ok}
}

func reported(name string, v float64) Check { return Check{name, Number(v), Reported, true} }

func spaced(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}

// unknown marks a figure that a model does not have.
var unknown = math.NaN()

// lowest is the smallest value of all outputs.
func lowest(y [][]float64) float64 {
	least := math.Inf(1)
	for i := range y {
		for _, v := range y[i] {
			least = min(least, v)
		}
	}
	return least
}
