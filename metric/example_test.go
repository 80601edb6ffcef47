package metric_test

import (
	"fmt"

	"github.com/plumb-go/plumb/metric"
)

func ExampleOf() {
	s, err := metric.Of([]float64{1, 2, 3, 4}, []float64{1, 2, 3, 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("RMSE %.3f, NRMSE %.3f, FIT %.1f %%\n", s.RMSE, s.NRMSE, s.FIT)
	// Output:
	// RMSE 0.500, NRMSE 0.447, FIT 55.3 %
}
