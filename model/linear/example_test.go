package linear_test

import (
	"context"
	"fmt"
	"math"

	"github.com/plumb-go/plumb/model/linear"
	"github.com/plumb-go/plumb/plant"
)

// A linear model of two tanks that overflow: the error beyond the sensor noise is what the nonlinearity costs.
func ExampleFit() {
	tanks := plant.NewTwoTanks()
	set, err := tanks.Set()
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := linear.Fit(context.Background(), set, linear.Options{MaxOrder: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	part := set.Test[0]
	y, err := m.SimulatePart(set, part)
	if err != nil {
		fmt.Println(err)
		return
	}
	var ss float64
	for k, v := range set.Record.Experiments[part.Experiment].Data[1][part.From+part.Window : part.To] {
		ss += (v - y[0][k]) * (v - y[0][k])
	}
	fmt.Printf("order %d, error %.1f V, noise %.2f V\n", m.Order, math.Sqrt(ss/float64(part.Scored())), tanks.NoiseStd())
	// Output: order 2, error 0.2 V, noise 0.05 V
}
